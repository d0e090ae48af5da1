#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/level_requantization.h"

namespace tandem {

/// One of the two axes of a DEPTHWISE_CONV_2D's images.
struct DepthwiseTapsAxis {
  int32_t in = 0;  ///< inputs
  int32_t filter = 0;
  int32_t stride = 1;
  int32_t dilation = 1;
  int32_t pad = 0;
  uint32_t in_step = 0;   ///< bytes from an input to the next
  uint32_t out_step = 0;  ///< bytes from an output to the next
  uint32_t tap_step = 0;  ///< taps from a filter's tap to the next, as they lie in the file
  uint32_t lane = 0;      ///< outputs from p to q; 0 for one axis at least
  Blocks part;            ///< the outputs that p runs over, in tiles
  uint32_t tiles = 1;     ///< part.units()

  /// Inputs from a filter's first tap to its last, and one.
  [[nodiscard]] constexpr uint32_t extent() const {
    return static_cast<uint32_t>((filter - 1) * dilation + 1);
  }
};

/// DEPTHWISE_CONV_2D of int8 (conv_2d.h) with any filter, stride and dilation, two outputs at a time in the
/// halves of a word.
///
/// Maths        Outputs p and q = p + lane see x_p[t] and x_q[t] under tap t (the zero point where there is
///              no input); v[t] = x_p[t] + 2^16·x_q[t]. Σ_{t ∈ g} w[t]·v[t] = A + 2^16·B modulo 2^32.
/// Exactness    A and B of a group g of taps can be told apart while |A|, |B| <= 32767: an arithmetic shift
///              by 16 gives B, less 1 if A is negative, which is the last bit shifted out. As |x| <= 128,
///              Σ_{t ∈ g} |w[t]| <= kMaxGroupWeight is enough: groups are cut by the actual weights. Sums of
///              the B are exact in 32 bits; the sum of the A is the total less 2^16 times theirs.
/// Requantization  level_requantization.h, each channel with its own slack, of Σ w·x + bias − zero point·Σ w.
/// Needs        clamp.min = −128.
/// Layout       A tile's v lie in a plane: rows `across` the image, in each row the inputs by their position
///              `along` it modulo the stride (a section for each), so that what four neighbouring outputs see
///              under a tap are four words in a row. Either axis may be either.
struct DepthwiseTaps {
  static constexpr uint32_t kMaxGroupWeight = 255;  ///< 255·128 <= 32767
  static constexpr uint32_t kMaxGroupTaps = 17;
  static constexpr uint32_t kQuad = 4;  ///< pairs at a time
  static constexpr uint32_t kWord = sizeof(uint32_t);

  /// Words of a group in a channel's list: the first tap, how many follow, those; a tap is its weight and
  /// where in the plane it looks, from the quad's first word. Taps of weight 0 are left out.
  static constexpr uint32_t group_words(uint32_t taps) { return 1 + 2 * taps; }
  /// Bytes of a group's sums kept until the channel's last.
  static constexpr uint32_t kSumsBytes = kQuad * kWord;

  /// Words of a section with tiles of `outputs` pairs along it: the last quad is a whole one.
  static constexpr uint32_t section_words(const DepthwiseTapsAxis& along, uint32_t outputs) {
    return (outputs + kQuad - 1) / kQuad * kQuad + (along.extent() - 1) / static_cast<uint32_t>(along.stride);
  }
  /// Sections of a row: positions between filters are left out.
  static constexpr uint32_t sections(const DepthwiseTapsAxis& along) {
    const auto stride = static_cast<uint32_t>(along.stride);
    return along.extent() < stride ? along.extent() : stride;
  }
  /// Positions of an axis that so many outputs see.
  static constexpr uint32_t reach(const DepthwiseTapsAxis& axis, uint32_t outputs) {
    return (outputs - 1) * static_cast<uint32_t>(axis.stride) + axis.extent();
  }
  /// A section is gathered in as many parts at the most: both, p or q alone inside of the input.
  static constexpr uint32_t kStretches = 3;
  static constexpr uint32_t kStretchBytes = 40;
};

/// Units        blocks of input channels (all their outputs), in tiles along, in tiles across, in images.
struct DepthwiseTapsParams {
  Ref in;
  Ref weights;  ///< int8[taps, out_channels]
  Ref bias;     ///< int32[out_channels]; optional
  Ref out;
  Ref multipliers;  ///< int32[out_channels]
  Ref shifts;       ///< int8[out_channels]
  Ref levels;       ///< LevelChannel[out_channels]
  Ref slacks;       ///< uint16[out_channels], in units of 2^8
  DepthwiseTapsAxis across;
  DepthwiseTapsAxis along;
  Blocks channels;  ///< of the input
  uint32_t channel_units = 1;
  uint32_t batches = 1;
  uint32_t in_image = 0;   ///< bytes
  uint32_t out_image = 0;  ///< bytes
  Scratch scratch;         ///< plane, list, sums, where taps look, how to gather
  uint32_t list_at = 0;
  uint32_t sums_at = 0;
  uint32_t places_at = 0;
  uint32_t stretches_at = 0;
  uint32_t out_channels = 0;
  uint32_t multiplier = 0;  ///< outputs of an input channel
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  Clamp clamp;

  [[nodiscard]] constexpr uint32_t taps() const {
    return static_cast<uint32_t>(across.filter) * static_cast<uint32_t>(along.filter);
  }
  [[nodiscard]] uint32_t units() const { return batches * across.tiles * along.tiles * channel_units; }
};

}  // namespace tandem
