#pragma once

#include <optional>
#include <span>

#include "base/fixed_point.h"
#include "kernels/element_wise.h"
#include "kernels/level_requantization.h"

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
  // s8__…_levels:
  Ref tables;              ///< int32[2][kAddLevelValues], of a and of b
  uint32_t slack = 0;      ///< in steps
  bool subtracts = false;  ///< SUB
};

/// ADD and SUB of s8 by a table of each operand, which has what each value (modulo 256) gives to
///   t = (A ± B)·M / 2^(31+r) + z + 1/2 + 2^-(1+r),  A and B what R makes of a and b, m = M·2^-(31+r), r ≥ 1
/// in steps of 2^-kAddLevelBits. z + R(A ± B, m) is ⌊t⌋ where that is not below z, and else the same of 2^-r
/// less (why says level_requantization.h). Three terms are rounded up to steps, so that the tables' sum
/// exceeds t by less than a slack of 3 + ⌈2^(kAddLevelBits−r)⌉ steps: unless its fraction is below the slack,
/// its whole is y before the clamp. Otherwise y is computed as it stands.
inline constexpr int kAddLevelBits = 20;
inline constexpr uint32_t kAddLevelValues = 256;

/// The slack; nothing where the tables' sums would overflow, or the slack be a large part of a level.
std::optional<uint32_t> add_level_slack(const AddParams& params);
void fill_add_levels(const AddParams& params, std::span<int32_t> tables);

/// MUL         y = clamp(z + R((a − z_a) · (b − z_b), m)), R is requantize.
/// Bound       s8: |product| ≤ 255²; s16: zero points are 0, ≤ 2^30.
struct MulParams {
  BinaryOperands operands;
  int32_t a_zero_point = 0;
  int32_t b_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
  Clamp clamp;
  LevelConstants level;  ///< s8__portable: of `multiplier`; slack 0 if it has none
};

/// ADD, SUB, MUL, POW, SQUARED_DIFFERENCE of what is not quantized: y = clamp(a ∘ b). s32: modulo 2^32.
/// Data error  POW on s32: b < 0.
struct ArithmeticParams {
  BinaryOperands operands;
  Clamp clamp;
  ClampF32 clamp_f32;
};

}  // namespace tandem
