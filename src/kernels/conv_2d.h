#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/window_2d.h"

namespace tandem {

/// CONV_2D      y[b,i,j,o] = f(bias[o] + Σ_{r,s,c} w[o,r,s,c] · (x[b, i_r, j_s, g·C + c] − zx)),  c ∈ [0, C)
///              weights [out_channels, filter.h, filter.w, C], C = in_channels / groups, g the group of o:
///              its out_channels / groups outputs each.
/// DEPTHWISE    y[b,i,j,o] = f(bias[o] + Σ_{r,s} w[r,s,o] · (x[b, i_r, j_s, o / m] − zx))
///              weights [1, filter.h, filter.w, out_channels], m = out_channels / in_channels (`groups` holds
///              m).
/// Layout       x, y NHWC. i_r, j_s and the taps left out: Window2d.
/// f            s8, s16: requantization by multiplier[o] · 2^(shift[o] − 31), + zero point, clamp; f32:
/// clamp. Accumulator  s8: int32, wrapping. s16: int64 (conv_2d_s16_b32: int32, as the bias). Zero points of
/// int16 are 0. Rounding     s8, s16_b32: requantize (twice); s16: requantize64 (once, 15-bit multiplier).
/// Variants     _w4: int4 weights, two a byte, low nibble first, rows not padded.
/// Units        tiles: blocks of rows of the output, over all batches, times blocks of output channels;
/// channels
///              first. tile(unit) tells which.
struct Conv2dTile {
  Blocks::Range rows;
  Blocks::Range channels;
};

struct Conv2dParams {
  Ref in;
  Ref weights;
  Ref bias;  ///< int32, int64 (s16), float; optional
  Ref out;
  Ref multipliers;  ///< int32[out_channels]
  Ref shifts;       ///< int8[out_channels], positive: left
  Window2d window;
  Blocks rows;
  Blocks channels;
  Scratch tap_weights;  ///< depthwise s8: room for a channel's weights, as int32
  int32_t in_channels = 0;
  int32_t out_channels = 0;
  int32_t groups = 1;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  Clamp clamp;
  ClampF32 clamp_f32;

  [[nodiscard]] uint32_t tiles() const { return rows.units() * channels.units(); }
  [[nodiscard]] Conv2dTile tile(uint32_t unit) const {
    const uint32_t channel_units = channels.units();
    const uint32_t row_unit = unit / channel_units;
    return {.rows = rows.block(row_unit), .channels = channels.block(unit - row_unit * channel_units)};
  }
};

}  // namespace tandem
