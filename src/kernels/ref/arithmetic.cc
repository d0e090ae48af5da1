#include "kernels/arithmetic.h"

#include <cmath>
#include <cstdint>

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

struct Add {
  template <class Element>
  static constexpr int kFractionBits = kAddFractionBits<Element>;
  int32_t operator()(int32_t a, int32_t b) const { return wrapping_add(a, b); }
  float operator()(float a, float b) const { return a + b; }
};

struct Sub {
  template <class Element>
  static constexpr int kFractionBits = kAddFractionBits<Element>;
  int32_t operator()(int32_t a, int32_t b) const { return wrapping_sub(a, b); }
  float operator()(float a, float b) const { return a - b; }
};

struct Mul {
  int32_t operator()(int32_t a, int32_t b) const { return wrapping_mul(a, b); }
  float operator()(float a, float b) const { return a * b; }
};

struct SquaredDifference {
  template <class Element>
  static constexpr int kFractionBits = kSquaredDifferenceFractionBits<Element>;
  int32_t operator()(int32_t a, int32_t b) const {
    const int32_t difference = wrapping_sub(a, b);
    return wrapping_mul(difference, difference);
  }
  float operator()(float a, float b) const { return (a - b) * (a - b); }
};

struct Pow {
  float operator()(float a, float b) const { return std::pow(a, b); }
};

int32_t wrapping_power(int32_t base, uint32_t exponent) {
  int32_t power = 1;
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) power = wrapping_mul(power, base);
    base = wrapping_mul(base, base);
  }
  return power;
}

template <class Element, class Combine>
KernelResult add_quantized(const AddParams& p, const Task& task) {
  const auto scaled = [](int32_t x, QuantizedMultiplier m) {
    return requantize(x * (1 << Combine::template kFractionBits<Element>), m);
  };
  return map_pairs<Element, Element>(p.operands, task, [&](Element a, Element b) {
    const int32_t sum =
        Combine()(scaled(a - p.a_zero_point, p.a_multiplier), scaled(b - p.b_zero_point, p.b_multiplier));
    return static_cast<Element>(
        p.clamp.apply(wrapping_add(requantize(sum, p.out_multiplier), p.out_zero_point)));
  });
}

template <class Element>
KernelResult mul_quantized(const MulParams& p, const Task& task) {
  return map_pairs<Element, Element>(p.operands, task, [&](Element a, Element b) {
    const int32_t product = (a - p.a_zero_point) * (b - p.b_zero_point);
    return static_cast<Element>(
        p.clamp.apply(wrapping_add(requantize(product, p.multiplier), p.out_zero_point)));
  });
}

template <class Combine>
KernelResult combine_s32(const ArithmeticParams& p, const Task& task) {
  return map_pairs<int32_t, int32_t>(p.operands, task,
                                     [&](int32_t a, int32_t b) { return p.clamp.apply(Combine()(a, b)); });
}

template <class Combine>
KernelResult combine_f32(const ArithmeticParams& p, const Task& task) {
  return map_pairs<float, float>(p.operands, task,
                                 [&](float a, float b) { return p.clamp_f32.apply(Combine()(a, b)); });
}

KernelResult pow_s32(const ArithmeticParams& p, const Task& task) {
  bool has_values = true;
  static_cast<void>(map_pairs<int32_t, int32_t>(p.operands, task, [&](int32_t a, int32_t b) {
    has_values &= b >= 0;
    return wrapping_power(a, b < 0 ? 0U : static_cast<uint32_t>(b));
  }));
  return has_values ? KernelResult::kOk : KernelResult::kDataError;
}

}  // namespace

TANDEM_DEFINE_KERNEL(add_f32__ref, ArithmeticParams, combine_f32<Add>)
TANDEM_DEFINE_KERNEL(add_s16__ref, AddParams, (add_quantized<int16_t, Add>))
TANDEM_DEFINE_KERNEL(add_s32__ref, ArithmeticParams, combine_s32<Add>)
TANDEM_DEFINE_KERNEL(add_s8__ref, AddParams, (add_quantized<int8_t, Add>))
TANDEM_DEFINE_KERNEL(mul_f32__ref, ArithmeticParams, combine_f32<Mul>)
TANDEM_DEFINE_KERNEL(mul_s16__ref, MulParams, mul_quantized<int16_t>)
TANDEM_DEFINE_KERNEL(mul_s32__ref, ArithmeticParams, combine_s32<Mul>)
TANDEM_DEFINE_KERNEL(mul_s8__ref, MulParams, mul_quantized<int8_t>)
TANDEM_DEFINE_KERNEL(pow_f32__ref, ArithmeticParams, combine_f32<Pow>)
TANDEM_DEFINE_KERNEL(pow_s32__ref, ArithmeticParams, pow_s32)
TANDEM_DEFINE_KERNEL(squared_difference_f32__ref, ArithmeticParams, combine_f32<SquaredDifference>)
TANDEM_DEFINE_KERNEL(squared_difference_s16__ref, AddParams, (add_quantized<int16_t, SquaredDifference>))
TANDEM_DEFINE_KERNEL(squared_difference_s32__ref, ArithmeticParams, combine_s32<SquaredDifference>)
TANDEM_DEFINE_KERNEL(squared_difference_s8__ref, AddParams, (add_quantized<int8_t, SquaredDifference>))
TANDEM_DEFINE_KERNEL(sub_f32__ref, ArithmeticParams, combine_f32<Sub>)
TANDEM_DEFINE_KERNEL(sub_s16__ref, AddParams, (add_quantized<int16_t, Sub>))
TANDEM_DEFINE_KERNEL(sub_s32__ref, ArithmeticParams, combine_s32<Sub>)
TANDEM_DEFINE_KERNEL(sub_s8__ref, AddParams, (add_quantized<int8_t, Sub>))

}  // namespace tandem
