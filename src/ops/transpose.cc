#include "ops/data_movement.h"

namespace tandem {
namespace {

constexpr uint32_t kMaxTransposedRank = 5;  // of TensorFlow Lite Micro

Status plan_transpose(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  TANDEM_TRY(expect_constant_indices(c, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo permutation = c.input(1);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  const uint32_t rank = in.shape.rank;
  if (rank > kMaxTransposedRank) return c.error(Code::kInputRank, 0, static_cast<int32_t>(rank));
  if (permutation.shape.rank != 1 || permutation.elements != rank) return c.error(Code::kInputShape, 1, 0);

  const DenseStrides in_strides(in.shape);
  MovedDim dims[kMaxTransposedRank];
  Shape out{.rank = rank};
  uint32_t named = 0;
  for (uint32_t d = 0; d < rank; ++d) {
    const int64_t from = constant_index(permutation, d);
    if (from < 0 || from >= rank || (named >> from & 1) != 0) {
      return c.error(Code::kPermutation, static_cast<int32_t>(d), static_cast<int32_t>(from));
    }
    named |= 1U << from;
    out.dims[d] = in.shape[static_cast<uint32_t>(from)];
    dims[d] = {.count = out[d], .in_stride = in_strides.elements[from]};
  }
  TANDEM_TRY(c.expect_output_shape(0, out));
  const DenseStrides out_strides(out);
  for (uint32_t d = 0; d < rank; ++d) dims[d].out_stride = out_strides.elements[d];
  emit_movement(c, 0, {.dims = std::span(dims, rank)});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(TRANSPOSE, transpose, plan_transpose, strided_copy__ref)

}  // namespace tandem
