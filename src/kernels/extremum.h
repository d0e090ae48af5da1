#pragma once

#include "kernels/element_wise.h"

namespace tandem {

/// MAXIMUM    y = a > b ? a : b
/// MINIMUM    y = a < b ? a : b, so that b is taken where a or b is NaN. Of what is stored, quantized or not.
struct ExtremumParams {
  BinaryOperands operands;
  uint32_t largest = 0;  ///< 1: MAXIMUM, 0: MINIMUM
};

}  // namespace tandem
