#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"
#include "kernels/level_requantization.h"

namespace tandem {

/// QUANTIZE of floats   y = clamp(z_y + round(x / scale)), ties away from zero; saturating; NaN gives z_y.
/// of integers          y = clamp(z_y + requantize(x − z_x, multiplier)), in int32, wrapping.
/// DEQUANTIZE           y = scale · (x − z_x), rounded once: x − z_x has at most 17 bits.
struct QuantizeParams {
  UnaryOperands operands;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
  float scale = 0;
  LevelConstants level;  ///< s16_s8__portable: of `multiplier`; slack 0 if it has none
};

}  // namespace tandem
