#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// y[r,c] = e^(β·x[r,c]) / Σ_k e^(β·x[r,k]), for each of `rows` rows of `depth` elements.
/// s8           to s8 or s16: differences to the row's maximum, d ≥ diff_min, become Q5.26 by `multiplier`
///              (shift ≥ 0); e^d and the reciprocal of their sum (Q12.19) are gemmlowp's fixed-point
///              functions (base/fixed_point.h); what is below diff_min gives the lowest output. Output scale
///              1/256 (s8) or 1/65536 (s16), zero point the type's minimum.
/// s16          to s16: differences become steps of 10/65535 by `multiplier`; e^d (Q0.15) and the reciprocal
///              of their sum (Q16.15, saturating) are interpolated in tables of 512 segments. Output scale
///              1/32768, zero points 0.
/// f32          `beta`; nothing else.
/// In place     where x and y have the same size.
/// Units        blocks of rows.
struct SoftmaxParams {
  Ref in;
  Ref out;
  Blocks rows;
  uint32_t depth = 0;
  QuantizedMultiplier multiplier;
  int32_t diff_min = 0;
  float beta = 0;
  // s8…__portable, one of them:
  Ref exps;          ///< int32[kSoftmaxDifferences], softmax_exp of 0, −1, …
  Scratch row_exps;  ///< room for int32[depth]
};

inline constexpr uint32_t kSoftmaxDifferences = 256;
inline constexpr int kSoftmaxInputIntegerBits = 5;
inline constexpr int kSoftmaxSumIntegerBits = 12;

/// difference · multiplier, Q5.26; the difference is ≥ diff_min, so the shift loses nothing.
constexpr int32_t scaled_softmax_difference(const SoftmaxParams& p, int32_t difference) {
  return srdhm(wrapping_shift_left(difference, p.multiplier.shift), p.multiplier.multiplier);
}

/// e^(difference · multiplier), Q0.31; 0 below diff_min.
constexpr int32_t softmax_exp(const SoftmaxParams& p, int32_t difference) {
  return difference < p.diff_min
             ? 0
             : q::exp_of_negative<kSoftmaxInputIntegerBits>(scaled_softmax_difference(p, difference));
}

/// y[r,c] = x[r,c] − m − ln Σ_k e^(x[r,k] − m), m the maximum of row r; for each of `rows` rows of `depth`.
/// s8           differences to the maximum as SoftmaxParams' (β = 1), with its exponentials and their sum;
/// the
///              logarithm of that in Q5.26 is log_from_one. Output scale 1/16, zero point 127. Differences
///              that `divisor`, 1 over `multiplier`, tells to leave Q5.26 with the logarithm give the lowest
///              output.
/// f32          in that order.
/// In place     y may be x.
/// Units        blocks of rows.
struct LogSoftmaxParams {
  SoftmaxParams softmax;
  QuantizedMultiplier divisor;
};

}  // namespace tandem
