#include "kernels/along_axis.h"

#include "ops/op_context.h"

// ARG_MAX, ARG_MIN and CUMSUM.
namespace tandem {
namespace {

constexpr uint8_t kCumsumOptions = 102;
enum CumsumField { kExclusive, kReverse };

Status expect_operands(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  return c.expect_input_type(1, {Type::kInt32});
}

// The axis is the first element of input 1. Blocks are left to the caller.
Result<AxisOperands> plan_axis(OpContext& c) {
  const TensorInfo in = c.input(0);
  const TensorInfo axis = c.input(1);
  AxisOperands operands{.in = c.ref(in), .out = c.ref(c.output(0)), .rank = in.shape.rank};
  if (axis.constant()) {
    const auto value = read_unaligned<int32_t>(axis.data);
    if (!find_lines(in.shape.dims, in.shape.rank, value, operands.lines)) {
      return c.error(Code::kAxis, value, static_cast<int32_t>(in.shape.rank));
    }
  } else {
    operands.axis = c.ref(axis);
    operands.dims = c.prepared<int32_t>(in.shape.rank, [&](std::span<int32_t> dims) {
      for (uint32_t d = 0; d < dims.size(); ++d) dims[d] = in.shape[d];
    });
  }
  return operands;
}

struct ArgKernels {
  TypedKernelId<ArgParams> s8;
  TypedKernelId<ArgParams> f32;
};

// TensorFlow Lite Micro looks at one axis and lets a list pass.
Status plan_arg(OpContext& c, const ArgKernels& kernels) {
  TANDEM_TRY(expect_operands(c));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt32));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  if (in.shape.rank == 0) return c.error(Code::kInputRank, 0, 0);
  if (c.input(1).elements == 0) return c.error(Code::kInputShape, 1, 0);
  const Result<AxisOperands> operands = plan_axis(c);
  TANDEM_TRY(operands.status());
  ArgParams params{*operands};
  const bool known = !params.operands.axis.present();
  if (known && params.operands.lines.count() != out.elements) return c.error(Code::kOutputShape, 0, -1);
  params.operands.blocks = cut_into_blocks(out.elements, out.elements == 0 ? 0 : in.elements / out.elements);
  c.emit(in.type == Type::kInt8 ? kernels.s8 : kernels.f32, params,
         {.units = params.operands.blocks.units()});
  return {};
}

Status plan_arg_max(OpContext& c) {
  return plan_arg(c, {kernel_id::arg_max_s8__ref, kernel_id::arg_max_f32__ref});
}
Status plan_arg_min(OpContext& c) {
  return plan_arg(c, {kernel_id::arg_min_s8__ref, kernel_id::arg_min_f32__ref});
}

Status plan_cumsum_quantization(const OpContext& c, CumsumParams& params) {
  TANDEM_TRY(c.expect_input_quantized(0));
  TANDEM_TRY(c.expect_output_quantized(0));
  const Quantization in = c.input(0).quantization;
  const Quantization out = c.output(0).quantization;
  params.in_zero_point = in.zero_point();
  params.out_zero_point = out.zero_point();
  // The order of operations is TensorFlow Lite's, whose accumulator is in steps of 2^-20 of twice the scale.
  const double twice_scale = 2 * static_cast<double>(in.scale());
  params.multiplier = quantize_multiplier(twice_scale / ((1 << 20) * static_cast<double>(out.scale())));
  if (params.multiplier.shift > 0) return c.error(Code::kScaleRatio, params.multiplier.shift, 0);
  return {};
}

Status plan_cumsum(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  if (in.shape.rank == 0) return c.error(Code::kInputRank, 0, 0);
  if (c.input(1).elements != 1) return c.error(Code::kInputShape, 1, 0);
  const flat::Table options = c.options(kCumsumOptions);
  CumsumParams params{.exclusive = options.scalar<uint8_t>(kExclusive),
                      .reverse = options.scalar<uint8_t>(kReverse)};
  if (in.type == Type::kInt8) TANDEM_TRY(plan_cumsum_quantization(c, params));
  static_cast<void>(c.try_in_place(0));
  const Result<AxisOperands> operands = plan_axis(c);
  TANDEM_TRY(operands.status());
  params.operands = *operands;
  const Lines& lines = params.operands.lines;
  params.operands.blocks =
      params.operands.axis.present() ? Blocks{1} : cut_into_blocks(lines.count(), lines.length);
  c.emit(in.type == Type::kInt8 ? kernel_id::cumsum_s8__ref : kernel_id::cumsum_f32__ref, params,
         {.units = params.operands.blocks.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(ARG_MAX, arg_max, plan_arg_max, arg_max_s8__ref, arg_max_f32__ref)
TANDEM_DEFINE_OP(ARG_MAX, arg_max_f32, plan_arg_max, arg_max_f32__ref)
TANDEM_DEFINE_OP(ARG_MAX, arg_max_s8, plan_arg_max, arg_max_s8__ref)
TANDEM_DEFINE_OP(ARG_MIN, arg_min, plan_arg_min, arg_min_s8__ref, arg_min_f32__ref)
TANDEM_DEFINE_OP(ARG_MIN, arg_min_f32, plan_arg_min, arg_min_f32__ref)
TANDEM_DEFINE_OP(ARG_MIN, arg_min_s8, plan_arg_min, arg_min_s8__ref)
TANDEM_DEFINE_OP(CUMSUM, cumsum, plan_cumsum, cumsum_s8__ref, cumsum_f32__ref)
TANDEM_DEFINE_OP(CUMSUM, cumsum_f32, plan_cumsum, cumsum_f32__ref)
TANDEM_DEFINE_OP(CUMSUM, cumsum_s8, plan_cumsum, cumsum_s8__ref)

}  // namespace tandem
