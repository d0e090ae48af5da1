#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"

namespace tandem {

/// ADD_N    f32: y[i] = ((0 + x₀[i]) + x₁[i]) + …
///          s8: y[i] = clamp(z_y + R(2^19·(Σ (x_k[i] − z_x) − z_x), m)), modulo 2^32 before R, which is
///          requantize. The zero point too many is TensorFlow Lite's.
/// Needs    m < 1 with a shift ≤ 0. `out` may be one of the inputs.
/// Units: blocks of elements.
struct AddNParams {
  static constexpr int kFractionBits = 19;

  Ref in;  ///< Ref[inputs]
  uint32_t inputs = 0;
  Ref out;
  Blocks elements;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
};

}  // namespace tandem
