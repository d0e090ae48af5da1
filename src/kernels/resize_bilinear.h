#pragma once

#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// y[b, i, j, c] = (1−u)·(1−v)·x[b, r0, q0, c] + u·(1−v)·x[b, r1, q0, c]
///               + (1−u)·v·x[b, r0, q1, c] + u·v·x[b, r1, q1, c]
///               r = i·scale, with half pixels (i + ½)·scale − ½; r0 = ⌊r⌋ and r1 = ⌈r⌉, both brought into
///               the image; u = r − r0. Likewise q and v of j.
/// Layout        NHWC; x [n][height.in][width.in][channels], y [n][height.out][width.out][channels].
/// f32           scale and r are floats.
/// s8            scale and r have 10 fraction bits; y is rounded to nearest, ties away from zero.
/// Bound         s8: 2^7 · 2^20 = 2^27, since the four weights add up to 2^20 and none is negative.
/// Precondition  x has elements if y has.
/// Units         rows: blocks of rows of y, those of all batches in order.
struct ResizeBilinearParams {
  struct Axis {
    uint32_t in = 0;
    uint32_t out = 0;
    float scale_f32 = 0;
    int64_t scale_q10 = 0;
  };

  Ref in;
  Ref out;
  uint32_t channels = 0;
  uint32_t half_pixels = 0;
  Axis height;
  Axis width;
  Blocks rows;
};

}  // namespace tandem
