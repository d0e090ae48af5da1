#pragma once

#include <type_traits>

#include "base/placement.h"
#include "kernels/fully_connected.h"
#include "kernels/portable/requantizer.h"

// What FULLY_CONNECTED kernels have around their loops.
namespace tandem::portable {

/// A variant: elements of x and y, weights, where a row of these begins, accumulator and bias, what outputs
/// are of accumulators.
struct FullyConnectedS8 {
  using Element = int8_t;
  using Weight = int8_t;
  using Row = const int8_t*;
  using Sum = int32_t;
  using Finish = Requantizer;
  static Row row(const Weight* weights, uint32_t first) { return weights + first; }
};

/// sums[i] = Σ_d rows[i][d] · (x[d] − zero_point), d ∈ [0, depth), wrapping.
template <uint32_t kRows, class Types = FullyConnectedS8>
struct WeightRows {
  const typename Types::Element* x;
  typename Types::Row rows[kRows];  ///< the last one again where there are fewer
  uint32_t depth;
  int32_t zero_point;
  typename Types::Sum sums[kRows];
};

/// Computes a task's outputs, up to kRows neighbouring ones of a batch at a time by
/// multiply(WeightRows<kRows, Types>&, count), of which `count` are wanted.
template <uint32_t kRows, class Types = FullyConnectedS8, class Multiply>
KernelResult fully_connected_by_rows(const FullyConnectedParams& p, const Task& task, Multiply multiply) {
  using Element = typename Types::Element;
  using Sum = typename Types::Sum;
  using Unsigned = std::make_unsigned_t<Sum>;
  using Finish = typename Types::Finish;
  const auto* in = task.in<Element>(p.in);
  const auto* weights = task.in<typename Types::Weight>(p.weights);
  const auto* bias = task.in<Sum>(p.bias);
  const auto* multipliers = task.in<int32_t>(p.multipliers);
  const auto* shifts = task.in<int8_t>(p.shifts);
  auto* out = task.out<Element>(p.out);
  // Σ (w − zw)·(x − zx) = Σ w·(x − zx) − zw·Σ (x − zx); int8 models have no zw as a rule.
  const auto weights_offset = [&](const Element* x) {
    Unsigned sum = 0;  // wraps, as everything that is summed here
    for (uint32_t d = 0; d < p.depth; ++d) sum += static_cast<Unsigned>(x[d] - p.in_zero_point);
    return static_cast<Unsigned>(p.weights_zero_point) * sum;
  };
  const Finish common(p.factor, p.out_zero_point, p.clamp);
  const uint32_t end = p.outputs.end(task);
  for (uint32_t i = p.outputs.begin(task); i < end;) {
    const uint32_t batch = i / p.channels;
    const uint32_t o = i - batch * p.channels;
    uint32_t count = end - i < p.channels - o ? end - i : p.channels - o;
    if (count > kRows) count = kRows;
    WeightRows<kRows, Types> rows{
        .x = in + batch * p.depth, .rows = {}, .depth = p.depth, .zero_point = p.in_zero_point, .sums = {}};
    for (uint32_t r = 0; r < kRows; ++r) {
      rows.rows[r] = Types::row(weights, (o + (r < count ? r : count - 1)) * p.depth);
    }
    multiply(rows, count);
    const Unsigned offset = p.weights_zero_point != 0 ? weights_offset(rows.x) : 0;
    for (uint32_t r = 0; r < count; ++r) {
      const uint32_t channel = o + r;
      Unsigned total = static_cast<Unsigned>(rows.sums[r]) - offset;
      if (bias != nullptr) total += static_cast<Unsigned>(bias[channel]);
      const auto sum = static_cast<Sum>(total);
      out[i++] = multipliers != nullptr
                     ? Finish({multipliers[channel], shifts[channel]}, p.out_zero_point, p.clamp)(sum)
                     : common(sum);
    }
  }
  return KernelResult::kOk;
}

}  // namespace tandem::portable
