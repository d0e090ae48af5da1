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

/// CONV_2D of int8 with filters of one tap, for inputs of which many are zero_point (after a ReLU):
///   y[p,o] = f(bias[o] + Σ_{c: u[p,c] ≠ 0} w[o,c] · u[p,c]),  u = x − zx
/// Precondition zx = −128, so that u is 0 to 255; stride 1, no groups; in_channels a multiple of 4; weights
///              4-aligned; f of each channel has LevelConstants.
/// Units        a band of pixels times a tile of kSparseTile output channels; tiles first. A step of
///              conv_2d_s8__armv6m_sparse_begin, of one unit, goes before.
constexpr uint32_t kSparseTile = 12;

struct SparseConv2dParams {
  Conv2dParams conv;
  Ref level_channels;  ///< LevelChannel[out_channels]
  Ref weight_max;      ///< uint8[in_channels]: max over o of |w[o,c]|
  uint32_t slack = 0;  ///< the largest of all channels
  uint32_t workers = 1;
  Blocks bands;     ///< of pixels
  Scratch scratch;  ///< sparse_scratch_bytes of it
  uint32_t list_bytes = 0;

  [[nodiscard]] uint32_t tiles() const {
    return (static_cast<uint32_t>(conv.out_channels) + kSparseTile - 1) / kSparseTile;
  }
};

/// What lists of nonzeros take: of one pixel at worst, and of `pixels` of which `percent` of the inputs are
/// not zero.
constexpr uint32_t sparse_list_bytes(uint32_t in_channels, uint32_t pixels, uint32_t percent) {
  constexpr uint32_t kTermBytes = 8;
  constexpr uint32_t kGroupBytes = 8;
  constexpr uint32_t kTermsOfAGroup = 5;
  const uint32_t terms = in_channels * percent / 100 + 1;
  return pixels * (terms * kTermBytes + (terms / kTermsOfAGroup + 1) * kGroupBytes + 8);
}
constexpr uint32_t sparse_pixel_bytes(uint32_t in_channels) { return in_channels * 16 + 32; }
constexpr uint32_t sparse_scratch_bytes(uint32_t in_channels, uint32_t list_bytes) {
  constexpr uint32_t kState = 256;
  constexpr uint32_t kWordsOfATile = kSparseTile / 2 * 4;
  return kState + (2 * in_channels + 2) * kWordsOfATile + list_bytes;
}

}  // namespace tandem
