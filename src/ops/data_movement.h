#pragma once

#include <span>

#include "ops/op_context.h"

// What the operators share that move elements without looking at them.
namespace tandem {

/// Bytes of an element of `type`; 0 for types whose elements are not whole bytes.
uint32_t element_bytes(Type type);

/// The distance in elements from one index of each dimension of a dense tensor to the next.
struct DenseStrides {
  explicit DenseStrides(const Shape& shape);
  int64_t elements[kMaxRank] = {};
};

/// Elements moved along one dimension; strides in elements.
struct MovedDim {
  int64_t count = 1;
  int64_t in_stride = 0;
  int64_t out_stride = 0;
};

/// What goes where: for each index i below all counts, element in_start + Σ i·in_stride of the input to
/// element out_start + Σ i·out_stride of the output. At most kMaxRank dimensions, the outermost first.
struct Movement {
  int64_t in_start = 0;
  int64_t out_start = 0;
  std::span<MovedDim> dims;  ///< is working memory: changed by emit_movement
};

/// Appends the step that moves elements of input `input` to output 0, merged to the longest runs there are;
/// none if nothing moves, or if the output is the whole input and can take over its memory. The caller has
/// checked that both have the same type, of whole bytes, and that all that is moved lies inside of both.
void emit_movement(OpContext& c, uint32_t input, const Movement& movement);

/// Appends the step that writes the one element at `value`, of output 0's type, to every element of output 0.
void emit_fill(OpContext& c, Ref value);

/// Element `i` of a constant operand that holds indices, INT32 or INT64.
int64_t constant_index(const TensorInfo& tensor, uint32_t i);

/// Refuses unless input `i` is a constant of INT32 or INT64.
Status expect_constant_indices(const OpContext& c, uint32_t i);

}  // namespace tandem
