#include "ops/depthwise_lanes.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"

namespace tandem {
namespace {

constexpr int32_t kTaps = 9;

// No accumulator comes near to wrapping.
bool is_small(const TensorInfo& bias) {
  constexpr int32_t kMost = 1 << 29;
  if (!bias.present()) return true;
  if (!bias.constant()) return false;
  for (uint32_t i = 0; i < bias.elements; ++i) {
    const auto value = read_unaligned<int32_t>(bias.data + i * sizeof(int32_t));
    if (value < -kMost || value > kMost) return false;
  }
  return true;
}

// `count` items in equal units of `most` at the most, of which none has one item alone; count >= 2.
Blocks tiles_of_several(uint32_t count, uint32_t most) {
  uint32_t per_unit = most;
  for (uint32_t units = (count + most - 1) / most;; ++units) {
    per_unit = (count + units - 1) / units;
    if (count % per_unit != 1) break;
  }
  return {.count = count, .per_unit = per_unit};
}

}  // namespace

// Within a lane: |Σ w·x| < 2^15 for all x in [-128, 127]. Not -2^15 either: with that in both lanes the word
// would wrap.
std::optional<DepthwiseLoop> depthwise_loop(const int8_t* weights, int32_t stride) {
  constexpr int32_t kMost = 255;
  uint8_t magnitudes[kTaps];
  for (uint8_t& magnitude : magnitudes) {
    magnitude = static_cast<uint8_t>(*weights < 0 ? -*weights : *weights);
    weights += stride;
  }
  for (size_t loop = 0; loop < std::size(kDepthwiseSums); ++loop) {
    int32_t sums[kTaps] = {};
    int32_t largest = 0;
    for (int32_t t = 0; t < kTaps; ++t) {
      int32_t& sum = sums[kDepthwiseSums[loop][t]];
      sum += magnitudes[t];
      largest = std::max(largest, sum);
    }
    if (largest <= kMost) return static_cast<DepthwiseLoop>(loop);
  }
  return {};
}

bool suits_depthwise_lanes(const OpContext& c, const Conv2dParams& params) {
  const Window2d& w = params.window;
  const TensorInfo weights = c.input(1);
  const bool known = c.has(kernel_id::depthwise_conv_2d_s8__armv6m) && c.input(0).type == Type::kInt8 &&
                     weights.type == Type::kInt8 && weights.constant();
  const bool shaped = w.filter.h == 3 && w.filter.w == 3 && w.dilation.h == 1 && w.dilation.w == 1 &&
                      w.stride.h == w.stride.w && (w.stride.h == 1 || w.stride.h == 2) && w.out.w >= 2 &&
                      w.out.h >= 1 && w.batches >= 1;
  if (!known || !shaped || params.clamp.min != INT8_MIN || !is_small(c.input(2))) return false;
  const auto* first_tap = reinterpret_cast<const int8_t*>(weights.data);
  // Without a weight of -128 there is a loop for every channel.
  if (std::find(first_tap, first_tap + weights.elements, INT8_MIN) == first_tap + weights.elements)
    return true;
  for (int32_t o = 0; o < params.out_channels; ++o) {
    if (!depthwise_loop(first_tap + o, params.out_channels)) return false;
  }
  return true;
}

uint32_t cut_into_depthwise_tiles(DepthwiseLanesParams& p) {
  const Window2d& w = p.conv.window;
  const auto stride = static_cast<uint32_t>(w.stride.h);
  // Tiles of a few KB, and then as many channels a unit as leave enough units to share.
  constexpr uint32_t kMaxPlaneRows = 27;
  constexpr uint32_t kUnits = 8;
  const auto out_rows = static_cast<uint32_t>(w.out.h);
  const uint32_t max_rows = 2 * ((kMaxPlaneRows - 3) / stride + 1);
  const uint32_t row_units = (out_rows + max_rows - 1) / max_rows;
  p.rows = {.count = out_rows, .per_unit = (out_rows + row_units - 1) / row_units};
  p.columns = tiles_of_several(static_cast<uint32_t>(w.out.w), depthwise_max_columns(w.stride.h));
  const uint32_t tiles = static_cast<uint32_t>(w.batches) * p.rows.units() * p.columns.units();
  const auto channels = static_cast<uint32_t>(p.conv.in_channels);
  const uint32_t pieces = std::clamp<uint32_t>((kUnits + tiles - 1) / tiles, 1, channels);
  constexpr uint32_t kWord = 4;  // what is filled in beforehand goes by words
  const uint32_t per_unit = (channels + pieces - 1) / pieces;
  p.channels = {.count = channels, .per_unit = (per_unit + kWord - 1) / kWord * kWord};
  p.row_units = p.rows.units();
  p.column_units = p.columns.units();
  p.channel_units = p.channels.units();
  return depthwise_plane_rows(p.rows.per_unit, stride) * depthwise_pitch(w.stride.h);
}

void emit_depthwise_lanes(OpContext& c, const Conv2dParams& params, const LevelFactors& level,
                          uint64_t macs) {
  DepthwiseLanesParams lanes{.conv = params, .level_channels = level.levels, .slacks = level.slacks};
  const auto* first_tap = reinterpret_cast<const int8_t*>(c.input(1).data);
  lanes.loops =
      c.prepared<uint8_t>(static_cast<uint32_t>(params.out_channels), [&](std::span<uint8_t> loops) {
        for (uint32_t o = 0; o < loops.size(); ++o) {
          loops[o] =
              static_cast<uint8_t>(c.output_silent(o) ? DepthwiseLoop::kSilent
                                                      : *depthwise_loop(first_tap + o, params.out_channels));
        }
      });

  for (uint32_t o = 0; o < static_cast<uint32_t>(params.out_channels); ++o)
    lanes.some_silent |= c.output_silent(o);
  lanes.scratch = c.scratch(cut_into_depthwise_tiles(lanes));
  c.emit(kernel_id::depthwise_conv_2d_s8__armv6m, lanes,
         {.units = lanes.units(), .macs = macs, .cycles_of_mac = 6});
}

}  // namespace tandem
