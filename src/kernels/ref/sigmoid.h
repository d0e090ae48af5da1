#pragma once

#include <cmath>
#include <cstdint>

#include "base/elementary.h"

// Logistic and hyperbolic tangent of int16 and float elements, for the operators of that name and for gates.
// Int16: x in steps of 1/(3·4096), |x| < 2^31; the result in steps of 2^-15.
namespace tandem {

// 2^(16 + kFractionBits) · logistic(v / (24 · 2^kFractionBits)) for v ≥ 0: the table, straight lines between
// its entries; `saturated` from the last entry on.
template <int kFractionBits>
inline int32_t sigmoid_table(uint32_t v, int32_t saturated) {
  const uint32_t segment = v >> kFractionBits;
  if (segment >= 255) return saturated;
  const int32_t from = kSigmoidTable[segment];
  const int32_t to = kSigmoidTable[segment + 1];
  return (from << kFractionBits) + static_cast<int32_t>(v & ((1 << kFractionBits) - 1)) * (to - from);
}

// Both round 2^15 · y upward at ties; for x < 0 the mirrored value is rounded downward at ties (the -1).
struct LogisticS16 {
  static int32_t of(int32_t x) {
    constexpr int32_t kHalf = 1 << 9;
    const int32_t y = sigmoid_table<9>(static_cast<uint32_t>(x < 0 ? -x : x), 32767 << 10);
    return (x >= 0 ? y + kHalf : (1 << 25) - y + kHalf - 1) >> 10;
  }
};
struct TanhS16 {
  static int32_t of(int32_t x) {
    constexpr int32_t kHalf = 1 << 7;
    const int32_t y = sigmoid_table<8>(static_cast<uint32_t>(x < 0 ? -x : x), 65535 << 8) - (1 << 23);
    return (x >= 0 ? y + kHalf : -y + kHalf - 1) >> 8;
  }
};

// With TensorFlow Lite's shortcuts where one of the terms vanishes in float.
struct LogisticF32 {
  static float of(float x) {
    if (x > 16.619047F) return 1.0F;
    if (x < -9.0F) return std::exp(x);
    return 1.0F / (1.0F + std::exp(-x));
  }
};

}  // namespace tandem
