#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// y[b,o] = f(bias[o] + Σ_d (w[o,d] − zw) · (x[b,d] − zx)),  d ∈ [0, depth), o ∈ [0, channels)
/// Layout       x [batches, depth], w [channels, depth], y [batches, channels], all row-major; more
///              dimensions are the operator's affair.
/// f            s8, s16: requantization by `factor`, or by multipliers[o] · 2^(shifts[o] − 31) if these are
///              present, + zero point, clamp; f32: clamp.
/// Accumulator  s8, s16_b32: int32, wrapping; s16: int64. |w − zw| ≤ 255, |x − zx| ≤ 65535.
/// Rounding     s8, s16_b32: requantize (twice); s16: requantize64 (once, 15-bit multiplier).
/// Variants     _w4: int4 weights, two a byte, low nibble first, rows not padded.
/// Units        `outputs`: blocks of elements of y.
struct FullyConnectedParams {
  Ref in;
  Ref weights;
  Ref bias;  ///< int32[channels], int64 (s16), float; optional
  Ref out;
  Ref multipliers;  ///< int32[channels], present if quantized per channel
  Ref shifts;       ///< int8[channels], positive: left
  QuantizedMultiplier factor;
  Blocks outputs;
  uint32_t channels = 0;
  uint32_t depth = 0;
  int32_t in_zero_point = 0;
  int32_t weights_zero_point = 0;
  int32_t out_zero_point = 0;
  Clamp clamp;
  ClampF32 clamp_f32;
};

}  // namespace tandem
