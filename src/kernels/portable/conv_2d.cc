#include "kernels/conv_2d.h"

#include "base/placement.h"
#include "kernels/portable/dot.h"
#include "kernels/portable/int4.h"
#include "kernels/portable/requantizer.h"

// CONV_2D of int8 on any 32-bit machine without wide multiplications: two output channels at a time share the
// loads of the input; channels are the outer loop, so that weights are read once a unit (they may lie in slow
// flash) and the input many times (it lies in SRAM). The input's zero point is taken out of the loop:
// Σ w·(x − zx) = Σ w·x − zx·Σ w. Weights of 4 bits become int8 in the worker's memory, a unit's filters once.
namespace tandem {
namespace {

using portable::Requantizer;

// Two neighbouring channels of one work unit.
struct ChannelPair {
  const int8_t* weights[2];  // of one filter each; the same one twice if the pair has only one channel
  int32_t bias[2];
  int32_t inner_bias[2];  // less zero point · Σ w: for windows that lie inside the input
  int32_t in_zero_point;
  int8_t* out;        // the first pixel's first channel of the pair
  uint32_t channels;  // 1 or 2
};

// How filters lie over the input. Taps whose channels follow one another in the input, as they do in the
// weights, are one run: whole rows of a filter without groups and dilation, else single taps.
struct Geometry {
  const Window2d& window;
  bool row_is_run;
  uint32_t depth;     // channels of one tap
  uint32_t in_pixel;  // bytes from one input pixel to the next
  uint32_t in_row;    // and from one row to the next
  uint32_t out_pixel;
};

uint32_t filter_weights(const Conv2dParams& p) {
  return static_cast<uint32_t>(p.window.filter.h * p.window.filter.w * (p.in_channels / p.groups));
}

// Modulo 2^32, as everything that is summed here.
uint32_t sum(const int8_t* weights, uint32_t n) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < n; ++i) total += static_cast<uint32_t>(weights[i]);
  return total;
}

// 1x1 filters over `pixels` pixels, `stride` bytes from one to the next.
TANDEM_HOT("conv_2d_s8_pointwise")
void pointwise(const ChannelPair& pair, const Requantizer (&f)[2], const int8_t* in, uint32_t stride,
               uint32_t pixels, uint32_t depth, uint32_t out_channels) {
  int8_t* out = pair.out;
  for (uint32_t i = 0; i < pixels; ++i) {
    portable::Sums sums{pair.inner_bias[0], pair.inner_bias[1]};
    portable::dot(in, pair.weights[0], pair.weights[1], depth, sums);
    out[0] = f[0](sums.a);
    if (pair.channels == 2) out[1] = f[1](sums.b);
    in += stride;
    out += out_channels;
  }
}

// Any filter over one row of output pixels, over the rows of the filter inside the input; `in` is column 0 of
// the first such row.
TANDEM_HOT("conv_2d_s8_row")
void window_row(const ChannelPair& pair, const Requantizer (&f)[2], const Geometry& g, const int8_t* in,
                Taps rows) {
  const Window2d& w = g.window;
  // Of windows that lie outside of the input such products may be anything; nothing is read there.
  const int32_t tap_step = wrapping_mul(static_cast<int32_t>(g.in_pixel), w.dilation.w);
  const int32_t row_step = wrapping_mul(static_cast<int32_t>(g.in_row), w.dilation.h);
  const uint32_t filter_row = static_cast<uint32_t>(w.filter.w) * g.depth;
  const bool all_rows = rows.end - rows.begin == w.filter.h;
  int8_t* out = pair.out;
  int32_t x0 = -w.pad.w;
  for (int32_t x = 0; x < w.out.w; ++x, x0 += w.stride.w) {
    // As taps_inside, without its divisions.
    int32_t first = 0;
    while (first < w.filter.w && x0 + first * w.dilation.w < 0) ++first;
    int32_t end = w.filter.w;
    while (end > first && x0 + (end - 1) * w.dilation.w >= w.in.w) --end;
    const bool inner = all_rows && end - first == w.filter.w;
    const int32_t runs = g.row_is_run ? (first < end ? 1 : 0) : end - first;
    const uint32_t n = g.row_is_run ? static_cast<uint32_t>(end - first) * g.depth : g.depth;

    portable::Sums sums{pair.bias[0], pair.bias[1]};
    if (inner) sums = {pair.inner_bias[0], pair.inner_bias[1]};
    const int8_t* row =
        in + wrapping_add(wrapping_mul(x0, static_cast<int32_t>(g.in_pixel)), wrapping_mul(first, tap_step));
    uint32_t weight_row =
        static_cast<uint32_t>(rows.begin) * filter_row + static_cast<uint32_t>(first) * g.depth;
    for (int32_t r = rows.begin; r < rows.end; ++r) {
      const int8_t* tap = row;
      uint32_t at = weight_row;
      for (int32_t run = runs; run > 0; --run) {
        if (inner) {
          portable::dot(tap, pair.weights[0] + at, pair.weights[1] + at, n, sums);
        } else {
          portable::dot_from(pair.in_zero_point, tap, pair.weights[0] + at, pair.weights[1] + at, n, sums);
        }
        tap += tap_step;
        at += g.depth;
      }
      row += row_step;
      weight_row += filter_row;
    }
    out[0] = f[0](sums.a);
    if (pair.channels == 2) out[1] = f[1](sums.b);
    out += g.out_pixel;
  }
}

// Where the filters of a pair of channels are, each `filter` weights.
class Filters {
 public:
  Filters(const int8_t* weights, uint32_t filter) : weights_(weights), filter_(filter) {}
  [[gnu::always_inline]] const int8_t* at(uint32_t, uint32_t channel) const {
    return weights_ + channel * filter_;
  }

 private:
  const int8_t* weights_;
  uint32_t filter_;
};
class UnpackedFilters {
 public:
  UnpackedFilters(const Int4* weights, uint32_t filter, int8_t* room)
      : weights_(weights), filter_(filter), room_(room) {}
  const int8_t* at(uint32_t of_pair, uint32_t channel) const {
    int8_t* const unpacked = room_ + of_pair * filter_;
    portable::unpack_int4(weights_, channel * filter_, filter_, unpacked);
    return unpacked;
  }

 private:
  const Int4* weights_;
  uint32_t filter_;
  int8_t* room_;
};

template <class PairFilters>
[[gnu::always_inline]] inline KernelResult conv_tiles(const Conv2dParams& p, const Task& task,
                                                      const PairFilters& filters) {
  const Window2d& w = p.window;
  const auto* in = task.in<int8_t>(p.in);
  const auto* bias = task.in<int32_t>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<int8_t>(p.out);
  const auto depth = static_cast<uint32_t>(p.in_channels / p.groups);
  const Geometry g{.window = w,
                   .row_is_run = p.groups == 1 && w.dilation.w == 1,
                   .depth = depth,
                   .in_pixel = static_cast<uint32_t>(p.in_channels),
                   .in_row = static_cast<uint32_t>(w.in.w * p.in_channels),
                   .out_pixel = static_cast<uint32_t>(p.out_channels)};
  const uint32_t filter = filter_weights(p);
  const auto group_channels = static_cast<uint32_t>(p.out_channels / p.groups);
  const bool one_tap = is_one_tap_inside(w);
  const uint32_t out_row = static_cast<uint32_t>(w.out.w) * g.out_pixel;

  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const Conv2dTile tile = p.tile(unit);
    for (uint32_t o = tile.channels.begin; o < tile.channels.end;) {
      const uint32_t group = o / group_channels;
      const bool has_second = o + 1 < tile.channels.end && (o + 1) / group_channels == group;
      const uint32_t second = has_second ? o + 1 : o;
      ChannelPair pair{.weights = {filters.at(0, o), filters.at(1, second)},
                       .bias = {bias != nullptr ? bias[o] : 0, bias != nullptr ? bias[second] : 0},
                       .inner_bias = {},
                       .in_zero_point = p.in_zero_point,
                       .out = out + tile.rows.begin * out_row + o,
                       .channels = second - o + 1};
      for (uint32_t k = 0; k < 2; ++k) {
        pair.inner_bias[k] = wrapping_sub(
            pair.bias[k],
            static_cast<int32_t>(static_cast<uint32_t>(p.in_zero_point) * sum(pair.weights[k], filter)));
      }
      const Requantizer f[2] = {{{multipliers[o], shifts[o]}, p.out_zero_point, p.clamp},
                                {{multipliers[second], shifts[second]}, p.out_zero_point, p.clamp}};
      for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row, pair.out += out_row) {
        const auto batch = static_cast<int32_t>(row) / w.out.h;
        const int32_t y0 = (static_cast<int32_t>(row) - batch * w.out.h) * w.stride.h - w.pad.h;
        const Taps rows = taps_inside(y0, w.in.h, w.filter.h, w.dilation.h);
        const int8_t* from = in + group * depth +
                             wrapping_mul(wrapping_add(batch * w.in.h, y0 + rows.begin * w.dilation.h),
                                          static_cast<int32_t>(g.in_row));
        if (one_tap) {
          pointwise(pair, f, from, static_cast<uint32_t>(w.stride.w) * g.in_pixel,
                    static_cast<uint32_t>(w.out.w), depth, g.out_pixel);
        } else {
          window_row(pair, f, g, from, rows);
        }
      }
      o += pair.channels;
    }
  }
  return KernelResult::kOk;
}

TANDEM_HOT("conv_2d_s8")
KernelResult conv(const Conv2dParams& p, const Task& task) {
  return conv_tiles(p, task, Filters(task.in<int8_t>(p.weights), filter_weights(p)));
}

KernelResult conv_w4(const Conv2dParams& p, const Task& task) {
  return conv_tiles(
      p, task,
      UnpackedFilters(task.in<Int4>(p.weights), filter_weights(p), task.scratch<int8_t>(p.worker_weights)));
}

}  // namespace

TANDEM_DEFINE_KERNEL(conv_2d_s8__portable, Conv2dParams, conv)
TANDEM_DEFINE_KERNEL(conv_2d_s8_w4__portable, Conv2dParams, conv_w4)

}  // namespace tandem
