#include "ops/data_movement.h"

namespace tandem {
namespace {

constexpr uint32_t kMaxReversedRank = 6;  // of TensorFlow Lite Micro

Status plan_reverse_v2(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(
      0, {Type::kInt8, Type::kUInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32, Type::kBool}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  const TensorInfo in = c.input(0);
  const TensorInfo axis = c.input(1);
  const uint32_t rank = in.shape.rank;
  TANDEM_TRY(c.expect_output_type(0, in.type));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  if (rank > kMaxReversedRank) return c.error(Code::kInputRank, 0, static_cast<int32_t>(rank));
  if (axis.shape.rank != 1 || axis.elements > rank) return c.error(Code::kInputShape, 1, 0);
  if (!axis.constant() && axis.elements > 0) {
    if (in.elements == 0) return {};
    const RunTimeCopyPlan reversal = plan_run_time_copy(c);
    c.emit(kernel_id::reversal__ref, {.axes = indices(c, 1),
                                      .axis_count = axis.elements,
                                      .dims = reversal.dims,
                                      .rank = rank,
                                      .copy = reversal.copy});
    emit_run_time_copy(c, reversal.copy);
    return {};
  }

  const AxisRun run = run_of_axes(axis.elements, rank, [&](uint32_t i) { return constant_index(axis, i); });
  if (!run.usable) return c.error(Code::kReversedAxes);
  const DenseStrides strides(in.shape);
  MovedDim dims[kMaxReversedRank];
  Movement movement{.dims = std::span(dims, rank)};
  for (uint32_t d = 0; d < rank; ++d) {
    const int64_t stride = strides.elements[d];
    const bool reversed = (run.axes >> d & 1) != 0;
    dims[d] = {.count = in.shape[d], .in_stride = reversed ? -stride : stride, .out_stride = stride};
    if (reversed) movement.in_start += (in.shape[d] - 1) * stride;
  }
  emit_movement(c, 0, movement);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(REVERSE_V2, reverse_v2, plan_reverse_v2, reversal__ref, strided_copy__ref)

}  // namespace tandem
