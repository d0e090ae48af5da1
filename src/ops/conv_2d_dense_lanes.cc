#include "ops/conv_2d_dense_lanes.h"

#include <algorithm>
#include <cstdlib>

#include "kernels/conv_2d_dense_lanes.h"

namespace tandem {
namespace {

using Lanes = ConvDenseLanes;

// The packed weights of one pass over the output, in SRAM beside the columns.
constexpr uint32_t kMaxStreamBytes = 52 * 1024;
// Columns of 24 KB a worker.
constexpr uint32_t kMaxFilter = 1536;
// What makes a unit worth taking.
constexpr uint32_t kUnitMacs = 4096;

// Calls group(terms) for each group of a channel's weights, in order.
template <class Group>
void for_each_group(const ConvFilters& filters, uint32_t channel, Group group) {
  uint32_t sum = 0;
  uint32_t terms = 0;
  for (uint32_t k = 0; k < filters.filter; ++k) {
    const auto magnitude = static_cast<uint32_t>(std::abs(filters(channel, k)));
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

// What the weights make of it.
struct Groups {
  uint32_t most = 0;        // of a channel
  uint32_t most_words = 0;  // of a channel's stream
};

Groups measure(const ConvFilters& filters) {
  Groups measured;
  for (uint32_t o = 0; o < filters.channels; ++o) {
    uint32_t groups = 0;
    uint32_t words = Lanes::kChannelWords;
    for_each_group(filters, o, [&](uint32_t terms) {
      ++groups;
      words += Lanes::group_words(terms);
    });
    measured.most = std::max(measured.most, groups);
    measured.most_words = std::max(measured.most_words, words);
  }
  return measured;
}

uint32_t pixels_of(const Window2d& w) { return static_cast<uint32_t>(w.batches * w.out.h * w.out.w); }

}  // namespace

bool suits_dense_conv_2d(const OpContext& c, const Conv2dParams& params, const ConvFilters& filters) {
  if (!c.has(kernel_id::conv_2d_s8__armv6m_dense) || !c.has(kernel_id::conv_2d_s8__armv6m_dense_pack)) {
    return false;
  }
  const Window2d& w = params.window;
  const uint32_t pixels = pixels_of(w);
  return w.dilation.h == 1 && w.dilation.w == 1 && params.clamp.min == INT8_MIN &&
         pixels >= Lanes::kTilePixels && pixels <= UINT16_MAX && filters.filter != 0 &&
         filters.filter <= kMaxFilter && filters.channels != 0;
}

void emit_dense_conv_2d(OpContext& c, const Conv2dParams& params, const ConvFilters& filters,
                        const LevelFactors& level, uint64_t macs) {
  const Window2d& w = params.window;
  const Groups groups_of = measure(filters);
  const uint32_t out_pixels = pixels_of(w);
  const uint32_t most_channels = kMaxStreamBytes / sizeof(uint32_t) / groups_of.most_words;
  const uint32_t passes = (filters.channels + most_channels - 1) / most_channels;
  const uint32_t pass_channels = (filters.channels + passes - 1) / passes;

  std::span<const uint16_t> starts_made;
  const Ref starts = c.prepared<uint16_t>(filters.channels + 1, [&](std::span<uint16_t> starts_to_fill) {
    starts_made = starts_to_fill;
    uint32_t word = 0;
    for (uint32_t o = 0; o < filters.channels; ++o) {
      starts_to_fill[o] = static_cast<uint16_t>(word);
      word += Lanes::kChannelWords;
      for_each_group(filters, o, [&](uint32_t terms) { word += Lanes::group_words(terms); });
    }
    starts_to_fill[filters.channels] = static_cast<uint16_t>(word);
  });
  const uint32_t column_bytes = filters.filter * Lanes::kColumnBytes;
  Ref stream;
  const uint32_t zeros_at = column_bytes + groups_of.most * Lanes::kSumsBytes;
  const Scratch scratch = c.scratch(zeros_at + static_cast<uint32_t>(params.in_channels),
                                    pass_channels * groups_of.most_words * sizeof(uint32_t), stream);
  const uint32_t tiles = (out_pixels + Lanes::kTilePixels - 1) / Lanes::kTilePixels;
  for (uint32_t first = 0; first < filters.channels; first += pass_channels) {
    const uint32_t end = std::min(first + pass_channels, filters.channels);
    const Blocks pack_units{.count = end - first, .per_unit = 1 + kUnitMacs / 4 / filters.filter};
    c.emit(kernel_id::conv_2d_s8__armv6m_dense_pack,
           PackDenseLanesParams{.weights = params.weights,
                                .starts = starts,
                                .levels = level.levels,
                                .stream = stream,
                                .channels = pack_units,
                                .first_channel = first,
                                .filter = filters.filter,
                                .in_zero_point = params.in_zero_point},
           {.units = pack_units.units()});
    uint16_t stream_words = 0;
    if (!starts_made.empty()) stream_words = static_cast<uint16_t>(starts_made[end] - starts_made[first]);
    const uint32_t tile_macs = Lanes::kTilePixels * filters.filter * (end - first);
    const Blocks tile_units{.count = tiles, .per_unit = 1 + kUnitMacs / tile_macs};
    c.emit(kernel_id::conv_2d_s8__armv6m_dense,
           ConvDenseLanesParams{.in = params.in,
                                .out = params.out,
                                .stream = stream,
                                .levels = level.levels,
                                .bias = params.bias,
                                .multipliers = params.multipliers,
                                .shifts = params.shifts,
                                .window = w,
                                .tiles = tile_units,
                                .scratch = scratch,
                                .sums_at = column_bytes,
                                .zeros_at = zeros_at,
                                .out_pixels = out_pixels,
                                .column_reciprocal = (1U << 16) / static_cast<uint32_t>(w.out.w),
                                .stream_words = stream_words,
                                .first_channel = first,
                                .in_channels = params.in_channels,
                                .out_channels = params.out_channels,
                                .in_zero_point = params.in_zero_point,
                                .out_zero_point = params.out_zero_point,
                                .clamp = params.clamp,
                                .slack = level.slack},
           {.units = tile_units.units(), .macs = macs / filters.channels * (end - first)});
  }
}

}  // namespace tandem
