#include "ops/data_movement.h"

// SPLIT, SPLIT_V and UNPACK: an input cut along an axis, each output a step of its own. How long the pieces
// are the outputs' shapes in the file say, as in TensorFlow Lite Micro: SPLIT_V's list of sizes is not looked
// at.
namespace tandem {
namespace {

constexpr uint8_t kUnpackOptions = 64;
enum Field { kNum, kAxis };

constexpr std::initializer_list<Type> kTypes = {Type::kInt8, Type::kInt16, Type::kInt32, Type::kFloat32};

// The shape of an output whose piece of `in` has `length` indices along `axis`; without that dimension where
// the operator drops it.
Shape piece_shape(const Shape& in, uint32_t axis, int32_t length, bool drops_axis) {
  Shape piece;
  for (uint32_t d = 0; d < in.rank; ++d) {
    if (d != axis || !drops_axis) piece.dims[piece.rank++] = d == axis ? length : in[d];
  }
  return piece;
}

Status plan_pieces(OpContext& c, uint32_t input, uint32_t axis, bool drops_axis) {
  const TensorInfo in = c.input(input);
  int64_t joined = 0;
  for (uint32_t i = 0; i < c.output_count(); ++i) {
    const Shape out = c.output(i).shape;
    TANDEM_TRY(c.expect_output_type(i, in.type));
    const int32_t length = drops_axis || axis >= out.rank ? 1 : out[axis];
    TANDEM_TRY(c.expect_output_shape(i, piece_shape(in.shape, axis, length, drops_axis)));
    joined += length;
  }
  if (joined != in.shape[axis]) return c.error(Code::kOutputShape, 0, static_cast<int32_t>(axis));

  // Seen from the axis, every tensor is a matrix: a row for each index of the dimensions before it.
  if (in.elements == 0) return {};
  const int64_t in_row = DenseStrides(in.shape).elements[axis] * joined;
  const int64_t rows = in.elements / in_row;
  int64_t at = 0;
  for (uint32_t i = 0; i < c.output_count(); ++i) {
    const int64_t row = c.output(i).elements / rows;
    MovedDim dims[] = {{.count = rows, .in_stride = in_row, .out_stride = row},
                       {.count = row, .in_stride = 1, .out_stride = 1}};
    emit_movement(c, input, {.in_start = at, .dims = dims, .output = i});
    at += row;
  }
  return {};
}

Status plan_split_along(OpContext& c, uint32_t input, uint32_t axis_input) {
  TANDEM_TRY(c.expect_input_type(input, kTypes));
  TANDEM_TRY(c.expect_input_type(axis_input, {Type::kInt32}));
  TANDEM_TRY(expect_constant_indices(c, axis_input));
  const TensorInfo axis = c.input(axis_input);
  if (axis.elements != 1) return c.error(Code::kInputShape, static_cast<int32_t>(axis_input), 0);
  const Result<uint32_t> d = dimension_of(c, constant_index(axis, 0), c.input(input).shape.rank);
  TANDEM_TRY(d.status());
  return plan_pieces(c, input, *d, false);
}

Status plan_split(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, c.output_count()));
  for (uint32_t i = 1; i < c.output_count(); ++i) {
    TANDEM_TRY(c.expect_output_shape(i, c.output(0).shape));
  }
  return plan_split_along(c, 1, 0);
}

Status plan_split_v(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 3, c.output_count()));
  return plan_split_along(c, 0, 2);
}

Status plan_unpack(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, c.output_count()));
  TANDEM_TRY(c.expect_input_type(0, kTypes));
  const flat::Table options = c.options(kUnpackOptions);
  const auto pieces = options.scalar<int32_t>(kNum);
  if (pieces < 0 || static_cast<uint32_t>(pieces) != c.output_count()) {
    return c.error(Code::kOptionValue, kNum, pieces);
  }
  const Result<uint32_t> axis = dimension_of(c, options.scalar<int32_t>(kAxis), c.input(0).shape.rank);
  TANDEM_TRY(axis.status());
  return plan_pieces(c, 0, *axis, true);
}

}  // namespace

TANDEM_DEFINE_OP(SPLIT, split, plan_split, strided_copy__ref)
TANDEM_DEFINE_OP(SPLIT_V, split_v, plan_split_v, strided_copy__ref)
TANDEM_DEFINE_OP(UNPACK, unpack, plan_unpack, strided_copy__ref)

}  // namespace tandem
