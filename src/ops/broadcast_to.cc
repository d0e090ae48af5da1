#include <algorithm>

#include "ops/data_movement.h"

namespace tandem {
namespace {

constexpr uint32_t kMaxBroadcastRank = 5;  // of TensorFlow Lite Micro

Status plan_broadcast_to(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(expect_constant_indices(c, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo shape = c.input(1);
  const TensorInfo out = c.output(0);
  if (element_bytes(in.type) == 0) return c.error(Code::kInputType, 0, static_cast<int32_t>(in.type));
  TANDEM_TRY(c.expect_output_type(0, in.type));
  const uint32_t rank = out.shape.rank;
  if (in.shape.rank > std::min(rank, kMaxBroadcastRank)) {
    return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.shape.rank));
  }
  if (shape.shape.rank != 1 || shape.elements != rank) return c.error(Code::kInputShape, 1, 0);
  if (rank > kMaxBroadcastRank) return c.error(Code::kOutputShape, 0, -1);

  const DenseStrides in_strides(in.shape);
  const DenseStrides out_strides(out.shape);
  const uint32_t new_dims = rank - in.shape.rank;
  MovedDim dims[kMaxBroadcastRank];
  for (uint32_t d = 0; d < rank; ++d) {
    if (constant_index(shape, d) != out.shape[d])
      return c.error(Code::kOutputShape, 0, static_cast<int32_t>(d));
    dims[d] = {.count = out.shape[d], .out_stride = out_strides.elements[d]};
    if (d < new_dims || in.shape[d - new_dims] == 1) continue;
    const uint32_t from = d - new_dims;
    if (in.shape[from] != out.shape[d]) return c.error(Code::kInputShape, 0, static_cast<int32_t>(from));
    dims[d].in_stride = in_strides.elements[from];
  }
  emit_movement(c, 0, {.dims = std::span(dims, rank)});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(BROADCAST_TO, broadcast_to, plan_broadcast_to, strided_copy__ref)

}  // namespace tandem
