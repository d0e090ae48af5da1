#include "ops/data_movement.h"

// FILL and ZEROS_LIKE.
namespace tandem {
namespace {

// Element `i` of a constant list of dimensions: any signed integer type will do.
int64_t constant_dimension(const TensorInfo& dims, uint32_t i) {
  const uint8_t* const at = dims.data + size_t{i} * element_bytes(dims.type);
  switch (dims.type) {
    case Type::kInt8:
      return read_unaligned<int8_t>(at);
    case Type::kInt16:
      return read_unaligned<int16_t>(at);
    case Type::kInt32:
      return read_unaligned<int32_t>(at);
    default:
      return read_unaligned<int64_t>(at);
  }
}

// The value may come at run time, the dimensions not.
Status plan_fill(OpContext& c) {
  enum Input { kDims, kValue };
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(kDims, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64}));
  TANDEM_TRY(c.expect_input_type(kValue, {Type::kInt8, Type::kInt32, Type::kFloat32}));
  const TensorInfo dims = c.input(kDims);
  const TensorInfo value = c.input(kValue);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, value.type));
  if (value.shape.rank != 0) {
    return c.error(Code::kInputRank, kValue, static_cast<int32_t>(value.shape.rank));
  }
  if (dims.shape.rank != 1) return c.error(Code::kInputRank, kDims, static_cast<int32_t>(dims.shape.rank));
  if (!dims.constant() && dims.elements > 0) return c.error(Code::kInputNotConstant, kDims);
  if (dims.elements != out.shape.rank) return c.error(Code::kOutputShape, 0, -1);
  for (uint32_t d = 0; d < dims.elements; ++d) {
    if (constant_dimension(dims, d) != out.shape[d]) {
      return c.error(Code::kOutputShape, 0, static_cast<int32_t>(d));
    }
  }
  emit_fill(c, c.ref(value));
  return {};
}

// Zero is what is stored, whatever an INT8's zero point.
Status plan_zeros_like(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt32, Type::kInt64, Type::kFloat32}));
  TANDEM_TRY(c.expect_output_type(0, c.input(0).type));
  if (c.input(0).elements != c.output(0).elements) return c.error(Code::kOutputShape, 0, -1);
  emit_fill(c, c.prepared<int64_t>(1, [](std::span<int64_t> zero) { zero[0] = 0; }));
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(FILL, fill, plan_fill, strided_copy__ref)
TANDEM_DEFINE_OP(ZEROS_LIKE, zeros_like, plan_zeros_like, strided_copy__ref)

}  // namespace tandem
