#pragma once

#include "kernels/blocks.h"

// What the contracts of element-wise operators share: their operands, and how these broadcast.
namespace tandem {

/// y[i] = f(x[i]), i ∈ [0, elements.count). `out` may be `in` where their elements are of one size.
/// Units: blocks of elements.
struct UnaryOperands {
  Ref in;
  Ref out;
  Blocks elements;
};

/// y[i] = f(x₀[i₀], x₁[i₁], …), where inputs with dimensions of 1 are repeated along them as in NumPy.
/// Planning has reduced the shapes to nested loops, neighbours joined wherever their strides allow: equal
/// shapes and scalars have no outer loop. Elements of `out` are consecutive; a loop's stride is the distance
/// in an input of two elements that meet neighbours of it in `out`, 0 where the input is repeated.
/// `out` may be an input that is nowhere repeated and whose elements are of the same size.
/// Units: blocks of elements of `out`.
template <uint32_t kInputs>
struct BroadcastOperands {
  struct Loop {
    uint32_t extent = 1;
    uint32_t strides[kInputs] = {};
  };
  /// One less than the dimensions a tensor can have.
  static constexpr uint32_t kMaxOuterLoops = 11;

  Ref in[kInputs];
  Ref out;
  Blocks elements;
  Loop inner;  ///< strides are 0 or 1
  Ref outer;   ///< Loop[outer_loops], innermost first
  uint32_t outer_loops = 0;
};
using BinaryOperands = BroadcastOperands<2>;

}  // namespace tandem
