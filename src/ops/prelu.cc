#include "kernels/prelu.h"

#include "ops/element_wise.h"

// PRELU.
namespace tandem {
namespace {

Status plan_prelu(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  const Type type = c.input(0).type;
  TANDEM_TRY(c.expect_input_type(1, {type == Type::kFloat32 ? Type::kFloat32 : Type::kInt8}));
  TANDEM_TRY(c.expect_output_type(0, type));
  PreluParams params;
  if (type != Type::kFloat32) {
    TANDEM_TRY(c.expect_input_quantized(0));
    TANDEM_TRY(c.expect_input_quantized(1));
    TANDEM_TRY(c.expect_output_quantized(0));
    const Quantization in = c.input(0).quantization;
    const Quantization alpha = c.input(1).quantization;
    const Quantization out = c.output(0).quantization;
    params.in_zero_point = in.zero_point();
    params.alpha_zero_point = alpha.zero_point();
    params.out_zero_point = out.zero_point();
    params.positive = quantize_multiplier(double{in.scale()} / double{out.scale()});
    params.negative = quantize_multiplier(double{in.scale()} * double{alpha.scale()} / double{out.scale()});
  }
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  params.operands = *operands;
  c.emit(type == Type::kInt8    ? kernel_id::prelu_s8__ref
         : type == Type::kInt16 ? kernel_id::prelu_s16__ref
                                : kernel_id::prelu_f32__ref,
         params, {.units = operands->elements.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(PRELU, prelu, plan_prelu, prelu_s8__ref, prelu_s16__ref, prelu_f32__ref)
TANDEM_DEFINE_OP(PRELU, prelu_f32, plan_prelu, prelu_f32__ref)
TANDEM_DEFINE_OP(PRELU, prelu_s8, plan_prelu, prelu_s8__ref)

}  // namespace tandem
