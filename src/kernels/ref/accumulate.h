#pragma once

#include "base/fixed_point.h"

// What a sum of products becomes: the one place where ref kernels turn accumulators into outputs.
namespace tandem {

/// How products are summed, and the sum made an output element, for each element type.
template <class Element, class Sum>
struct Accumulator;

// s8, and s16 with a 32-bit bias. The sum wraps, as the reference's does in practice; with |w·x| ≤ 128·255
// that takes more than 65,000 products.
template <class Element>
struct Accumulator<Element, int32_t> {
  int32_t sum = 0;

  void multiply(int32_t weight, int32_t activation) { sum = wrapping_add(sum, weight * activation); }
  void add(int32_t bias) { sum = wrapping_add(sum, bias); }
  [[nodiscard]] Element finish(QuantizedMultiplier m, int32_t zero_point, const Clamp& clamp) const {
    return static_cast<Element>(clamp.apply(wrapping_add(requantize(sum, m), zero_point)));
  }
};

// s16: 2^31 products fit.
template <class Element>
struct Accumulator<Element, int64_t> {
  int64_t sum = 0;

  void multiply(int32_t weight, int32_t activation) { sum += int64_t{weight} * activation; }
  void add(int64_t bias) {
    sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(bias));
  }
  [[nodiscard]] Element finish(QuantizedMultiplier m, int32_t zero_point, const Clamp& clamp) const {
    return static_cast<Element>(clamp.apply(wrapping_add(requantize64(sum, m), zero_point)));
  }
};

template <>
struct Accumulator<float, float> {
  float sum = 0;

  void multiply(float weight, float activation) { sum += weight * activation; }
  void add(float bias) { sum += bias; }
  [[nodiscard]] float finish(const ClampF32& clamp) const { return clamp.apply(sum); }
};

}  // namespace tandem
