#pragma once

#include <span>

#include "kernels/indexed_copy.h"
#include "kernels/run_time_copy.h"
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
  uint32_t output = 0;
  Ref out_shift = {};  ///< uint32 bytes, written by a step before: added to out_start; may be absent
};

/// Appends the step that moves elements of input `input` to an output, merged to the longest runs there are;
/// none if nothing moves, or if output 0 is the whole input and can take over its memory. The caller has
/// checked that both have the same type, of whole bytes, and that all that is moved lies inside of both.
void emit_movement(OpContext& c, uint32_t input, const Movement& movement);

/// A copy from input 0 to output 0 that follows tables (kernels/indexed_copy.h). There is at least one
/// dimension.
struct IndexedMovement {
  std::span<const IndexedDim> dims;
  uint32_t run_bytes = 0;
  bool scatter = false;  ///< the tables are of the output, else of the input

  /// The tables' entries together.
  [[nodiscard]] uint32_t entries() const;
};

/// Keeps the dimensions in the plan, for emit_indexed_copy and the step before it that may compute the
/// tables.
Ref prepare_dims(OpContext& c, std::span<const IndexedDim> dims);

/// Appends the step of such a copy, whose tables are at `offsets`; none if nothing is to be copied.
void emit_indexed_copy(OpContext& c, const IndexedMovement& movement, Ref dims, Ref offsets);

/// What a step that finds the bounds of a copy of input 0 reads, and where it writes them.
struct RunTimeCopyPlan {
  Ref dims;  ///< StridedDim[rank]: input 0's sizes and strides
  RunTimeCopy copy;
};
RunTimeCopyPlan plan_run_time_copy(OpContext& c);

/// Appends the step of the copy from input 0 to output 0 whose bounds the step before it finds.
void emit_run_time_copy(OpContext& c, const RunTimeCopy& copy);

/// Appends the step that copies input `input` to output 0, which has as many bytes; none if that can take
/// over its memory.
void emit_copy(OpContext& c, uint32_t input);

/// Appends the step that writes the one element at `value`, of output 0's type, to every element of output 0.
void emit_fill(OpContext& c, Ref value);

/// Dimension `axis` of `rank`, counted from the back if it is negative. Error: kAxis, there is none.
Result<uint32_t> dimension_of(const OpContext& c, int64_t axis, uint32_t rank);

/// An operand, INT32 or INT64, that a kernel reads indices from.
Indices indices(OpContext& c, uint32_t i);

/// Element `i` of a constant operand that holds indices, INT32 or INT64.
int64_t constant_index(const TensorInfo& tensor, uint32_t i);

/// Refuses unless input `i` is a constant of INT32 or INT64.
Status expect_constant_indices(const OpContext& c, uint32_t i);

}  // namespace tandem
