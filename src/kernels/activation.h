#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// RELU6 (s8, s16, f32), RELU (f32)   y = clamp(x); quantized input and output are taken to be of one scale.
struct ClampParams {
  UnaryOperands operands;
  Clamp clamp;
  ClampF32 clamp_f32;
};

/// LEAKY_RELU   s8, s16: y = clamp(z_y + R(x − z_x, m)), m = positive where x ≥ z_x, else negative. R is
///              requantize; for a multiplier below 0 its result for −m, negated. f32: y = x > 0 ? x :
///              alpha·x.
/// RELU         (s8, s16) is that with negative = 0.
struct LeakyReluParams {
  UnaryOperands operands;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier positive;
  QuantizedMultiplier negative;
  float alpha = 0;
};

/// LOGISTIC     y = 1 / (1 + e^−x)
/// TANH         y = tanh x
/// s8           x − z becomes Q4.27 by `multiplier`; gemmlowp's functions in Q0.31 (base/fixed_point.h),
/// rounded
///              to 8 bits. From |x − z| ≥ in_radius on, y is the type's minimum or maximum.
///              Output: LOGISTIC 1/256, zero point −128; TANH 1/128, zero point 0.
/// s16          x · multiplier.multiplier / 2^multiplier.shift, rounded upward at ties, is in steps of
///              1/(3·4096); kSigmoidTable, interpolated, TANH through 2·logistic(2x) − 1. Output scale 2^-15.
///              Needs multiplier ≤ 65535, ≤ 32767 with a shift; shift in [0, 31].
/// f32          operands alone.
struct SigmoidParams {
  UnaryOperands operands;
  int32_t in_zero_point = 0;
  int32_t in_radius = 0;
  QuantizedMultiplier multiplier;
};

}  // namespace tandem
