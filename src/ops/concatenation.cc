#include "base/fixed_point.h"
#include "ops/data_movement.h"

// CONCATENATION: the inputs one after the other along an axis, each a step of its own. Nothing is
// requantized, as in TensorFlow Lite Micro: 8-bit inputs must have the output's quantization, those of int16
// zero points of 0.
namespace tandem {
namespace {

constexpr uint8_t kConcatenationOptions = 10;
enum Field { kAxis, kActivation };

Status expect_no_requantization(const OpContext& c, uint32_t i) {
  const Quantization from = c.input(i).quantization;
  const Quantization to = c.output(0).quantization;
  const Type type = c.output(0).type;
  if (type == Type::kInt16) {
    if (from.zero_point() != 0) return c.error(Code::kInputZeroPoint, static_cast<int32_t>(i), 0);
    if (to.zero_point() != 0) return c.error(Code::kOutputZeroPoint, 0, 0);
  }
  const bool is_8_bit = type == Type::kInt8 || type == Type::kUInt8;
  const bool same = from.scale() == to.scale() && from.zero_point() == to.zero_point();
  return is_8_bit && !same ? c.error(Code::kSameQuantization, static_cast<int32_t>(i)) : Status{};
}

// Refuses unless input `i` has the output's shape in all dimensions but `axis`.
Status expect_piece_shape(const OpContext& c, uint32_t i, uint32_t axis) {
  const Shape piece = c.input(i).shape;
  const Shape out = c.output(0).shape;
  if (piece.rank != out.rank) {
    return c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(piece.rank));
  }
  for (uint32_t d = 0; d < out.rank; ++d) {
    if (d != axis && piece[d] != out[d]) {
      return c.error(Code::kInputShape, static_cast<int32_t>(i), static_cast<int32_t>(d));
    }
  }
  return {};
}

Status plan_concatenation(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, kMaxOperands, 1));
  const TensorInfo out = c.output(0);
  const flat::Table options = c.options(kConcatenationOptions);
  const auto activation = options.scalar<int8_t>(kActivation);
  if (activation != static_cast<int8_t>(Activation::kNone)) {
    return c.error(Code::kOptionValue, kActivation, activation);
  }
  const auto rank = static_cast<int32_t>(out.shape.rank);
  const auto given_axis = options.scalar<int32_t>(kAxis);
  if (given_axis < -rank || given_axis >= rank) return c.error(Code::kAxis, given_axis, rank);
  const auto axis = static_cast<uint32_t>(given_axis < 0 ? given_axis + rank : given_axis);

  int64_t joined = 0;
  for (uint32_t i = 0; i < c.input_count(); ++i) {
    const TensorInfo piece = c.input(i);
    if (!piece.present()) return c.error(Code::kOperandMissing, static_cast<int32_t>(i));
    if (piece.type != out.type || element_bytes(piece.type) == 0) {
      return c.error(Code::kInputType, static_cast<int32_t>(i), static_cast<int32_t>(piece.type));
    }
    TANDEM_TRY(expect_no_requantization(c, i));
    TANDEM_TRY(expect_piece_shape(c, i, axis));
    joined += piece.shape[axis];
  }
  if (joined != out.shape[axis]) return c.error(Code::kOutputShape, 0, static_cast<int32_t>(axis));

  // Seen from the axis, every tensor is a matrix: a row for each index of the dimensions before it.
  if (out.elements == 0) return {};
  const int64_t inner = DenseStrides(out.shape).elements[axis];
  const int64_t out_row = inner * joined;
  int64_t at = 0;
  for (uint32_t i = 0; i < c.input_count(); ++i) {
    const int64_t row = inner * c.input(i).shape[axis];
    MovedDim dims[] = {{.count = out.elements / out_row, .in_stride = row, .out_stride = out_row},
                       {.count = row, .in_stride = 1, .out_stride = 1}};
    emit_movement(c, i, {.out_start = at, .dims = dims});
    at += row;
  }
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(CONCATENATION, concatenation, plan_concatenation, strided_copy__ref)

}  // namespace tandem
