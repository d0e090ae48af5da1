#include "ops/depthwise_taps.h"

#include <algorithm>
#include <cstdlib>

namespace tandem {
namespace {

using Lanes = DepthwiseTaps;
using Axis = DepthwiseTapsAxis;

// Of a worker's plane.
constexpr uint64_t kMaxPlaneBytes = 8 * 1024;
constexpr uint32_t kMaxTaps = 1024;
// Fewer outputs of a channel are not worth a plane and a list.
constexpr int64_t kWorthPixels = 6;
// Enough units for workers to share evenly.
constexpr uint32_t kUnits = 8;

// What the weights make of the lists.
struct Lists {
  uint32_t most_words = 0;   // of a channel
  uint32_t most_groups = 1;  // of a channel
};

Lists measure(const int8_t* weights, uint32_t taps, uint32_t channels) {
  Lists lists{.most_words = Lanes::group_words(1)};
  for (uint32_t o = 0; o < channels; ++o) {
    uint32_t groups = 0;
    uint32_t taps_of_group = Lanes::kMaxGroupTaps;
    uint32_t sum = 0;
    uint32_t used = 0;
    for (uint32_t t = 0; t < taps; ++t) {
      const auto magnitude = static_cast<uint32_t>(std::abs(weights[t * channels + o]));
      if (magnitude == 0) continue;
      if (sum + magnitude > Lanes::kMaxGroupWeight || taps_of_group == Lanes::kMaxGroupTaps) {
        ++groups;
        taps_of_group = 0;
        sum = 0;
      }
      sum += magnitude;
      ++taps_of_group;
      ++used;
    }
    lists.most_words = std::max(lists.most_words, groups + 2 * used);
    lists.most_groups = std::max(lists.most_groups, groups);
  }
  return lists;
}

uint64_t plane_bytes(const Axis& across, const Axis& along, uint32_t rows, uint32_t columns) {
  return uint64_t{Lanes::reach(across, rows)} * Lanes::section_words(along, columns) *
         Lanes::sections(along) * Lanes::kWord;
}

// Cycles of a channel, roughly: its quads, and what they see.
uint64_t cycles_of(const Axis& across, const Axis& along) {
  constexpr uint64_t kTap = 22;
  constexpr uint64_t kQuad = 190;
  constexpr uint64_t kWordOfPlane = 11;
  const uint64_t taps = uint64_t{static_cast<uint32_t>(across.filter)} * static_cast<uint32_t>(along.filter);
  const uint64_t quads = uint64_t{across.part.count} * ((along.part.count + Lanes::kQuad - 1) / Lanes::kQuad);
  return quads * (taps * kTap + kQuad) +
         plane_bytes(across, along, across.part.count, along.part.count) / Lanes::kWord * kWordOfPlane;
}

// The most of `count` outputs with which a plane is small enough; 0 if one is too many.
template <class Bytes>
uint32_t fitting(uint32_t count, Bytes bytes) {
  uint32_t fit = 0;
  while (fit < count && bytes(fit + 1) <= kMaxPlaneBytes) ++fit;
  return fit;
}

// In equal tiles.
void cut(Axis& axis, uint32_t most) {
  const uint32_t tiles = (axis.part.count + most - 1) / most;
  axis.part.per_unit = (axis.part.count + tiles - 1) / tiles;
  axis.tiles = axis.part.units();
}

}  // namespace

std::optional<DepthwiseTapsParams> cut_into_depthwise_taps(const Conv2dParams& conv) {
  const Window2d& w = conv.window;
  const auto in_channels = static_cast<uint32_t>(conv.in_channels);
  const auto out_channels = static_cast<uint32_t>(conv.out_channels);
  const auto in_columns = static_cast<uint32_t>(w.in.w);
  const auto out_columns = static_cast<uint32_t>(w.out.w);
  const Axis rows{.in = w.in.h,
                  .filter = w.filter.h,
                  .stride = w.stride.h,
                  .dilation = w.dilation.h,
                  .pad = w.pad.h,
                  .in_step = in_columns * in_channels,
                  .out_step = out_columns * out_channels,
                  .tap_step = static_cast<uint32_t>(w.filter.w),
                  .part = {.count = static_cast<uint32_t>(w.out.h)}};
  const Axis columns{.in = w.in.w,
                     .filter = w.filter.w,
                     .stride = w.stride.w,
                     .dilation = w.dilation.w,
                     .pad = w.pad.w,
                     .in_step = in_channels,
                     .out_step = out_channels,
                     .tap_step = 1,
                     .part = {.count = out_columns}};
  DepthwiseTapsParams p{.in = conv.in,
                        .weights = conv.weights,
                        .bias = conv.bias,
                        .out = conv.out,
                        .multipliers = conv.multipliers,
                        .shifts = conv.shifts,
                        .across = {},
                        .along = {},
                        .channels = {.count = in_channels},
                        .batches = static_cast<uint32_t>(w.batches),
                        .in_image = static_cast<uint32_t>(w.in.h) * rows.in_step,
                        .out_image = static_cast<uint32_t>(w.out.h) * rows.out_step,
                        .scratch = {},
                        .out_channels = out_channels,
                        .multiplier = static_cast<uint32_t>(conv.groups),
                        .in_zero_point = conv.in_zero_point,
                        .out_zero_point = conv.out_zero_point,
                        .clamp = conv.clamp};
  if (rows.extent() > kMaxPlaneBytes || columns.extent() > kMaxPlaneBytes) return {};
  // Which axis quads lie along, and which is halved for p and q.
  uint64_t least = UINT64_MAX;
  for (const bool along_rows : {false, true}) {
    for (const bool halves_along : {false, true}) {
      Axis across = along_rows ? columns : rows;
      Axis along = along_rows ? rows : columns;
      Axis& halved = halves_along ? along : across;
      halved.lane = halved.part.count / 2;
      halved.part.count -= halved.lane;
      const uint64_t cycles = cycles_of(across, along);
      if (cycles >= least) continue;
      least = cycles;
      p.across = across;
      p.along = along;
    }
  }
  // Rows as long as possible, and as many of them as there is room for, or as make enough units.
  const uint32_t most_along = fitting(
      p.along.part.count, [&](uint32_t outputs) { return plane_bytes(p.across, p.along, 1, outputs); });
  if (most_along == 0) return {};
  cut(p.along, most_along);
  const uint32_t most_across = fitting(p.across.part.count, [&](uint32_t outputs) {
    return plane_bytes(p.across, p.along, outputs, p.along.part.per_unit);
  });
  const uint32_t others = p.batches * p.along.tiles * in_channels;
  const uint32_t bands = std::clamp<uint32_t>((kUnits + others - 1) / others, 1, p.across.part.count);
  cut(p.across, std::min(most_across, (p.across.part.count + bands - 1) / bands));
  const uint32_t tiles = p.batches * p.along.tiles * p.across.tiles;
  const uint32_t pieces = std::clamp<uint32_t>((kUnits + tiles - 1) / tiles, 1, in_channels);
  p.channels.per_unit = (in_channels + pieces - 1) / pieces;
  p.channel_units = p.channels.units();
  return p;
}

uint32_t lay_out_depthwise_taps(DepthwiseTapsParams& p, const int8_t* weights) {
  const Lists lists = measure(weights, p.taps(), p.out_channels);
  p.list_at =
      static_cast<uint32_t>(plane_bytes(p.across, p.along, p.across.part.per_unit, p.along.part.per_unit));
  p.sums_at = p.list_at + lists.most_words * Lanes::kWord;
  p.stretches_at = p.sums_at + (lists.most_groups - 1) * Lanes::kSumsBytes;
  p.places_at = p.stretches_at + Lanes::sections(p.along) * Lanes::kStretches * Lanes::kStretchBytes;
  return p.places_at + p.taps() * static_cast<uint32_t>(sizeof(uint16_t));
}

bool suits_depthwise_taps(const OpContext& c, const Conv2dParams& params) {
  const TensorInfo weights = c.input(1);
  const TensorInfo bias = c.input(2);
  if (!c.has(kernel_id::depthwise_conv_2d_s8__armv6m_taps) || c.input(0).type != Type::kInt8 ||
      weights.type != Type::kInt8 || !weights.constant() || (bias.present() && !bias.constant()) ||
      params.clamp.min != INT8_MIN) {
    return false;
  }
  const Window2d& w = params.window;
  if (w.batches < 1 || int64_t{w.out.h} * w.out.w < kWorthPixels ||
      weights.elements / static_cast<uint32_t>(params.out_channels) > kMaxTaps) {
    return false;
  }
  const auto cut = cut_into_depthwise_taps(params);
  return cut && cut->units() <= UINT16_MAX;
}

void emit_depthwise_taps(OpContext& c, const Conv2dParams& params, const LevelFactors& level, uint64_t macs) {
  auto p = *cut_into_depthwise_taps(params);
  p.levels = level.levels;
  p.slacks = level.slacks;
  p.scratch = c.scratch(lay_out_depthwise_taps(p, reinterpret_cast<const int8_t*>(c.input(1).data)));
  c.emit(kernel_id::depthwise_conv_2d_s8__armv6m_taps, p,
         {.units = p.units(), .macs = macs, .cycles_of_mac = 4});
}

}  // namespace tandem
