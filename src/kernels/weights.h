#pragma once

#include <cstdint>

namespace tandem {

/// Weights of 4 bits: element i in the low (i even) or high (i odd) nibble of byte i / 2, two's complement.
struct Int4 {};

/// Weight i of a tensor of T.
template <class T>
struct Weights {
  const T* data;
  T operator[](uint32_t i) const { return data[i]; }
};
template <>
struct Weights<Int4> {
  const Int4* data;
  int32_t operator[](uint32_t i) const {
    const uint8_t byte = reinterpret_cast<const uint8_t*>(data)[i / 2];
    const uint32_t nibble = i % 2 == 0 ? byte & 15U : byte >> 4;
    return static_cast<int32_t>(nibble ^ 8U) - 8;
  }
};

}  // namespace tandem
