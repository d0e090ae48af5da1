#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/kernel.h"

namespace tandem {

/// `count` independent items cut into work units of `per_unit` items, the last unit shorter.
struct Blocks {
  uint32_t count = 0;
  uint32_t per_unit = 1;

  [[nodiscard]] constexpr uint32_t units() const {
    return count / per_unit + (count % per_unit != 0 ? 1 : 0);
  }
  struct Range {
    uint32_t begin = 0;
    uint32_t end = 0;
  };
  /// The items of one unit.
  [[nodiscard]] constexpr Range block(uint32_t unit) const { return {first(unit), first(unit + 1)}; }
  /// The items of units [task.begin, task.end).
  [[nodiscard]] constexpr uint32_t begin(const Task& task) const { return first(task.begin); }
  [[nodiscard]] constexpr uint32_t end(const Task& task) const { return first(task.end); }

 private:
  [[nodiscard]] constexpr uint32_t first(uint32_t unit) const {
    return static_cast<uint32_t>(std::min(uint64_t{unit} * per_unit, uint64_t{count}));
  }
};

/// Cuts `count` items of about `cost` elementary operations each into units worth handing to another worker,
/// and no more than a step can have.
constexpr Blocks cut_into_blocks(uint32_t count, uint64_t cost) {
  constexpr uint64_t kUnitCost = 1024;
  constexpr uint32_t kMaxUnits = UINT16_MAX;
  const auto worth = static_cast<uint32_t>((kUnitCost + cost) / (cost + 1));
  return {.count = count, .per_unit = std::max(worth, count / kMaxUnits + 1)};
}
static_assert(cut_into_blocks(100, 10).units() == 2 && cut_into_blocks(5, 1'000'000).units() == 5);
static_assert(cut_into_blocks(0, 0).units() == 0 && cut_into_blocks(UINT32_MAX, 5000).units() <= UINT16_MAX);

}  // namespace tandem
