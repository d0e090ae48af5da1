#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/level_requantization.h"
#include "kernels/window_2d.h"

namespace tandem {

/// CONV_2D of int8 (conv_2d.h; no groups, no dilation), two output pixels at a time in the halves of a word.
///
/// Maths        Let pixels p and q see inputs x_p[k], x_q[k] (k counts the filter's taps and channels; the
/// zero
///              point stands where there is no input). The word v[k] = x_p[k] + 2^16·x_q[k] times a weight is
///              a term of both sums: Σ_{k ∈ g} w[k]·v[k] = A + 2^16·B modulo 2^32.
/// Exactness    A and B of a group g of consecutive k can be told apart while |A|, |B| <= 32767: an
/// arithmetic
///              shift by 16 gives B, less 1 if A is negative, which is the last bit shifted out. As |x| <=
///              128, Σ_{k ∈ g} |w[k]| <= kMaxGroupWeight is enough: groups are cut by the actual weights.
///              Sums of the B are exact in 32 bits; the sum of the A is the total less 2^16 times theirs.
/// Requantization  level_requantization.h, of Σ w·x + bias − zero point · Σ w.
/// Needs        clamp.min = −128; out_pixels >= kTilePixels.
struct ConvDenseLanes {
  static constexpr uint32_t kTilePixels = 8;        ///< 4 words
  static constexpr uint32_t kMaxGroupWeight = 255;  ///< 255·128 <= 32767
  static constexpr uint32_t kMaxGroupTerms = 33;

  /// Bytes of a tile's columns (v[k] of 4 pairs), and of a group's sums kept until the channel's end.
  static constexpr uint32_t kColumnBytes = 16;
  static constexpr uint32_t kSumsBytes = 16;

  /// Words of a group of `terms` weights in the packed stream: the first weight, the first of the packed
  /// weights, where to jump, and the rest of the packed weights, 4 a word.
  static constexpr uint32_t group_words(uint32_t terms) {
    const uint32_t packed = (terms - 1 + 3) / 4;
    return 2 + (packed < 1 ? 1 : packed);
  }

  /// Words of a channel in the packed stream beside its groups: the bytes of sums kept of all but the last
  /// group; after the groups offset, limit and scale.
  static constexpr uint32_t kConstantWords = 3;
  static constexpr uint32_t kChannelWords = 1 + kConstantWords;
};

/// Packs the weights of some channels for the kernel below, once an inference.
/// Units        blocks of channels.
struct PackDenseLanesParams {
  Ref weights;  ///< int8[channels, filter]
  Ref starts;   ///< uint16[channels + 1]: their words in the stream of all, modulo 2^16: a pass has fewer
  Ref levels;   ///< LevelChannel[channels]
  Ref stream;
  Blocks channels;
  uint32_t first_channel = 0;
  uint32_t filter = 0;
  int32_t in_zero_point = 0;
};

/// The convolution of some channels.
/// Units        blocks of tiles of kTilePixels neighbouring output pixels, over rows and batches; the last
///              tile ends with the last pixel, and so may repeat some of the tile before it.
struct ConvDenseLanesParams {
  Ref in;
  Ref out;
  Ref stream;
  Ref levels;       ///< LevelChannel[out_channels]
  Ref bias;         ///< int32[out_channels]; optional
  Ref multipliers;  ///< int32[out_channels]
  Ref shifts;       ///< int8[out_channels]
  Window2d window;
  Blocks tiles;
  Scratch scratch;  ///< columns, then sums, then a pixel of zero points
  uint32_t sums_at = 0;
  uint32_t zeros_at = 0;
  uint32_t out_pixels = 0;
  uint32_t column_reciprocal = 0;  ///< ⌊2^16 / out.w⌋
  uint32_t stream_words = 0;
  uint32_t first_channel = 0;
  int32_t in_channels = 0;
  int32_t out_channels = 0;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  Clamp clamp;
  uint32_t slack = 0;  ///< of all channels
};

}  // namespace tandem
