#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernels/kernel.h"

// For tests of kernels on the board: operands one after the other in memory, with guard bytes between them.

/// The same numbers on every machine.
class Random {
 public:
  explicit Random(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  uint32_t operator()() {
    state_ = state_ * 1664525 + 1013904223;
    return state_ >> 8;
  }
  /// In [low, high].
  int32_t pick(int32_t low, int32_t high) {
    return low + static_cast<int32_t>(operator()() % static_cast<uint32_t>(high - low + 1));
  }

 private:
  uint32_t state_;
};

class KernelArena {
 public:
  explicit KernelArena(std::span<uint8_t> memory) : memory_(memory) {
    std::memset(memory.data(), kGuard, memory.size());
  }

  /// Room for `count` of T, filled by fill(); 16-aligned.
  template <class T, class Fill>
  tandem::Ref add(uint32_t count, Fill fill) {
    const uint32_t at = (used_ + kGuardBytes + 15) / 16 * 16;
    auto* values = reinterpret_cast<T*>(memory_.data() + at);
    for (uint32_t i = 0; i < count; ++i) values[i] = static_cast<T>(fill());
    used_ = at + count * sizeof(T);
    return tandem::Ref::make(tandem::Ref::kArena, at);
  }
  tandem::Ref room(uint32_t bytes) {
    return add<uint8_t>(bytes, [] { return kGuard; });
  }
  template <class T>
  T* at(tandem::Ref ref) {
    return reinterpret_cast<T*>(memory_.data() + ref.offset());
  }
  [[nodiscard]] uint32_t bytes() const { return used_ + kGuardBytes; }
  uint8_t* data() { return memory_.data(); }

  /// Runs units `at_once`, the workers in turn.
  void run(const tandem::AnyKernel& kernel, const void* params, uint32_t units, uint32_t workers,
           uint32_t at_once = 1) {
    const tandem::Bases bases{.arena = memory_.data()};
    uint32_t worker = 0;
    for (uint32_t unit = 0; unit < units; unit += at_once) {
      const uint32_t end = std::min(unit + at_once, units);
      static_cast<void>(
          kernel.run(params, {.bases = bases, .begin = unit, .end = end, .worker = worker++ % workers}));
    }
  }

 private:
  static constexpr uint8_t kGuard = 0x5a;
  static constexpr uint32_t kGuardBytes = 32;
  std::span<uint8_t> memory_;
  uint32_t used_ = 0;
};
