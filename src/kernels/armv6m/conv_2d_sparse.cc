#include <cstring>

#include "base/placement.h"
#include "kernels/conv_2d.h"
#include "kernels/level_requantization.h"
#include "kernels/portable/requantizer.h"

// CONV_2D of int8, one tap, over lists of nonzero inputs. A worker makes the lists of a band of pixels once
// and goes over them with each tile of output channels that it takes; a tile's weights are expanded to words
// of two channels first. The loops are in conv_2d_sparse.S.
namespace tandem {
namespace {

constexpr uint32_t kTileWords = kSparseTile / 2;

}  // namespace

// What the loops in assembly see; offsets are known there.
extern "C" {
struct Tile {
  const uint32_t* list;
  uint8_t* out;
  uint32_t out_stride;
  uint32_t pixels;
  uint32_t* slots;
  uint32_t slack;  // << 8
  int32_t min;
  int32_t max;
  uint32_t start[kTileWords];
  int32_t high_start[kTileWords];
  struct {
    uint32_t limit;
    uint32_t scale;
  } channels[kSparseTile];
  // For outputs that need the exact function.
  const SparseConv2dParams* params;
  const int32_t* bias;
  const LevelChannel* levels;
  const int32_t* multipliers;
  const int8_t* shifts;
  uint32_t first_channel;
};
static_assert(sizeof(void*) == 4 && offsetof(Tile, slack) == 20 && offsetof(Tile, start) == 32 &&
              offsetof(Tile, channels) == 80);

struct ListMemory {
  uint32_t* rows;
  uint32_t* slots;
  uint32_t in_channels;
};

void tandem_sparse_tile(Tile* tile);
uint32_t* tandem_sparse_list(const uint8_t* x, const uint8_t* weight_max, const ListMemory* memory,
                             uint32_t* list);

// x is a sum less its channel's z; the output for it.
TANDEM_HOT("conv_2d_sparse_exact")
int32_t tandem_sparse_exact(int32_t x, uint32_t channel, const Tile* tile) {
  const uint32_t o = tile->first_channel + channel;
  const int32_t bias = tile->bias != nullptr ? tile->bias[o] : 0;
  const Conv2dParams& p = tile->params->conv;
  const portable::Requantizer f({tile->multipliers[o], tile->shifts[o]}, p.out_zero_point, p.clamp);
  return f(wrapping_add(x, wrapping_sub(bias, tile->levels[o].offset)));
}
}

namespace {

/// A worker's scratch memory.
struct State {
  uint32_t first = 0;  // pixels whose lists are in memory
  uint32_t end = 0;
  Tile tile;
};
static_assert(sizeof(State) <= 256);

struct Memory {
  State* state;
  uint32_t* rows;
  uint32_t* slots;
  uint32_t* list;
  const uint8_t* list_end;
};

Memory memory_of(const SparseConv2dParams& p, uint8_t* scratch) {
  const auto k = static_cast<uint32_t>(p.conv.in_channels);
  auto* const rows = reinterpret_cast<uint32_t*>(scratch + 256);
  uint32_t* const slots = rows + k * kTileWords;
  uint32_t* const list = slots + (k + 2) * kTileWords;
  return {.state = reinterpret_cast<State*>(scratch),
          .rows = rows,
          .slots = slots,
          .list = list,
          .list_end = reinterpret_cast<uint8_t*>(list) + p.list_bytes};
}

// Two channels' weights as words: w0 + 2^16·w1, for each input channel, kTileWords apart. K is a multiple of
// 4, the weights are 4-aligned.
TANDEM_HOT("conv_2d_sparse_expand")
void expand_pair(const int8_t* w0, const int8_t* w1, uint32_t k, uint32_t* words) {
  for (const int8_t* const end = w0 + k; w0 != end; w0 += 4, w1 += 4, words += 4 * kTileWords) {
    const auto a = static_cast<int32_t>(*reinterpret_cast<const uint32_t*>(w0));
    const auto b = static_cast<int32_t>(*reinterpret_cast<const uint32_t*>(w1));
    const auto join = [](int32_t low, int32_t high) {
      return static_cast<uint32_t>(low) + (static_cast<uint32_t>(high) << 16);
    };
    words[0] = join(static_cast<int8_t>(a), static_cast<int8_t>(b));
    words[kTileWords] = join(static_cast<int8_t>(a >> 8), static_cast<int8_t>(b >> 8));
    words[2 * kTileWords] = join(static_cast<int8_t>(a >> 16), static_cast<int8_t>(b >> 16));
    words[3 * kTileWords] = join(a >> 24, b >> 24);
  }
}

// The last tile may have channels that do not exist: of weights 0, and never positive, so nothing is stored.
constexpr int32_t kNeverStored = -1;

void set_up_tile(const SparseConv2dParams& p, const Task& task, uint32_t tile_index, const Memory& memory) {
  const auto k = static_cast<uint32_t>(p.conv.in_channels);
  const auto channels = static_cast<uint32_t>(p.conv.out_channels);
  const auto* weights = task.in<int8_t>(p.conv.weights);
  const auto* levels = task.in<LevelChannel>(p.level_channels);
  Tile& tile = memory.state->tile;
  const uint32_t first = tile_index * kSparseTile;
  tile.out_stride = channels;
  tile.slots = memory.slots;
  tile.slack = p.slack << 8;
  tile.min = p.conv.clamp.min;
  tile.max = p.conv.clamp.max;
  tile.params = &p;
  tile.bias = task.in<int32_t>(p.conv.bias);
  tile.levels = levels;
  tile.multipliers = task.in<int32_t>(p.conv.multipliers);
  tile.shifts = task.in<int8_t>(p.conv.shifts);
  tile.first_channel = first;
  for (uint32_t w = 0; w < kTileWords; ++w) {
    int32_t offsets[2] = {kNeverStored, kNeverStored};
    for (uint32_t lane = 0; lane < 2; ++lane) {
      const uint32_t o = first + 2 * w + lane;
      if (o >= channels) continue;
      offsets[lane] = levels[o].offset;
      tile.channels[2 * w + lane] = {levels[o].limit, levels[o].scale};
    }
    tile.high_start[w] = offsets[1];
    tile.start[w] = static_cast<uint32_t>(offsets[0]) + (static_cast<uint32_t>(offsets[1]) << 16);
    memory.slots[w] = tile.start[w];
    const uint32_t o = first + 2 * w;
    if (o + 1 < channels) {
      expand_pair(weights + o * k, weights + (o + 1) * k, k, memory.rows + w);
    } else {
      for (uint32_t c = 0; c < k; ++c) {
        memory.rows[c * kTileWords + w] = o < channels ? static_cast<uint32_t>(weights[o * k + c]) : 0;
      }
    }
  }
}

// Lists of pixels from `first` on, as many as fit.
void make_lists(const SparseConv2dParams& p, const Task& task, uint32_t first, uint32_t end,
                const Memory& memory) {
  const auto k = static_cast<uint32_t>(p.conv.in_channels);
  const auto* in = task.in<uint8_t>(p.conv.in);
  const auto* weight_max = task.in<uint8_t>(p.weight_max);
  const ListMemory list_memory{memory.rows, memory.slots, k};
  uint32_t* list = memory.list;
  uint32_t pixel = first;
  while (pixel < end &&
         static_cast<uint32_t>(memory.list_end - reinterpret_cast<uint8_t*>(list)) >= sparse_pixel_bytes(k)) {
    list = tandem_sparse_list(in + pixel * k, weight_max, &list_memory, list);
    ++pixel;
  }
  memory.state->first = first;
  memory.state->end = pixel;
}

KernelResult begin(const SparseConv2dParams& p, const Task& task) {
  for (uint32_t worker = 0; worker < p.workers; ++worker) {
    auto* state = reinterpret_cast<State*>(task.out<uint8_t>(p.scratch.base) + worker * p.scratch.stride);
    state->first = UINT32_MAX;
  }
  std::memset(task.out<int8_t>(p.conv.out), p.conv.clamp.min,
              p.bands.count * static_cast<uint32_t>(p.conv.out_channels));
  return KernelResult::kOk;
}

KernelResult sparse(const SparseConv2dParams& p, const Task& task) {
  const Memory memory = memory_of(p, task.scratch<uint8_t>(p.scratch));
  const uint32_t tiles = p.tiles();
  auto* out = task.out<uint8_t>(p.conv.out);
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const uint32_t band_unit = unit / tiles;
    const uint32_t tile_index = unit - band_unit * tiles;
    const Blocks::Range band = p.bands.block(band_unit);
    set_up_tile(p, task, tile_index, memory);
    State& state = *memory.state;
    for (uint32_t first = band.begin; first < band.end; first = state.end) {
      if (state.first != first) make_lists(p, task, first, band.end, memory);
      state.tile.list = memory.list;
      state.tile.pixels = state.end - first;
      state.tile.out = out + first * state.tile.out_stride + state.tile.first_channel;
      tandem_sparse_tile(&state.tile);
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_sparse_begin, SparseConv2dParams, begin)
TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_sparse, SparseConv2dParams, sparse)

}  // namespace tandem
