#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// PRELU    y = x ≥ 0 ? x : α·x, α of the second input.
/// s8, s16  y = clamp(z_y + R(x − z_x, m_pos)) where x ≥ z_x, else clamp(z_y + R((x − z_x)·(α − z_α),
/// m_neg)).
///          R is requantize; α is s8 for both.
/// Bound    |x − z_x|·|α − z_α| ≤ 65535 · 255 < 2^24.
struct PreluParams {
  BinaryOperands operands;
  int32_t in_zero_point = 0;
  int32_t alpha_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier positive;
  QuantizedMultiplier negative;
};

}  // namespace tandem
