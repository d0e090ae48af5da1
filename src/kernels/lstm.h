#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// What a gate sees before its function: R(bias + Σ_k w[u,k] · (x[k] − zx)) + R'(Σ_k v[u,k] · (h[k] − zh)), u
/// a unit, R and R' requantizing to int16 in steps of 2^-12; weights less their zero points. f32: the sums.
struct LstmGate {
  Ref weights;            ///< w [units, input_size]
  Ref recurrent_weights;  ///< v [units, units]
  Ref bias;               ///< [units]: int32 (s8), int64 (s16), float
  QuantizedMultiplier factor;
  QuantizedMultiplier recurrent_factor;
  int32_t weights_zero_point = 0;
  int32_t recurrent_weights_zero_point = 0;
};

/// Long short-term memory over a sequence, without peepholes, projection or normalization. For each time step
/// and unit, with σ the logistic function and gates F (forget), I (input), G (cell), O (output):
///   c = clip(F·c + I·g),   h = tanh(c) · o,   y = h;    f = σ(F), i = σ(I), g = tanh(G), o = σ(O)
/// Layout       x [batches, times, input_size] or, time major, [times, batches, input_size]; y likewise of
///              `units`; h, c [batches, units], kept from one invocation to the next.
/// s8, s16      x, h, y of that type, weights int8, c and gates int16. Functions by table (ref/sigmoid.h),
/// results
///              in steps of 2^-15. F·c, I·g and each sum saturate to int16; products are requantized by
///              cell_factor and input_factor, tanh(c)·o by hidden_factor, + zh, clamped. tanh: c ·
///              tanh_multiplier / 2^tanh_shift as for TANH (activation.h).
/// Accumulator  s8: int32, wrapping; s16: int64.
/// Order        all units' gates of a time step see h of the step before: y takes the new one until all are
/// there. Units        `rows`: blocks of batches.
struct LstmParams {
  enum GateNumber { kInputGate, kForgetGate, kCellGate, kOutputGate, kGates };

  Ref in;
  Ref out;
  Ref hidden;
  Ref cell;
  LstmGate gates[kGates];
  Blocks rows;
  uint32_t times = 0;
  uint32_t input_size = 0;
  uint32_t units = 0;
  uint32_t time_stride = 1;   ///< rows of x and y from one time step to the next
  uint32_t batch_stride = 1;  ///< and from one batch to the next
  int32_t in_zero_point = 0;
  int32_t hidden_zero_point = 0;
  QuantizedMultiplier cell_factor;
  QuantizedMultiplier input_factor;
  QuantizedMultiplier hidden_factor;
  int32_t tanh_multiplier = 0;
  int32_t tanh_shift = 0;
  int32_t cell_clip = 1 << 15;  ///< |c| is at most this
  float cell_clip_f32 = 0;      ///< 0: no clipping
};

}  // namespace tandem
