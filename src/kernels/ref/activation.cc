#include "kernels/activation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/ref/element_wise.h"
#include "kernels/ref/sigmoid.h"

namespace tandem {
namespace {

template <class Element>
KernelResult clamp(const ClampParams& p, const Task& task) {
  return map_elements<Element, Element>(p.operands, task,
                                        [&](Element x) { return static_cast<Element>(p.clamp.apply(x)); });
}

KernelResult clamp_f32(const ClampParams& p, const Task& task) {
  return map_elements<float, float>(p.operands, task, [&](float x) { return p.clamp_f32.apply(x); });
}

template <class Element>
KernelResult leaky_relu(const LeakyReluParams& p, const Task& task) {
  const bool falls = p.negative.multiplier < 0;
  const QuantizedMultiplier negative{falls ? -p.negative.multiplier : p.negative.multiplier,
                                     p.negative.shift};
  return map_elements<Element, Element>(p.operands, task, [&](Element x) {
    const int32_t value = x - p.in_zero_point;
    int32_t scaled = requantize(value, value >= 0 ? p.positive : negative);
    if (falls && value < 0) scaled = wrapping_sub(0, scaled);
    return static_cast<Element>(kRangeOf<Element>.apply(wrapping_add(scaled, p.out_zero_point)));
  });
}

KernelResult leaky_relu_f32(const LeakyReluParams& p, const Task& task) {
  return map_elements<float, float>(p.operands, task, [&](float x) { return x > 0 ? x : x * p.alpha; });
}

// ---- s8

struct LogisticS8 {
  static int32_t of(int32_t x_q4) { return rdiv_pot(q::logistic<4>(x_q4), 31 - 8) - 128; }
};
struct TanhS8 {
  static int32_t of(int32_t x_q4) { return rdiv_pot(q::tanh<4>(x_q4), 31 - 7); }
};

template <class Function>
KernelResult sigmoid_s8(const SigmoidParams& p, const Task& task) {
  constexpr Clamp kRange = kRangeOf<int8_t>;
  return map_elements<int8_t, int8_t>(p.operands, task, [&](int8_t x) {
    const int32_t value = x - p.in_zero_point;
    if (value <= -p.in_radius) return static_cast<int8_t>(kRange.min);
    if (value >= p.in_radius) return static_cast<int8_t>(kRange.max);
    return static_cast<int8_t>(kRange.apply(Function::of(requantize(value, p.multiplier))));
  });
}

// ---- s16

template <class Function>
KernelResult sigmoid_s16(const SigmoidParams& p, const Task& task) {
  const int32_t shift = p.multiplier.shift;
  const int32_t half = shift > 0 ? 1 << (shift - 1) : 0;
  return map_elements<int16_t, int16_t>(p.operands, task, [&](int16_t x) {
    return static_cast<int16_t>(Function::of((x * p.multiplier.multiplier + half) >> shift));
  });
}

// ---- f32

KernelResult logistic_f32(const SigmoidParams& p, const Task& task) {
  return map_elements<float, float>(p.operands, task, [](float x) { return LogisticF32::of(x); });
}

KernelResult tanh_f32(const SigmoidParams& p, const Task& task) {
  return map_elements<float, float>(p.operands, task, [](float x) { return std::tanh(x); });
}

}  // namespace

TANDEM_DEFINE_KERNEL(clamp_f32__ref, ClampParams, clamp_f32)
TANDEM_DEFINE_KERNEL(clamp_s16__ref, ClampParams, clamp<int16_t>)
TANDEM_DEFINE_KERNEL(clamp_s8__ref, ClampParams, clamp<int8_t>)
TANDEM_DEFINE_KERNEL(leaky_relu_f32__ref, LeakyReluParams, leaky_relu_f32)
TANDEM_DEFINE_KERNEL(leaky_relu_s16__ref, LeakyReluParams, leaky_relu<int16_t>)
TANDEM_DEFINE_KERNEL(leaky_relu_s8__ref, LeakyReluParams, leaky_relu<int8_t>)
TANDEM_DEFINE_KERNEL(logistic_f32__ref, SigmoidParams, logistic_f32)
TANDEM_DEFINE_KERNEL(logistic_s16__ref, SigmoidParams, sigmoid_s16<LogisticS16>)
TANDEM_DEFINE_KERNEL(logistic_s8__ref, SigmoidParams, sigmoid_s8<LogisticS8>)
TANDEM_DEFINE_KERNEL(tanh_f32__ref, SigmoidParams, tanh_f32)
TANDEM_DEFINE_KERNEL(tanh_s16__ref, SigmoidParams, sigmoid_s16<TanhS16>)
TANDEM_DEFINE_KERNEL(tanh_s8__ref, SigmoidParams, sigmoid_s8<TanhS8>)

}  // namespace tandem
