#include "ops/conv_2d_dense_lanes.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "kernels/conv_2d_dense_lanes.h"
#include "kernels/level_requantization.h"

namespace tandem {
namespace {

using Lanes = ConvDenseLanes;

// The packed weights of one pass over the output, in SRAM beside the columns.
constexpr uint32_t kMaxStreamBytes = 52 * 1024;
// Columns of 24 KB a worker.
constexpr uint32_t kMaxFilter = 1536;
// Three such numbers add up to no 32-bit overflow, and products of a filter are one.
constexpr int32_t kSmall = 1 << 28;
static_assert(kMaxFilter * 255 * 128 <= kSmall);
constexpr bool small(int32_t x) { return x <= kSmall && x >= -kSmall; }
// What level_constants() gives at most.
constexpr int32_t kMostSlack = 1 << 21;
// What makes a unit worth taking.
constexpr uint32_t kUnitMacs = 4096;

// One filter's weights in the file.
struct Filter {
  const int8_t* first;
  uint32_t step;
  int8_t operator[](uint32_t k) const { return first[k * step]; }
};

// Calls group(terms) for each group of a filter's weights, in order.
template <class Group>
void for_each_group(const Filter& weights, uint32_t filter, Group group) {
  uint32_t sum = 0;
  uint32_t terms = 0;
  for (uint32_t k = 0; k < filter; ++k) {
    const auto magnitude = static_cast<uint32_t>(weights[k] < 0 ? -weights[k] : weights[k]);
    if (sum + magnitude > Lanes::kMaxGroupWeight || terms == Lanes::kMaxGroupTerms) {
      group(terms);
      sum = 0;
      terms = 0;
    }
    sum += magnitude;
    ++terms;
  }
  group(terms);
}

class DenseLanesPlan {
 public:
  DenseLanesPlan(OpContext& c, const ConvDenseLanesRequest& request)
      : c_(c),
        conv_(request.conv),
        weights_(reinterpret_cast<const int8_t*>(request.weights.data)),
        side_by_side_(request.side_by_side),
        bias_(request.bias.data),
        macs_(request.macs),
        channels_(static_cast<uint32_t>(conv_.out_channels)),
        filter_(static_cast<uint32_t>(conv_.window.filter.h * conv_.window.filter.w * conv_.in_channels)),
        out_pixels_(static_cast<uint32_t>(conv_.window.batches * conv_.window.out.h * conv_.window.out.w)) {}

  // Looks at all weights; false where the kernel's needs are not met.
  bool measure();
  void emit();

 private:
  [[nodiscard]] Filter filter_of(uint32_t o) const {
    return side_by_side_ ? Filter{weights_ + o, channels_} : Filter{weights_ + o * filter_, 1};
  }
  [[nodiscard]] int32_t bias_of(uint32_t o) const {
    return bias_ == nullptr ? 0 : read_unaligned<int32_t>(bias_ + o * sizeof(int32_t));
  }
  [[nodiscard]] Lanes::Channel constants_of(uint32_t o, uint32_t& slack) const;

  OpContext& c_;
  const Conv2dParams& conv_;
  const int8_t* weights_;
  bool side_by_side_;
  const uint8_t* bias_;
  uint64_t macs_;
  uint32_t channels_;
  uint32_t filter_;
  uint32_t out_pixels_;
  uint32_t groups_ = 0;       // of all channels
  uint32_t most_groups_ = 0;  // of a channel
  uint32_t most_words_ = 0;   // of a channel's stream
};

Lanes::Channel DenseLanesPlan::constants_of(uint32_t o, uint32_t& slack) const {
  const QuantizedMultiplier factor = quantize_multiplier(double{c_.input(0).quantization.scale()} *
                                                         double{c_.input(1).quantization.scale(o)} /
                                                         double{c_.output(0).quantization.scale()});
  const int32_t bias = bias_of(o);
  const auto levels = level_constants(factor, 0, conv_.out_zero_point, conv_.clamp);
  if (levels && small(bias) && small(levels->channel.offset)) {
    slack = std::max(slack, levels->slack);
    return {.limit = levels->channel.limit, .scale = levels->channel.scale, .zero = -levels->channel.offset};
  }
  // A channel of which training left nothing has a scale near 0 and a bias that can be anything; its output
  // is mostly a constant. Then x = 2^23·level + 2^22 + Σ w·(input − zero point), scale 2: the sum does not
  // reach another level, nor the slack.
  int32_t magnitudes = 0;
  for (uint32_t k = 0; k < filter_; ++k) magnitudes += std::abs(int32_t{filter_of(o)[k]});
  const int32_t reach = 255 * magnitudes;
  const auto value = [&](int32_t a) {
    return conv_.clamp.apply(wrapping_add(requantize(a, factor), conv_.out_zero_point));
  };
  constexpr int32_t kLargest = std::numeric_limits<int32_t>::max();
  if (factor.shift <= 0 && reach < (1 << 22) - kMostSlack / 2 && bias <= kLargest - reach &&
      bias >= reach - kLargest && value(bias - reach) == value(bias + reach)) {
    const int32_t level = value(bias) - conv_.clamp.min;
    return {.limit = UINT32_MAX, .scale = 2, .zero = wrapping_sub(bias, (level << 23) + (1 << 22))};
  }
  // What is left lets the exact function tell: products of 0 are below any slack. x >= 0 as the sum is small.
  slack = std::max(slack, uint32_t{1});
  return {.limit = UINT32_MAX, .scale = 0, .zero = wrapping_sub(bias, kSmall)};
}

bool DenseLanesPlan::measure() {
  const Window2d& w = conv_.window;
  if (conv_.groups != 1 || w.dilation.h != 1 || w.dilation.w != 1 || conv_.clamp.min != INT8_MIN)
    return false;
  if (out_pixels_ < Lanes::kTilePixels || out_pixels_ > UINT16_MAX || filter_ == 0 || channels_ == 0 ||
      filter_ > kMaxFilter) {
    return false;
  }
  for (uint32_t o = 0; o < channels_; ++o) {
    uint32_t groups = 0;
    uint32_t words = Lanes::kChannelWords;
    for_each_group(filter_of(o), filter_, [&](uint32_t terms) {
      ++groups;
      words += Lanes::group_words(terms);
    });
    groups_ += groups;
    most_groups_ = std::max(most_groups_, groups);
    most_words_ = std::max(most_words_, words);
  }
  return groups_ <= UINT16_MAX;
}

void DenseLanesPlan::emit() {
  const Window2d& w = conv_.window;
  const uint32_t most_channels = kMaxStreamBytes / sizeof(uint32_t) / most_words_;
  const uint32_t passes = (channels_ + most_channels - 1) / most_channels;
  const uint32_t pass_channels = (channels_ + passes - 1) / passes;

  std::span<Lanes::Start> starts_to_fill;
  const Ref starts = c_.prepared<Lanes::Start>(
      channels_ + 1, [&](std::span<Lanes::Start> values) { starts_to_fill = values; });
  const Ref groups = c_.prepared<uint8_t>(groups_, [&](std::span<uint8_t> lengths) {
    uint32_t group = 0;
    uint32_t word = 0;
    for (uint32_t o = 0; o < channels_; ++o) {
      starts_to_fill[o] = {.group = static_cast<uint16_t>(group), .word = static_cast<uint16_t>(word)};
      word += Lanes::kChannelWords;
      for_each_group(filter_of(o), filter_, [&](uint32_t terms) {
        lengths[group++] = static_cast<uint8_t>(terms);
        word += Lanes::group_words(terms);
      });
    }
    starts_to_fill[channels_] = {.group = static_cast<uint16_t>(group), .word = static_cast<uint16_t>(word)};
  });
  uint32_t slack = 0;
  const Ref constants = c_.prepared<Lanes::Channel>(channels_, [&](std::span<Lanes::Channel> values) {
    for (uint32_t o = 0; o < channels_; ++o) values[o] = constants_of(o, slack);
  });

  const uint32_t column_bytes = filter_ * Lanes::kColumnBytes;
  Ref stream;
  const uint32_t zeros_at = column_bytes + most_groups_ * Lanes::kSumsBytes;
  const Scratch scratch = c_.scratch(zeros_at + static_cast<uint32_t>(conv_.in_channels),
                                     pass_channels * most_words_ * sizeof(uint32_t), stream);
  const uint32_t tiles = (out_pixels_ + Lanes::kTilePixels - 1) / Lanes::kTilePixels;
  for (uint32_t first = 0; first < channels_; first += pass_channels) {
    const uint32_t end = std::min(first + pass_channels, channels_);
    const Blocks pack_units{.count = end - first, .per_unit = 1 + kUnitMacs / 4 / filter_};
    c_.emit(kernel_id::conv_2d_s8__armv6m_dense_pack,
            PackDenseLanesParams{.weights = conv_.weights,
                                 .groups = groups,
                                 .starts = starts,
                                 .bias = conv_.bias,
                                 .constants = constants,
                                 .stream = stream,
                                 .channels = pack_units,
                                 .first_channel = first,
                                 .filter = filter_,
                                 .in_zero_point = conv_.in_zero_point},
            {.units = pack_units.units()});
    uint16_t stream_words = 0;
    if (!starts_to_fill.empty()) {
      stream_words = static_cast<uint16_t>(starts_to_fill[end].word - starts_to_fill[first].word);
    }
    const uint32_t tile_macs = Lanes::kTilePixels * filter_ * (end - first);
    const Blocks tile_units{.count = tiles, .per_unit = 1 + kUnitMacs / tile_macs};
    c_.emit(kernel_id::conv_2d_s8__armv6m_dense,
            ConvDenseLanesParams{.in = conv_.in,
                                 .out = conv_.out,
                                 .stream = stream,
                                 .channels = constants,
                                 .multipliers = conv_.multipliers,
                                 .shifts = conv_.shifts,
                                 .window = w,
                                 .tiles = tile_units,
                                 .scratch = scratch,
                                 .sums_at = column_bytes,
                                 .zeros_at = zeros_at,
                                 .out_pixels = out_pixels_,
                                 .column_reciprocal = (1U << 16) / static_cast<uint32_t>(w.out.w),
                                 .stream_words = stream_words,
                                 .first_channel = first,
                                 .in_channels = conv_.in_channels,
                                 .out_channels = conv_.out_channels,
                                 .in_zero_point = conv_.in_zero_point,
                                 .out_zero_point = conv_.out_zero_point,
                                 .clamp = conv_.clamp,
                                 .slack = slack},
            {.units = tile_units.units(), .macs = macs_ / channels_ * (end - first)});
  }
}

}  // namespace

bool plan_conv_2d_dense_lanes(OpContext& c, const ConvDenseLanesRequest& request) {
  if (!c.has(kernel_id::conv_2d_s8__armv6m_dense) || !c.has(kernel_id::conv_2d_s8__armv6m_dense_pack)) {
    return false;
  }
  if (c.input(0).type != Type::kInt8 || request.weights.type != Type::kInt8 || !request.weights.constant() ||
      (request.bias.present() && (!request.bias.constant() || request.bias.type != Type::kInt32))) {
    return false;
  }
  DenseLanesPlan plan(c, request);
  if (!plan.measure()) return false;
  plan.emit();
  return true;
}

}  // namespace tandem
