#include "kernels/broadcast_args.h"
#include "kernels/copy.h"
#include "ops/data_movement.h"

// Operators whose results are shapes.
namespace tandem {
namespace {

// Shapes are known while planning: the output is copied from the plan. As in TensorFlow Lite Micro, its shape
// does not matter; one with fewer elements than the input has dimensions gets the first of them.
Status plan_shape(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt32));
  const Shape in = c.input(0).shape;
  const TensorInfo out = c.output(0);
  if (out.elements > in.rank) return c.error(Code::kOutputShape, 0, 0);
  if (out.elements == 0) return {};
  const Ref dims = c.prepared<int32_t>(out.elements, [&](std::span<int32_t> to) {
    for (uint32_t d = 0; d < to.size(); ++d) to[d] = in[d];
  });
  c.emit(kernel_id::copy__ref, {.in = dims, .out = c.ref(out), .bytes = out.bytes});
  return {};
}

// How long the list in the output is, the file says: what is missing in front of both shapes is 1.
Status plan_broadcast_args(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt32, Type::kInt64}));
  const TensorInfo a = c.input(0);
  const TensorInfo b = c.input(1);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(1, {a.type}));
  TANDEM_TRY(c.expect_output_type(0, a.type));
  if (a.shape.rank != 1) return c.error(Code::kInputRank, 0, static_cast<int32_t>(a.shape.rank));
  if (b.shape.rank != 1) return c.error(Code::kInputRank, 1, static_cast<int32_t>(b.shape.rank));
  if (out.shape.rank != 1) return c.error(Code::kOutputShape, 0, -1);
  c.emit(a.type == Type::kInt64 ? kernel_id::broadcast_args_s64__ref : kernel_id::broadcast_args_s32__ref,
         {.a = c.ref(a),
          .b = c.ref(b),
          .out = c.ref(out),
          .a_rank = a.elements,
          .b_rank = b.elements,
          .out_rank = out.elements});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(BROADCAST_ARGS, broadcast_args, plan_broadcast_args, broadcast_args_s32__ref,
                 broadcast_args_s64__ref)
TANDEM_DEFINE_OP(SHAPE, shape, plan_shape, copy__ref)

}  // namespace tandem
