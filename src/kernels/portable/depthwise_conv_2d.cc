#include "base/placement.h"
#include "kernels/conv_2d.h"
#include "kernels/portable/requantizer.h"
#include "kernels/weights.h"

// DEPTHWISE_CONV_2D of int8 on any 32-bit machine: channels are the outer loop, with the channel's weights
// gathered side by side, and everything that only depends on the channel worked out once for a unit's rows.
namespace tandem {
namespace {

using portable::Requantizer;

// One row of output pixels of one channel, over the rows of the filter that lie inside the input.
struct ChannelRow {
  const int8_t* in;        // this channel in column 0 of the first such row
  const int32_t* weights;  // of the first such row
  int32_t rows;
  int32_t bias;
  int32_t inner_bias;  // less zero point · Σ w over those rows: for windows inside from left to right
  int8_t* out;
};

struct Geometry {
  int32_t in_zero_point;
  int32_t in_w;
  int32_t out_w;
  int32_t filter_w;
  int32_t stride_w;
  int32_t pad_w;
  int32_t dilation_w;
  int32_t pixel;  // bytes from one input pixel to the next
  int32_t row;    // from one row under the filter to the next
  int32_t out_pixel;
};

TANDEM_HOT("depthwise_conv_2d_s8_row")
void channel_row(const ChannelRow& c, const Geometry& g, const Requantizer& f) {
  int8_t* out = c.out;
  const int32_t span = (g.filter_w - 1) * g.dilation_w;
  // Of windows that lie outside of the input such products may be anything; nothing is read there.
  const int32_t tap_step = wrapping_mul(g.pixel, g.dilation_w);
  int32_t x0 = -g.pad_w;
  for (int32_t x = 0; x < g.out_w; ++x, x0 += g.stride_w) {
    const int8_t* in = c.in + wrapping_mul(x0, g.pixel);
    const int32_t* weights = c.weights;
    int32_t sum = 0;
    if (x0 >= 0 && x0 + span < g.in_w) {
      sum = c.inner_bias;
      if (g.filter_w == 3) {
        const int32_t one = tap_step;
        const int32_t two = 2 * one;
        for (int32_t r = c.rows; r != 0; --r) {
          sum = wrapping_add(sum, in[0] * weights[0]);
          sum = wrapping_add(sum, in[one] * weights[1]);
          sum = wrapping_add(sum, in[two] * weights[2]);
          weights += 3;
          in += g.row;
        }
      } else {
        for (int32_t r = c.rows; r != 0; --r, in += g.row) {
          const int8_t* tap = in;
          for (int32_t s = g.filter_w; s != 0; --s, tap += tap_step)
            sum = wrapping_add(sum, *tap * *weights++);
        }
      }
    } else {
      sum = c.bias;
      for (int32_t r = 0; r < c.rows; ++r, in += g.row) {
        int32_t column = x0;
        for (int32_t s = 0; s < g.filter_w; ++s, ++weights, column += g.dilation_w) {
          const bool inside = column >= 0 && column < g.in_w;
          if (inside) sum = wrapping_add(sum, (in[wrapping_mul(s, tap_step)] - g.in_zero_point) * *weights);
        }
      }
    }
    *out = f(sum);
    out += g.out_pixel;
  }
}

template <class Weight>
KernelResult depthwise(const Conv2dParams& p, const Task& task) {
  const Window2d& w = p.window;
  const auto* in = task.in<int8_t>(p.in);
  const Weights<Weight> weights{task.in<Weight>(p.weights)};
  const auto* bias = task.in<int32_t>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<int8_t>(p.out);
  const Geometry g{.in_zero_point = p.in_zero_point,
                   .in_w = w.in.w,
                   .out_w = w.out.w,
                   .filter_w = w.filter.w,
                   .stride_w = w.stride.w,
                   .pad_w = w.pad.w,
                   .dilation_w = w.dilation.w,
                   .pixel = p.in_channels,
                   .row = wrapping_mul(w.in.w * p.in_channels, w.dilation.h),
                   .out_pixel = p.out_channels};
  const int32_t taps = w.filter.h * w.filter.w;
  const int32_t out_row = w.out.w * p.out_channels;
  auto* gathered = task.scratch<int32_t>(p.worker_weights);

  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    const Conv2dTile tile = p.tile(unit);
    for (uint32_t o = tile.channels.begin; o < tile.channels.end; ++o) {
      for (int32_t t = 0; t < taps; ++t) {
        gathered[t] = weights[static_cast<uint32_t>(t * p.out_channels) + o];
      }
      const Requantizer f({multipliers[o], shifts[o]}, p.out_zero_point, p.clamp);
      const auto channel = static_cast<int32_t>(o) / p.groups;
      for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row) {
        const auto batch = static_cast<int32_t>(row) / w.out.h;
        const int32_t y0 = (static_cast<int32_t>(row) - batch * w.out.h) * w.stride.h - w.pad.h;
        const Taps rows = taps_inside(y0, w.in.h, w.filter.h, w.dilation.h);
        uint32_t sum = 0;  // modulo 2^32, as everything that is summed here
        for (int32_t t = rows.begin * w.filter.w; t < rows.end * w.filter.w; ++t) {
          sum += static_cast<uint32_t>(gathered[t]);
        }
        const int32_t plain = bias != nullptr ? bias[o] : 0;
        const ChannelRow c{.in = in +
                                 wrapping_mul(wrapping_add(batch * w.in.h, y0 + rows.begin * w.dilation.h),
                                              w.in.w * g.pixel) +
                                 channel,
                           .weights = gathered + rows.begin * w.filter.w,
                           .rows = rows.end - rows.begin,
                           .bias = plain,
                           .inner_bias = wrapping_sub(
                               plain, static_cast<int32_t>(static_cast<uint32_t>(p.in_zero_point) * sum)),
                           .out = out + static_cast<int32_t>(row) * out_row + static_cast<int32_t>(o)};
        channel_row(c, g, f);
      }
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(depthwise_conv_2d_s8__portable, Conv2dParams, depthwise<int8_t>)
TANDEM_DEFINE_KERNEL(depthwise_conv_2d_s8_w4__portable, Conv2dParams, depthwise<Int4>)

}  // namespace tandem
