#include "kernels/division.h"

#include <bit>
#include <cmath>

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

// a/b · m for b ≠ 0. |a|, |b| ≤ 255.
int32_t scaled_quotient(int32_t a, int32_t b, QuantizedMultiplier m) {
  if (b < 0) a = -a, b = -b;
  const q::Reciprocal reciprocal = q::reciprocal(b, 31);
  const auto bits = static_cast<uint32_t>(a);
  const int headroom = (a < 0 ? std::countl_one(bits) : std::countl_zero(bits)) - 1;
  const int32_t quotient = srdhm(wrapping_shift_left(a, headroom), reciprocal.mantissa);
  const int right = reciprocal.exponent + headroom - m.shift;
  return right > 31 ? 0 : rdiv_pot(srdhm(quotient, m.multiplier), right);
}

KernelResult div_s8(const DivisionParams& p, const Task& task) {
  bool by_zero = false;
  static_cast<void>(map_pairs<int8_t, int8_t>(p.operands, task, [&](int8_t a, int8_t b) {
    const int32_t divisor = b - p.b_zero_point;
    if (divisor == 0) by_zero = true;
    const int32_t quotient = divisor == 0 ? 0 : scaled_quotient(a - p.a_zero_point, divisor, p.multiplier);
    return static_cast<int8_t>(p.clamp.apply(quotient + p.out_zero_point));
  }));
  return by_zero ? KernelResult::kDataError : KernelResult::kOk;
}

KernelResult div_s32(const DivisionParams& p, const Task& task) {
  bool by_zero = false;
  static_cast<void>(map_pairs<int32_t, int32_t>(p.operands, task, [&](int32_t a, int32_t b) {
    if (b == 0) by_zero = true;
    const int32_t quotient = b == 0 ? 0 : b == -1 ? wrapping_sub(0, a) : a / b;
    return p.clamp.apply(quotient);
  }));
  return by_zero ? KernelResult::kDataError : KernelResult::kOk;
}

KernelResult div_f32(const DivisionParams& p, const Task& task) {
  return map_pairs<float, float>(p.operands, task,
                                 [&](float a, float b) { return p.clamp_f32.apply(a / b); });
}

KernelResult floor_div_f32(const DivisionParams& p, const Task& task) {
  bool by_zero = false;
  static_cast<void>(map_pairs<float, float>(p.operands, task, [&](float a, float b) {
    if (b == 0) by_zero = true;
    return static_cast<float>(std::floor(static_cast<double>(a) / static_cast<double>(b)));
  }));
  return by_zero ? KernelResult::kDataError : KernelResult::kOk;
}

KernelResult floor_mod_f32(const DivisionParams& p, const Task& task) {
  return map_pairs<float, float>(p.operands, task, [](float a, float b) {
    const float remainder = std::fmod(a, b);
    return remainder != 0 && (b < 0) != (remainder < 0) ? remainder + b : remainder;
  });
}

}  // namespace

TANDEM_DEFINE_KERNEL(div_f32__ref, DivisionParams, div_f32)
TANDEM_DEFINE_KERNEL(div_s32__ref, DivisionParams, div_s32)
TANDEM_DEFINE_KERNEL(div_s8__ref, DivisionParams, div_s8)
TANDEM_DEFINE_KERNEL(floor_div_f32__ref, DivisionParams, floor_div_f32)
TANDEM_DEFINE_KERNEL(floor_mod_f32__ref, DivisionParams, floor_mod_f32)

}  // namespace tandem
