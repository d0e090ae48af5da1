#include "kernels/add_n.h"

namespace tandem {
namespace {

KernelResult add_n_f32(const AddNParams& p, const Task& task) {
  const Ref* const in = task.in<Ref>(p.in);
  auto* const out = task.out<float>(p.out);
  for (uint32_t i = p.elements.begin(task); i < p.elements.end(task); ++i) {
    float sum = 0;
    for (uint32_t k = 0; k < p.inputs; ++k) sum += task.in<float>(in[k])[i];
    out[i] = sum;
  }
  return KernelResult::kOk;
}

KernelResult add_n_s8(const AddNParams& p, const Task& task) {
  const Ref* const in = task.in<Ref>(p.in);
  auto* const out = task.out<int8_t>(p.out);
  for (uint32_t i = p.elements.begin(task); i < p.elements.end(task); ++i) {
    int32_t sum = -p.in_zero_point;
    for (uint32_t k = 0; k < p.inputs; ++k) sum += task.in<int8_t>(in[k])[i] - p.in_zero_point;
    const int32_t scaled = requantize(wrapping_shift_left(sum, AddNParams::kFractionBits), p.multiplier);
    out[i] = static_cast<int8_t>(kRangeOf<int8_t>.apply(wrapping_add(scaled, p.out_zero_point)));
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(add_n_f32__ref, AddNParams, add_n_f32)
TANDEM_DEFINE_KERNEL(add_n_s8__ref, AddNParams, add_n_s8)

}  // namespace tandem
