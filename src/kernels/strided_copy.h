#pragma once

#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// One dimension of a strided copy; strides in bytes, of either sign, 0 to read or write a place again.
struct StridedDim {
  uint32_t count = 1;
  int32_t in_stride = 0;
  int32_t out_stride = 0;
};

/// y[out_start + Σ_d i_d · out_stride_d + k] = x[in_start + Σ_d i_d · in_stride_d + k],  k ∈ [0, run_bytes)
///              for every index i below the dimensions' counts: slices, paddings, pieces of a concatenation
///              and whatever else moves elements in a regular pattern without looking at them.
/// Layout       dims: the outermost first, 1 to kMaxDims of them, every count at least 1.
/// Shifts       in_start and out_start grow by the uint32 at in_shift and out_shift where these are present,
/// and
///              dims may lie in the arena: a step before this one computes them from operands of run time.
/// Preconditions  every run lies inside x and inside y; no place of y is written twice.
/// Units        runs.units() blocks of runs, in the order of i.
struct StridedCopyParams {
  static constexpr uint32_t kMaxDims = 12;

  Ref in;
  Ref out;
  Ref dims;  ///< StridedDim[rank]
  Ref in_shift;
  Ref out_shift;
  uint32_t rank = 0;
  uint32_t in_start = 0;
  uint32_t out_start = 0;
  uint32_t run_bytes = 0;
  Blocks runs;
};

}  // namespace tandem
