#include "kernels/quantize.h"

#include "ops/element_wise.h"

// QUANTIZE (of floats, and between integer types) and DEQUANTIZE.
namespace tandem {
namespace {

struct Variant {
  Type in;
  Type out;
  TypedKernelId<QuantizeParams> kernel;
};

constexpr Variant kQuantizeVariants[] = {
    {Type::kFloat32, Type::kInt8, kernel_id::quantize_s8__ref},
    {Type::kFloat32, Type::kInt16, kernel_id::quantize_s16__ref},
    {Type::kFloat32, Type::kUInt8, kernel_id::quantize_u8__ref},
    {Type::kInt8, Type::kInt8, kernel_id::requantize_s8_s8__ref},
    {Type::kInt8, Type::kUInt8, kernel_id::requantize_s8_u8__ref},
    {Type::kInt8, Type::kInt16, kernel_id::requantize_s8_s16__portable},
    {Type::kInt8, Type::kInt32, kernel_id::requantize_s8_s32__ref},
    {Type::kUInt8, Type::kInt8, kernel_id::requantize_u8_s8__ref},
    {Type::kInt16, Type::kInt8, kernel_id::requantize_s16_s8__portable},
    {Type::kInt16, Type::kInt16, kernel_id::requantize_s16_s16__portable},
    {Type::kInt16, Type::kInt32, kernel_id::requantize_s16_s32__ref},
    {Type::kInt32, Type::kInt8, kernel_id::requantize_s32_s8__ref},
    {Type::kInt32, Type::kInt16, kernel_id::requantize_s32_s16__ref},
};
constexpr Variant kDequantizeVariants[] = {
    {Type::kInt8, Type::kFloat32, kernel_id::dequantize_s8__ref},
    {Type::kUInt8, Type::kFloat32, kernel_id::dequantize_u8__ref},
    {Type::kInt16, Type::kFloat32, kernel_id::dequantize_s16__ref},
};

Status plan(OpContext& c, std::span<const Variant> variants) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  const Variant* variant = nullptr;
  bool known_input = false;
  for (const Variant& candidate : variants) {
    known_input |= candidate.in == in.type;
    if (candidate.in == in.type && candidate.out == out.type) variant = &candidate;
  }
  if (!known_input) return c.error(Code::kInputType, 0, static_cast<int32_t>(in.type));
  if (variant == nullptr) return c.error(Code::kOutputType, 0, static_cast<int32_t>(out.type));
  if (in.type != Type::kFloat32) TANDEM_TRY(c.expect_input_quantized(0));
  if (out.type != Type::kFloat32) TANDEM_TRY(c.expect_output_quantized(0));

  QuantizeParams params;
  if (in.type == Type::kFloat32) {
    params.scale = out.quantization.scale();
  } else if (out.type == Type::kFloat32) {
    params.scale = in.quantization.scale();
  } else {
    params.multiplier = quantize_multiplier(static_cast<double>(in.quantization.scale()) /
                                            static_cast<double>(out.quantization.scale()));
  }
  if (in.type != Type::kFloat32) params.in_zero_point = in.quantization.zero_point();
  if (out.type != Type::kFloat32) params.out_zero_point = out.quantization.zero_point();
  if (in.type == Type::kInt16 && out.type == Type::kInt8) {
    params.level = level_constants(params.multiplier, 0, params.out_zero_point, kRangeOf<int8_t>)
                       .value_or(LevelConstants{});
  }
  const bool bytes = type_bits(in.type) == 8 && type_bits(out.type) == 8;
  return bytes ? emit_unary_of_bytes(c, variant->kernel, params) : emit_unary(c, variant->kernel, params);
}

Status plan_dequantize(OpContext& c) { return plan(c, kDequantizeVariants); }
Status plan_quantize(OpContext& c) { return plan(c, kQuantizeVariants); }

}  // namespace

TANDEM_DEFINE_OP(DEQUANTIZE, dequantize, plan_dequantize, dequantize_s8__ref, dequantize_u8__ref,
                 dequantize_s16__ref)
TANDEM_DEFINE_OP(DEQUANTIZE, dequantize_s8, plan_dequantize, dequantize_s8__ref)
TANDEM_DEFINE_OP(QUANTIZE, quantize, plan_quantize, lookup_s8__portable, quantize_s8__ref, quantize_s16__ref,
                 quantize_u8__ref, requantize_s8_s8__ref, requantize_s8_u8__ref, requantize_s8_s16__portable,
                 requantize_s8_s32__ref, requantize_u8_s8__ref, requantize_s16_s8__portable,
                 requantize_s16_s16__portable, requantize_s16_s32__ref, requantize_s32_s8__ref,
                 requantize_s32_s16__ref)
TANDEM_DEFINE_OP(QUANTIZE, quantize_s8, plan_quantize, quantize_s8__ref)
TANDEM_DEFINE_OP(QUANTIZE, requantize_s16_s32, plan_quantize, requantize_s16_s32__ref)
TANDEM_DEFINE_OP(QUANTIZE, requantize_s16_s8, plan_quantize, requantize_s16_s8__portable)
TANDEM_DEFINE_OP(QUANTIZE, requantize_s8_s8, plan_quantize, lookup_s8__portable, requantize_s8_s8__ref)

}  // namespace tandem
