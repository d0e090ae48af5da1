#include "ops/data_movement.h"

// SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND, DEPTH_TO_SPACE and SPACE_TO_DEPTH: blocks of space moved to
// another dimension and back.
namespace tandem {
namespace {

constexpr uint8_t kSpaceToDepthOptions = 19;
constexpr uint8_t kDepthToSpaceOptions = 94;
enum Field { kBlockSize };

// The batch and one or two dimensions of space; one more of channels.
constexpr uint32_t kMaxBatchDims = BlockOffsetsParams::kMaxDims;

Status expect_batches_of_space(const OpContext& c, uint32_t i, const Shape& shape) {
  const bool fits = shape.rank >= 3 && shape.rank <= kMaxBatchDims + 1;
  return fits ? Status{}
              : c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(shape.rank));
}

// The tensor whose space is whole, walked in order, and that of blocks in its batches.
struct BatchesOfBlocks {
  const TensorInfo& space;
  const TensorInfo& batches;
  bool scatter;
};

// Inputs 1 and 2 say the blocks, and the paddings or crops.
Status plan_blocks(OpContext& c, const BatchesOfBlocks& t) {
  const uint32_t rank = t.space.shape.rank - 1;
  const TensorInfo blocks = c.input(1);
  const TensorInfo margins = c.input(2);
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  TANDEM_TRY(c.expect_input_type(2, {Type::kInt32}));
  if (blocks.elements != rank - 1) return c.error(Code::kInputShape, 1, 0);
  if (margins.elements != 2 * (rank - 1)) return c.error(Code::kInputShape, 2, 0);
  if (t.space.shape[rank] != t.batches.shape[rank]) {
    return c.error(Code::kOutputShape, 0, static_cast<int32_t>(rank));
  }

  const uint32_t element = element_bytes(t.space.type);
  const DenseStrides strides(t.batches.shape);
  IndexedDim dims[kMaxBatchDims];
  for (uint32_t d = 0; d < rank; ++d) {
    dims[d] = {.count = static_cast<uint32_t>(t.space.shape[d]),
               .extent = static_cast<uint32_t>(t.batches.shape[d]),
               .stride = static_cast<uint32_t>(strides.elements[d]) * element};
  }
  const IndexedMovement movement{
      .dims = std::span(dims, rank), .run_bytes = dims[rank - 1].stride, .scatter = t.scatter};
  if (!blocks.constant() || !margins.constant()) {
    if (t.space.elements == 0) return {};
    const Ref kept = prepare_dims(c, movement.dims);
    const Ref offsets = c.shared_scratch(movement.entries() * sizeof(uint32_t));
    c.emit(
        kernel_id::block_offsets__ref,
        {.blocks = indices(c, 1), .margins = indices(c, 2), .dims = kept, .rank = rank, .offsets = offsets});
    emit_indexed_copy(c, movement, kept, offsets);
    return {};
  }
  Blocking blocking[kMaxBatchDims - 1];
  for (uint32_t d = 0; d + 1 < rank; ++d) {
    blocking[d] = {
        .block = constant_index(blocks, d),
        .margin = {.before = constant_index(margins, 2 * d), .after = constant_index(margins, 2 * d + 1)}};
  }
  if (const int32_t dimension = misfit(movement.dims, blocking); dimension != kBlocksFit) {
    return c.error(Code::kBlocks, dimension);
  }
  const Ref offsets = c.prepared<uint32_t>(movement.entries(), [&](std::span<uint32_t> to) {
    write_block_offsets(movement.dims, blocking, to.data());
  });
  emit_indexed_copy(c, movement, prepare_dims(c, movement.dims), offsets);
  return {};
}

Status expect_block_operands(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 3, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  TANDEM_TRY(c.expect_output_type(0, c.input(0).type));
  TANDEM_TRY(expect_batches_of_space(c, 0, c.input(0).shape));
  const bool same_rank = c.output(0).shape.rank == c.input(0).shape.rank;
  return same_rank ? Status{} : c.error(Code::kOutputShape, 0, -1);
}

Status plan_batch_to_space_nd(OpContext& c) {
  TANDEM_TRY(expect_block_operands(c));
  return plan_blocks(c, {.space = c.output(0), .batches = c.input(0), .scatter = false});
}

// Padded with what stands for zero. TensorFlow Lite Micro pads with whatever its parameters' memory holds.
Status plan_space_to_batch_nd(OpContext& c) {
  TANDEM_TRY(expect_block_operands(c));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  if (in.elements != out.elements) {
    const int64_t point = out.quantization.zero_point();
    if (out.type == Type::kInt8 && (point < INT8_MIN || point > INT8_MAX)) {
      return c.error(Code::kOutputQuantization, 0);
    }
    const int64_t zero = out.type == Type::kInt8 ? point : 0;
    emit_fill(c, c.prepared<int64_t>(1, [&](std::span<int64_t> to) { to[0] = zero; }));
  }
  return plan_blocks(c, {.space = in, .batches = out, .scatter = true});
}

// Both ways between space [n, h·block, w·block, c] and depth [n, h, w, block·block·c].
Status plan_depth(OpContext& c, uint8_t options_type, bool to_depth) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  const Shape in = c.input(0).shape;
  TANDEM_TRY(c.expect_output_type(0, c.input(0).type));
  if (in.rank != 4) return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.rank));
  const int64_t block = c.options(options_type).scalar<int32_t>(kBlockSize);
  if (block < 1) return c.error(Code::kOptionValue, kBlockSize, static_cast<int32_t>(block));
  const int64_t area = block * block;
  for (uint32_t d = 1; d < in.rank; ++d) {
    const bool is_depth = d == 3;
    if (is_depth == to_depth) continue;
    if (in[d] % (is_depth ? area : block) != 0) {
      return c.error(Code::kBlockSize, static_cast<int32_t>(block), static_cast<int32_t>(d));
    }
  }
  const Shape out = c.output(0).shape;
  const Shape& space = to_depth ? in : out;
  const Shape& depth = to_depth ? out : in;
  if (out.rank != 4) return c.error(Code::kOutputShape, 0, -1);
  for (uint32_t d = 0; d < out.rank; ++d) {
    const int64_t factor = d == 0 ? 1 : block;
    const bool fits = d == 3 ? depth[d] == space[d] * area : space[d] == depth[d] * factor;
    if (!fits) return c.error(Code::kOutputShape, 0, static_cast<int32_t>(d));
  }

  const DenseStrides in_space(space);
  const DenseStrides in_depth(depth);
  // For each of n, h, w, the row and column in the block, and c: where the next one is.
  const int64_t counts[] = {depth[0], depth[1], depth[2], block, block, space[3]};
  const int64_t of_space[] = {in_space.elements[0],         in_space.elements[1] * block,
                              in_space.elements[2] * block, in_space.elements[1],
                              in_space.elements[2],         1};
  const int64_t of_depth[] = {in_depth.elements[0], in_depth.elements[1],           in_depth.elements[2],
                              block * space[3],     static_cast<int64_t>(space[3]), 1};
  // In the order of the output, so that it is written from front to back.
  constexpr uint32_t kSpaceOrder[] = {0, 1, 3, 2, 4, 5};
  MovedDim dims[6];
  for (uint32_t i = 0; i < 6; ++i) {
    const uint32_t d = to_depth ? i : kSpaceOrder[i];
    dims[i] = {.count = counts[d],
               .in_stride = to_depth ? of_space[d] : of_depth[d],
               .out_stride = to_depth ? of_depth[d] : of_space[d]};
  }
  emit_movement(c, 0, {.dims = dims});
  return {};
}

Status plan_depth_to_space(OpContext& c) { return plan_depth(c, kDepthToSpaceOptions, false); }
Status plan_space_to_depth(OpContext& c) { return plan_depth(c, kSpaceToDepthOptions, true); }

}  // namespace

TANDEM_DEFINE_OP(BATCH_TO_SPACE_ND, batch_to_space_nd, plan_batch_to_space_nd, block_offsets__ref,
                 indexed_copy__ref)
TANDEM_DEFINE_OP(DEPTH_TO_SPACE, depth_to_space, plan_depth_to_space, strided_copy__ref)
TANDEM_DEFINE_OP(SPACE_TO_BATCH_ND, space_to_batch_nd, plan_space_to_batch_nd, block_offsets__ref,
                 indexed_copy__ref, strided_copy__ref)
TANDEM_DEFINE_OP(SPACE_TO_DEPTH, space_to_depth, plan_space_to_depth, strided_copy__ref)

}  // namespace tandem
