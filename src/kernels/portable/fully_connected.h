#pragma once

#include "base/placement.h"
#include "kernels/fully_connected.h"
#include "kernels/portable/requantizer.h"

// What FULLY_CONNECTED kernels of int8 have around their loops.
namespace tandem::portable {

/// sums[i] = Σ_d rows[i][d] · (x[d] − zero_point), d ∈ [0, depth), wrapping.
template <uint32_t kRows>
struct WeightRows {
  const int8_t* x;
  const int8_t* rows[kRows];  ///< the last one again where there are fewer
  uint32_t depth;
  int32_t zero_point;
  int32_t sums[kRows];
};

/// Computes a task's outputs, up to kRows neighbouring ones of a batch at a time by
/// multiply(WeightRows<kRows>&, count), of which `count` are wanted.
template <uint32_t kRows, class Multiply>
KernelResult fully_connected_by_rows(const FullyConnectedParams& p, const Task& task, Multiply multiply) {
  const auto* in = task.in<int8_t>(p.in);
  const auto* weights = task.in<int8_t>(p.weights);
  const auto* bias = task.in<int32_t>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<int8_t>(p.out);
  // Σ (w − zw)·(x − zx) = Σ w·(x − zx) − zw·Σ (x − zx); int8 models have no zw as a rule.
  const auto weights_offset = [&](const int8_t* x) {
    uint32_t sum = 0;  // modulo 2^32, as everything that is summed here
    for (uint32_t d = 0; d < p.depth; ++d) sum += static_cast<uint32_t>(x[d] - p.in_zero_point);
    return static_cast<int32_t>(static_cast<uint32_t>(p.weights_zero_point) * sum);
  };
  const Requantizer common(p.factor, p.out_zero_point, p.clamp);
  const uint32_t end = p.outputs.end(task);
  for (uint32_t i = p.outputs.begin(task); i < end;) {
    const uint32_t batch = i / p.channels;
    const uint32_t o = i - batch * p.channels;
    uint32_t count = end - i < p.channels - o ? end - i : p.channels - o;
    if (count > kRows) count = kRows;
    WeightRows<kRows> rows{
        .x = in + batch * p.depth, .rows = {}, .depth = p.depth, .zero_point = p.in_zero_point, .sums = {}};
    for (uint32_t r = 0; r < kRows; ++r) {
      rows.rows[r] = weights + (o + (r < count ? r : count - 1)) * p.depth;
    }
    multiply(rows, count);
    const int32_t offset = p.weights_zero_point != 0 ? weights_offset(rows.x) : 0;
    for (uint32_t r = 0; r < count; ++r) {
      const uint32_t channel = o + r;
      int32_t sum = wrapping_sub(rows.sums[r], offset);
      if (bias != nullptr) sum = wrapping_add(sum, bias[channel]);
      out[i++] = multipliers != nullptr
                     ? Requantizer({multipliers[channel], shifts[channel]}, p.out_zero_point, p.clamp)(sum)
                     : common(sum);
    }
  }
  return KernelResult::kOk;
}

}  // namespace tandem::portable
