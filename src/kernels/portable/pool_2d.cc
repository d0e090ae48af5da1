#include "kernels/pool_2d.h"

#include <algorithm>

#include "base/placement.h"
#include "kernels/portable/channel_sums.h"

// AVERAGE_POOL_2D and MAX_POOL_2D of int8 on any 32-bit machine. Means are summed four channels at a time,
// two in the halves of a word: x + 128 is at most 255, so that a half holds 257 of them.
namespace tandem {
namespace {

using portable::Inside;
using portable::kMostTaps;
using portable::sum_channel;
using portable::sum_words;

constexpr uint32_t kWord = 4;

TANDEM_HOT("max_pool_2d_s8_channel")
int32_t max_channel(const Inside& t) {
  int32_t most = INT8_MIN;
  const int8_t* row = t.first;
  for (uint32_t r = t.rows; r != 0; --r, row += t.row) {
    const int8_t* tap = row;
    for (uint32_t left = t.columns; left != 0; --left, tap += t.pixel) {
      if (*tap > most) most = *tap;
    }
  }
  return most;
}

// Means of a window. Few taps are divided by with one product: n = |Σ x| + taps / 2 < 129·taps, and
// n·⌊2^24 / taps + 1⌋ / 2^24 exceeds n / taps by less than 1 / taps while 129·taps² < 2^24; the product is
// below 129·(2^24 + taps) < 2^32.
class Average {
 public:
  Average(int32_t taps, const Clamp& clamp)
      : taps_(taps),
        reciprocal_(taps <= kFewTaps ? (1U << kBits) / static_cast<uint32_t>(taps) + 1 : 0),
        clamp_(clamp) {}

  void pool(const Inside& window, uint32_t channels, int8_t* out) const {
    Inside t = window;
    const auto alignment = reinterpret_cast<uintptr_t>(t.first) | t.pixel | t.row;
    uint32_t c = 0;
    const uint32_t piece_columns = std::min(t.columns, kMostTaps);
    const uint32_t piece_rows = kMostTaps / piece_columns;
    for (; alignment % kWord == 0 && c + kWord <= channels; c += kWord, t.first += kWord) {
      uint32_t sums[kWord] = {};
      for (uint32_t y = 0; y < t.rows; y += piece_rows) {
        for (uint32_t x = 0; x < t.columns; x += piece_columns) {
          sum_words({.first = t.first + y * t.row + x * t.pixel,
                     .rows = std::min(piece_rows, t.rows - y),
                     .columns = std::min(piece_columns, t.columns - x),
                     .pixel = t.pixel,
                     .row = t.row},
                    sums);
        }
      }
      for (const uint32_t sum : sums) *out++ = finish(sum);
    }
    for (; c < channels; ++c, ++t.first) *out++ = finish(sum_channel(t));
  }

 private:
  static constexpr int kBits = 24;
  static constexpr int32_t kFewTaps = 360;
  static_assert(int64_t{129} * kFewTaps * kFewTaps < 1 << kBits);

  [[nodiscard]] int8_t finish(uint32_t shifted) const {
    const int32_t sum = static_cast<int32_t>(shifted) - 128 * taps_;
    const auto n = static_cast<uint32_t>((sum < 0 ? -sum : sum) + taps_ / 2);
    // NOLINTNEXTLINE(clang-analyzer-core.DivideZero): every window has a tap inside, or planning refused it
    const uint32_t quotient = reciprocal_ != 0 ? n * reciprocal_ >> kBits : n / static_cast<uint32_t>(taps_);
    const auto mean = static_cast<int32_t>(quotient);
    return static_cast<int8_t>(clamp_.apply(sum < 0 ? -mean : mean));
  }

  int32_t taps_;
  uint32_t reciprocal_;
  const Clamp& clamp_;
};

class Maximum {
 public:
  Maximum(int32_t, const Clamp& clamp) : clamp_(clamp) {}

  void pool(const Inside& window, uint32_t channels, int8_t* out) const {
    Inside t = window;
    for (uint32_t c = 0; c < channels; ++c, ++t.first) {
      *out++ = static_cast<int8_t>(clamp_.apply(max_channel(t)));
    }
  }

 private:
  const Clamp& clamp_;
};

template <class Pool>
void pool_tile(const Pool2dParams& p, const Pool2dTile& tile, const int8_t* in, int8_t* out) {
  const Window2d& w = p.window;
  const auto first_channel = static_cast<int32_t>(tile.channels.begin);
  for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const int32_t batch = static_cast<int32_t>(row) / w.out.h;
    const int32_t y0 = (static_cast<int32_t>(row) - batch * w.out.h) * w.stride.h - w.pad.h;
    const Taps rows = taps_inside(y0, w.in.h, w.filter.h, 1);
    for (int32_t x = 0; x < w.out.w; ++x) {
      const int32_t x0 = x * w.stride.w - w.pad.w;
      const Taps columns = taps_inside(x0, w.in.w, w.filter.w, 1);
      const int32_t first = (batch * w.in.h + y0 + rows.begin) * w.in.w + x0 + columns.begin;
      Inside t{.first = in + first * p.channels + first_channel,
               .rows = static_cast<uint32_t>(rows.end - rows.begin),
               .columns = static_cast<uint32_t>(columns.end - columns.begin),
               .pixel = static_cast<uint32_t>(p.channels),
               .row = static_cast<uint32_t>(w.in.w * p.channels)};
      const auto taps = static_cast<int32_t>(t.rows * t.columns);
      // Whole rows follow one another.
      if (columns.end - columns.begin == w.in.w)
        t = {t.first, 1, static_cast<uint32_t>(taps), t.pixel, t.row};
      Pool(taps, p.clamp)
          .pool(t, tile.channels.end - tile.channels.begin,
                out + (static_cast<int32_t>(row) * w.out.w + x) * p.channels + first_channel);
    }
  }
}

template <class Pool>
KernelResult pool(const Pool2dParams& p, const Task& task) {
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    pool_tile<Pool>(p, p.tile(unit), task.in<int8_t>(p.in), task.out<int8_t>(p.out));
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(average_pool_2d_s8__portable, Pool2dParams, pool<Average>)
TANDEM_DEFINE_KERNEL(max_pool_2d_s8__portable, Pool2dParams, pool<Maximum>)

}  // namespace tandem
