#include <algorithm>

#include "base/fixed_point.h"
#include "kernels/resize_bilinear.h"
#include "ops/data_movement.h"

// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
namespace tandem {
namespace {

constexpr uint8_t kResizeBilinearOptions = 15;
enum BilinearField { kAlignCorners = 2, kHalfPixelCenters };  // two before them are not used any more
constexpr uint8_t kResizeNearestNeighborOptions = 74;
enum NearestField { kNearestAlignCorners, kNearestHalfPixelCenters };

// Refuses unless output 0 is input 0, NHWC, at the size that input 1 says.
Status expect_resized(const OpContext& c) {
  TANDEM_TRY(c.expect_output_type(0, c.input(0).type));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  TANDEM_TRY(expect_constant_indices(c, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo size = c.input(1);
  if (in.shape.rank != 4) return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.shape.rank));
  if (size.shape.rank != 1 || size.elements != 2) return c.error(Code::kInputShape, 1, 0);
  Shape out = in.shape;
  for (uint32_t i = 0; i < 2; ++i) out.dims[1 + i] = static_cast<int32_t>(constant_index(size, i));
  TANDEM_TRY(c.expect_output_shape(0, out));
  const bool from_nothing = in.elements == 0 && c.output(0).elements != 0;
  return from_nothing ? c.error(Code::kInputShape, 0, in.shape[1] == 0 ? 1 : 2) : Status{};
}

ResizeBilinearParams::Axis bilinear_axis(uint32_t in, uint32_t out, bool align_corners) {
  // With aligned corners it is the spaces between the pixels that are scaled.
  const uint32_t between = align_corners && out > 1 ? 1 : 0;
  const int64_t from = in - between;
  const int64_t to = out - between;
  return {.in = in,
          .out = out,
          .scale_f32 = static_cast<float>(from) / static_cast<float>(to),
          .scale_q10 = (from * 1024 + to / 2) / to};
}

Status plan_resize_bilinear(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  TANDEM_TRY(expect_resized(c));
  const flat::Table options = c.options(kResizeBilinearOptions);
  const bool align_corners = options.scalar<uint8_t>(kAlignCorners) != 0;
  const bool half_pixels = options.scalar<uint8_t>(kHalfPixelCenters) != 0;
  if (align_corners && half_pixels) return c.error(Code::kOptionValue, kHalfPixelCenters, 1);
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  if (out.elements == 0) return {};
  const auto axis = [&](uint32_t d) {
    return bilinear_axis(static_cast<uint32_t>(in.shape[d]), static_cast<uint32_t>(out.shape[d]),
                         align_corners);
  };
  const auto rows = static_cast<uint32_t>(out.shape[0] * out.shape[1]);
  const ResizeBilinearParams params{.in = c.ref(in),
                                    .out = c.ref(out),
                                    .channels = static_cast<uint32_t>(in.shape[3]),
                                    .half_pixels = half_pixels ? 1U : 0U,
                                    .height = axis(1),
                                    .width = axis(2),
                                    .rows = cut_into_blocks(rows, uint64_t{out.elements / rows} * 8)};
  c.emit(in.type == Type::kInt8 ? kernel_id::resize_bilinear_s8__ref : kernel_id::resize_bilinear_f32__ref,
         params, {.units = params.rows.units(), .macs = uint64_t{out.elements} * 4});
  return {};
}

// How output indices along one dimension find their nearest of the input.
struct NearestAxis {
  uint32_t in;
  float scale;
  float offset;
  bool align_corners;

  [[nodiscard]] uint32_t nearest(uint32_t i) const {
    const float at = (static_cast<float>(i) + offset) * scale;
    const int32_t index = align_corners ? round_to_int32(at) : truncate_to_int32(at);
    return std::min(static_cast<uint32_t>(index), in - 1);
  }
};

Status plan_resize_nearest_neighbor(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  TANDEM_TRY(expect_resized(c));
  const flat::Table options = c.options(kResizeNearestNeighborOptions);
  const bool align_corners = options.scalar<uint8_t>(kNearestAlignCorners) != 0;
  const float offset = options.scalar<uint8_t>(kNearestHalfPixelCenters) != 0 ? 0.5F : 0.0F;
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  if (out.elements == 0) return {};
  const DenseStrides strides(in.shape);
  IndexedDim dims[3];
  for (uint32_t d = 0; d < 3; ++d) {
    dims[d] = {.count = static_cast<uint32_t>(out.shape[d]),
               .extent = static_cast<uint32_t>(in.shape[d]),
               .stride = static_cast<uint32_t>(strides.elements[d]) * element_bytes(in.type)};
  }
  const IndexedMovement movement{.dims = dims, .run_bytes = dims[2].stride};
  const Ref offsets = c.prepared<uint32_t>(movement.entries(), [&](std::span<uint32_t> to) {
    uint32_t* next = to.data();
    for (uint32_t b = 0; b < dims[0].count; ++b) *next++ = b * dims[0].stride;
    for (uint32_t d = 1; d < 3; ++d) {
      const uint32_t between = align_corners && dims[d].count > 1 ? 1 : 0;
      const NearestAxis axis{
          .in = dims[d].extent,
          .scale = static_cast<float>(dims[d].extent - between) / static_cast<float>(dims[d].count - between),
          .offset = offset,
          .align_corners = align_corners};
      for (uint32_t i = 0; i < dims[d].count; ++i) *next++ = axis.nearest(i) * dims[d].stride;
    }
  });
  emit_indexed_copy(c, movement, prepare_dims(c, movement.dims), offsets);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(RESIZE_BILINEAR, resize_bilinear, plan_resize_bilinear, resize_bilinear_s8__ref,
                 resize_bilinear_f32__ref)
TANDEM_DEFINE_OP(RESIZE_BILINEAR, resize_bilinear_f32, plan_resize_bilinear, resize_bilinear_f32__ref)
TANDEM_DEFINE_OP(RESIZE_BILINEAR, resize_bilinear_s8, plan_resize_bilinear, resize_bilinear_s8__ref)
TANDEM_DEFINE_OP(RESIZE_NEAREST_NEIGHBOR, resize_nearest_neighbor, plan_resize_nearest_neighbor,
                 indexed_copy__ref)

}  // namespace tandem
