#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// y = the shape to which tensors of the shapes a and b broadcast: both aligned at their ends, what is
/// missing in front is 1, and of two dimensions the one that is not 1 counts. Layout      a, b and y: lists
/// of dimensions, int32 or int64. Data error  two dimensions that differ, neither of them 1. Units       one.
struct BroadcastArgsParams {
  Ref a;
  Ref b;
  Ref out;
  uint32_t a_rank = 0;
  uint32_t b_rank = 0;
  uint32_t out_rank = 0;
};

}  // namespace tandem
