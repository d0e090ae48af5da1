#include <algorithm>

#include "ops/data_movement.h"

namespace tandem {
namespace {

constexpr uint8_t kStridedSliceOptions = 32;
enum Field { kBeginMask, kEndMask, kEllipsisMask, kNewAxisMask, kShrinkAxisMask, kOffset };

// What begin, end, strides and the masks say of one dimension.
struct Bounds {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t stride = 1;
  bool from_start = true;  ///< begin is ignored
  bool to_end = true;      ///< end is ignored
  bool shrink = false;     ///< only the element at begin, and the dimension goes
  bool offset = false;     ///< end counts from begin
};

// The elements at begin, begin + stride, ..., `count` of them, all inside the dimension.
struct Slice {
  int64_t begin = 0;
  int64_t count = 0;
};

// Bounds below zero count from the end of the dimension, and then all are moved to its nearest place: for
// steps backwards, the one before element 0 is a place too.
Slice resolve(const Bounds& bounds, int64_t size) {
  const bool forward = bounds.stride > 0;
  const auto place = [&](int64_t index) {
    if (index < 0) index += size;
    return forward ? std::clamp<int64_t>(index, 0, size) : std::clamp<int64_t>(index, -1, size - 1);
  };
  const int64_t begin = bounds.from_start ? (forward ? 0 : size - 1) : place(bounds.begin);
  if (bounds.shrink) return {.begin = begin, .count = begin >= 0 && begin < size ? 1 : 0};
  const int64_t end = bounds.to_end ? (forward ? size : -1) : place(bounds.end + (bounds.offset ? begin : 0));
  const int64_t distance = forward ? end - begin : begin - end;
  const int64_t step = forward ? bounds.stride : -bounds.stride;
  return {.begin = begin, .count = distance > 0 ? (distance + step - 1) / step : 0};
}

Status plan_strided_slice(OpContext& c) {
  TANDEM_TRY(c.expect_operands(4, 4, 1));
  const TensorInfo in = c.input(0);
  if (element_bytes(in.type) == 0) return c.error(Code::kInputType, 0, static_cast<int32_t>(in.type));
  TANDEM_TRY(c.expect_output_type(0, in.type));
  // Dimensions beyond these operands' elements are taken whole.
  const uint32_t given = c.input(1).elements;
  if (given > in.shape.rank) return c.error(Code::kInputShape, 1, 0);
  for (uint32_t i = 1; i <= 3; ++i) {
    TANDEM_TRY(expect_constant_indices(c, i));
    if (c.input(i).elements != given) return c.error(Code::kInputShape, static_cast<int32_t>(i), 0);
  }
  const flat::Table options = c.options(kStridedSliceOptions);
  // Converters write neither; TensorFlow Lite Micro would ignore them, and slice something else.
  for (const Field mask : {kEllipsisMask, kNewAxisMask}) {
    const auto value = options.scalar<int32_t>(mask);
    if (value != 0) return c.error(Code::kOptionValue, mask, value);
  }
  const auto bit = [&](Field mask, uint32_t d) { return (options.scalar<int32_t>(mask) >> d & 1) != 0; };

  const DenseStrides in_strides(in.shape);
  MovedDim dims[kMaxRank];
  Movement movement{.dims = std::span(dims, in.shape.rank)};
  Shape out;
  for (uint32_t d = 0; d < in.shape.rank; ++d) {
    Bounds bounds;
    if (d < given) {
      bounds = {.begin = constant_index(c.input(1), d),
                .end = constant_index(c.input(2), d),
                .stride = constant_index(c.input(3), d),
                .from_start = bit(kBeginMask, d),
                .to_end = bit(kEndMask, d),
                .shrink = bit(kShrinkAxisMask, d),
                .offset = options.scalar<uint8_t>(kOffset) != 0};
    }
    for (int64_t* const value : {&bounds.begin, &bounds.end, &bounds.stride}) {
      *value = std::clamp<int64_t>(*value, INT32_MIN, INT32_MAX);  // beyond any dimension, as before
    }
    if (bounds.stride == 0) return c.error(Code::kSliceStride, static_cast<int32_t>(d));
    const Slice slice = resolve(bounds, in.shape[d]);
    if (bounds.shrink && slice.count == 0) {
      return c.error(Code::kSliceIndex, static_cast<int32_t>(bounds.begin), static_cast<int32_t>(d));
    }
    dims[d] = {.count = slice.count, .in_stride = bounds.stride * in_strides.elements[d]};
    movement.in_start += slice.begin * in_strides.elements[d];
    if (!bounds.shrink) out.dims[out.rank++] = static_cast<int32_t>(slice.count);
  }
  TANDEM_TRY(c.expect_output_shape(0, out));
  int64_t out_stride = 1;
  for (uint32_t d = in.shape.rank; d-- > 0;) {
    dims[d].out_stride = out_stride;
    out_stride *= dims[d].count;
  }
  emit_movement(c, 0, movement);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(STRIDED_SLICE, strided_slice, plan_strided_slice, strided_copy__ref)

}  // namespace tandem
