#include "kernels/extremum.h"

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

template <class Element>
KernelResult extremum(const ExtremumParams& p, const Task& task) {
  const bool largest = p.largest != 0;
  return map_pairs<Element, Element>(p.operands, task,
                                     [=](Element a, Element b) { return (largest ? a > b : a < b) ? a : b; });
}

}  // namespace

TANDEM_DEFINE_KERNEL(extremum_f32__ref, ExtremumParams, extremum<float>)
TANDEM_DEFINE_KERNEL(extremum_s16__ref, ExtremumParams, extremum<int16_t>)
TANDEM_DEFINE_KERNEL(extremum_s32__ref, ExtremumParams, extremum<int32_t>)
TANDEM_DEFINE_KERNEL(extremum_s64__ref, ExtremumParams, extremum<int64_t>)
TANDEM_DEFINE_KERNEL(extremum_s8__ref, ExtremumParams, extremum<int8_t>)

}  // namespace tandem
