#include "kernels/division.h"

#include "ops/element_wise.h"
#include "ops/requantization.h"

// DIV, FLOOR_DIV and FLOOR_MOD. What TensorFlow Lite leaves undefined, integers divided by 0, stops the
// invocation, as it does for FLOOR_DIV there.
namespace tandem {
namespace {

constexpr uint8_t kDivOptions = 29;
enum Field { kActivation };

Status expect_operands(const OpContext& c, std::initializer_list<Type> types) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, types));
  TANDEM_TRY(c.expect_input_type(1, {c.input(0).type}));
  return c.expect_output_type(0, c.input(0).type);
}

// The last thing an operator plans: its operands, and the step.
Status emit(OpContext& c, TypedKernelId<DivisionParams> kernel, DivisionParams params) {
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  params.operands = *operands;
  c.emit(kernel, params, {.units = operands->elements.units()});
  return {};
}

Status plan_quantized_div(OpContext& c, DivisionParams params) {
  TANDEM_TRY(c.expect_input_quantized(0));
  TANDEM_TRY(c.expect_input_quantized(1));
  TANDEM_TRY(c.expect_output_quantized(0));
  const Quantization a = c.input(0).quantization;
  const Quantization b = c.input(1).quantization;
  const Quantization out = c.output(0).quantization;
  params.a_zero_point = a.zero_point();
  params.b_zero_point = b.zero_point();
  params.out_zero_point = out.zero_point();
  // In float, as TensorFlow Lite has it.
  params.multiplier = quantize_multiplier(double{a.scale() / (b.scale() * out.scale())});
  if (params.multiplier.shift > DivisionParams::kMaxShift) {
    return c.error(Code::kScaleRatio, params.multiplier.shift, DivisionParams::kMaxShift);
  }
  return emit(c, kernel_id::div_s8__ref, params);
}

Status plan_div(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kInt32, Type::kFloat32}));
  const Type type = c.input(0).type;
  const auto activation = static_cast<Activation>(c.options(kDivOptions).scalar<int8_t>(kActivation));
  DivisionParams params;
  if (type == Type::kInt32) {
    TANDEM_TRY(expect_unquantized(c, 2));
    params.clamp = activation_bounds<int32_t>(activation);
    // Refuses what is no clamp.
    TANDEM_TRY(plan_clamp_f32(c, activation).status());
    return emit(c, kernel_id::div_s32__ref, params);
  }
  TANDEM_TRY(plan_output_clamp(c, activation, params.clamp, params.clamp_f32));
  if (type == Type::kInt8) return plan_quantized_div(c, params);
  return emit(c, kernel_id::div_f32__ref, params);
}

Status plan_floor_div(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kFloat32}));
  return emit(c, kernel_id::floor_div_f32__ref, {});
}

Status plan_floor_mod(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kFloat32}));
  return emit(c, kernel_id::floor_mod_f32__ref, {});
}

}  // namespace

TANDEM_DEFINE_OP(DIV, div, plan_div, div_s8__ref, div_s32__ref, div_f32__ref)
TANDEM_DEFINE_OP(DIV, div_f32, plan_div, div_f32__ref)
TANDEM_DEFINE_OP(DIV, div_s8, plan_div, div_s8__ref)
TANDEM_DEFINE_OP(FLOOR_DIV, floor_div, plan_floor_div, floor_div_f32__ref)
TANDEM_DEFINE_OP(FLOOR_MOD, floor_mod, plan_floor_mod, floor_mod_f32__ref)

}  // namespace tandem
