#include "kernels/reduce.h"

#include "ops/op_context.h"

// MEAN. The axes may come at run time, so that how many elements meet in an output is found by the kernel.
namespace tandem {
namespace {

static_assert(kMaxRank == ReduceParams::kMaxRank);

// The constant axes as a set, checked as the kernel checks those of run time.
Status plan_axes(const OpContext& c, ReduceParams& params) {
  const TensorInfo in = c.input(0);
  const TensorInfo axis = c.input(1);
  for (uint32_t i = 0; i < axis.elements; ++i) {
    int32_t value = 0;  // the file may not align it
    std::memcpy(&value, axis.data + i * sizeof value, sizeof value);
    if (!add_axis(value, in.shape.rank, params.axes)) {
      return c.error(Code::kAxis, value, static_cast<int32_t>(in.shape.rank));
    }
  }
  uint32_t outputs = 1;
  for (uint32_t d = 0; d < in.shape.rank; ++d) {
    if ((params.axes >> d & 1) == 0) outputs *= static_cast<uint32_t>(in.shape[d]);
  }
  return outputs == c.output(0).elements ? Status{} : c.error(Code::kOutputShape, 0, -1);
}

Status plan_mean(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  const TensorInfo in = c.input(0);
  const TensorInfo axis = c.input(1);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  ReduceParams params;
  if (axis.constant()) {
    TANDEM_TRY(plan_axes(c, params));
  } else {
    params.axis_values = c.ref(axis);
    params.axis_count = axis.elements;
  }
  if (in.type != Type::kFloat32) {
    TANDEM_TRY(c.expect_input_quantized(0));
    TANDEM_TRY(c.expect_output_quantized(0));
    const double in_scale = in.quantization.scale();
    params.factor = quantize_multiplier(in_scale / out.quantization.scale());
    params.in_zero_point = in.quantization.zero_point();
    params.out_zero_point = out.quantization.zero_point();
  }
  params.outputs = cut_into_blocks(out.elements, out.elements == 0 ? 0 : in.elements / out.elements);
  params.rank = in.shape.rank;
  params.dims = c.prepared<int32_t>(params.rank, [&](std::span<int32_t> dims) {
    for (uint32_t d = 0; d < dims.size(); ++d) dims[d] = in.shape[d];
  });
  params.in = c.ref(in);
  params.out = c.ref(out);
  c.emit(in.type == Type::kInt8    ? kernel_id::mean_s8__ref
         : in.type == Type::kInt16 ? kernel_id::mean_s16__ref
                                   : kernel_id::mean_f32__ref,
         params, {.units = params.outputs.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(MEAN, mean, plan_mean, mean_s8__ref, mean_s16__ref, mean_f32__ref)
TANDEM_DEFINE_OP(MEAN, mean_f32, plan_mean, mean_f32__ref)
TANDEM_DEFINE_OP(MEAN, mean_s8, plan_mean, mean_s8__ref)

}  // namespace tandem
