#pragma once

#include "kernels/conv_2d.h"

namespace tandem {

/// DEPTHWISE_CONV_2D of int8 with two output rows in the lanes of one word. As Conv2dParams says, with
/// Conditions  filter 3x3, stride 1 or 2 (both ways), no dilation; two output columns or more; clamp.min
/// −128;
///             no accumulator wraps; every channel has LevelConstants and a loop (depthwise_loop).
/// Units       blocks of input channels (all their outputs), in tiles of columns, in tiles of rows, in
/// images.
struct DepthwiseLanesParams {
  Conv2dParams conv;   ///< rows, channels and worker_weights unused
  Ref level_channels;  ///< LevelChannel[out_channels]
  Ref loops;           ///< uint8_t[out_channels], DepthwiseLoop; all of an input channel's may be kSilent
  Ref slacks;          ///< uint16_t[out_channels], slack in units of 2^8
  Blocks rows;         ///< of the output
  Blocks columns;      ///< of the output; none has one column alone
  Blocks channels;     ///< of the input
  uint32_t row_units = 1;
  uint32_t column_units = 1;
  uint32_t channel_units = 1;
  bool some_silent = false;  ///< some loops are kSilent
  Scratch scratch;           ///< a plane: depthwise_plane_bytes of a tile's rows

  [[nodiscard]] uint32_t units() const {
    return static_cast<uint32_t>(conv.window.batches) * row_units * column_units * channel_units;
  }
};

/// Which taps' products share an accumulator: those of an accumulator must have |Σ w·x| < 2^15 for all x. One
/// digit a tap, row by row; two output columns at a time, but for the last loop, which always can be taken
/// unless two of its weights are −128.
enum class DepthwiseLoop : uint8_t {
  kTwoSums,         ///< 010 100 110
  kThreeSums,       ///< 012 120 201
  kOtherThreeSums,  ///< 011 220 021
  kLastThreeSums,   ///< 001 021 122
  kFiveSums,        ///< 012 341 203, one column
  kCount,
  kSilent = kCount,  ///< no loop: all outputs are −128
};
inline constexpr uint8_t kDepthwiseSums[][9] = {
    {0, 1, 0, 1, 0, 0, 1, 1, 0}, {0, 1, 2, 1, 2, 0, 2, 0, 1}, {0, 1, 1, 2, 2, 0, 0, 2, 1},
    {0, 0, 1, 0, 2, 1, 1, 2, 2}, {0, 1, 2, 3, 4, 1, 2, 0, 3},
};

/// Bytes from one row of a plane to the next: the loops have them as immediates.
constexpr uint32_t depthwise_pitch(int32_t stride) { return stride == 1 ? 120 : 124; }
/// The columns of output whose inputs fill such a row.
constexpr uint32_t depthwise_max_columns(int32_t stride) { return stride == 1 ? 28 : 15; }
/// A tile of `rows` output rows: each lane half of them, rounded up.
constexpr uint32_t depthwise_plane_rows(uint32_t rows, uint32_t stride) {
  return ((rows + 1) / 2 - 1) * stride + 3;
}

}  // namespace tandem
