#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/window_2d.h"

namespace tandem {

/// y[b,i,j,o] = f(bias[o] + Σ_{r,s,c} w[o,r,s,c] · (x[b, i_r, j_s, c] − zx)),
///              i_r = (i + pad.h − r) / stride.h, j_s = (j + pad.w − s) / stride.w,
///              over the taps (r, s) for which these are whole and inside x
/// Layout       x, y NHWC; weights [out_channels, filter.h, filter.w, in_channels].
/// window       of the convolution from y to x that this one transposes: window.in are the rows and columns
///              of y, window.out those of x. Dilation 1. i + pad.h and j + pad.w fit int32.
/// f            s8, s16: requantization by multipliers[o] · 2^(shifts[o] − 31), + zero point, clamp;
///              f32: clamp.
/// Accumulator  s8: int32, wrapping; s16: int64. Zero points of int16 are 0. f32: in the order of x.
/// Rounding     s8: requantize (twice); s16: requantize64 (once, 15-bit multiplier).
/// Variants     s16_b16: a bias of int16.
/// Units        `rows`: blocks of rows of y, over all batches.
struct TransposeConvParams {
  Ref in;
  Ref weights;
  Ref bias;  ///< int32, int64 (s16), int16 (s16_b16), float; optional
  Ref out;
  Ref multipliers;  ///< int32[out_channels]
  Ref shifts;       ///< int8[out_channels], positive: left
  Window2d window;
  Blocks rows;
  int32_t in_channels = 0;
  int32_t out_channels = 0;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  Clamp clamp;
  ClampF32 clamp_f32;
};

}  // namespace tandem
