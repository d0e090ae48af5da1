#pragma once

#include "kernels/element_wise.h"
#include "tandem/tensor.h"

namespace tandem {

/// CAST         y = x as another type: a kernel for each type of x, s8, s16, s32, u32, f32 and bool; y has
/// one
///              of the first five.
/// Rounding     to f32: nearest, ties to even. From f32: the fraction is cut off; beyond the range of y, what
///              C++ leaves open: NaN is 0; s32 saturates; s8 and s16 take the low bits of that; u32 the low
///              bits of 64-bit integers, which saturate.
/// Integers     keep their low bits. bool: 1 for what is not 0.
struct CastParams {
  UnaryOperands operands;
  Type to = Type::kInt8;
};

}  // namespace tandem
