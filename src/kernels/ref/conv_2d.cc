#include "kernels/conv_2d.h"

#include <type_traits>

#include "kernels/ref/accumulate.h"
#include "kernels/weights.h"

namespace tandem {
namespace {

template <class Element, class Weight, class Sum>
struct Conv {
  using Params = Conv2dParams;
  static constexpr bool kFloat = std::is_same_v<Element, float>;
  using Wide = std::conditional_t<kFloat, float, int32_t>;

  const Params& p;
  const Element* in;
  Weights<Weight> weights;
  const Sum* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  Wide in_zero_point;

  Conv(const Params& params, const Task& task)
      : p(params),
        in(task.in<Element>(params.in)),
        weights{task.in<Weight>(params.weights)},
        bias(task.in<Sum>(params.bias)),
        multipliers(task.in<int32_t>(params.multipliers)),
        shifts(task.in<int8_t>(params.shifts)),
        in_zero_point(static_cast<Wide>(params.in_zero_point)) {}

  // Calls tap(row, column, address of the first channel of the pixel) for each tap inside the input.
  template <class Tap>
  void for_each_tap(int32_t batch, int32_t y, int32_t x, Tap tap) const {
    const Window2d& w = p.window;
    const int32_t y0 = y * w.stride.h - w.pad.h;
    const int32_t x0 = x * w.stride.w - w.pad.w;
    const Taps rows = taps_inside(y0, w.in.h, w.filter.h, w.dilation.h);
    const Taps columns = taps_inside(x0, w.in.w, w.filter.w, w.dilation.w);
    for (int32_t r = rows.begin; r < rows.end; ++r) {
      for (int32_t s = columns.begin; s < columns.end; ++s) {
        const int32_t pixel = (batch * w.in.h + y0 + r * w.dilation.h) * w.in.w + x0 + s * w.dilation.w;
        tap(r, s, in + static_cast<uint32_t>(pixel) * static_cast<uint32_t>(p.in_channels));
      }
    }
  }

  Element finish(Accumulator<Element, Sum> accumulator, int32_t o) const {
    if (bias != nullptr) accumulator.add(bias[o]);
    if constexpr (kFloat) {
      return accumulator.finish(p.clamp_f32);
    } else {
      return accumulator.finish({multipliers[o], shifts[o]}, p.out_zero_point, p.clamp);
    }
  }

  Element dense(int32_t batch, int32_t y, int32_t x, int32_t o) const {
    const int32_t channels = p.in_channels / p.groups;
    const int32_t first = o / (p.out_channels / p.groups) * channels;
    Accumulator<Element, Sum> accumulator;
    for_each_tap(batch, y, x, [&](int32_t r, int32_t s, const Element* pixel) {
      const auto w = static_cast<uint32_t>((o * p.window.filter.h + r) * p.window.filter.w + s) *
                     static_cast<uint32_t>(channels);
      for (int32_t c = 0; c < channels; ++c) {
        accumulator.multiply(weights[w + static_cast<uint32_t>(c)],
                             static_cast<Wide>(pixel[first + c]) - in_zero_point);
      }
    });
    return finish(accumulator, o);
  }

  Element depthwise(int32_t batch, int32_t y, int32_t x, int32_t o) const {
    const int32_t channel = o / p.groups;
    Accumulator<Element, Sum> accumulator;
    for_each_tap(batch, y, x, [&](int32_t r, int32_t s, const Element* pixel) {
      const auto w =
          static_cast<uint32_t>(r * p.window.filter.w + s) * static_cast<uint32_t>(p.out_channels) +
          static_cast<uint32_t>(o);
      accumulator.multiply(weights[w], static_cast<Wide>(pixel[channel]) - in_zero_point);
    });
    return finish(accumulator, o);
  }

  template <auto kOutput>
  static KernelResult run(const Params& params, const Task& task) {
    const Conv conv(params, task);
    const Window2d& w = params.window;
    auto* out = task.out<Element>(params.out);
    for (uint32_t unit = task.begin; unit < task.end; ++unit) {
      const Conv2dTile tile = params.tile(unit);
      for (uint32_t row = tile.rows.begin; row < tile.rows.end; ++row) {
        const auto batch = static_cast<int32_t>(row) / w.out.h;
        const auto y = static_cast<int32_t>(row) % w.out.h;
        Element* pixel = out + row * static_cast<uint32_t>(w.out.w * params.out_channels);
        for (int32_t x = 0; x < w.out.w; ++x, pixel += params.out_channels) {
          for (uint32_t o = tile.channels.begin; o < tile.channels.end; ++o) {
            pixel[o] = (conv.*kOutput)(batch, y, x, static_cast<int32_t>(o));
          }
        }
      }
    }
    return KernelResult::kOk;
  }
};

using ConvS8 = Conv<int8_t, int8_t, int32_t>;
using ConvS8W4 = Conv<int8_t, Int4, int32_t>;
using ConvS16 = Conv<int16_t, int8_t, int64_t>;
using ConvS16B32 = Conv<int16_t, int8_t, int32_t>;
using ConvF32 = Conv<float, float, float>;

}  // namespace

TANDEM_DEFINE_KERNEL(conv_2d_s8__ref, Conv2dParams, ConvS8::run<&ConvS8::dense>)
TANDEM_DEFINE_KERNEL(conv_2d_s8_w4__ref, Conv2dParams, ConvS8W4::run<&ConvS8W4::dense>)
TANDEM_DEFINE_KERNEL(conv_2d_s16__ref, Conv2dParams, ConvS16::run<&ConvS16::dense>)
TANDEM_DEFINE_KERNEL(conv_2d_s16_b32__ref, Conv2dParams, ConvS16B32::run<&ConvS16B32::dense>)
TANDEM_DEFINE_KERNEL(conv_2d_f32__ref, Conv2dParams, ConvF32::run<&ConvF32::dense>)
TANDEM_DEFINE_KERNEL(depthwise_conv_2d_s8__ref, Conv2dParams, ConvS8::run<&ConvS8::depthwise>)
TANDEM_DEFINE_KERNEL(depthwise_conv_2d_s8_w4__ref, Conv2dParams, ConvS8W4::run<&ConvS8W4::depthwise>)
TANDEM_DEFINE_KERNEL(depthwise_conv_2d_s16__ref, Conv2dParams, ConvS16::run<&ConvS16::depthwise>)
TANDEM_DEFINE_KERNEL(depthwise_conv_2d_f32__ref, Conv2dParams, ConvF32::run<&ConvF32::depthwise>)

}  // namespace tandem
