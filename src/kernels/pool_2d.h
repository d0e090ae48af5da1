#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/window_2d.h"

namespace tandem {

/// AVERAGE_POOL_2D  y[b,i,j,c] = clamp(mean of x over the window's taps inside the input)
/// MAX_POOL_2D      y[b,i,j,c] = clamp(maximum of x over them)
/// Layout           x, y NHWC with the same channels and quantization. Every window has a tap inside.
/// Rounding         integer means: nearest, ties away from zero.
/// Units            rows.units() blocks of rows of the output, over all batches.
struct Pool2dParams {
  Ref in;
  Ref out;
  Window2d window;
  Blocks rows;
  int32_t channels = 0;
  Clamp clamp;
  ClampF32 clamp_f32;
};

}  // namespace tandem
