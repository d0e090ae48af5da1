#pragma once

#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// y[r,c] = x[r,c] / ‖x[r]‖₂, for each of `rows` rows of `depth` elements.
/// s8           R(x − z_x, 2^7 · 1/√Σ(x − z_x)²), R is requantize and the root inverse_sqrt; clamp to the
/// type.
///              Output 1/128, zero point 0. A row of zeros gives zeros.
/// f32          x / max(√Σx², 10^-6).
/// In place     y may be x.
/// Units        blocks of rows.
struct L2NormalizationParams {
  Ref in;
  Ref out;
  Blocks rows;
  uint32_t depth = 0;
  int32_t in_zero_point = 0;
};

}  // namespace tandem
