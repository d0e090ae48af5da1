#include <algorithm>

#include "base/bytes.h"
#include "kernels/conv_2d.h"
#include "kernels/level_requantization.h"
#include "kernels/portable/requantizer.h"

// CONV_2D of int8, one tap, over the inputs that are not zero. The weights of some tiles of output channels
// are expanded to words, for all workers; then each pixel is written down as code, one term for each nonzero
// input, which is run over the tiles. The loops are in conv_2d_sparse.S.
namespace tandem {

// What the loops in assembly see; offsets are known there.
extern "C" {
struct SparseTile {
  LevelChannel channels[sparse_tile_channels(1)];  // of the first three of thirteen after the others'
  volatile uint32_t has_sums;                      // 1: weight_sums have been made, for a dense pixel
  int32_t weight_sums[sparse_tile_channels(1)];
  // Rows follow.
};
static_assert(sizeof(SparseTile) == kSparseTileBytes);

// What the loops of a width have of their own, and two terms of its code, in pieces of few enough words for
// the compiler to copy them by LDM and STM.
struct SparseLoops {
  uint32_t constants[8];
};
struct SparseCode {
  uint32_t words[5];
};
extern const SparseLoops tandem_sparse_ten;
extern const SparseCode tandem_sparse_ten_terms[sparse_two_terms_bytes(0) / sizeof(SparseCode)];
extern const SparseLoops tandem_sparse_thirteen;
extern const SparseCode tandem_sparse_thirteen_terms[sparse_two_terms_bytes(1) / sizeof(SparseCode)];

struct SparseState {
  // Of the pixels that are due.
  const uint8_t* x;
  int8_t* out;  // of the pass's first channel, or of the first one that is due
  uint32_t pixels;
  const SparseTile* tile;
  const SparseTile* last_tile;
  uint32_t last_has_one_half;  // 1: last_tile's last five channels do not exist; else 0
  // Of the operator.
  uint32_t in_channels;
  uint32_t out_channels;
  const uint8_t* weight_max;
  const uint32_t* code;
  uint32_t* list;  // in `code`: the first term
  int32_t* sums;
  uint32_t slack;  // << 8
  int32_t min;
  int32_t max;
  uint32_t tile_bytes;
  SparseLoops loops;
  int32_t mean;           // of a dense pixel's u
  uint32_t try_dense;     // after so many groups more than one a pixel may be dense
  uint32_t dense_groups;  // the pixel before was dense, and might have had so many; else 0
  // The loops do not look further.
  int32_t sums_of_groups_before[sparse_tile_channels(1)];
  // For outputs that need the exact function.
  const SparseConv2dParams* params;
  const Task* task;
  uint32_t first_channel;  // that is due
  uint32_t summed_tiles;   // up to the pass's last one, once sum_weights() has been through
};
static_assert(sizeof(void*) == 4 && offsetof(SparseState, loops) == 64 && offsetof(SparseState, mean) == 96 &&
              sizeof(SparseState) <= kSparseStateBytes);

void tandem_sparse_pixels(SparseState* state);
struct SparseDense {
  const uint8_t* x;
  const uint8_t* weight_max;
  uint32_t* list;
  uint32_t inputs;
  int32_t minus_mean;  // of x as int8
  uint32_t groups;     // at most, before the last
  SparseLoops loops;
};
uint32_t tandem_sparse_write_differences(const SparseDense* dense);
void tandem_sparse_sum_weights(SparseTile* tile, uint32_t inputs, uint32_t threes);
void tandem_sparse_expand(const int8_t* const* rows, uint32_t inputs, uint32_t* words, uint32_t row_bytes);
void tandem_sparse_fill(uint8_t* out, const uint8_t* end, uint32_t word);
void tandem_sparse_expand_three(const int8_t* const* rows, uint32_t inputs, uint32_t* words,
                                uint32_t row_bytes);

// The output at `out` of a pixel's from `first_out` on, whose x is a sum less its z. One in some hundred.
void tandem_sparse_exact(int32_t x, int8_t* out, const SparseState* state, const int8_t* first_out) {
  const SparseConv2dParams& p = *state->params;
  const Task& task = *state->task;
  const uint32_t o = static_cast<uint32_t>(out - first_out) + state->first_channel;
  const auto* bias = task.in<int32_t>(p.bias);
  const auto* levels = task.in<LevelChannel>(p.level_channels);
  const QuantizedMultiplier factor{task.in<int32_t>(p.multipliers)[o], task.in<int8_t>(p.shifts)[o]};
  const portable::Requantizer f(factor, p.out_zero_point, p.clamp);
  *out = f(wrapping_add(x, wrapping_sub(bias != nullptr ? bias[o] : 0, levels[o].offset)));
}
}

namespace {

constexpr uint32_t kTryDense = 3;

// What every weight of a channel that does not exist gives is less than that.
constexpr LevelChannel kNeverStored{.offset = INT32_MIN / 2};

SparseTile* tile_at(const SparseConv2dParams& p, const Task& task, uint32_t tile) {
  return reinterpret_cast<SparseTile*>(task.out<uint8_t>(p.tiles) +
                                       tile * sparse_tile_bytes(p.threes, p.in_channels));
}

// A part of a tile. Channels that do not exist take the weights of the one before, or of the pass's first.
void expand(const SparseConv2dParams& p, const Task& task, uint32_t unit) {
  uint32_t tile_index = 0;
  for (; unit >= sparse_tile_parts(p.threes); unit -= sparse_tile_parts(p.threes)) ++tile_index;
  // Three channels come first, but their words and constants last.
  const bool is_three = unit < p.threes;
  const uint32_t five = is_three ? 2 : unit - p.threes;
  const uint32_t of_pass =
      tile_index * sparse_tile_channels(p.threes) + (is_three ? 0 : five * 5 + p.threes * 3);
  const uint32_t channel = p.first_tile * sparse_tile_channels(p.threes) + of_pass;
  const uint32_t channels = is_three ? 3 : 5;
  const uint32_t there = std::min(channels, p.out_channels - std::min(channel, p.out_channels));

  SparseTile& tile = *tile_at(p, task, tile_index);
  tile.has_sums = 0;
  LevelChannel* constants = &tile.channels[five * 5];
  const LevelChannel* level = task.in<LevelChannel>(p.level_channels) + channel;
  for (uint32_t i = 0; i < there; ++i) *constants++ = *level++;
  for (uint32_t i = there; i < channels; ++i) *constants++ = kNeverStored;
  const int8_t* rows[5];
  const int8_t* row = task.in<int8_t>(p.weights) + (there != 0 ? of_pass * p.in_channels : 0);
  for (uint32_t i = 0; i < channels; ++i) {
    rows[i] = row;
    if (i + 1 < there) row += p.in_channels;
  }
  auto* const words = reinterpret_cast<uint32_t*>(&tile + 1) + five * 3;
  const auto expand_rows = is_three ? tandem_sparse_expand_three : tandem_sparse_expand;
  expand_rows(rows, p.in_channels, words, sparse_row_bytes(p.threes));
}

// `bytes` from a word's address on.
void fill(uint8_t* out, uint32_t bytes, int32_t value) {
  uint8_t* const words_end = out + bytes / 32 * 32;
  tandem_sparse_fill(out, words_end, static_cast<uint8_t>(value) * 0x01010101U);
  for (uint8_t* to = words_end; to != out + bytes; ++to) *to = static_cast<uint8_t>(value);
}

// Code from `to` on: two terms, and again and again.
[[gnu::noinline]] void lay_out_terms(const SparseCode* from, const SparseCode* from_end, SparseCode* to,
                                     const SparseCode* end) {
  const SparseCode* const first = to;
  while (from != from_end) *to++ = *from++;
  for (from = first; to != end;) *to++ = *from++;
}

// Lays out a worker's memory, and fills its share of the output with the least level.
void set_up_worker(const SparseConv2dParams& p, const Task& task, uint32_t worker) {
  uint8_t* const memory = task.out<uint8_t>(p.scratch.base) + worker * p.scratch.stride;
  auto& state = *reinterpret_cast<SparseState*>(memory);
  auto* const code = reinterpret_cast<uint32_t*>(memory + kSparseStateBytes);
  uint32_t* const list = code + 1;
  const SparseCode* const terms = p.threes != 0 ? tandem_sparse_thirteen_terms : tandem_sparse_ten_terms;
  lay_out_terms(terms, terms + sparse_two_terms_bytes(p.threes) / sizeof(SparseCode),
                reinterpret_cast<SparseCode*>(list),
                reinterpret_cast<SparseCode*>(memory + sparse_worker_bytes(p.threes, p.in_channels)));
  constexpr uint32_t kClearR4R5 = 0x25002400;
  *code = kClearR4R5;
  state.in_channels = p.in_channels;
  state.out_channels = p.out_channels;
  state.weight_max = task.in<uint8_t>(p.weight_max);
  state.code = p.threes != 0 ? code : list;  // the sums of three are in r4, r5
  state.list = list;
  state.sums = state.sums_of_groups_before;
  state.slack = p.slack << 8;
  state.min = p.clamp.min;
  state.max = p.clamp.max;
  state.tile_bytes = sparse_tile_bytes(p.threes, p.in_channels);
  state.loops = p.threes != 0 ? tandem_sparse_thirteen : tandem_sparse_ten;
  state.try_dense = kTryDense;
  state.dense_groups = 0;
  state.summed_tiles = 0;

  const uint32_t bytes = p.pixels * p.out_channels;
  const uint32_t share = align_up((bytes + p.workers - 1) / p.workers, sizeof(uint32_t));
  const uint32_t first = std::min(worker * share, bytes);
  fill(task.out<uint8_t>(p.out) + first, std::min(share, bytes - first), p.clamp.min);
}

// The mean of int8 values, whose number is a multiple of 4 and at most 1024.
int32_t mean_of(const uint8_t* values, uint32_t count) {
  constexpr uint32_t kSigns = 0x80808080;
  constexpr uint32_t kBytes = 0x00ff00ff;  // in two lanes of 16 bits, 256 of them at most
  uint32_t even = 0;
  uint32_t odd = 0;
  for (const uint8_t* const end = values + count; values != end; values += sizeof(uint32_t)) {
    const uint32_t word = *reinterpret_cast<const uint32_t*>(values) ^ kSigns;
    even += word & kBytes;
    odd += word >> 8 & kBytes;
  }
  const uint32_t sum = (even & 0xffff) + (even >> 16) + (odd & 0xffff) + (odd >> 16);
  return static_cast<int32_t>(sum / count) + INT8_MIN;
}

// Of all tiles of the pass, with the other workers that have dense pixels: they begin at different ends.
// Where they meet both do it, and write the same.
void sum_weights(const SparseConv2dParams& p, const Task& task) {
  for (uint32_t i = 0; i < p.pass_tiles; ++i) {
    SparseTile& tile = *tile_at(p, task, task.worker % 2 == 0 ? i : p.pass_tiles - 1 - i);
    if (tile.has_sums != 0) continue;
    tandem_sparse_sum_weights(&tile, p.in_channels, p.threes);
    tile.has_sums = 1;
  }
}

KernelResult begin(const SparseConv2dParams& p, const Task& task) {
  const uint32_t parts = sparse_pass_parts(p);
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    if (unit < parts) {
      expand(p, task, unit);
    } else {
      set_up_worker(p, task, unit - parts);
    }
  }
  return KernelResult::kOk;
}

// Where words go one after the other. 4.3 cycles a word of a copy.
class Words {
 public:
  explicit Words(uint8_t* to) : to_(reinterpret_cast<uint32_t*>(to)) {}

  [[gnu::always_inline]] void copy(const uint8_t* bytes, uint32_t count) {
    const auto* from = reinterpret_cast<const uint32_t*>(bytes);
    for (; count >= 4; count -= 4, from += 4, to_ += 4) {
      to_[0] = from[0];
      to_[1] = from[1];
      to_[2] = from[2];
      to_[3] = from[3];
    }
    for (; count != 0; --count) put(*from++);
  }
  [[gnu::always_inline]] void fill(uint32_t value, uint32_t count) {
    for (; count != 0; --count) put(value);
  }

 private:
  [[gnu::always_inline]] void put(uint32_t value) {
    *to_++ = value;
    __asm__("" : "+r"(to_));  // a call of memcpy or memset costs as much as a tap
  }
  uint32_t* to_;
};

// What a pixel sees, one tap after the other, zero points where there is no input.
[[gnu::noinline]] void gather(const SparseConv2dParams& p, const uint8_t* in, uint32_t pixel, uint8_t* to) {
  constexpr uint32_t kZeroPoints = 0x80808080;
  const Window2d& w = p.window;
  const auto out_columns = static_cast<uint32_t>(w.out.w);
  const auto out_rows = static_cast<uint32_t>(w.out.h);
  uint32_t y = 0;
  for (; pixel >= out_columns; pixel -= out_columns) ++y;
  const uint32_t row_bytes = static_cast<uint32_t>(w.in.w) * p.depth;
  for (; y >= out_rows; y -= out_rows) in += static_cast<uint32_t>(w.in.h) * row_bytes;
  const int32_t top = static_cast<int32_t>(y) * w.stride.h - w.pad.h;
  const int32_t left = static_cast<int32_t>(pixel) * w.stride.w - w.pad.w;
  const Taps rows = taps_inside(top, w.in.h, w.filter.h, 1);
  const Taps columns = taps_inside(left, w.in.w, w.filter.w, 1);
  const uint32_t tap_words = p.depth / sizeof(uint32_t);
  const auto words = [&](int32_t taps) { return static_cast<uint32_t>(taps) * tap_words; };
  Words out(to);
  for (int32_t r = 0; r < w.filter.h; ++r) {
    if (r < rows.begin || r >= rows.end || columns.begin >= columns.end) {
      out.fill(kZeroPoints, words(w.filter.w));
      continue;
    }
    const int32_t from =
        (top + r) * static_cast<int32_t>(row_bytes) + (left + columns.begin) * static_cast<int32_t>(p.depth);
    out.fill(kZeroPoints, words(columns.begin));
    out.copy(in + from, words(columns.end - columns.begin));
    out.fill(kZeroPoints, words(w.filter.w - columns.end));
  }
}

KernelResult sparse(const SparseConv2dParams& p, const Task& task) {
  SparseState& state = *task.scratch<SparseState>(p.scratch);
  state.params = &p;
  state.task = &task;
  const uint32_t whole =
      p.first_half_tiles == p.pass_tiles ? p.pixels : p.pixels - 1;  // not divided by tiles
  for (uint32_t unit = task.begin; unit < task.end; unit += state.pixels) {
    const uint32_t pixel = std::min(unit, p.pixels - 1);
    const uint32_t tile = unit < p.pixels ? 0 : p.first_half_tiles;
    const uint32_t tiles_end = unit == whole ? p.first_half_tiles : p.pass_tiles;
    state.pixels = unit < whole && p.gathered_at == 0 ? std::min(task.end, whole) - unit : 1;
    state.tile = tile_at(p, task, tile);
    state.last_tile = tile_at(p, task, tiles_end - 1);
    state.last_has_one_half = tiles_end == p.pass_tiles && sparse_ends_with_half(p) ? 1 : 0;
    state.first_channel = (p.first_tile + tile) * sparse_tile_channels(p.threes);
    state.out = task.out<int8_t>(p.out) + pixel * p.out_channels + state.first_channel;
    const auto* x = task.in<uint8_t>(p.in);
    if (p.gathered_at == 0) {
      x += pixel * p.in_channels;
    } else {
      uint8_t* const gathered = task.scratch<uint8_t>(p.scratch) + p.gathered_at;
      gather(p, x, pixel, gathered);
      x = gathered;
    }
    state.x = x;
    tandem_sparse_pixels(&state);
  }
  return KernelResult::kOk;
}

}  // namespace

// A pixel in which hardly any input is zero has a large Σ w·u, thus many groups. But it is
// Σ w·(x − mean) + (mean + 128)·Σ w as well, and the first sum has few. Called where the pixel before was
// like that (`done` is 0); and when so many groups have been that this one may be, after `done` inputs and
// `bytes` of the list. Writes the list so, unless that is as much work. Returns 0 or state->dense_groups.
extern "C" uint32_t tandem_sparse_write_dense(SparseState* state, const uint8_t* x, uint32_t done,
                                              uint32_t bytes) {
  const SparseConv2dParams& p = *state->params;
  if (done != 0) {
    constexpr uint32_t kTermsOfGroup = 7;  // that take as long
    const uint32_t groups_so_far = state->try_dense + 1;
    const uint32_t terms = 2 * (bytes / sparse_two_terms_bytes(p.threes) - groups_so_far);
    const uint32_t zeros = done > terms ? done - terms : 0;  // they become terms
    const uint32_t groups = groups_so_far * p.in_channels / done;
    const uint32_t more_work =
        zeros * p.in_channels / done / kTermsOfGroup + 1;  // the means are a group, too
    state->dense_groups = groups - std::min(groups, more_work);
    state->mean = mean_of(x, p.in_channels) - INT8_MIN;  // near enough for the pixels that follow
  }
  SparseDense dense{.x = x,
                    .weight_max = state->weight_max,
                    .list = state->list,
                    .inputs = p.in_channels,
                    .minus_mean = -INT8_MIN - state->mean,
                    .groups = state->dense_groups - 1,
                    .loops = state->loops};
  if (state->dense_groups == 0 || tandem_sparse_write_differences(&dense) == 0) {
    if (done != 0) state->try_dense *= 2;  // the next pixels will be like this one
    state->dense_groups = 0;
    return 0;
  }
  const uint32_t tiles_end = p.first_tile + p.pass_tiles;
  if (state->summed_tiles != tiles_end) sum_weights(p, *state->task);
  state->summed_tiles = tiles_end;
  return state->dense_groups;
}

TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_sparse_begin, SparseConv2dParams, begin)
TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_sparse, SparseConv2dParams, sparse)

}  // namespace tandem
