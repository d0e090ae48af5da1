#include "ops/data_movement.h"

#include <algorithm>

#include "kernels/copy.h"
#include "kernels/strided_copy.h"

namespace tandem {
namespace {

static_assert(StridedCopyParams::kMaxDims >= kMaxRank);

constexpr uint32_t kBytesPerOperation = 4;

// Drops dimensions of one element and merges neighbours that are walked as one; returns how many are left, at
// the end of `dims`.
size_t merge(std::span<MovedDim> dims) {
  size_t first = dims.size();
  for (size_t d = dims.size(); d-- > 0;) {
    const MovedDim dim = dims[d];
    if (dim.count == 1) continue;
    if (first < dims.size() && dim.in_stride == dims[first].in_stride * dims[first].count &&
        dim.out_stride == dims[first].out_stride * dims[first].count) {
      dims[first].count *= dim.count;
    } else {
      dims[--first] = dim;
    }
  }
  return dims.size() - first;
}

void emit_strided_copy(OpContext& c, StridedCopyParams params, std::span<const MovedDim> dims,
                       int64_t element) {
  // A dimension of contiguous elements is a run.
  params.run_bytes = static_cast<uint32_t>(element);
  if (!dims.empty() && dims.back().in_stride == 1 && dims.back().out_stride == 1) {
    params.run_bytes = static_cast<uint32_t>(element * dims.back().count);
    dims = dims.first(dims.size() - 1);
  }
  // Counts above 1 bound the strides by the tensors' sizes: in bytes they fit 31 bits.
  const auto to_bytes = [element](const MovedDim& dim) {
    return StridedDim{.count = static_cast<uint32_t>(dim.count),
                      .in_stride = static_cast<int32_t>(dim.in_stride * element),
                      .out_stride = static_cast<int32_t>(dim.out_stride * element)};
  };
  uint32_t runs = 1;
  for (const MovedDim& dim : dims) runs *= static_cast<uint32_t>(dim.count);
  params.rank = dims.empty() ? 1 : static_cast<uint32_t>(dims.size());
  params.dims = c.prepared<StridedDim>(params.rank, [&](std::span<StridedDim> to) {
    to.front() = {};
    for (size_t d = 0; d < dims.size(); ++d) to[d] = to_bytes(dims[d]);
  });
  params.runs = cut_into_blocks(runs, params.run_bytes / kBytesPerOperation + 1);
  c.emit(kernel_id::strided_copy__ref, params, {.units = params.runs.units()});
}

}  // namespace

uint32_t element_bytes(Type type) { return type_bits(type) % 8 == 0 ? type_bits(type) / 8 : 0; }

DenseStrides::DenseStrides(const Shape& shape) {
  int64_t stride = 1;
  for (uint32_t d = shape.rank; d-- > 0;) {
    elements[d] = stride;
    stride *= shape[d];
  }
}

void emit_movement(OpContext& c, uint32_t input, const Movement& movement) {
  for (const MovedDim& dim : movement.dims) {
    if (dim.count == 0) return;
  }
  const std::span<const MovedDim> dims = movement.dims.last(merge(movement.dims));
  const TensorInfo in = c.input(input);
  const TensorInfo out = c.output(movement.output);
  const bool run = dims.empty() || (dims.size() == 1 && dims[0].in_stride == 1 && dims[0].out_stride == 1);
  const bool whole = run && in.bytes == out.bytes && !movement.out_shift.present();
  if (whole && movement.output == 0 && c.try_in_place(input)) return;
  const int64_t element = element_bytes(out.type);
  emit_strided_copy(c,
                    {.in = c.ref(in),
                     .out = c.ref(out),
                     .out_shift = movement.out_shift,
                     .in_start = static_cast<uint32_t>(movement.in_start * element),
                     .out_start = static_cast<uint32_t>(movement.out_start * element)},
                    dims, element);
}

uint32_t IndexedMovement::entries() const {
  uint32_t entries = 0;
  for (const IndexedDim& dim : dims) entries += dim.count;
  return entries;
}

Ref prepare_dims(OpContext& c, std::span<const IndexedDim> dims) {
  return c.prepared<IndexedDim>(static_cast<uint32_t>(dims.size()),
                                [&](std::span<IndexedDim> to) { std::ranges::copy(dims, to.begin()); });
}

void emit_indexed_copy(OpContext& c, const IndexedMovement& movement, Ref dims, Ref offsets) {
  uint32_t runs = 1;
  for (const IndexedDim& dim : movement.dims) runs *= dim.count;
  const Blocks blocks = cut_into_blocks(runs, movement.run_bytes / kBytesPerOperation + 1);
  if (runs == 0 || movement.run_bytes == 0) return;
  c.emit(kernel_id::indexed_copy__ref,
         {.in = c.ref(c.input(0)),
          .out = c.ref(c.output(0)),
          .dims = dims,
          .offsets = offsets,
          .rank = static_cast<uint32_t>(movement.dims.size()),
          .run_bytes = movement.run_bytes,
          .scatter = movement.scatter ? 1U : 0U,
          .runs = blocks},
         {.units = blocks.units()});
}

RunTimeCopyPlan plan_run_time_copy(OpContext& c) {
  const TensorInfo in = c.input(0);
  const DenseStrides strides(in.shape);
  const Ref dims = c.prepared<StridedDim>(in.shape.rank, [&](std::span<StridedDim> to) {
    for (uint32_t d = 0; d < to.size(); ++d) {
      const auto stride = static_cast<int32_t>(strides.elements[d] * element_bytes(in.type));
      to[d] = {.count = static_cast<uint32_t>(in.shape[d]), .in_stride = stride, .out_stride = stride};
    }
  });
  const auto dims_bytes = static_cast<uint32_t>(in.shape.rank * sizeof(StridedDim));
  const Ref scratch = c.shared_scratch(dims_bytes + sizeof(uint32_t));
  return {.dims = dims,
          .copy = {.dims = scratch, .shift = Ref::make(Ref::kArena, scratch.offset() + dims_bytes)}};
}

void emit_run_time_copy(OpContext& c, const RunTimeCopy& copy) {
  const TensorInfo out = c.output(0);
  const Blocks runs = cut_into_blocks(out.elements, 1);
  c.emit(kernel_id::strided_copy__ref,
         {.in = c.ref(c.input(0)),
          .out = c.ref(out),
          .dims = copy.dims,
          .in_shift = copy.shift,
          .rank = c.input(0).shape.rank,
          .run_bytes = element_bytes(out.type),
          .runs = runs},
         {.units = runs.units()});
}

void emit_copy(OpContext& c, uint32_t input) {
  const TensorInfo in = c.input(input);
  if (c.try_in_place(input)) return;
  c.emit(kernel_id::copy__ref, {.in = c.ref(in), .out = c.ref(c.output(0)), .bytes = in.bytes});
}

void emit_fill(OpContext& c, Ref value) {
  const TensorInfo out = c.output(0);
  if (out.elements == 0) return;
  const MovedDim dim{.count = out.elements, .in_stride = 0, .out_stride = 1};
  emit_strided_copy(c, {.in = value, .out = c.ref(out)}, {&dim, 1}, element_bytes(out.type));
}

Result<uint32_t> dimension_of(const OpContext& c, int64_t axis, uint32_t rank) {
  const int64_t dimension = axis < 0 ? axis + rank : axis;
  if (dimension >= 0 && dimension < rank) return static_cast<uint32_t>(dimension);
  return c.error(Code::kAxis, static_cast<int32_t>(axis), static_cast<int32_t>(rank));
}

Indices indices(OpContext& c, uint32_t i) {
  return {.values = c.ref(c.input(i)), .wide = c.input(i).type == Type::kInt64 ? 1U : 0U};
}

int64_t constant_index(const TensorInfo& tensor, uint32_t i) {
  return tensor.type == Type::kInt64 ? read_unaligned<int64_t>(tensor.data + size_t{i} * sizeof(int64_t))
                                     : read_unaligned<int32_t>(tensor.data + size_t{i} * sizeof(int32_t));
}

Status expect_constant_indices(const OpContext& c, uint32_t i) {
  TANDEM_TRY(c.expect_input_type(i, {Type::kInt32, Type::kInt64}));
  const TensorInfo tensor = c.input(i);
  if (!tensor.constant() && tensor.elements > 0) {
    return c.error(Code::kInputNotConstant, static_cast<int32_t>(i));
  }
  return {};
}

}  // namespace tandem
