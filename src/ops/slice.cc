#include <algorithm>

#include "ops/data_movement.h"

// SLICE reads a window of a tensor, DYNAMIC_UPDATE_SLICE replaces one. Where it lies may come at run time;
// its size is that of a tensor and known.
namespace tandem {
namespace {

constexpr uint32_t kMaxSlicedRank = 5;  // these limits are TensorFlow Lite Micro's
constexpr uint32_t kMaxUpdatedRank = 6;

Status expect_index_list(const OpContext& c, uint32_t i, uint32_t elements) {
  TANDEM_TRY(c.expect_input_type(i, {Type::kInt32, Type::kInt64}));
  const TensorInfo list = c.input(i);
  const bool fits = list.shape.rank == 1 && list.elements == elements;
  return fits ? Status{} : c.error(Code::kInputShape, static_cast<int32_t>(i), 0);
}

// The output may have any shape of as many elements as the slice, as in TensorFlow Lite Micro.
Status plan_slice(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 3, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kFloat32, Type::kBool}));
  const TensorInfo in = c.input(0);
  const TensorInfo begin = c.input(1);
  const TensorInfo size = c.input(2);
  const uint32_t out_elements = c.output(0).elements;
  const uint32_t rank = in.shape.rank;
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (rank > kMaxSlicedRank) return c.error(Code::kInputRank, 0, static_cast<int32_t>(rank));
  TANDEM_TRY(expect_index_list(c, 1, rank));
  TANDEM_TRY(expect_index_list(c, 2, rank));
  TANDEM_TRY(c.expect_input_type(2, {begin.type}));
  if (rank > 0 && (!begin.constant() || !size.constant())) {
    if (out_elements == 0) return {};
    const RunTimeCopyPlan slice = plan_run_time_copy(c);
    c.emit(kernel_id::slice_bounds__ref, {.begins = indices(c, 1),
                                          .sizes = indices(c, 2),
                                          .dims = slice.dims,
                                          .rank = rank,
                                          .element_bytes = element_bytes(in.type),
                                          .elements = out_elements,
                                          .copy = slice.copy});
    emit_run_time_copy(c, slice.copy);
    return {};
  }

  const DenseStrides strides(in.shape);
  MovedDim dims[kMaxSlicedRank];
  Movement movement{.dims = std::span(dims, rank)};
  int64_t elements = 1;
  for (uint32_t d = rank; d-- > 0;) {
    const int64_t first = constant_index(begin, d);
    const int64_t given = constant_index(size, d);
    if (first < 0 || first > in.shape[d]) {
      return c.error(Code::kSliceIndex, static_cast<int32_t>(first), static_cast<int32_t>(d));
    }
    const int64_t room = in.shape[d] - first;
    const int64_t count = given == -1 ? room : given;
    if (count < 0 || count > room) {
      return c.error(Code::kSliceSize, static_cast<int32_t>(count), static_cast<int32_t>(d));
    }
    dims[d] = {.count = count, .in_stride = strides.elements[d], .out_stride = elements};
    movement.in_start += first * strides.elements[d];
    elements *= count;
  }
  if (elements != out_elements) return c.error(Code::kOutputShape, 0, -1);
  emit_movement(c, 0, movement);
  return {};
}

Status plan_dynamic_update_slice(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 3, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kFloat32}));
  const TensorInfo in = c.input(0);
  const TensorInfo update = c.input(1);
  const TensorInfo start = c.input(2);
  const uint32_t rank = in.shape.rank;
  TANDEM_TRY(c.expect_input_type(1, {in.type}));
  TANDEM_TRY(c.expect_output_type(0, in.type));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  if (rank > kMaxUpdatedRank) return c.error(Code::kInputRank, 0, static_cast<int32_t>(rank));
  if (update.shape.rank != rank) return c.error(Code::kInputRank, 1, static_cast<int32_t>(update.shape.rank));
  TANDEM_TRY(expect_index_list(c, 2, rank));

  const DenseStrides in_strides(in.shape);
  const DenseStrides update_strides(update.shape);
  MovedDim dims[kMaxUpdatedRank];
  Movement movement{.dims = std::span(dims, rank)};
  for (uint32_t d = 0; d < rank; ++d) {
    const int64_t room = int64_t{in.shape[d]} - update.shape[d];
    if (room < 0) return c.error(Code::kInputShape, 1, static_cast<int32_t>(d));
    dims[d] = {.count = update.shape[d],
               .in_stride = update_strides.elements[d],
               .out_stride = in_strides.elements[d]};
    // A start from where the update would reach beyond the tensor is moved.
    const int64_t first = start.constant() ? std::clamp<int64_t>(constant_index(start, d), 0, room) : 0;
    movement.out_start += first * in_strides.elements[d];
  }
  const bool replaces_all = update.elements == in.elements;
  if (!replaces_all) {
    emit_copy(c, 0);
    if (update.elements == 0) return {};
    if (!start.constant()) {
      const Ref rooms = c.prepared<ClampedStartParams::Dim>(rank, [&](std::span<ClampedStartParams::Dim> to) {
        for (uint32_t d = 0; d < rank; ++d) {
          to[d] = {.room = static_cast<uint32_t>(in.shape[d] - update.shape[d]),
                   .stride = static_cast<uint32_t>(in_strides.elements[d]) * element_bytes(in.type)};
        }
      });
      movement.out_shift = c.shared_scratch(sizeof(uint32_t));
      c.emit(kernel_id::clamped_start__ref,
             {.starts = indices(c, 2), .dims = rooms, .rank = rank, .shift = movement.out_shift});
    }
  }
  emit_movement(c, 1, movement);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(DYNAMIC_UPDATE_SLICE, dynamic_update_slice, plan_dynamic_update_slice, copy__ref,
                 strided_copy__ref, clamped_start__ref)
TANDEM_DEFINE_OP(SLICE, slice, plan_slice, slice_bounds__ref, strided_copy__ref)

}  // namespace tandem
