#include <algorithm>

#include "base/bytes.h"
#include "base/placement.h"
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
  struct {
    int32_t offset;
    uint32_t limit;
  } channels[kSparseTile];
  uint32_t scales[kSparseTile];
  // Rows of kRowWords follow.
};
static_assert(sizeof(SparseTile) == kSparseTileBytes);

struct SparseState {
  const SparseTile* tile;
  uint8_t* code;
  int8_t* out;
  uint32_t slack;  // << 8
  int32_t min;
  uint32_t tile_stride;
  const SparseTile* last_tile;
  uint32_t last_has_one_half;  // 1: last_tile's second half has no channels; else 0
  int32_t max;
  uint8_t** resume;           // where the code goes on after each group but the last
  int32_t sums[kSparseTile];  // of the groups before, in the order of registers
  // For outputs that need the exact function.
  const SparseConv2dParams* params;
  const Task* task;
  const int8_t* pixel_out;
};
static_assert(sizeof(void*) == 4 && offsetof(SparseState, out) == 8 &&
              offsetof(SparseState, last_has_one_half) == 28 && offsetof(SparseState, sums) == 40 &&
              sizeof(SparseState) <= kSparseStateBytes);

struct SparseInputs {
  const uint8_t* weight_max;
  uint32_t in_channels;
};

// In two parts, each few enough words for the compiler to copy them by LDM and STM.
struct SparseTwoTerms {
  struct {
    uint32_t words[8];
  } begin;
  struct {
    uint32_t words[7];
  } end;
};
static_assert(sizeof(SparseTwoTerms) == kSparseTwoTermsBytes);
extern const SparseTwoTerms tandem_sparse_template;
void tandem_sparse_pixel(SparseState* state);
void tandem_sparse_write(const uint8_t* x, const SparseInputs* inputs, uint8_t* code, uint8_t** resume);
void tandem_sparse_expand(const int8_t* const rows[5], uint32_t inputs, uint32_t* words);

// The output of a channel of the tile whose x is a sum less its z.
TANDEM_HOT("conv_2d_sparse_exact")
void tandem_sparse_exact(int32_t x, uint32_t channel, const SparseState* state) {
  const SparseConv2dParams& p = *state->params;
  const Task& task = *state->task;
  const uint32_t o = static_cast<uint32_t>(state->out - state->pixel_out) + channel;
  const auto* bias = task.in<int32_t>(p.bias);
  const auto* levels = task.in<LevelChannel>(p.level_channels);
  const QuantizedMultiplier factor{task.in<int32_t>(p.multipliers)[o], task.in<int8_t>(p.shifts)[o]};
  const portable::Requantizer f(factor, p.out_zero_point, p.clamp);
  state->out[channel] = f(wrapping_add(x, wrapping_sub(bias != nullptr ? bias[o] : 0, levels[o].offset)));
}
}

namespace {

// What every weight of a channel that does not exist gives is less than that.
constexpr LevelChannel kNeverStored{.offset = INT32_MIN / 2};

SparseTile* tile_at(const SparseConv2dParams& p, const Task& task, uint32_t tile) {
  return reinterpret_cast<SparseTile*>(task.out<uint8_t>(p.tiles) + tile * sparse_tile_bytes(p.in_channels));
}

// Half of a tile: five channels. The last half may have channels that do not exist: they take the weights of
// the pass's first one.
void expand(const SparseConv2dParams& p, const Task& task, uint32_t half) {
  constexpr uint32_t kHalf = kSparseTile / 2;
  const uint32_t second = half % 2;
  SparseTile& tile = *tile_at(p, task, half / 2);
  const auto* weights = task.in<int8_t>(p.weights);
  const auto* levels = task.in<LevelChannel>(p.level_channels);
  const int8_t* rows[kHalf];
  for (uint32_t i = 0; i < kHalf; ++i) {
    const uint32_t of_tile = second * kHalf + i;
    const uint32_t of_pass = half / 2 * kSparseTile + of_tile;
    const uint32_t channel = p.first_tile * kSparseTile + of_pass;
    const bool exists = channel < p.out_channels;
    const LevelChannel level = exists ? levels[channel] : kNeverStored;
    tile.channels[of_tile] = {.offset = level.offset, .limit = level.limit};
    tile.scales[of_tile] = level.scale;
    rows[i] = weights + (exists ? of_pass : 0) * p.in_channels;
  }
  constexpr uint32_t kHalfRow = kSparseRowBytes / 2 / sizeof(uint32_t);
  tandem_sparse_expand(rows, p.in_channels, reinterpret_cast<uint32_t*>(&tile + 1) + second * kHalfRow);
}

// `bytes` from a word's address on; faster than memset by bytes, which small C libraries have.
void fill(uint8_t* out, uint32_t bytes, int32_t value) {
  const uint32_t word = static_cast<uint8_t>(value) * 0x01010101U;
  auto* words = reinterpret_cast<uint32_t*>(out);
  for (const uint32_t* const end = words + bytes / 16 * 4; words != end; words += 4) {
    words[0] = words[1] = words[2] = words[3] = word;
  }
  for (uint32_t i = bytes / 16 * 16; i < bytes; ++i) out[i] = static_cast<uint8_t>(value);
}

// Lays out a worker's memory, and fills its share of the output with the least level.
void set_up_worker(const SparseConv2dParams& p, const Task& task, uint32_t worker) {
  uint8_t* const memory = task.out<uint8_t>(p.scratch.base) + worker * p.scratch.stride;
  uint8_t* const code = memory + kSparseStateBytes;
  const uint32_t code_bytes = sparse_code_bytes(p.in_channels);
  auto* terms = reinterpret_cast<SparseTwoTerms*>(code);
  for (const SparseTwoTerms* const end = terms + code_bytes / kSparseTwoTermsBytes; terms != end; ++terms) {
    terms->begin = tandem_sparse_template.begin;
    terms->end = tandem_sparse_template.end;
  }
  *reinterpret_cast<SparseState*>(memory) = {
      .tile = nullptr,
      .code = code,
      .out = nullptr,
      .slack = p.slack << 8,
      .min = p.clamp.min,
      .tile_stride = sparse_tile_bytes(p.in_channels),
      .last_tile = nullptr,
      .last_has_one_half = 0,
      .max = p.clamp.max,
      .resume = reinterpret_cast<uint8_t**>(code + code_bytes),
      .sums = {},
      .params = nullptr,
      .task = nullptr,
      .pixel_out = nullptr,
  };
  const uint32_t bytes = p.pixels * p.out_channels;
  const uint32_t share = align_up((bytes + p.workers - 1) / p.workers, sizeof(uint32_t));
  const uint32_t first = std::min(worker * share, bytes);
  fill(task.out<uint8_t>(p.out) + first, std::min(share, bytes - first), p.clamp.min);
}

KernelResult begin(const SparseConv2dParams& p, const Task& task) {
  const uint32_t halves = sparse_pass_halves(p);
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    if (unit < halves) {
      expand(p, task, unit);
    } else {
      set_up_worker(p, task, unit - halves);
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
    __asm__("" : "+r"(to_));  // neither memcpy nor memset, which lie in flash
  }
  uint32_t* to_;
};

// What a pixel sees, one tap after the other, zero points where there is no input.
TANDEM_HOT("conv_2d_sparse_gather")
void gather(const SparseConv2dParams& p, const uint8_t* in, uint32_t pixel, uint8_t* to) {
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

TANDEM_HOT("conv_2d_sparse_units")
KernelResult sparse(const SparseConv2dParams& p, const Task& task) {
  SparseState& state = *task.scratch<SparseState>(p.scratch);
  const SparseInputs inputs{.weight_max = task.in<uint8_t>(p.weight_max), .in_channels = p.in_channels};
  const bool ends_with_half = sparse_ends_with_half(p);
  state.params = &p;
  state.task = &task;
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const uint32_t pixel = std::min(unit, p.pixels - 1);
    const uint32_t tile = unit < p.pixels ? 0 : p.first_half_tiles;
    const uint32_t tiles_end = unit + 1 == p.pixels ? p.first_half_tiles : p.pass_tiles;
    state.tile = tile_at(p, task, tile);
    state.last_tile = tile_at(p, task, tiles_end - 1);
    state.last_has_one_half = tiles_end == p.pass_tiles && ends_with_half ? 1 : 0;
    state.pixel_out = task.out<int8_t>(p.out) + pixel * p.out_channels;
    state.out = task.out<int8_t>(p.out) + pixel * p.out_channels + (p.first_tile + tile) * kSparseTile;
    const auto* x = task.in<uint8_t>(p.in);
    if (p.gathered_at == 0) {
      x += pixel * p.in_channels;
    } else {
      uint8_t* const gathered = task.scratch<uint8_t>(p.scratch) + p.gathered_at;
      gather(p, x, pixel, gathered);
      x = gathered;
    }
    tandem_sparse_write(x, &inputs, state.code, state.resume);
    tandem_sparse_pixel(&state);
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_sparse_begin, SparseConv2dParams, begin)
TANDEM_DEFINE_LARGE_KERNEL(conv_2d_s8__armv6m_sparse, SparseConv2dParams, sparse)

}  // namespace tandem
