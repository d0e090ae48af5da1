#pragma once

#include <algorithm>

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// f32          y = f(x): ABS, NEG, CEIL, FLOOR, ROUND (ties to even), SQUARE, SQRT, RSQRT, EXP, LOG, SIN,
/// COS,
///              ELU (x < 0 ? e^x − 1 : x), HARD_SWISH (x · clamp(x + 3, 0, 6) / 6)
/// bool         LOGICAL_NOT: y = x is 0
struct UnaryParams {
  UnaryOperands operands;
};

/// s8           y = table[x modulo 256]: what an operator makes of each of 256 values.
/// Data error   x < lowest, of which the function has no value.
struct LookupParams {
  static constexpr uint32_t kValues = 256;

  UnaryOperands operands;
  Ref table;  ///< int8[256], of 0 to 127, then −128 to −1
  int32_t lowest = -128;
};

/// What is left of a quantized function after its zero points and scales: see rescaled_abs, rescaled_rsqrt.
struct Rescale {
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
  Clamp clamp;
};

/// ABS, RSQRT on s16: y = the function below, to 16 bits.
/// Data error   RSQRT: x < in_zero_point.
struct RescaleParams {
  UnaryOperands operands;
  Rescale rescale;
};

/// clamp(z_y + R(|x − z_x|, m)), R is requantize; m = scale_x / scale_y.
constexpr int32_t rescaled_abs(int32_t x, const Rescale& r) {
  const int32_t value = x - r.in_zero_point;
  return r.clamp.apply(wrapping_add(requantize(value < 0 ? -value : value, r.multiplier), r.out_zero_point));
}

/// clamp(z_y + R(2^20 / √(x − z_x), m / 2^20)) for x >= z_x; the largest value for x = z_x.
/// m = 1 / (√scale_x · scale_y). Rounded three times: the root as inverse_sqrt, and each product.
constexpr int32_t rescaled_rsqrt(int32_t x, const Rescale& r) {
  constexpr int32_t kFractionBits = 20;
  const int32_t value = x - r.in_zero_point;
  if (value == 0) return r.clamp.max;
  QuantizedMultiplier root = q::inverse_sqrt(value);
  root.shift += kFractionBits;
  // The root is below 2^21: what m would shift right by 32 or more is 0.
  const QuantizedMultiplier m{r.multiplier.multiplier, r.multiplier.shift - kFractionBits};
  const int32_t y = m.shift < -31 ? 0 : requantize(requantize(1, root), m);
  return r.clamp.apply(wrapping_add(y, r.out_zero_point));
}

}  // namespace tandem
