#include <algorithm>

#include "ops/data_movement.h"

// PAD and PADV2: the output filled with one value, then the input copied into its middle. TensorFlow Lite
// Micro does not tell the two operators apart: either may name the value as third input.
namespace tandem {
namespace {

// Without a value given, what stands for zero.
Result<int64_t> zero_of(const OpContext& c) {
  const TensorInfo out = c.output(0);
  const int64_t point = out.quantization.zero_point();
  if (out.type == Type::kInt8) {
    return point >= INT8_MIN && point <= INT8_MAX ? Result<int64_t>(point)
                                                  : c.error(Code::kOutputQuantization, 0);
  }
  if (out.type == Type::kUInt8) {
    return point >= 0 && point <= UINT8_MAX ? Result<int64_t>(point) : c.error(Code::kOutputQuantization, 0);
  }
  return int64_t{0};
}

Status expect_value(const OpContext& c) {
  const TensorInfo value = c.input(2);
  const TensorInfo out = c.output(0);
  if (value.type != out.type) return c.error(Code::kInputType, 2, static_cast<int32_t>(value.type));
  if (value.elements != 1) return c.error(Code::kInputShape, 2, 0);
  const bool is_8_bit = out.type == Type::kInt8 || out.type == Type::kUInt8;
  const bool same = value.quantization.scale() == out.quantization.scale() &&
                    value.quantization.zero_point() == out.quantization.zero_point();
  return is_8_bit && !same ? c.error(Code::kSameQuantization, 2) : Status{};
}

Status plan_pad(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 3, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo pads = c.input(1);
  const TensorInfo value = c.input(2);
  const TensorInfo out = c.output(0);
  if (element_bytes(in.type) == 0) return c.error(Code::kInputType, 0, static_cast<int32_t>(in.type));
  TANDEM_TRY(c.expect_output_type(0, in.type));
  TANDEM_TRY(expect_constant_indices(c, 1));
  const uint32_t rank = in.shape.rank;
  if (pads.elements != 2 * rank) return c.error(Code::kInputShape, 1, 0);
  if (out.shape.rank != rank) return c.error(Code::kOutputShape, 0, -1);

  const DenseStrides in_strides(in.shape);
  const DenseStrides out_strides(out.shape);
  MovedDim dims[kMaxRank];
  int64_t out_start = 0;
  for (uint32_t d = 0; d < rank; ++d) {
    int64_t pad[2] = {constant_index(pads, 2 * d), constant_index(pads, 2 * d + 1)};
    for (int64_t& elements : pad) {
      if (elements < 0) return c.error(Code::kPadding, static_cast<int32_t>(d));
      elements = std::min(elements, int64_t{kMaxTensorBytes});  // more fits no output
    }
    const auto [before, after] = pad;
    if (before + in.shape[d] + after != out.shape[d]) {
      return c.error(Code::kOutputShape, 0, static_cast<int32_t>(d));
    }
    dims[d] = {
        .count = in.shape[d], .in_stride = in_strides.elements[d], .out_stride = out_strides.elements[d]};
    out_start += before * out_strides.elements[d];
  }

  if (value.present()) TANDEM_TRY(expect_value(c));
  const Result<int64_t> zero = zero_of(c);
  if (!value.present()) TANDEM_TRY(zero.status());
  if (in.elements != out.elements) {
    // The file is little-endian, and so are the machines: the value's low bytes are an element of any type.
    emit_fill(c, value.present() ? c.ref(value)
                                 : c.prepared<int64_t>(1, [&](std::span<int64_t> to) { to[0] = *zero; }));
  }
  emit_movement(c, 0, {.out_start = out_start, .dims = std::span(dims, rank)});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(PAD, pad, plan_pad, strided_copy__ref)
TANDEM_DEFINE_OP(PADV2, padv2, plan_pad, strided_copy__ref)

}  // namespace tandem
