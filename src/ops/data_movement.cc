#include "ops/data_movement.h"

#include "kernels/strided_copy.h"

namespace tandem {
namespace {

static_assert(StridedCopyParams::kMaxDims >= kMaxRank);

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

void emit_copy(OpContext& c, StridedCopyParams params, std::span<const MovedDim> dims, int64_t element) {
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
  constexpr uint32_t kBytesPerOperation = 4;
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
  const TensorInfo out = c.output(0);
  const bool whole = dims.empty() || (dims.size() == 1 && dims[0].in_stride == 1 && dims[0].out_stride == 1);
  if (whole && in.bytes == out.bytes && c.try_in_place(input)) return;
  const int64_t element = element_bytes(out.type);
  emit_copy(c,
            {.in = c.ref(in),
             .out = c.ref(out),
             .in_start = static_cast<uint32_t>(movement.in_start * element),
             .out_start = static_cast<uint32_t>(movement.out_start * element)},
            dims, element);
}

void emit_fill(OpContext& c, Ref value) {
  const TensorInfo out = c.output(0);
  if (out.elements == 0) return;
  const MovedDim dim{.count = out.elements, .in_stride = 0, .out_stride = 1};
  emit_copy(c, {.in = value, .out = c.ref(out)}, {&dim, 1}, element_bytes(out.type));
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
