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
  Scratch
      worker_weights;  ///< depthwise s8, s16: room for a channel's, as int32; _w4: for two filters, as int8
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

/// CONV_2D of int8 for inputs of which many are zero_point (after a ReLU):
///   y[p,o] = f(bias[o] + Σ_{k: u[p,k] ≠ 0} w[o,k] · u[p,k]),  u = x − zx, k over the taps and channels that
///   p sees
/// Precondition zx = −128, so that u is 0 to 255; no groups, no dilation; input channels a multiple of 4;
///              weights 4-aligned; f of each channel has LevelConstants.
/// Tiles        of ten or thirteen output channels: a part of three (`threes` is 1) or none, two of five.
/// Passes       over tiles, as many at a time as `tiles` has room for. One is two steps: …_sparse_begin,
/// which
///              expands the weights, in units of a part (sparse_pass_parts) and, in the first pass, one for
///              each worker's memory; then the pixels. The last of them may be two units: of its first
///              `first_half_tiles` tiles and of the others.
constexpr uint32_t sparse_tile_channels(uint32_t threes) { return 10 + 3 * threes; }
constexpr uint32_t sparse_tile_parts(uint32_t threes) { return 2 + threes; }

struct SparseConv2dParams {
  Ref in;
  Ref weights;  ///< of the pass
  Ref bias;     ///< optional
  Ref out;
  Ref multipliers;     ///< int32[out_channels]
  Ref shifts;          ///< int8[out_channels]
  Ref level_channels;  ///< LevelChannel[out_channels]
  Ref weight_max;      ///< uint8[in_channels]: max over o of |w[o,c]|
  Ref tiles;           ///< scratch of all workers: pass_tiles of sparse_tile_bytes
  Scratch scratch;     ///< sparse_worker_bytes of it
  uint32_t slack = 0;  ///< the largest of all channels
  Window2d window;
  uint32_t pixels = 0;
  uint32_t depth = 0;        ///< input channels
  uint32_t in_channels = 0;  ///< of all taps
  /// Where in a worker's scratch the inputs that a pixel sees are gathered; 0: they lie together as they are.
  uint32_t gathered_at = 0;
  uint32_t out_channels = 0;
  uint32_t first_tile = 0;
  uint32_t pass_tiles = 0;
  uint32_t first_half_tiles = 0;  ///< pass_tiles if the last pixel is one unit
  uint16_t threes = 0;
  uint16_t workers = 1;
  int32_t out_zero_point = 0;
  Clamp clamp;
};

/// Whether the pass's last tile has no channels for its last five.
constexpr bool sparse_ends_with_half(const SparseConv2dParams& p) {
  return (p.first_tile + p.pass_tiles) * sparse_tile_channels(p.threes) - 5 >= p.out_channels;
}
constexpr uint32_t sparse_pass_parts(const SparseConv2dParams& p) {
  return p.pass_tiles * sparse_tile_parts(p.threes) - (sparse_ends_with_half(p) ? 1 : 0);
}

/// A tile: offset, limit, scale and sum of weights of thirteen channels; then a row for each input, three
/// words of five channels, two of three.
constexpr uint32_t kSparseTileBytes = 13 * 16 + 4;
constexpr uint32_t sparse_row_bytes(uint32_t threes) { return 24 + 8 * threes; }
constexpr uint32_t sparse_tile_bytes(uint32_t threes, uint32_t in_channels) {
  return kSparseTileBytes + in_channels * sparse_row_bytes(threes);
}
/// A pixel's code: a word to begin with, then a term for each input at worst; a group, which takes the place
/// of two terms more, has seven terms at least, and the end is one such.
constexpr uint32_t sparse_two_terms_bytes(uint32_t threes) { return 60 + 20 * threes; }
constexpr uint32_t sparse_code_bytes(uint32_t threes, uint32_t in_channels) {
  return 4 + (in_channels / 2 + in_channels / 7 + 2) * sparse_two_terms_bytes(threes);
}
constexpr uint32_t kSparseStateBytes = 176;
constexpr uint32_t sparse_worker_bytes(uint32_t threes, uint32_t in_channels) {
  return kSparseStateBytes + sparse_code_bytes(threes, in_channels);
}

}  // namespace tandem
