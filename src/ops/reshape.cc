#include "ops/data_movement.h"

// RESHAPE, EXPAND_DIMS and SQUEEZE: the same bytes under another shape.
namespace tandem {
namespace {

constexpr uint8_t kSqueezeOptions = 30;
enum Field { kSqueezeDims };

Status plan_renamed(OpContext& c) {
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (in.elements != out.elements) {
    return c.error(Code::kReshapeElements, static_cast<int32_t>(in.elements),
                   static_cast<int32_t>(out.elements));
  }
  emit_copy(c, 0);
  return {};
}

// The output's shape in the file is what counts, as in TensorFlow Lite Micro; a new shape given as tensor or
// option only has to be there, since memory is planned for the file's.
Status plan_reshape(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 2, 1));
  return plan_renamed(c);
}

Status plan_expand_dims(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  TANDEM_TRY(expect_constant_indices(c, 1));
  const TensorInfo axis = c.input(1);
  if (axis.elements != 1 || axis.shape.rank > 1) return c.error(Code::kInputShape, 1, 0);
  const Shape in = c.input(0).shape;
  if (in.rank == kMaxRank) return c.error(Code::kInputRank, 0, kMaxRank);
  const Result<uint32_t> at = dimension_of(c, constant_index(axis, 0), in.rank + 1);
  TANDEM_TRY(at.status());
  Shape out{.rank = in.rank + 1};
  for (uint32_t d = 0; d < out.rank; ++d) out.dims[d] = d == *at ? 1 : in[d < *at ? d : d - 1];
  TANDEM_TRY(c.expect_output_shape(0, out));
  return plan_renamed(c);
}

// Dimensions to drop must have one element; which of the others are where, the file's output shape says.
Status plan_squeeze(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  const Shape in = c.input(0).shape;
  const flat::Vector dropped = c.options(kSqueezeOptions).vector(kSqueezeDims, sizeof(int32_t));
  for (uint32_t i = 0; i < dropped.count; ++i) {
    const Result<uint32_t> d = dimension_of(c, dropped.get<int32_t>(i), in.rank);
    TANDEM_TRY(d.status());
    if (in[*d] != 1) return c.error(Code::kInputShape, 0, static_cast<int32_t>(*d));
  }
  return plan_renamed(c);
}

}  // namespace

TANDEM_DEFINE_OP(EXPAND_DIMS, expand_dims, plan_expand_dims, copy__ref)
TANDEM_DEFINE_OP(RESHAPE, reshape, plan_reshape, copy__ref)
TANDEM_DEFINE_OP(SQUEEZE, squeeze, plan_squeeze, copy__ref)

}  // namespace tandem
