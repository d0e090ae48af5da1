#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/level_requantization.h"
#include "kernels/window_2d.h"

namespace tandem {

/// CONV_2D of int8 (conv_2d.h; no groups, no dilation) by code made for the layer's weights, two output
/// pixels at a time in the halves of a word.
///
/// Maths        Let pixels p and q see inputs x_p[k], x_q[k] (k counts the filter's rows, columns and input
///              channels; the zero point stands where there is no input), v[k] = x_p[k] + 2^16·x_q[k]. The
///              code of a channel adds w[k]·v[k], the weights being part of its instructions: none for 0, one
///              addition for ±1, a shift and an addition for powers of two, else three instructions.
/// Exactness    A group g of terms begins at kGroupBias, so its sum is kGroupBias + A + 2^16·B modulo 2^32,
///              A = Σ w·x_p, B = Σ w·x_q. As |x| <= 128, Σ_{k ∈ g} |w[k]| <= kMaxGroupWeight keeps kGroupBias
///              + A in [0, 2^16), so that the arithmetic shift by 16 is B. Groups are cut by the actual
///              weights. With T and H the sums of all groups' words and of all their B, modulo 2^32:
///              Σ w·x_q = H, Σ w·x_p = T − 2^16·H − groups·kGroupBias.
/// Requantization  level_requantization.h, each channel with its own slack, of Σ w·x + bias − zero point · Σ
/// w. Needs        clamp.min = −128. Pairs        Pixel q is p moved by `lane`. p runs over a part of the
/// output, `pairs`, such that both see all
///              of it; where a size is odd some pixels are done twice, with the same result.
///
/// The code of a unit of up to kUnitChannels channels:
///   for each row of the filter, for each two of its weights: `ldm r5!, {r0, r1}`, the terms of each channel;
///   two
///     that are 0 in all channels are passed over, up to kMostSkipped words by one `adds r5`, but for the
///     last
///   between rows `ldr r6, [sp, gap]; adds r5, r6`; where a group ends `add T, sum; asrs sum, #16; add H,
///   sum`
///     (the last of the third channel: no third instruction if it is the first as well); `adds sum, r7, #0`
///     for a channel without weights
///   a NOP if their number is odd; `ldr r0, [sp, tail]; blx r0`; the constants.
/// r0, r1 v[k], v[k+1] | r2–r4 the groups' sums | r5 plane | r6 product | r7 kGroupBias | r8, r10, r12 T |
/// r9, r11, lr H; at the end the third channel has its H in r4.
struct ConvGenerated {
  static constexpr uint32_t kUnitChannels = 3;  ///< a unit of code: as many accumulators as registers allow
  static constexpr uint32_t kMaxGroupWeight = 255;  ///< 255·128 < 2^15
  static constexpr uint32_t kGroupBias = 1 << 15;
  static constexpr uint32_t kMostSkipped = 62;
  /// After the code of a unit, from its last channel to its first: of p and q what is added to the sums, then
  /// LevelChannel's limit and scale, and the slack << 8.
  static constexpr uint32_t kConstantWords = 5;
  /// Words after the last unit.
  static constexpr uint32_t kEndWords = 1;

  /// The code's frame, in words from the stack pointer: what it loads.
  /// Bytes from the end of a filter's row, whose weights are rounded up to an even number, to the next in the
  /// plane.
  static constexpr uint32_t kGapWord = 0;
  static constexpr uint32_t kTailWord = 1;  ///< where units of 1, 2 and 3 channels continue
  static constexpr uint32_t kEndWord = 4;   ///< where the last unit does
};

/// Writes the code of some channels, once an inference.
/// Units        ConvGenerated::kUnitChannels channels each.
struct GenerateConv2dParams {
  Ref weights;  ///< int8[channels, rows, run]
  Ref starts;   ///< uint16[units]: where in the code a unit begins, in words
  Ref levels;   ///< LevelChannel[channels]
  Ref slacks;   ///< uint16[channels], in units of 2^8
  Ref code;     ///< 4-aligned
  uint32_t first_channel = 0;
  uint32_t end_channel = 0;
  uint32_t rows = 0;
  uint32_t run = 0;  ///< columns · input channels of the filter
  int32_t in_zero_point = 0;
};

/// The convolution of these channels.
/// Units        rectangles of pairs: blocks of columns, blocks of rows, batches; columns first. place(unit)
///              tells which.
struct GeneratedConv2dParams {
  Ref in;
  Ref out;
  Ref code;
  Ref levels;       ///< LevelChannel[out_channels]
  Ref bias;         ///< int32[out_channels]; optional
  Ref multipliers;  ///< int32[out_channels]
  Ref shifts;       ///< int8[out_channels]
  Window2d window;
  Size2d lane;      ///< from p to q
  Blocks rows;      ///< of p
  Blocks columns;   ///< of p
  Scratch scratch;  ///< the pairs of inputs that a unit looks at, row by row
  uint32_t first_channel = 0;
  int32_t in_channels = 0;
  int32_t out_channels = 0;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  Clamp clamp;

  struct Place {
    uint32_t batch = 0;
    Blocks::Range rows;
    Blocks::Range columns;
  };
  /// Without a division, which a machine may have in slow memory only.
  [[nodiscard]] Place place(uint32_t unit) const {
    uint32_t batch = 0;
    uint32_t row_unit = 0;
    const uint32_t across = column_units;
    for (; unit >= across * row_units; unit -= across * row_units) ++batch;
    for (; unit >= across; unit -= across) ++row_unit;
    return {.batch = batch, .rows = rows.block(row_unit), .columns = columns.block(unit)};
  }
  uint32_t row_units = 1;     ///< rows.units()
  uint32_t column_units = 1;  ///< columns.units()
};

}  // namespace tandem
