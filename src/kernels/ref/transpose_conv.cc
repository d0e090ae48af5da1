#include "kernels/transpose_conv.h"

#include <algorithm>
#include <type_traits>

#include "kernels/ref/accumulate.h"

namespace tandem {
namespace {

// The inputs along one axis that reach an output, [begin, end); the tap of input i is `origin` − i · stride.
struct Reach {
  int32_t origin;
  int32_t begin;
  int32_t end;
};
Reach inputs_reaching(int32_t y, int32_t pad, int32_t stride, int32_t filter, int32_t inputs) {
  const int32_t origin = y + pad;
  return {.origin = origin,
          .begin = origin < filter ? 0 : (origin - filter) / stride + 1,
          .end = std::min(inputs, origin / stride + 1)};
}

template <class Element, class Weight, class Sum, class Bias>
KernelResult transpose_conv(const TransposeConvParams& p, const Task& task) {
  constexpr bool kFloat = std::is_same_v<Element, float>;
  using Wide = std::conditional_t<kFloat, float, int32_t>;
  const Window2d& w = p.window;
  const auto* in = task.in<Element>(p.in);
  const auto* weights = task.in<Weight>(p.weights);
  const auto* bias = task.in<Bias>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  const auto in_channels = static_cast<uint32_t>(p.in_channels);
  const auto in_zero_point = static_cast<Wide>(p.in_zero_point);
  const uint32_t first = p.rows.begin(task);
  Element* out = task.out<Element>(p.out) +
                 first * static_cast<uint32_t>(w.in.w) * static_cast<uint32_t>(p.out_channels);
  for (uint32_t row = first; row < p.rows.end(task); ++row) {
    const int32_t batch = static_cast<int32_t>(row) / w.in.h;
    const int32_t y = static_cast<int32_t>(row) % w.in.h;
    const Reach rows = inputs_reaching(y, w.pad.h, w.stride.h, w.filter.h, w.out.h);
    for (int32_t x = 0; x < w.in.w; ++x) {
      const Reach columns = inputs_reaching(x, w.pad.w, w.stride.w, w.filter.w, w.out.w);
      for (int32_t o = 0; o < p.out_channels; ++o) {
        Accumulator<Element, Sum> accumulator;
        for (int32_t i = rows.begin; i < rows.end; ++i) {
          const int32_t r = rows.origin - i * w.stride.h;
          for (int32_t j = columns.begin; j < columns.end; ++j) {
            const int32_t s = columns.origin - j * w.stride.w;
            const Element* pixel =
                in + static_cast<uint32_t>((batch * w.out.h + i) * w.out.w + j) * in_channels;
            const Weight* tap =
                weights + static_cast<uint32_t>((o * w.filter.h + r) * w.filter.w + s) * in_channels;
            for (uint32_t c = 0; c < in_channels; ++c) {
              accumulator.multiply(tap[c], static_cast<Wide>(pixel[c]) - in_zero_point);
            }
          }
        }
        if (bias != nullptr) accumulator.add(bias[o]);
        if constexpr (kFloat) {
          *out++ = accumulator.finish(p.clamp_f32);
        } else {
          *out++ = accumulator.finish({multipliers[o], shifts[o]}, p.out_zero_point, p.clamp);
        }
      }
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(transpose_conv_s8__ref, TransposeConvParams,
                     (transpose_conv<int8_t, int8_t, int32_t, int32_t>))
TANDEM_DEFINE_KERNEL(transpose_conv_s16__ref, TransposeConvParams,
                     (transpose_conv<int16_t, int8_t, int64_t, int64_t>))
TANDEM_DEFINE_KERNEL(transpose_conv_s16_b16__ref, TransposeConvParams,
                     (transpose_conv<int16_t, int8_t, int64_t, int16_t>))
TANDEM_DEFINE_KERNEL(transpose_conv_f32__ref, TransposeConvParams,
                     (transpose_conv<float, float, float, float>))

}  // namespace tandem
