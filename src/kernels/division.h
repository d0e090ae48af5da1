#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// DIV          f32: y = clamp(a / b); s32: the same, without the fraction, −2^31 / −1 = −2^31.
///              s8: y = clamp(z + (a − z_a)/(b − z_b)·m) from Q0.31 quotients: the reciprocal of b − z_b is
///              exact to about 29 bits, what it is multiplied by is first shifted up as far as it goes, and
///              both products are rounded as requantize does.
/// FLOOR_DIV    f32: ⌊a / b⌋, divided in double.
/// FLOOR_MOD    f32: the remainder of a / b with the sign of b; NaN for b = 0.
/// Data errors: DIV of integers and FLOOR_DIV by 0.
/// Needs        s8: multiplier.shift ≤ kMaxShift, so that the second product is shifted right.
struct DivisionParams {
  /// The least that |a − z_a| ≤ 255 is shifted up.
  static constexpr int32_t kMaxShift = 23;

  BinaryOperands operands;
  int32_t a_zero_point = 0;
  int32_t b_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
  Clamp clamp;
  ClampF32 clamp_f32;
};

}  // namespace tandem
