#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace tandem {

using Bytes = std::span<const uint8_t>;

static_assert(std::endian::native == std::endian::little, "TensorFlow Lite files are read in place");

/// The little-endian T at `at`, at any alignment. The caller has checked that it lies inside.
template <class T>
T read_unaligned(const uint8_t* at) {
  T value;
  // A core without unaligned accesses calls a function for what is not known to be aligned, which most is.
  if (reinterpret_cast<uintptr_t>(at) % alignof(T) == 0) {
    std::memcpy(&value, std::assume_aligned<alignof(T)>(at), sizeof value);
  } else {
    std::memcpy(&value, at, sizeof value);
  }
  return value;
}

constexpr uint32_t align_up(uint32_t bytes, uint32_t alignment) {
  return (bytes + alignment - 1) & ~(alignment - 1);
}

}  // namespace tandem
