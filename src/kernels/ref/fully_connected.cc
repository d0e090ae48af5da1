#include "kernels/fully_connected.h"

#include <type_traits>

#include "kernels/ref/accumulate.h"
#include "kernels/weights.h"

namespace tandem {
namespace {

template <class Element, class Weight, class Sum>
KernelResult fully_connected(const FullyConnectedParams& p, const Task& task) {
  constexpr bool kFloat = std::is_same_v<Element, float>;
  using Wide = std::conditional_t<kFloat, float, int32_t>;
  const auto* in = task.in<Element>(p.in);
  const Weights<Weight> weights{task.in<Weight>(p.weights)};
  const auto* bias = task.in<Sum>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  const auto in_zero_point = static_cast<Wide>(p.in_zero_point);
  const auto weights_zero_point = static_cast<Wide>(p.weights_zero_point);
  auto* out = task.out<Element>(p.out);
  for (uint32_t i = p.outputs.begin(task); i < p.outputs.end(task); ++i) {
    const uint32_t o = i % p.channels;
    const Element* x = in + i / p.channels * p.depth;
    const uint32_t row = o * p.depth;
    Accumulator<Element, Sum> accumulator;
    for (uint32_t d = 0; d < p.depth; ++d) {
      accumulator.multiply(static_cast<Wide>(weights[row + d]) - weights_zero_point,
                           static_cast<Wide>(x[d]) - in_zero_point);
    }
    if (bias != nullptr) accumulator.add(bias[o]);
    if constexpr (kFloat) {
      out[i] = accumulator.finish(p.clamp_f32);
    } else {
      const QuantizedMultiplier factor =
          multipliers != nullptr ? QuantizedMultiplier{multipliers[o], shifts[o]} : p.factor;
      out[i] = accumulator.finish(factor, p.out_zero_point, p.clamp);
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(fully_connected_s8__ref, FullyConnectedParams,
                     (fully_connected<int8_t, int8_t, int32_t>))
TANDEM_DEFINE_KERNEL(fully_connected_s8_w4__ref, FullyConnectedParams,
                     (fully_connected<int8_t, Int4, int32_t>))
TANDEM_DEFINE_KERNEL(fully_connected_s16__ref, FullyConnectedParams,
                     (fully_connected<int16_t, int8_t, int64_t>))
TANDEM_DEFINE_KERNEL(fully_connected_s16_b32__ref, FullyConnectedParams,
                     (fully_connected<int16_t, int8_t, int32_t>))
TANDEM_DEFINE_KERNEL(fully_connected_f32__ref, FullyConnectedParams, (fully_connected<float, float, float>))

}  // namespace tandem
