#pragma once

#include "base/fixed_point.h"
#include "kernels/kernel.h"

namespace tandem {

/// y[r,c] = e^(β·x[r,c]) / Σ_k e^(β·x[r,k]), for each of `rows` rows of `depth` elements.
/// s8 (to s8 or s16): differences to the row's maximum, d ≥ diff_min, become Q5.26 by `multiplier` (shift ≥
/// 0); e^d and the reciprocal of their sum (Q12.19) are gemmlowp's fixed-point functions
/// (base/fixed_point.h); what is below diff_min gives the lowest output. Output scale 1/256 (s8) or 1/65536
/// (s16), zero point the type's minimum. Units: rows.
struct SoftmaxParams {
  Ref in;
  Ref out;
  uint32_t rows = 0;
  int32_t depth = 0;
  QuantizedMultiplier multiplier;
  int32_t diff_min = 0;
};

}  // namespace tandem
