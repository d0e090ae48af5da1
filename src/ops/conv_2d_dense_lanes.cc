#include "ops/conv_2d_dense_lanes.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "kernels/conv_2d_dense_lanes.h"
#include "kernels/level_requantization.h"

namespace tandem {
namespace {

using Lanes = ConvDenseLanes;

// The packed weights of one pass over the output, in SRAM beside the columns.
constexpr uint32_t kMaxStreamBytes = 40 * 1024;
constexpr uint32_t kMaxColumnBytes = 24 * 1024;
// What makes a unit worth taking.
constexpr uint32_t kUnitMacs = 4096;

// Calls group(terms) for each group of a filter's weights, in order.
template <class Group>
void for_each_group(const int8_t* weights, uint32_t filter, Group group) {
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
        bias_(request.bias.data),
        macs_(request.macs),
        channels_(static_cast<uint32_t>(conv_.out_channels)),
        filter_(static_cast<uint32_t>(conv_.window.filter.h * conv_.window.filter.w * conv_.in_channels)),
        out_pixels_(static_cast<uint32_t>(conv_.window.batches * conv_.window.out.h * conv_.window.out.w)) {}

  // Looks at all weights and factors; false where the kernel's needs are not met.
  bool measure();
  void emit();

 private:
  struct Sizes {
    uint32_t groups = 0;
    uint32_t words = 0;
  };
  [[nodiscard]] const int8_t* filter_of(uint32_t o) const { return weights_ + o * filter_; }
  [[nodiscard]] Sizes sizes_of(uint32_t o) const;
  [[nodiscard]] std::optional<LevelConstants> levels_of(uint32_t o, Lanes::Channel& channel) const;

  OpContext& c_;
  const Conv2dParams& conv_;
  const int8_t* weights_;
  const uint8_t* bias_;
  uint64_t macs_;
  uint32_t channels_;
  uint32_t filter_;
  uint32_t out_pixels_;
  uint32_t slack_ = 0;
  uint32_t groups_ = 0;       // of all channels
  uint32_t most_groups_ = 0;  // of a channel
  uint32_t pass_channels_ = 0;
  uint32_t pass_words_ = 0;  // of the pass that has most
};

DenseLanesPlan::Sizes DenseLanesPlan::sizes_of(uint32_t o) const {
  Sizes sizes{.groups = 0, .words = 1};
  for_each_group(filter_of(o), filter_, [&](uint32_t terms) {
    ++sizes.groups;
    sizes.words += Lanes::group_words(terms);
  });
  return sizes;
}

std::optional<LevelConstants> DenseLanesPlan::levels_of(uint32_t o, Lanes::Channel& channel) const {
  int64_t sum = 0;
  int64_t magnitudes = 0;
  for (uint32_t k = 0; k < filter_; ++k) {
    const int32_t w = filter_of(o)[k];
    if (w < -INT8_MAX) return std::nullopt;
    sum += w;
    magnitudes += w < 0 ? -w : w;
  }
  const int32_t bias = bias_ == nullptr ? 0 : read_unaligned<int32_t>(bias_ + o * sizeof(int32_t));
  // The accumulator and its parts stay far from where 32 bits wrap.
  constexpr int64_t kLargest = int64_t{1} << 29;
  const int64_t raw_bias = int64_t{bias} - sum * conv_.in_zero_point;
  if (magnitudes * 255 > kLargest || raw_bias > kLargest || raw_bias < -kLargest) return std::nullopt;
  const Quantization weights = c_.input(1).quantization;
  const QuantizedMultiplier factor =
      quantize_multiplier(double{c_.input(0).quantization.scale()} * double{weights.scale(o)} /
                          double{c_.output(0).quantization.scale()});
  const auto levels =
      level_constants(factor, static_cast<int32_t>(raw_bias), conv_.out_zero_point, conv_.clamp);
  if (!levels) return std::nullopt;
  if (levels->channel.offset > kLargest || levels->channel.offset < -kLargest) return std::nullopt;
  channel = {.limit = levels->channel.limit,
             .scale = levels->channel.scale,
             .offset = levels->channel.offset,
             .zero = static_cast<int32_t>(raw_bias) - levels->channel.offset};
  return levels;
}

bool DenseLanesPlan::measure() {
  const Window2d& w = conv_.window;
  if (conv_.groups != 1 || w.dilation.h != 1 || w.dilation.w != 1 || conv_.clamp.min != INT8_MIN)
    return false;
  if (out_pixels_ < Lanes::kTilePixels || out_pixels_ > UINT16_MAX || filter_ == 0 || channels_ == 0 ||
      filter_ * Lanes::kColumnBytes > kMaxColumnBytes) {
    return false;
  }
  uint32_t words = 0;
  for (uint32_t o = 0; o < channels_; ++o) {
    Lanes::Channel channel;
    const auto levels = levels_of(o, channel);
    if (!levels) return false;
    slack_ = std::max(slack_, levels->slack);
    const Sizes sizes = sizes_of(o);
    groups_ += sizes.groups;
    most_groups_ = std::max(most_groups_, sizes.groups);
    words += sizes.words;
  }
  const uint32_t passes = (words * sizeof(uint32_t) + kMaxStreamBytes - 1) / kMaxStreamBytes;
  pass_channels_ = (channels_ + passes - 1) / passes;
  for (uint32_t first = 0; first < channels_; first += pass_channels_) {
    uint32_t pass_words = 0;
    for (uint32_t o = first; o < std::min(first + pass_channels_, channels_); ++o) {
      pass_words += sizes_of(o).words;
    }
    pass_words_ = std::max(pass_words_, pass_words);
  }
  return groups_ <= UINT16_MAX && pass_words_ <= UINT16_MAX;
}

void DenseLanesPlan::emit() {
  const Window2d& w = conv_.window;
  const Ref groups = c_.prepared<uint8_t>(groups_, [&](std::span<uint8_t> lengths) {
    uint32_t i = 0;
    for (uint32_t o = 0; o < channels_; ++o) {
      for_each_group(filter_of(o), filter_,
                     [&](uint32_t terms) { lengths[i++] = static_cast<uint8_t>(terms); });
    }
  });
  const Ref starts = c_.prepared<Lanes::Start>(channels_ + 1, [&](std::span<Lanes::Start> values) {
    Lanes::Start start;
    for (uint32_t o = 0; o < channels_; ++o) {
      if (o % pass_channels_ == 0) start.word = 0;
      values[o] = start;
      const Sizes sizes = sizes_of(o);
      start.group = static_cast<uint16_t>(start.group + sizes.groups);
      start.word = static_cast<uint16_t>(start.word + sizes.words);
    }
    values[channels_] = start;
  });
  const Ref channels = c_.prepared<Lanes::Channel>(channels_, [&](std::span<Lanes::Channel> values) {
    for (uint32_t o = 0; o < channels_; ++o) (void)levels_of(o, values[o]);
  });

  const uint32_t column_bytes = filter_ * Lanes::kColumnBytes;
  Ref stream;
  const Scratch scratch =
      c_.scratch(column_bytes + most_groups_ * Lanes::kSumsBytes, pass_words_ * sizeof(uint32_t), stream);
  const uint32_t tiles = (out_pixels_ + Lanes::kTilePixels - 1) / Lanes::kTilePixels;
  for (uint32_t first = 0; first < channels_; first += pass_channels_) {
    const uint32_t end = std::min(first + pass_channels_, channels_);
    const Blocks pack_units{.count = end - first, .per_unit = 1 + kUnitMacs / 4 / filter_};
    c_.emit(kernel_id::conv_2d_s8__armv6m_dense_pack,
            PackDenseLanesParams{.weights = conv_.weights,
                                 .groups = groups,
                                 .starts = starts,
                                 .stream = stream,
                                 .channels = pack_units,
                                 .first_channel = first,
                                 .filter = filter_},
            {.units = pack_units.units()});
    const uint32_t tile_macs = Lanes::kTilePixels * filter_ * (end - first);
    const Blocks tile_units{.count = tiles, .per_unit = 1 + kUnitMacs / tile_macs};
    c_.emit(kernel_id::conv_2d_s8__armv6m_dense,
            ConvDenseLanesParams{.in = conv_.in,
                                 .out = conv_.out,
                                 .stream = stream,
                                 .channels = channels,
                                 .multipliers = conv_.multipliers,
                                 .shifts = conv_.shifts,
                                 .window = w,
                                 .tiles = tile_units,
                                 .scratch = scratch,
                                 .sums_at = column_bytes,
                                 .out_pixels = out_pixels_,
                                 .column_reciprocal = (1U << 16) / static_cast<uint32_t>(w.out.w),
                                 .first_channel = first,
                                 .end_channel = end,
                                 .in_channels = conv_.in_channels,
                                 .out_channels = conv_.out_channels,
                                 .in_zero_point = conv_.in_zero_point,
                                 .out_zero_point = conv_.out_zero_point,
                                 .clamp = conv_.clamp,
                                 .slack = slack_},
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
