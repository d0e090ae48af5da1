#pragma once

#include "base/fixed_point.h"
#include "kernels/element_wise.h"

namespace tandem {

/// BATCH_MATMUL    y[…, r, c] = Σ_k a[…, r, k] · b[…, k, c], matrices repeated along leading dimensions of 1.
/// s8, s16         y = clamp(z_y + R(Σ_k (a − z_a)·(b − z_b), factor)); R is requantize and the sum modulo
///                 2^32 for s8, requantize64 and 64 bits for s16, whose zero points are 0.
/// Layout          the operands' loops run over the elements of y; their strides lead to the first of `depth`
///                 elements of a row of a and a column of b, depth_stride apart.
/// Units: blocks of elements of y.
struct BatchMatmulParams {
  struct Side {
    uint32_t depth_stride = 0;
    int32_t zero_point = 0;
  };
  BinaryOperands operands;
  uint32_t depth = 0;
  Side a;
  Side b;
  QuantizedMultiplier factor;
  int32_t out_zero_point = 0;
};

}  // namespace tandem
