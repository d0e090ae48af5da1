#include "base/fixed_point.h"
#include "ops/data_movement.h"

// CONCATENATION: the inputs one after the other along an axis, each a step of its own; PACK: the same along a
// new axis. Nothing is requantized, as in TensorFlow Lite Micro: 8-bit inputs of CONCATENATION must have the
// output's quantization, those of int16 zero points of 0; PACK does not look at quantization.
namespace tandem {
namespace {

constexpr uint8_t kConcatenationOptions = 10;
enum Field { kAxis, kActivation };

constexpr uint8_t kPackOptions = 59;
enum PackField { kValuesCount, kPackAxis };

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

// Moves the inputs to where they belong along dimension `axis` of the output, which has `joined` indices.
void emit_pieces(OpContext& c, uint32_t axis, int64_t joined) {
  const TensorInfo out = c.output(0);
  if (out.elements == 0) return;
  // Seen from the axis, every tensor is a matrix: a row for each index of the dimensions before it.
  const int64_t out_row = DenseStrides(out.shape).elements[axis] * joined;
  const int64_t rows = out.elements / out_row;
  int64_t at = 0;
  for (uint32_t i = 0; i < c.input_count(); ++i) {
    const int64_t row = c.input(i).elements / rows;
    MovedDim dims[] = {{.count = rows, .in_stride = row, .out_stride = out_row},
                       {.count = row, .in_stride = 1, .out_stride = 1}};
    emit_movement(c, i, {.out_start = at, .dims = dims});
    at += row;
  }
}

Status plan_concatenation(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, kMaxOperands, 1));
  const TensorInfo out = c.output(0);
  const flat::Table options = c.options(kConcatenationOptions);
  const auto activation = options.scalar<int8_t>(kActivation);
  if (activation != static_cast<int8_t>(Activation::kNone)) {
    return c.error(Code::kOptionValue, kActivation, activation);
  }
  const Result<uint32_t> axis = dimension_of(c, options.scalar<int32_t>(kAxis), out.shape.rank);
  TANDEM_TRY(axis.status());

  int64_t joined = 0;
  for (uint32_t i = 0; i < c.input_count(); ++i) {
    const TensorInfo piece = c.input(i);
    if (!piece.present()) return c.error(Code::kOperandMissing, static_cast<int32_t>(i));
    if (piece.type != out.type || element_bytes(piece.type) == 0) {
      return c.error(Code::kInputType, static_cast<int32_t>(i), static_cast<int32_t>(piece.type));
    }
    TANDEM_TRY(expect_no_requantization(c, i));
    TANDEM_TRY(expect_piece_shape(c, i, *axis));
    joined += piece.shape[*axis];
  }
  if (joined != out.shape[*axis]) return c.error(Code::kOutputShape, 0, static_cast<int32_t>(*axis));
  emit_pieces(c, *axis, joined);
  return {};
}

Status plan_pack(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, kMaxOperands, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32}));
  const TensorInfo first = c.input(0);
  TANDEM_TRY(c.expect_output_type(0, first.type));
  const flat::Table options = c.options(kPackOptions);
  const auto values = options.scalar<int32_t>(kValuesCount);
  if (values < 0 || static_cast<uint32_t>(values) != c.input_count()) {
    return c.error(Code::kOptionValue, kValuesCount, values);
  }
  if (first.shape.rank == kMaxRank) return c.error(Code::kInputRank, 0, kMaxRank);
  const Result<uint32_t> axis = dimension_of(c, options.scalar<int32_t>(kPackAxis), first.shape.rank + 1);
  TANDEM_TRY(axis.status());
  for (uint32_t i = 1; i < c.input_count(); ++i) {
    const TensorInfo piece = c.input(i);
    if (!piece.present()) return c.error(Code::kOperandMissing, static_cast<int32_t>(i));
    TANDEM_TRY(c.expect_input_type(i, {first.type}));
    if (piece.shape != first.shape) return c.error(Code::kInputShape, static_cast<int32_t>(i), -1);
  }
  Shape out{.rank = first.shape.rank + 1};
  for (uint32_t d = 0; d < out.rank; ++d)
    out.dims[d] = d == *axis ? values : first.shape[d < *axis ? d : d - 1];
  TANDEM_TRY(c.expect_output_shape(0, out));
  emit_pieces(c, *axis, values);
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(CONCATENATION, concatenation, plan_concatenation, strided_copy__ref)
TANDEM_DEFINE_OP(PACK, pack, plan_pack, strided_copy__ref)

}  // namespace tandem
