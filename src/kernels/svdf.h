#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// A filter of two factors: over the features of each input (rank 1 in time), then over the last
/// `memory_size` of its results. `rank` such filters are summed for each of `units` outputs.
///   s[b,f,·]  moves on by one; s[b,f,last] = g(Σ_k wf[f,k] · (x[b,k] − zx))
///   y[b,u]    = h(bias[u] + Σ_{f of u} Σ_j wt[f,j] · (s[b,f,j] − zs)),  f ∈ [u · rank, (u + 1) · rank)
/// Layout       x [batches, input_size], wf [filters, input_size], wt [filters, memory_size],
///              s [batches, filters, memory_size], y [batches, units]; filters = units · rank;
///              memory_size ≥ 1.
/// s8           g: requantize by feature_factor, clamp to the type of the state, + zs (wrapping). h:
///              requantize by out_factor, + zero point, clamp to int8. Sums are int32, wrapping. Wt and s are
///              int8, or int16 (s8_s16). As in TensorFlow Lite, there is no activation.
/// f32          g: nothing, h: activation, any of them.
/// State        an output's filters are its own, so that each unit updates what it alone reads.
/// Units        `outputs`: blocks of elements of y.
struct SvdfParams {
  Ref in;
  Ref weights_feature;
  Ref weights_time;
  Ref bias;  ///< int32[units], float; optional
  Ref state;
  Ref out;
  Blocks outputs;
  uint32_t units = 0;
  uint32_t rank = 1;
  uint32_t input_size = 0;
  uint32_t memory_size = 1;
  QuantizedMultiplier feature_factor;
  QuantizedMultiplier out_factor;
  int32_t in_zero_point = 0;
  int32_t state_zero_point = 0;
  int32_t out_zero_point = 0;
  Activation activation = Activation::kNone;
};

}  // namespace tandem
