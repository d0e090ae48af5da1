#include "kernels/prelu.h"

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

template <class Element>
KernelResult prelu_quantized(const PreluParams& p, const Task& task) {
  return map_pairs<Element, Element, int8_t>(p.operands, task, [&](Element x, int8_t alpha) {
    const int32_t value = x - p.in_zero_point;
    const int32_t scaled = value >= 0 ? requantize(value, p.positive)
                                      : requantize(value * (alpha - p.alpha_zero_point), p.negative);
    return static_cast<Element>(kRangeOf<Element>.apply(wrapping_add(scaled, p.out_zero_point)));
  });
}

KernelResult prelu_f32(const PreluParams& p, const Task& task) {
  return map_pairs<float, float>(p.operands, task,
                                 [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
}

}  // namespace

TANDEM_DEFINE_KERNEL(prelu_f32__ref, PreluParams, prelu_f32)
TANDEM_DEFINE_KERNEL(prelu_s16__ref, PreluParams, prelu_quantized<int16_t>)
TANDEM_DEFINE_KERNEL(prelu_s8__ref, PreluParams, prelu_quantized<int8_t>)

}  // namespace tandem
