#include "kernels/svdf.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "kernels/ref/accumulate.h"

namespace tandem {
namespace {

float activate(Activation activation, float x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kSignBit:
      return std::signbit(x) ? 1.0F : 0.0F;
    default:
      return activation_bounds<float>(activation).apply(x);
  }
}

template <class Element, class State, class Sum>
KernelResult svdf(const SvdfParams& p, const Task& task) {
  constexpr bool kFloat = std::is_same_v<Element, float>;
  const auto* weights_feature = task.in<Element>(p.weights_feature);
  const auto* weights_time = task.in<State>(p.weights_time);
  const auto* bias = task.in<Sum>(p.bias);
  auto* out = task.out<Element>(p.out);
  const auto in_zero_point = static_cast<Sum>(p.in_zero_point);
  const auto state_zero_point = static_cast<Sum>(p.state_zero_point);
  for (uint32_t i = p.outputs.begin(task); i < p.outputs.end(task); ++i) {
    const uint32_t unit = i % p.units;
    const Element* in = task.in<Element>(p.in) + i / p.units * p.input_size;
    Accumulator<Element, Sum> total;
    if (bias != nullptr) total.add(bias[unit]);
    for (uint32_t r = 0; r < p.rank; ++r) {
      const uint32_t filter = unit * p.rank + r;
      Accumulator<Element, Sum> feature;
      for (uint32_t k = 0; k < p.input_size; ++k) {
        feature.multiply(weights_feature[filter * p.input_size + k], static_cast<Sum>(in[k]) - in_zero_point);
      }
      State* state = task.out<State>(p.state) + (i * p.rank + r) * p.memory_size;
      std::copy(state + 1, state + p.memory_size, state);
      if constexpr (kFloat) {
        state[p.memory_size - 1] = feature.sum;
      } else {
        const int32_t requantized = kRangeOf<State>.apply(requantize(feature.sum, p.feature_factor));
        state[p.memory_size - 1] = static_cast<State>(requantized + p.state_zero_point);
      }
      Accumulator<Element, Sum> time;
      for (uint32_t j = 0; j < p.memory_size; ++j) {
        time.multiply(weights_time[filter * p.memory_size + j],
                      static_cast<Sum>(state[j]) - state_zero_point);
      }
      total.add(time.sum);
    }
    if constexpr (kFloat) {
      out[i] = activate(p.activation, total.sum);
    } else {
      out[i] = total.finish(p.out_factor, p.out_zero_point, kRangeOf<Element>);
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(svdf_s8__ref, SvdfParams, (svdf<int8_t, int8_t, int32_t>))
TANDEM_DEFINE_KERNEL(svdf_s8_s16__ref, SvdfParams, (svdf<int8_t, int16_t, int32_t>))
TANDEM_DEFINE_KERNEL(svdf_f32__ref, SvdfParams, (svdf<float, float, float>))

}  // namespace tandem
