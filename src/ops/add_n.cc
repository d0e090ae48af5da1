#include "kernels/add_n.h"

#include "ops/op_context.h"

// ADD_N.
namespace tandem {
namespace {

// Inputs have one type, one shape, and for INT8 one quantization.
Status expect_operands(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, kMaxOperands, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  const TensorInfo first = c.input(0);
  const bool quantized = first.type == Type::kInt8;
  if (quantized) TANDEM_TRY(c.expect_input_quantized(0));
  for (uint32_t k = 1; k < c.input_count(); ++k) {
    const TensorInfo in = c.input(k);
    const auto index = static_cast<int32_t>(k);
    if (!in.present()) return c.error(Code::kOperandMissing, index);
    TANDEM_TRY(c.expect_input_type(k, {first.type}));
    if (!(in.shape == first.shape)) return c.error(Code::kInputShape, index, -1);
    if (!quantized) continue;
    TANDEM_TRY(c.expect_input_quantized(k));
    if (in.quantization.scale() != first.quantization.scale() ||
        in.quantization.zero_point() != first.quantization.zero_point()) {
      return c.error(Code::kInputsQuantization, index, 0);
    }
  }
  TANDEM_TRY(c.expect_output_type(0, first.type));
  return c.output(0).elements == first.elements ? Status{} : c.error(Code::kOutputShape, 0, -1);
}

Status plan_add_n(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  const TensorInfo first = c.input(0);
  const TensorInfo out = c.output(0);
  AddNParams params;
  params.inputs = c.input_count();
  if (first.type == Type::kInt8) {
    TANDEM_TRY(c.expect_output_quantized(0));
    params.in_zero_point = first.quantization.zero_point();
    params.out_zero_point = out.quantization.zero_point();
    const double half_steps = double{1 << (AddNParams::kFractionBits + 1)} * double{out.quantization.scale()};
    params.multiplier = quantize_multiplier(2 * double{first.quantization.scale()} / half_steps);
    if (params.multiplier.shift > 0) return c.error(Code::kScaleRatio, params.multiplier.shift, 0);
  }
  for (uint32_t k = 0; k < params.inputs && !c.try_in_place(k);) ++k;
  std::span<Ref> refs;  // empty until the plan is written
  params.in = c.prepared<Ref>(params.inputs, [&](std::span<Ref> memory) { refs = memory; });
  for (uint32_t k = 0; k < params.inputs; ++k) {
    const Ref in = c.ref(c.input(k));
    if (!refs.empty()) refs[k] = in;
  }
  params.out = c.ref(out);
  params.elements = cut_into_blocks(out.elements, params.inputs);
  c.emit(first.type == Type::kInt8 ? kernel_id::add_n_s8__ref : kernel_id::add_n_f32__ref, params,
         {.units = params.elements.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(ADD_N, add_n, plan_add_n, add_n_s8__ref, add_n_f32__ref)
TANDEM_DEFINE_OP(ADD_N, add_n_f32, plan_add_n, add_n_f32__ref)
TANDEM_DEFINE_OP(ADD_N, add_n_s8, plan_add_n, add_n_s8__ref)

}  // namespace tandem
