#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// An operand that holds indices, sizes or axes and is read while running: int32, or int64 if `wide`.
struct Indices {
  Ref values;
  uint32_t wide = 0;

  [[nodiscard]] int64_t get(const Task& task, uint32_t i) const {
    return wide != 0 ? task.in<int64_t>(values)[i] : task.in<int32_t>(values)[i];
  }
};

}  // namespace tandem
