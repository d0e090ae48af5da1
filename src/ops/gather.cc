#include "kernels/gather.h"

#include "ops/data_movement.h"

// GATHER, GATHER_ND and EMBEDDING_LOOKUP: rows of a tensor, picked by indices that the kernel checks, be they
// constant or not.
namespace tandem {
namespace {

constexpr uint8_t kGatherOptions = 23;
enum Field { kAxis, kBatchDims };

uint32_t elements_between(const Shape& shape, uint32_t begin, uint32_t end) {
  uint32_t elements = 1;
  for (uint32_t d = begin; d < end; ++d) elements *= static_cast<uint32_t>(shape[d]);
  return elements;
}

void append(Shape& shape, const Shape& from, uint32_t begin, uint32_t end) {
  for (uint32_t d = begin; d < end; ++d) shape.dims[shape.rank++] = from[d];
}

// Where the tensors of a step are among the operator's inputs.
struct GatherOperands {
  uint32_t in = 0;
  uint32_t indices = 1;
};

void emit_gather(OpContext& c, GatherOperands operands, GatherParams params) {
  const TensorInfo in = c.input(operands.in);
  const TensorInfo out = c.output(0);
  if (out.elements == 0) return;
  params.in = c.ref(in);
  params.indices = c.ref(c.input(operands.indices));
  params.out = c.ref(out);
  params.element_bytes = element_bytes(in.type);
  params.rows = cut_into_blocks(out.elements / params.row_elements, params.row_elements);
  c.emit(in.type == out.type ? kernel_id::gather__ref : kernel_id::gather_s8_f32__ref, params,
         {.units = params.rows.units()});
}

Status plan_gather(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  const Shape indices = c.input(1).shape;
  const flat::Table options = c.options(kGatherOptions);
  const Result<uint32_t> axis = dimension_of(c, options.scalar<int32_t>(kAxis), in.shape.rank);
  TANDEM_TRY(axis.status());
  const auto option = options.scalar<int32_t>(kBatchDims);
  const int64_t batch_dims = option < 0 ? int64_t{option} + indices.rank : option;
  if (batch_dims < 0 || batch_dims > *axis || batch_dims > indices.rank) {
    return c.error(Code::kOptionValue, kBatchDims, option);
  }
  const auto batched = static_cast<uint32_t>(batch_dims);
  for (uint32_t d = 0; d < batched; ++d) {
    if (in.shape[d] != indices[d]) return c.error(Code::kInputShape, 1, static_cast<int32_t>(d));
  }
  if (in.shape.rank + indices.rank - 1 - batched > kMaxRank) {
    return c.error(Code::kInputRank, 1, static_cast<int32_t>(indices.rank));
  }
  Shape out;
  append(out, in.shape, 0, *axis);
  append(out, indices, batched, indices.rank);
  append(out, in.shape, *axis + 1, in.shape.rank);
  TANDEM_TRY(c.expect_output_shape(0, out));
  emit_gather(c, {},
              {.outer = elements_between(in.shape, batched, *axis),
               .lookups = elements_between(indices, batched, indices.rank),
               .extent = static_cast<uint32_t>(in.shape[*axis]),
               .strides = {1},
               .row_elements = elements_between(in.shape, *axis + 1, in.shape.rank)});
  return {};
}

Status plan_gather_nd(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  const Shape indices = c.input(1).shape;
  if (in.shape.rank == 0) return c.error(Code::kInputRank, 0, 0);
  if (indices.rank == 0) return c.error(Code::kInputRank, 1, 0);
  const auto depth = static_cast<uint32_t>(indices[indices.rank - 1]);
  if (depth > std::min(in.shape.rank, GatherParams::kMaxDepth)) {
    return c.error(Code::kInputShape, 1, static_cast<int32_t>(indices.rank - 1));
  }
  if (indices.rank - 1 + in.shape.rank - depth > kMaxRank) {
    return c.error(Code::kInputRank, 1, static_cast<int32_t>(indices.rank));
  }
  Shape out;
  append(out, indices, 0, indices.rank - 1);
  append(out, in.shape, depth, in.shape.rank);
  TANDEM_TRY(c.expect_output_shape(0, out));
  GatherParams params{.lookups = elements_between(indices, 0, indices.rank - 1),
                      .extent = elements_between(in.shape, 0, depth),
                      .depth = depth,
                      .row_elements = elements_between(in.shape, depth, in.shape.rank)};
  for (uint32_t k = 0; k < depth; ++k) params.strides[k] = elements_between(in.shape, k + 1, depth);
  emit_gather(c, {}, params);
  return {};
}

// Rows of int8 may come out as floats, with the table's scale; its zero point must then be 0.
Status plan_embedding_lookup(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt8, Type::kFloat32}));
  const TensorInfo lookups = c.input(0);
  const TensorInfo table = c.input(1);
  const TensorInfo out = c.output(0);
  if (lookups.shape.rank != 1) return c.error(Code::kInputRank, 0, static_cast<int32_t>(lookups.shape.rank));
  if (table.shape.rank < 2) return c.error(Code::kInputRank, 1, static_cast<int32_t>(table.shape.rank));
  GatherParams params{.lookups = lookups.elements,
                      .extent = static_cast<uint32_t>(table.shape[0]),
                      .strides = {1},
                      .row_elements = elements_between(table.shape, 1, table.shape.rank)};
  if (out.type != Type::kFloat32 || table.type == Type::kFloat32) {
    TANDEM_TRY(c.expect_output_type(0, table.type));
  } else {
    TANDEM_TRY(c.expect_input_quantized(1));
    if (table.quantization.zero_point() != 0) return c.error(Code::kInputZeroPoint, 1, 0);
    params.scale = table.quantization.scale();
  }
  Shape shape{.rank = 1, .dims = {static_cast<int32_t>(lookups.elements)}};
  append(shape, table.shape, 1, table.shape.rank);
  TANDEM_TRY(c.expect_output_shape(0, shape));
  emit_gather(c, {.in = 1, .indices = 0}, params);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(EMBEDDING_LOOKUP, embedding_lookup, plan_embedding_lookup, gather__ref, gather_s8_f32__ref)
TANDEM_DEFINE_OP(GATHER, gather, plan_gather, gather__ref)
TANDEM_DEFINE_OP(GATHER_ND, gather_nd, plan_gather_nd, gather__ref)

}  // namespace tandem
