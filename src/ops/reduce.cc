#include "kernels/reduce.h"

#include <optional>

#include "ops/op_context.h"

// MEAN, REDUCE_ALL, REDUCE_MAX, REDUCE_MIN and SUM. The axes may come at run time, so that how many elements
// meet in an output is found by the kernel.
namespace tandem {
namespace {

static_assert(kMaxRank == ReduceParams::kMaxRank);

// The constant axes as a set, checked as the kernel checks those of run time.
Status plan_axes(const OpContext& c, ReduceParams& params) {
  const TensorInfo in = c.input(0);
  const TensorInfo axis = c.input(1);
  for (uint32_t i = 0; i < axis.elements; ++i) {
    const auto value = read_unaligned<int32_t>(axis.data + i * sizeof(int32_t));
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

// Checks the operands, and fills all of `params` but the quantization.
Status plan_operands(OpContext& c, std::initializer_list<Type> types, ReduceParams& params) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, types));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt32}));
  const TensorInfo in = c.input(0);
  const TensorInfo axis = c.input(1);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (axis.constant()) {
    TANDEM_TRY(plan_axes(c, params));
  } else {
    params.axis_values = c.ref(axis);
    params.axis_count = axis.elements;
  }
  params.outputs = cut_into_blocks(out.elements, out.elements == 0 ? 0 : in.elements / out.elements);
  params.rank = in.shape.rank;
  params.dims = c.prepared<int32_t>(params.rank, [&](std::span<int32_t> dims) {
    for (uint32_t d = 0; d < dims.size(); ++d) dims[d] = in.shape[d];
  });
  params.in = c.ref(in);
  params.out = c.ref(out);
  return {};
}

// How many elements meet in an output and how many outputs follow one another, if the axes are neighbours and
// known; dimensions of 1 are none.
struct Run {
  uint32_t count = 1;
  uint32_t inner = 1;
};
std::optional<Run> neighbouring_axes(const TensorInfo& in, const ReduceParams& params) {
  if (params.axis_values.present() || in.elements == 0) return std::nullopt;
  Run run;
  bool passed = false;  // a dimension before the axes
  for (uint32_t d = in.shape.rank; d-- > 0;) {
    const auto size = static_cast<uint32_t>(in.shape[d]);
    if (size == 1) continue;
    if ((params.axes >> d & 1) != 0) {
      if (passed) return std::nullopt;
      run.count *= size;
    } else if (run.count == 1) {
      run.inner *= size;
    } else {
      passed = true;
    }
  }
  return run;
}

void emit_run_mean(OpContext& c, const ReduceParams& params, const Run& run, bool mean) {
  constexpr uint32_t kWord = 4;
  constexpr uint32_t kFinishCost = 16;  // of an output, beside its elements
  RunMeanParams of_run{.in = params.in,
                       .out = params.out,
                       .outputs = cut_into_blocks(params.outputs.count, run.count + kFinishCost),
                       .count = run.count,
                       .inner = run.inner,
                       .factor = mean ? divide_multiplier(params.factor, run.count) : params.factor,
                       .in_zero_point = params.in_zero_point,
                       .out_zero_point = params.out_zero_point};
  of_run.outputs.per_unit = (of_run.outputs.per_unit + kWord - 1) / kWord * kWord;
  c.emit(kernel_id::mean_s8__portable, of_run, {.units = of_run.outputs.units()});
}

struct TotalOperator {
  TypedKernelId<ReduceParams> s8;
  TypedKernelId<ReduceParams> s16;
  TypedKernelId<ReduceParams> f32;
  bool mean;
};

// SUM and MEAN: of real values, whatever the output's scale.
Status plan_total(OpContext& c, const TotalOperator& op) {
  ReduceParams params;
  TANDEM_TRY(plan_operands(c, {Type::kInt8, Type::kInt16, Type::kFloat32}, params));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  if (in.type != Type::kFloat32) {
    TANDEM_TRY(c.expect_input_quantized(0));
    TANDEM_TRY(c.expect_output_quantized(0));
    const double in_scale = in.quantization.scale();
    params.factor = quantize_multiplier(in_scale / out.quantization.scale());
    params.in_zero_point = in.quantization.zero_point();
    params.out_zero_point = out.quantization.zero_point();
  }
  if (in.type == Type::kInt8) {
    if (const std::optional<Run> run = neighbouring_axes(in, params)) {
      emit_run_mean(c, params, *run, op.mean);
      return {};
    }
  }
  c.emit(in.type == Type::kInt8    ? op.s8
         : in.type == Type::kInt16 ? op.s16
                                   : op.f32,
         params, {.units = params.outputs.units()});
  return {};
}

Status plan_mean(OpContext& c) {
  return plan_total(c, {.s8 = kernel_id::mean_s8__ref,
                        .s16 = kernel_id::mean_s16__ref,
                        .f32 = kernel_id::mean_f32__ref,
                        .mean = true});
}
Status plan_sum(OpContext& c) {
  return plan_total(c, {.s8 = kernel_id::sum_s8__ref,
                        .s16 = kernel_id::sum_s16__ref,
                        .f32 = kernel_id::sum_f32__ref,
                        .mean = false});
}

struct Kernels {
  TypedKernelId<ReduceParams> s8;
  TypedKernelId<ReduceParams> f32;
};

// REDUCE_MAX and REDUCE_MIN give one of the stored values as it is.
Status plan_extreme(OpContext& c, const Kernels& kernels) {
  ReduceParams params;
  TANDEM_TRY(plan_operands(c, {Type::kInt8, Type::kFloat32}, params));
  const TensorInfo in = c.input(0);
  const Quantization out = c.output(0).quantization;
  if (in.type == Type::kInt8 && (in.quantization.present() || out.present())) {
    TANDEM_TRY(c.expect_same_quantization(0));
    // To the last bit, as TensorFlow Lite Micro wants it here.
    if (in.quantization.scale() != out.scale()) return c.error(Code::kSameQuantization, 0);
  }
  c.emit(in.type == Type::kInt8 ? kernels.s8 : kernels.f32, params, {.units = params.outputs.units()});
  return {};
}

Status plan_reduce_max(OpContext& c) {
  return plan_extreme(c, {kernel_id::reduce_max_s8__ref, kernel_id::reduce_max_f32__ref});
}
Status plan_reduce_min(OpContext& c) {
  return plan_extreme(c, {kernel_id::reduce_min_s8__ref, kernel_id::reduce_min_f32__ref});
}

Status plan_reduce_all(OpContext& c) {
  ReduceParams params;
  TANDEM_TRY(plan_operands(c, {Type::kBool}, params));
  c.emit(kernel_id::reduce_all_bool__ref, params, {.units = params.outputs.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(MEAN, mean, plan_mean, mean_s8__portable, mean_s8__ref, mean_s16__ref, mean_f32__ref)
TANDEM_DEFINE_OP(MEAN, mean_f32, plan_mean, mean_f32__ref)
TANDEM_DEFINE_OP(MEAN, mean_s8, plan_mean, mean_s8__portable, mean_s8__ref)
TANDEM_DEFINE_OP(REDUCE_ALL, reduce_all, plan_reduce_all, reduce_all_bool__ref)
TANDEM_DEFINE_OP(REDUCE_MAX, reduce_max, plan_reduce_max, reduce_max_s8__ref, reduce_max_f32__ref)
TANDEM_DEFINE_OP(REDUCE_MAX, reduce_max_f32, plan_reduce_max, reduce_max_f32__ref)
TANDEM_DEFINE_OP(REDUCE_MAX, reduce_max_s8, plan_reduce_max, reduce_max_s8__ref)
TANDEM_DEFINE_OP(REDUCE_MIN, reduce_min, plan_reduce_min, reduce_min_s8__ref, reduce_min_f32__ref)
TANDEM_DEFINE_OP(REDUCE_MIN, reduce_min_f32, plan_reduce_min, reduce_min_f32__ref)
TANDEM_DEFINE_OP(REDUCE_MIN, reduce_min_s8, plan_reduce_min, reduce_min_s8__ref)
TANDEM_DEFINE_OP(SUM, sum, plan_sum, mean_s8__portable, sum_s8__ref, sum_s16__ref, sum_f32__ref)
TANDEM_DEFINE_OP(SUM, sum_f32, plan_sum, sum_f32__ref)
TANDEM_DEFINE_OP(SUM, sum_s8, plan_sum, mean_s8__portable, sum_s8__ref)

}  // namespace tandem
