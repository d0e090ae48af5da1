#pragma once

#include "kernels/weights.h"

// Weights of 4 bits by bytes of two.
namespace tandem::portable {

// Element 2i and 2i + 1 of byte i.
[[gnu::always_inline]] inline int32_t low_nibble(int8_t byte) {
  return static_cast<int32_t>(static_cast<uint32_t>(byte) << 28) >> 28;
}
[[gnu::always_inline]] inline int32_t high_nibble(int8_t byte) { return byte >> 4; }

/// Weights from one of a tensor on.
struct Int4Row {
  Int4Row() = default;
  Int4Row(const Int4* weights, uint32_t first)
      : bytes(reinterpret_cast<const int8_t*>(weights) + first / 2), odd(first % 2 != 0) {}

  const int8_t* bytes = nullptr;
  bool odd = false;  ///< the first is in the high half of its byte
};

/// out[i] = weights[first + i], i ∈ [0, count).
inline void unpack_int4(const Int4* weights, uint32_t first, uint32_t count, int8_t* out) {
  const Int4Row row(weights, first);
  const int8_t* from = row.bytes;
  int8_t* const end = out + count;
  if (row.odd && out != end) *out++ = static_cast<int8_t>(high_nibble(*from++));
  for (; end - out >= 2; out += 2) {
    const int8_t byte = *from++;
    out[0] = static_cast<int8_t>(low_nibble(byte));
    out[1] = static_cast<int8_t>(high_nibble(byte));
  }
  if (out != end) *out = static_cast<int8_t>(low_nibble(*from));
}

/// sums[k] += Σ (x[i] − zero_point)·row k's weight i, i ∈ [0, n), for rows that begin in the same half of a
/// byte. Cortex-M0+: 8 cycles a product.
template <uint32_t kRows>
inline void dot_from_int4(int32_t zero_point, const int8_t* x, const Int4Row* rows, uint32_t n,
                          int32_t* sums) {
  const int8_t* bytes[kRows];
  uint32_t totals[kRows];
  for (uint32_t k = 0; k < kRows; ++k) {
    bytes[k] = rows[k].bytes;
    totals[k] = static_cast<uint32_t>(sums[k]);
  }
  const auto add = [&](uint32_t k, int32_t weight, int32_t value) {
    totals[k] += static_cast<uint32_t>(weight * value);
  };
  if (rows[0].odd && n != 0) {
    const int32_t value = *x++ - zero_point;
    for (uint32_t k = 0; k < kRows; ++k) add(k, high_nibble(*bytes[k]++), value);
    --n;
  }
  for (const int8_t* const end = x + (n & ~1U); x != end; x += 2) {
    const int32_t first = x[0] - zero_point;
    const int32_t second = x[1] - zero_point;
    for (uint32_t k = 0; k < kRows; ++k) {
      const int8_t byte = *bytes[k]++;
      add(k, low_nibble(byte), first);
      add(k, high_nibble(byte), second);
    }
  }
  if (n % 2 != 0) {
    const int32_t value = *x - zero_point;
    for (uint32_t k = 0; k < kRows; ++k) add(k, low_nibble(*bytes[k]), value);
  }
  for (uint32_t k = 0; k < kRows; ++k) sums[k] = static_cast<int32_t>(totals[k]);
}

}  // namespace tandem::portable
