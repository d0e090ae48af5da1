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
};

}  // namespace tandem
