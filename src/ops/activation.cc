#include "kernels/activation.h"

#include <limits>

#include "base/elementary.h"
#include "ops/element_wise.h"

// RELU, RELU6, LEAKY_RELU, LOGISTIC and TANH.
namespace tandem {
namespace {

constexpr uint8_t kLeakyReluOptions = 75;
enum LeakyReluField { kAlpha };

Status expect_operands(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  return c.expect_output_type(0, c.input(0).type);
}

// The three kernels of a contract.
template <class Params>
struct Kernels {
  TypedKernelId<Params> s8;
  TypedKernelId<Params> s16;
  TypedKernelId<Params> f32;
};

template <class Params>
Status emit(OpContext& c, const Kernels<Params>& kernels, Params params) {
  const Type type = c.input(0).type;
  if (type == Type::kInt8) return emit_unary_of_bytes(c, kernels.s8, params);
  return emit_unary(c, type == Type::kInt16 ? kernels.s16 : kernels.f32, params);
}

constexpr Kernels<ClampParams> kClamp{kernel_id::clamp_s8__ref, kernel_id::clamp_s16__ref,
                                      kernel_id::clamp_f32__ref};
constexpr Kernels<LeakyReluParams> kLeakyRelu{kernel_id::leaky_relu_s8__ref, kernel_id::leaky_relu_s16__ref,
                                              kernel_id::leaky_relu_f32__ref};
constexpr Kernels<SigmoidParams> kLogistic{kernel_id::logistic_s8__ref, kernel_id::logistic_s16__ref,
                                           kernel_id::logistic_f32__ref};
constexpr Kernels<SigmoidParams> kTanh{kernel_id::tanh_s8__ref, kernel_id::tanh_s16__ref,
                                       kernel_id::tanh_f32__ref};

// RELU on int8 and int16 and LEAKY_RELU. TensorFlow Lite divides scales in float.
Status plan_quantized_leaky_relu(OpContext& c, float alpha) {
  TANDEM_TRY(c.expect_input_quantized(0));
  TANDEM_TRY(c.expect_output_quantized(0));
  const Quantization in = c.input(0).quantization;
  const Quantization out = c.output(0).quantization;
  const float negative = in.scale() * alpha / out.scale();
  QuantizedMultiplier multiplier =
      quantize_multiplier(static_cast<double>(negative < 0 ? -negative : negative));
  if (negative < 0) multiplier.multiplier = -multiplier.multiplier;
  return emit(c, kLeakyRelu,
              {.operands = {},
               .in_zero_point = in.zero_point(),
               .out_zero_point = out.zero_point(),
               .positive = quantize_multiplier(static_cast<double>(in.scale() / out.scale())),
               .negative = multiplier});
}

Status plan_relu(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  if (c.input(0).type == Type::kFloat32) {
    return emit(c, kClamp, {.clamp_f32 = {.min = 0, .max = std::numeric_limits<float>::infinity()}});
  }
  if (c.input(0).type == Type::kInt16) TANDEM_TRY(expect_symmetric(c, 1));
  return plan_quantized_leaky_relu(c, 0);
}

Status plan_relu6(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  const TensorInfo in = c.input(0);
  if (in.type == Type::kFloat32) {
    return emit(c, kClamp, {.clamp_f32 = activation_bounds<float>(Activation::kRelu6)});
  }
  TANDEM_TRY(c.expect_input_quantized(0));
  // The bounds are those of the input's quantization: TensorFlow Lite Micro does not look at the output's.
  const Result<Clamp> clamp =
      activation_clamp(Activation::kRelu6, in.quantization.scale(), in.quantization.zero_point(),
                       in.type == Type::kInt8 ? kRangeOf<int8_t> : kRangeOf<int16_t>);
  if (!clamp.ok()) return c.error(Code::kInputQuantization, 0);
  return emit(c, kClamp, {.operands = {}, .clamp = *clamp});
}

Status plan_leaky_relu(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  const auto alpha = c.options(kLeakyReluOptions).scalar<float>(kAlpha);
  if (c.input(0).type != Type::kFloat32) return plan_quantized_leaky_relu(c, alpha);
  return emit(c, kLeakyRelu, {.operands = {}, .alpha = alpha});
}

SigmoidParams sigmoid_s8(const Quantization& in) {
  constexpr int kInputIntegerBits = 4;
  const QuantizedMultiplier multiplier =
      quantize_multiplier(static_cast<double>(in.scale()) * (1 << (31 - kInputIntegerBits)));
  return {.operands = {},
          .in_zero_point = in.zero_point(),
          .in_radius = input_radius(kInputIntegerBits, multiplier.shift),
          .multiplier = multiplier};
}

// The input's scale in steps of the table. Scales of 2^-12 · 2^k, k ∈ [0, max_pot_shift], are exact; others
// get 15 significant bits, the rest cut off, as in TensorFlow Lite.
Result<QuantizedMultiplier> table_multiplier(const OpContext& c, int32_t max_pot_shift) {
  const float scale = c.input(0).quantization.scale();
  const std::optional<int32_t> exponent = elementary::exponent_if_pot(scale);
  if (exponent && *exponent >= -12 && *exponent <= -12 + max_pot_shift) {
    return QuantizedMultiplier{3 << (*exponent + 12), 0};
  }
  double multiplier = static_cast<double>(scale) * 4096 * 3;
  // x · multiplier has to stay below 2^31.
  if (multiplier >= 65536) return c.error(Code::kInputScale, 0);
  int32_t shift = 0;
  for (; multiplier <= 32767 / 2.0 && shift <= 30; ++shift) multiplier *= 2;
  return QuantizedMultiplier{static_cast<int32_t>(multiplier), shift};
}

struct SigmoidOperator {
  const Kernels<SigmoidParams>& kernels;
  int32_t max_pot_shift;  ///< of table_multiplier
};

Status plan_sigmoid(OpContext& c, const SigmoidOperator& op) {
  const TensorInfo in = c.input(0);
  if (in.type == Type::kFloat32) return emit(c, op.kernels, {});
  if (in.type == Type::kInt8) {
    TANDEM_TRY(c.expect_input_quantized(0));
    return emit(c, op.kernels, sigmoid_s8(in.quantization));
  }
  TANDEM_TRY(expect_symmetric(c, 1));
  if (elementary::exponent_if_pot(c.output(0).quantization.scale()) != -15) {
    return c.error(Code::kOutputScalePot, 0, -15);
  }
  const Result<QuantizedMultiplier> multiplier = table_multiplier(c, op.max_pot_shift);
  TANDEM_TRY(multiplier.status());
  return emit(c, op.kernels, {.operands = {}, .multiplier = *multiplier});
}

Status plan_logistic(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  if (c.input(0).type == Type::kInt8) {
    TANDEM_TRY(c.expect_output_quantized(0));
    if (c.output(0).quantization.zero_point() != -128) return c.error(Code::kOutputZeroPoint, 0, -128);
  }
  return plan_sigmoid(c, {.kernels = kLogistic, .max_pot_shift = 0});
}

Status plan_tanh(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  return plan_sigmoid(c, {.kernels = kTanh, .max_pot_shift = 1});
}

}  // namespace

TANDEM_DEFINE_OP(LEAKY_RELU, leaky_relu, plan_leaky_relu, lookup_s8__portable, leaky_relu_s8__ref,
                 leaky_relu_s16__ref, leaky_relu_f32__ref)
TANDEM_DEFINE_OP(LEAKY_RELU, leaky_relu_f32, plan_leaky_relu, leaky_relu_f32__ref)
TANDEM_DEFINE_OP(LEAKY_RELU, leaky_relu_s8, plan_leaky_relu, lookup_s8__portable, leaky_relu_s8__ref)
TANDEM_DEFINE_OP(LOGISTIC, logistic, plan_logistic, lookup_s8__portable, logistic_s8__ref, logistic_s16__ref,
                 logistic_f32__ref)
TANDEM_DEFINE_OP(LOGISTIC, logistic_f32, plan_logistic, logistic_f32__ref)
TANDEM_DEFINE_OP(LOGISTIC, logistic_s8, plan_logistic, lookup_s8__portable, logistic_s8__ref)
TANDEM_DEFINE_OP(RELU, relu, plan_relu, lookup_s8__portable, leaky_relu_s8__ref, leaky_relu_s16__ref,
                 clamp_f32__ref)
TANDEM_DEFINE_OP(RELU, relu_f32, plan_relu, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU, relu_s8, plan_relu, lookup_s8__portable, leaky_relu_s8__ref)
TANDEM_DEFINE_OP(RELU6, relu6, plan_relu6, lookup_s8__portable, clamp_s8__ref, clamp_s16__ref, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU6, relu6_f32, plan_relu6, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU6, relu6_s8, plan_relu6, lookup_s8__portable, clamp_s8__ref)
TANDEM_DEFINE_OP(TANH, tanh, plan_tanh, lookup_s8__portable, tanh_s8__ref, tanh_s16__ref, tanh_f32__ref)
TANDEM_DEFINE_OP(TANH, tanh_f32, plan_tanh, tanh_f32__ref)
TANDEM_DEFINE_OP(TANH, tanh_s8, plan_tanh, lookup_s8__portable, tanh_s8__ref)

}  // namespace tandem
