#include "ops/data_movement.h"

namespace tandem {
namespace {

constexpr uint8_t kMirrorPadOptions = 77;
enum Field { kMode };
enum Mode : int8_t { kReflect, kSymmetric };

Status plan_mirror_pad(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32, Type::kInt64}));
  const TensorInfo in = c.input(0);
  const TensorInfo paddings = c.input(1);
  const TensorInfo out = c.output(0);
  const uint32_t rank = in.shape.rank;
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (paddings.shape.rank != 2 || paddings.elements != 2 * rank) return c.error(Code::kInputShape, 1, 0);
  if (out.shape.rank != rank) return c.error(Code::kOutputShape, 0, -1);
  const uint32_t edge = c.options(kMirrorPadOptions).scalar<int8_t>(kMode) == kReflect ? 1 : 0;
  const uint32_t element = element_bytes(in.type);

  const DenseStrides strides(in.shape);
  IndexedDim dims[kMaxRank];
  for (uint32_t d = 0; d < rank; ++d) {
    dims[d] = {.count = static_cast<uint32_t>(out.shape[d]),
               .extent = static_cast<uint32_t>(in.shape[d]),
               .stride = static_cast<uint32_t>(strides.elements[d]) * element};
  }
  const auto margin = [&](uint32_t d) {
    return Margin{.before = constant_index(paddings, 2 * d), .after = constant_index(paddings, 2 * d + 1)};
  };
  if (!paddings.constant() && rank > 0) {
    if (out.elements == 0) return {};
    const IndexedMovement movement{.dims = std::span(dims, rank), .run_bytes = element};
    const Ref kept = prepare_dims(c, movement.dims);
    const Ref offsets = c.shared_scratch(movement.entries() * sizeof(uint32_t));
    c.emit(kernel_id::mirror_offsets__ref,
           {.paddings = indices(c, 1), .dims = kept, .rank = rank, .edge = edge, .offsets = offsets});
    emit_indexed_copy(c, movement, kept, offsets);
    return {};
  }

  // Dimensions after the last that is padded are moved as one run.
  uint32_t padded = 0;
  for (uint32_t d = 0; d < rank; ++d) {
    const auto dimension = static_cast<int32_t>(d);
    if (!mirror_fits(dims[d], margin(d), edge)) {
      const auto [before, after] = margin(d);
      const bool wider = before > in.shape[d] - int64_t{edge} && before <= out.shape[d];
      return wider                     ? c.error(Code::kMirroredPadding, dimension, in.shape[d])
             : before < 0 || after < 0 ? c.error(Code::kPadding, dimension)
                                       : c.error(Code::kOutputShape, 0, dimension);
    }
    if (dims[d].count != dims[d].extent) padded = d + 1;
  }
  if (padded == 0) {
    emit_copy(c, 0);
    return {};
  }
  const IndexedMovement movement{.dims = std::span(dims, padded), .run_bytes = dims[padded - 1].stride};
  const Ref offsets = c.prepared<uint32_t>(movement.entries(), [&](std::span<uint32_t> to) {
    write_mirror_offsets(movement.dims, edge, margin, to.data());
  });
  emit_indexed_copy(c, movement, prepare_dims(c, movement.dims), offsets);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(MIRROR_PAD, mirror_pad, plan_mirror_pad, copy__ref, indexed_copy__ref, mirror_offsets__ref)

}  // namespace tandem
