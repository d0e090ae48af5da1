#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// The fraction bits s that ADD and SUB keep on the inputs' common scale, twice the larger of theirs.
template <class Element>
inline constexpr int kAddFractionBits = sizeof(Element) == 1 ? 20 : 15;

/// Those that SQUARED_DIFFERENCE keeps.
template <class Element>
inline constexpr int kSquaredDifferenceFractionBits = sizeof(Element) == 1 ? 7 : 0;

/// ADD, SUB    y = clamp(z + R(R(2^s·(a − z_a), m_a) ± R(2^s·(b − z_b), m_b), m))
///             s = kAddFractionBits. R is requantize, two roundings each time.
/// Needs       m_a, m_b ≤ 1/2; m < 1 with a shift ≤ 0.
/// Bound       |a − z_a| · 2^s ≤ 65535 · 2^15 < 2^31; halved, the sum of two stays below that too.
/// SQUARED_DIFFERENCE   the same with the square of the difference of the two, s =
///             kSquaredDifferenceFractionBits; m is any.
/// Bound       s8: |difference| ≤ 255 · 2^7 < 2^15; s16: zero points are 0, ≤ 2^15.
struct AddParams {
  BinaryOperands operands;
  int32_t a_zero_point = 0;
  int32_t b_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier a_multiplier;
  QuantizedMultiplier b_multiplier;
  QuantizedMultiplier out_multiplier;
  Clamp clamp;
  Ref tables;  ///< s8__portable: int32[2][256], what each value of a, and of b, adds to the sum, −128 first
};

/// MUL         y = clamp(z + R((a − z_a) · (b − z_b), m)), R is requantize.
/// Bound       s8: |product| ≤ 255²; s16: zero points are 0, ≤ 2^30.
struct MulParams {
  BinaryOperands operands;
  int32_t a_zero_point = 0;
  int32_t b_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
  Clamp clamp;
};

/// ADD, SUB, MUL, POW, SQUARED_DIFFERENCE of what is not quantized: y = clamp(a ∘ b). s32: modulo 2^32.
/// Data error  POW on s32: b < 0.
struct ArithmeticParams {
  BinaryOperands operands;
  Clamp clamp;
  ClampF32 clamp_f32;
};

}  // namespace tandem
