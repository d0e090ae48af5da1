#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// The dimension that `axis` names, from the front or, negative, from the back: adds it to the set `axes`
/// (bit d is dimension d). False if there is none. A scalar has no dimensions, and TensorFlow Lite lets any
/// axis of it pass.
constexpr bool add_axis(int32_t axis, uint32_t rank, uint32_t& axes) {
  if (rank == 0) return true;
  const int64_t dimension = axis < 0 ? int64_t{axis} + rank : axis;
  if (dimension < 0 || dimension >= rank) return false;
  axes |= 1U << dimension;
  return true;
}
static_assert([] {
  uint32_t axes = 0;
  return add_axis(-1, 4, axes) && add_axis(0, 4, axes) && axes == 9 && !add_axis(4, 4, axes) &&
         !add_axis(INT32_MIN, 4, axes);
}());

/// y[k] = f(x[k, t] for all t),  t over the n elements of the dimensions in `axes`, in their order
/// Layout       x has `rank` dimensions; y is as if those of `axes` had one element.
/// SUM, MEAN    s8, s16: Σ (x − zx), int32, wrapping, requantized by factor, for MEAN by factor / n
///              (divide_multiplier), + zero point, clamp to the type. f32: Σ, Σ / n. Of nothing (n = 0) both
///              are 0, as stored.
/// REDUCE_MAX, REDUCE_MIN  s8, f32: the largest and smallest x; NaN is neither. Of nothing, and where all are
///              infinities beyond it, the type's lowest and largest finite value.
/// REDUCE_ALL   bool: 1 if no x is 0.
/// Data errors  with axes at run time: one that x does not have; another number of outputs than y has.
/// Units        `outputs`: blocks of elements of y.
struct ReduceParams {
  static constexpr uint32_t kMaxRank = 12;

  Ref in;
  Ref out;
  Ref dims;         ///< int32[rank], rank ≤ kMaxRank
  Ref axis_values;  ///< int32[axis_count]; absent: `axes` is final
  Blocks outputs;
  uint32_t rank = 0;
  uint32_t axis_count = 0;
  uint32_t axes = 0;  ///< set of dimensions
  QuantizedMultiplier factor;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
};

/// SUM and MEAN of s8 over neighbouring dimensions, of which there is only one then:
///   y[o,i] = clamp(z + R(Σ_t (x[o,t,i] − zx), factor)),  t ∈ [0, count), i ∈ [0, inner);  count, inner ≥ 1
/// R is requantize, the sum wraps; of a MEAN the factor is divided by count already.
/// Units        `outputs`: blocks of elements of y.
struct RunMeanParams {
  Ref in;
  Ref out;
  Blocks outputs;
  uint32_t count = 0;
  uint32_t inner = 0;
  QuantizedMultiplier factor;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
};

}  // namespace tandem
