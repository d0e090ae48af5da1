#include "kernels/fully_connected.h"

#include "base/placement.h"
#include "kernels/portable/dot.h"
#include "kernels/portable/requantizer.h"

// FULLY_CONNECTED of int8 on any 32-bit machine: two output channels at a time share the loads of the input.
namespace tandem {
namespace {

using portable::Requantizer;

TANDEM_HOT("fully_connected_s8_pair")
portable::Sums multiply(const int8_t* x, const int8_t* w0, const int8_t* w1, const FullyConnectedParams& p) {
  portable::Sums sums;
  portable::dot_from(p.in_zero_point, x, w0, w1, p.depth, sums);
  return sums;
}

KernelResult fully_connected(const FullyConnectedParams& p, const Task& task) {
  const auto* in = task.in<int8_t>(p.in);
  const auto* weights = task.in<int8_t>(p.weights);
  const auto* bias = task.in<int32_t>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<int8_t>(p.out);
  const auto finish = [&](uint32_t o, int32_t sum) {
    const QuantizedMultiplier factor =
        multipliers != nullptr ? QuantizedMultiplier{multipliers[o], shifts[o]} : p.factor;
    return Requantizer(factor, p.out_zero_point, p.clamp)(bias != nullptr ? wrapping_add(sum, bias[o]) : sum);
  };
  // Σ (w − zw)·(x − zx) = Σ w·(x − zx) − zw·Σ (x − zx); int8 models have no zw as a rule.
  const auto weights_offset = [&](const int8_t* x) {
    uint32_t sum = 0;  // modulo 2^32, as everything that is summed here
    for (uint32_t d = 0; d < p.depth; ++d) sum += static_cast<uint32_t>(x[d] - p.in_zero_point);
    return static_cast<int32_t>(static_cast<uint32_t>(p.weights_zero_point) * sum);
  };
  const uint32_t end = p.outputs.end(task);
  for (uint32_t i = p.outputs.begin(task); i < end;) {
    const uint32_t batch = i / p.channels;
    const uint32_t o = i - batch * p.channels;
    const uint32_t second = i + 1 < end && o + 1 < p.channels ? o + 1 : o;
    const int8_t* x = in + batch * p.depth;
    const portable::Sums sums = multiply(x, weights + o * p.depth, weights + second * p.depth, p);
    const int32_t offset = p.weights_zero_point != 0 ? weights_offset(x) : 0;
    out[i++] = finish(o, wrapping_sub(sums.a, offset));
    if (second != o) out[i++] = finish(second, wrapping_sub(sums.b, offset));
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(fully_connected_s8__portable, FullyConnectedParams, fully_connected)

}  // namespace tandem
