#include <algorithm>

#include "kernels/conv_2d.h"
#include "kernels/portable/dot.h"
#include "kernels/portable/requantizer.h"

// CONV_2D and DEPTHWISE_CONV_2D of int16 activations. A product is at most 2^22 in magnitude, so that 511 of
// them are summed in 32 bits, whatever the weights, before they go to a wider accumulator. In flash: programs
// that register these operators for all types have them beside the kernels for int8.
namespace tandem {
namespace {

struct Wide {
  using Sum = int64_t;
  using Requantizer = portable::Requantizer64;
};
struct Narrow {
  using Sum = int32_t;
  using Requantizer = portable::RequantizerTo<int16_t>;
};

// The taps of one output row, or column, that lie inside the input, as taps_inside but without divisions.
Taps columns_inside(const Window2d& w, int32_t x0) {
  Taps columns{.begin = 0, .end = w.filter.w};
  if (x0 >= 0 && x0 + (w.filter.w - 1) * w.dilation.w < w.in.w) return columns;
  while (columns.begin < w.filter.w && x0 + columns.begin * w.dilation.w < 0) ++columns.begin;
  while (columns.end > columns.begin && x0 + (columns.end - 1) * w.dilation.w >= w.in.w) --columns.end;
  return columns;
}

// Where the filter of an output row begins.
struct FilterRows {
  Taps taps;
  const int16_t* in;  // column 0 of the first row under the filter that is inside the input
};
FilterRows rows_under(const Conv2dParams& p, const int16_t* in, uint32_t row) {
  const Window2d& w = p.window;
  const auto batch = static_cast<int32_t>(row) / w.out.h;
  const int32_t y0 = (static_cast<int32_t>(row) - batch * w.out.h) * w.stride.h - w.pad.h;
  const Taps taps = taps_inside(y0, w.in.h, w.filter.h, w.dilation.h);
  return {taps, in + wrapping_mul(wrapping_add(batch * w.in.h, y0 + taps.begin * w.dilation.h),
                                  w.in.w * p.in_channels)};
}

// ---- CONV_2D, two channels at a time

template <class Types>
struct ChannelPair {
  using Sum = typename Types::Sum;

  const int8_t* weights[2];  // of one filter each; the same one twice if the pair has only one channel
  Sum bias[2];
  typename Types::Requantizer f[2];
  int16_t* out;  // the row's first pixel's first channel of the pair
  bool both;
};

template <class Types>
void window_row(const Conv2dParams& p, const ChannelPair<Types>& pair, const FilterRows& rows) {
  const Window2d& w = p.window;
  const auto depth = static_cast<uint32_t>(p.in_channels / p.groups);
  const bool row_is_run = p.groups == 1 && w.dilation.w == 1;
  // Of windows that lie outside of the input such products may be anything; nothing is read there.
  const int32_t tap_step = wrapping_mul(p.in_channels, w.dilation.w);
  const int32_t row_step = wrapping_mul(w.in.w * p.in_channels, w.dilation.h);
  const uint32_t filter_row = static_cast<uint32_t>(w.filter.w) * depth;
  int16_t* out = pair.out;
  int32_t x0 = -w.pad.w;
  for (int32_t x = 0; x < w.out.w; ++x, x0 += w.stride.w, out += p.out_channels) {
    const Taps columns = columns_inside(w, x0);
    const int32_t taps = columns.end - columns.begin;
    const int32_t runs = row_is_run && taps > 0 ? 1 : taps;
    const uint32_t n = row_is_run ? static_cast<uint32_t>(taps) * depth : depth;
    const int16_t* row =
        rows.in + wrapping_add(wrapping_mul(x0, p.in_channels), wrapping_mul(columns.begin, tap_step));
    uint32_t weight_row =
        static_cast<uint32_t>(rows.taps.begin) * filter_row + static_cast<uint32_t>(columns.begin) * depth;
    auto a = pair.bias[0];
    auto b = pair.bias[1];
    for (int32_t r = rows.taps.begin; r < rows.taps.end; ++r) {
      const int16_t* tap = row;
      uint32_t at = weight_row;
      for (int32_t run = runs; run > 0; --run) {
        portable::dot_s16(tap, pair.weights[0] + at, pair.weights[1] + at, n, a, b);
        tap += tap_step;
        at += depth;
      }
      row += row_step;
      weight_row += filter_row;
    }
    out[0] = pair.f[0](a);
    if (pair.both) out[1] = pair.f[1](b);
  }
}

// 1x1 filters, all inside of the input.
template <class Types>
void pixel_row(const Conv2dParams& p, const ChannelPair<Types>& pair, const int16_t* in) {
  const auto depth = static_cast<uint32_t>(p.in_channels / p.groups);
  const int32_t step = p.window.stride.w * p.in_channels;
  const int32_t out_step = p.out_channels;
  int16_t* out = pair.out;
  for (int32_t left = p.window.out.w; left > 0; --left, in += step, out += out_step) {
    auto a = pair.bias[0];
    auto b = pair.bias[1];
    portable::dot_s16(in, pair.weights[0], pair.weights[1], depth, a, b);
    out[0] = pair.f[0](a);
    if (pair.both) out[1] = pair.f[1](b);
  }
}

template <class Types>
KernelResult conv(const Conv2dParams& p, const Task& task) {
  using Sum = typename Types::Sum;
  using Requantizer = typename Types::Requantizer;
  const Window2d& w = p.window;
  const auto* in = task.in<int16_t>(p.in);
  const auto* weights = task.in<int8_t>(p.weights);
  const auto* bias = task.in<Sum>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<int16_t>(p.out);
  const auto depth = static_cast<uint32_t>(p.in_channels / p.groups);
  const uint32_t filter = static_cast<uint32_t>(w.filter.h * w.filter.w) * depth;
  const auto group_channels = static_cast<uint32_t>(p.out_channels / p.groups);
  const auto out_row = static_cast<uint32_t>(w.out.w * p.out_channels);
  const bool one_tap = is_one_tap_inside(w);
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const Conv2dTile tile = p.tile(unit);
    for (uint32_t o = tile.channels.begin; o < tile.channels.end;) {
      const uint32_t group = o / group_channels;
      const bool both = o + 1 < tile.channels.end && (o + 1) / group_channels == group;
      const uint32_t second = both ? o + 1 : o;
      ChannelPair<Types> pair{
          .weights = {weights + o * filter, weights + second * filter},
          .bias = {bias != nullptr ? bias[o] : 0, bias != nullptr ? bias[second] : 0},
          .f = {Requantizer({multipliers[o], shifts[o]}, p.out_zero_point, p.clamp),
                Requantizer({multipliers[second], shifts[second]}, p.out_zero_point, p.clamp)},
          .out = nullptr,
          .both = both};
      for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row) {
        pair.out = out + row * out_row + o;
        const FilterRows rows = rows_under(p, in + group * depth, row);
        if (one_tap) {
          pixel_row(p, pair, rows.in);
        } else {
          window_row(p, pair, rows);
        }
      }
      o = second + 1;
    }
  }
  return KernelResult::kOk;
}

// ---- DEPTHWISE_CONV_2D, with a channel's weights gathered side by side

struct Channel {
  const int32_t* weights;
  int64_t bias;
  portable::Requantizer64 f;
  int16_t* out;  // in the row's first pixel
};

// So many products fit 32 bits.
constexpr int32_t kMostTaps = 511;

// Σ of `taps` of a row, `step` elements apart.
int64_t sum_taps(const int16_t* in, int32_t step, const int32_t* weights, int32_t taps) {
  int64_t sum = 0;
  while (taps > 0) {
    int32_t left = std::min(taps, kMostTaps);
    taps -= left;
    int32_t products = 0;
    for (; left != 0; --left, in += step) products += *in * *weights++;
    sum += products;
  }
  return sum;
}

// The same of three taps of each of a few rows.
int32_t sum_threes(const int16_t* in, int32_t step, int32_t row_step, const int32_t* weights, int32_t rows) {
  int32_t products = 0;
  for (; rows != 0; --rows, in += row_step, weights += 3) {
    products += in[0] * weights[0];
    products += in[step] * weights[1];
    products += in[2 * step] * weights[2];
  }
  return products;
}

void channel_row(const Conv2dParams& p, const Channel& channel, const FilterRows& rows) {
  const Window2d& w = p.window;
  const int32_t tap_step = wrapping_mul(p.in_channels, w.dilation.w);
  const int32_t row_step = wrapping_mul(w.in.w * p.in_channels, w.dilation.h);
  const int32_t* const first_weights = channel.weights + rows.taps.begin * w.filter.w;
  const int32_t row_count = rows.taps.end - rows.taps.begin;
  const bool threes = w.filter.w == 3 && row_count <= kMostTaps / 3;
  int16_t* out = channel.out;
  int32_t x0 = -w.pad.w;
  for (int32_t x = 0; x < w.out.w; ++x, x0 += w.stride.w, out += p.out_channels) {
    const Taps columns = columns_inside(w, x0);
    const int32_t taps = columns.end - columns.begin;
    const int16_t* row =
        rows.in + wrapping_add(wrapping_mul(x0, p.in_channels), wrapping_mul(columns.begin, tap_step));
    int64_t sum = channel.bias;
    if (threes && taps == 3) {
      sum = portable::accumulate(sum, sum_threes(row, tap_step, row_step, first_weights, row_count));
    } else {
      const int32_t* weights = first_weights + columns.begin;
      for (int32_t r = row_count; r != 0; --r, row += row_step, weights += w.filter.w) {
        sum = portable::accumulate(sum, sum_taps(row, tap_step, weights, taps));
      }
    }
    *out = channel.f(sum);
  }
}

KernelResult depthwise(const Conv2dParams& p, const Task& task) {
  const Window2d& w = p.window;
  const auto* in = task.in<int16_t>(p.in);
  const auto* weights = task.in<int8_t>(p.weights);
  const auto* bias = task.in<int64_t>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<int16_t>(p.out);
  auto* gathered = task.scratch<int32_t>(p.worker_weights);
  const int32_t taps = w.filter.h * w.filter.w;
  const auto out_row = static_cast<uint32_t>(w.out.w * p.out_channels);
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const Conv2dTile tile = p.tile(unit);
    for (uint32_t o = tile.channels.begin; o < tile.channels.end; ++o) {
      for (int32_t t = 0; t < taps; ++t) gathered[t] = weights[t * p.out_channels + static_cast<int32_t>(o)];
      const int16_t* const plane = in + static_cast<int32_t>(o) / p.groups;
      Channel channel{.weights = gathered,
                      .bias = bias != nullptr ? bias[o] : 0,
                      .f = {{multipliers[o], shifts[o]}, p.out_zero_point, p.clamp},
                      .out = nullptr};
      for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row) {
        channel.out = out + row * out_row + o;
        channel_row(p, channel, rows_under(p, plane, row));
      }
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(conv_2d_s16__portable, Conv2dParams, conv<Wide>)
TANDEM_DEFINE_KERNEL(conv_2d_s16_b32__portable, Conv2dParams, conv<Narrow>)
TANDEM_DEFINE_KERNEL(depthwise_conv_2d_s16__portable, Conv2dParams, depthwise)

}  // namespace tandem
