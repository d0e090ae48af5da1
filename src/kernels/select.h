#pragma once

#include "kernels/element_wise.h"

namespace tandem {

/// SELECT_V2    y = c ≠ 0 ? a : b, elements moved as they are. Inputs: c (one byte an element), a, b.
/// Needs        element_bytes ∈ {1, 2, 4}.
struct SelectParams {
  BroadcastOperands<3> operands;
  uint32_t element_bytes = 0;
};

}  // namespace tandem
