#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL    y = 1 where a and b are so, else 0; BOOL.
/// f32, s32, s64   a and b as they are stored; NaN is unordered with everything.
/// s8, s16         R(2^8·(a − z_a), m_a) and R(2^8·(b − z_b), m_b); R is requantize.
/// Bound           |a − z_a| · 2^8 ≤ 65535 · 2^8 < 2^31; m_a, m_b ≤ 1.
struct ComparisonParams {
  /// What two numbers can be to each other; bit i of `relation` is y for the i-th of these.
  enum Ordering : uint32_t { kLess, kEqual, kGreater, kUnordered };
  static constexpr int kFractionBits = 8;

  BinaryOperands operands;
  uint32_t relation = 0;
  int32_t a_zero_point = 0;
  int32_t b_zero_point = 0;
  QuantizedMultiplier a_multiplier;
  QuantizedMultiplier b_multiplier;
};

/// LOGICAL_AND, LOGICAL_OR; EQUAL and NOT_EQUAL of BOOL    y = bit 2·(a ≠ 0) + (b ≠ 0) of `truth_table`.
struct LogicalParams {
  BinaryOperands operands;
  uint32_t truth_table = 0;
};

}  // namespace tandem
