#include "ops/conv_2d_sparse.h"

#include <algorithm>

namespace tandem {
namespace {

// Below that the code costs more than it saves; above, it takes too much memory.
constexpr int64_t kMinInChannels = 48;
// Where pixels have to be gathered, and generated code is nearly as fast.
constexpr int64_t kMinGathered = 192;
constexpr int32_t kMinOutChannels = 24;
constexpr int64_t kMaxInChannels = 640;
constexpr int64_t kMaxPixels = 60000;  // each is a unit
// Tiles take no more than that in one pass. A further pass writes all pixels' code again, but where several
// are needed anyway memory is better spent on weights that arrive ahead of need.
constexpr uint32_t kMaxTileBytes = 44 * 1024;
constexpr uint32_t kMaxTileBytesOfPass = 26 * 1024;

// Of all taps.
int64_t inputs_of(const Conv2dParams& params) {
  return int64_t{params.window.filter.h} * params.window.filter.w * params.in_channels;
}

// Whether the inputs that a pixel sees do not lie together.
bool gathers(const Window2d& w) {
  return w.filter.h != 1 || w.filter.w != 1 || w.stride.h != 1 || w.stride.w != 1;
}

uint32_t tiles_of(uint32_t threes, uint32_t channels) {
  const uint32_t tile = sparse_tile_channels(threes);
  return (channels + tile - 1) / tile;
}

// Whether tiles of ten or of thirteen channels take fewer cycles a pixel, half of whose inputs are zero. Of
// those of several taps many more are, so many in a row that thirteen need terms to skip them.
uint16_t best_threes(const Window2d& w, uint32_t channels, uint32_t in_channels) {
  const auto cycles = [&](uint16_t threes) {
    constexpr uint32_t kTileCycles = 60;
    constexpr uint32_t kPartCycles = 30;
    const uint32_t term_cycles = 21 + 7 * threes;
    const uint32_t tiles = tiles_of(threes, channels);
    const uint32_t parts =
        sparse_pass_parts({.out_channels = channels, .pass_tiles = tiles, .threes = threes});
    return tiles * (term_cycles * in_channels / 2 + kTileCycles) + parts * kPartCycles;
  };
  return !gathers(w) && cycles(1) < cycles(0) ? 1 : 0;
}

}  // namespace

bool suits_sparse_conv_2d(const OpContext& c, const Conv2dParams& params) {
  const Window2d& w = params.window;
  const TensorInfo weights = c.input(1);
  const bool readable =
      weights.type == Type::kInt8 && weights.constant() && reinterpret_cast<uintptr_t>(weights.data) % 4 == 0;
  const int64_t in_channels = inputs_of(params);
  const int64_t pixels = int64_t{w.batches} * w.out.h * w.out.w;
  const int64_t min_in_channels = gathers(w) ? kMinGathered : kMinInChannels;
  return readable && c.input(0).type == Type::kInt8 && c.has(kernel_id::conv_2d_s8__armv6m_sparse) &&
         w.dilation.h == 1 && w.dilation.w == 1 && params.groups == 1 && params.in_zero_point == -128 &&
         params.in_channels % 4 == 0 && in_channels >= min_in_channels && in_channels <= kMaxInChannels &&
         params.out_channels >= kMinOutChannels && pixels <= kMaxPixels;
}

void emit_sparse_conv_2d(OpContext& c, const Conv2dParams& params, const LevelFactors& level, uint64_t macs) {
  const auto channels = static_cast<uint32_t>(params.out_channels);
  const auto in_channels = static_cast<uint32_t>(inputs_of(params));
  const Window2d& w = params.window;
  const uint16_t threes = best_threes(w, channels, in_channels);
  const uint32_t worker_bytes = sparse_worker_bytes(threes, in_channels);

  SparseConv2dParams sparse{.in = params.in,
                            .bias = params.bias,
                            .out = params.out,
                            .multipliers = params.multipliers,
                            .shifts = params.shifts,
                            .level_channels = level.levels,
                            .slack = level.slack,
                            .window = w,
                            .pixels = static_cast<uint32_t>(w.batches * w.out.h * w.out.w),
                            .depth = static_cast<uint32_t>(params.in_channels),
                            .in_channels = in_channels,
                            .gathered_at = gathers(w) ? worker_bytes : 0,
                            .out_channels = channels,
                            .threes = threes,
                            .workers = static_cast<uint16_t>(c.workers()),
                            .out_zero_point = params.out_zero_point,
                            .clamp = params.clamp};
  const auto* weights = reinterpret_cast<const int8_t*>(c.input(1).data);
  sparse.weight_max = c.prepared<uint8_t>(in_channels, [&](std::span<uint8_t> largest) {
    std::ranges::fill(largest, uint8_t{0});
    for (uint32_t at = 0; at < channels * in_channels;) {
      for (uint8_t& value : largest) {
        const int32_t weight = weights[at++];
        value = std::max(value, static_cast<uint8_t>(weight < 0 ? -weight : weight));
      }
    }
  });

  const uint32_t tile_bytes = sparse_tile_bytes(threes, in_channels);
  const uint32_t tiles = tiles_of(threes, channels);
  // A few a pass in any case: what a pixel sees is gathered and written again for each.
  constexpr uint32_t kFewTiles = 4;
  const uint32_t tiles_that_fit =
      std::max(kMaxTileBytesOfPass / tile_bytes, std::min(kMaxTileBytes / tile_bytes, kFewTiles));
  const uint32_t passes =
      tiles * tile_bytes <= kMaxTileBytes ? 1 : (tiles + tiles_that_fit - 1) / tiles_that_fit;
  const uint32_t tiles_of_pass = (tiles + passes - 1) / passes;
  const uint32_t weights_of_pass = tiles_of_pass * sparse_tile_channels(threes) * in_channels;
  sparse.scratch =
      c.scratch(worker_bytes + (gathers(w) ? in_channels : 0), tiles_of_pass * tile_bytes, sparse.tiles);
  for (uint32_t first = 0; first < tiles; first += tiles_of_pass) {
    sparse.first_tile = first;
    sparse.weights = c.streamed_part(c.input(1), first / tiles_of_pass, weights_of_pass);
    sparse.pass_tiles = std::min(tiles_of_pass, tiles - first);
    // A pixel for each worker and one left over: its tiles are shared.
    const bool splits_last = sparse.pixels % sparse.workers == 1 && sparse.pass_tiles > 1;
    sparse.first_half_tiles = splits_last ? sparse.pass_tiles / 2 : sparse.pass_tiles;
    c.emit(kernel_id::conv_2d_s8__armv6m_sparse_begin, sparse,
           {.units = sparse_pass_parts(sparse) + (first == 0 ? sparse.workers : 0)});
    c.emit_with_same_params(
        kernel_id::conv_2d_s8__armv6m_sparse,
        {.units = sparse.pixels + (splits_last ? 1 : 0), .macs = macs * sparse.pass_tiles / tiles});
  }
}

}  // namespace tandem
