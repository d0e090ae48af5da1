#include "kernels/unary.h"

#include "base/elementary.h"
#include "kernels/activation.h"
#include "ops/element_wise.h"

// ABS, CEIL, COS, ELU, EXP, FLOOR, HARD_SWISH, LOG, LOGICAL_NOT, NEG, ROUND, RSQRT, SIN, SQRT and SQUARE;
// GELU, RELU_0_TO_1 and RELU_N1_TO_1, which TensorFlow Lite Micro has not.
namespace tandem {
namespace {

Status expect_operands(const OpContext& c, std::initializer_list<Type> types) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, types));
  return c.expect_output_type(0, c.input(0).type);
}

// ---- float32 and bool

struct SimpleOperator {
  Type type;
  TypedKernelId<UnaryParams> kernel;
  bool exact_shape = false;  ///< TensorFlow Lite Micro wants the output's shape, not only as many elements
};

template <SimpleOperator kOperator>
Status plan_simple(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {kOperator.type}));
  if (kOperator.exact_shape) TANDEM_TRY(c.expect_output_shape(0, c.input(0).shape));
  return emit_unary(c, kOperator.kernel, {});
}

// ---- int8 by table, int16

// Tabulates `function`, from stored value to stored value; what it gives is clamped to int8.
template <class Function>
Status emit_table_of(OpContext& c, Function function, int32_t lowest = INT8_MIN) {
  const Ref table = c.prepared<int8_t>(LookupParams::kValues, [&](std::span<int8_t> values) {
    for (int32_t x = -128; x < 128; ++x) {
      values[static_cast<uint8_t>(x)] = static_cast<int8_t>(kRangeOf<int8_t>.apply(function(x)));
    }
  });
  return emit_lookup(c, table, lowest);
}

Status expect_quantized(const OpContext& c) {
  if (c.input(0).type == Type::kInt16) return expect_symmetric(c, 1);
  TANDEM_TRY(c.expect_input_quantized(0));
  return c.expect_output_quantized(0);
}

Rescale rescale_between(const OpContext& c, double factor) {
  const TensorInfo out = c.output(0);
  return {.in_zero_point = c.input(0).quantization.zero_point(),
          .out_zero_point = out.quantization.zero_point(),
          .multiplier = quantize_multiplier(factor),
          .clamp = out.type == Type::kInt8 ? kRangeOf<int8_t> : kRangeOf<int16_t>};
}

// INT16 may come without quantization; then −32768 has no other absolute value than itself.
Status plan_abs(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  const TensorInfo in = c.input(0);
  if (in.type == Type::kFloat32) return emit_unary(c, kernel_id::abs_f32__ref, {});
  if (in.type == Type::kInt16 && !in.quantization.present()) {
    return emit_unary(c, kernel_id::abs_s16__ref,
                      {.operands = {}, .rescale = {.multiplier = quantize_multiplier(1), .clamp = {}}});
  }
  TANDEM_TRY(expect_quantized(c));
  // TensorFlow Lite divides in float.
  const float factor = in.quantization.scale() / c.output(0).quantization.scale();
  const Rescale rescale = rescale_between(c, static_cast<double>(factor));
  if (in.type == Type::kInt16) {
    return emit_unary(c, kernel_id::abs_s16__ref, {.operands = {}, .rescale = rescale});
  }
  return emit_table_of(c, [&](int32_t x) { return rescaled_abs(x, rescale); });
}

Status plan_rsqrt(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  const TensorInfo in = c.input(0);
  if (in.type == Type::kFloat32) return emit_unary(c, kernel_id::rsqrt_f32__ref, {});
  TANDEM_TRY(expect_quantized(c));
  // TensorFlow Lite takes root and product in float.
  const auto root = static_cast<float>(elementary::sqrt(static_cast<double>(in.quantization.scale())));
  const Rescale rescale =
      rescale_between(c, 1 / static_cast<double>(root * c.output(0).quantization.scale()));
  if (in.type == Type::kInt16) {
    return emit_unary(c, kernel_id::rsqrt_s16__ref, {.operands = {}, .rescale = rescale});
  }
  return emit_table_of(
      c, [&](int32_t x) { return rescaled_rsqrt(x, rescale); }, rescale.in_zero_point);
}

Status plan_elu(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kFloat32}));
  if (c.input(0).type == Type::kFloat32) return emit_unary(c, kernel_id::elu_f32__ref, {});
  TANDEM_TRY(expect_quantized(c));
  const Quantization in = c.input(0).quantization;
  const Quantization out = c.output(0).quantization;
  const float per_step = 1 / out.scale();
  return emit_table_of(c, [&](int32_t x) {
    const float real = in.scale() * static_cast<float>(x - in.zero_point());
    const float y = real < 0 ? static_cast<float>(elementary::exp(static_cast<double>(real))) - 1.0F : real;
    return wrapping_add(kRangeOf<int16_t>.apply(round_to_int32(y * per_step)), out.zero_point());
  });
}

// ---- HARD_SWISH on int8: 16-bit arithmetic, as TensorFlow Lite's

// a · b / 2^15, ties upward. |a| < 2^15.
constexpr int32_t multiply_q15(int32_t a, int32_t b) { return (a * b + (1 << 14)) >> 15; }

constexpr int32_t saturating_shift_left_s16(int32_t x, int bits) {
  return kRangeOf<int16_t>.apply(saturating_shift_left(x, bits));
}

struct HardSwish {
  int32_t in_zero_point;
  int32_t out_zero_point;
  QuantizedMultiplier to_output;  ///< of 2^7 · x; not above 1
  QuantizedMultiplier to_gate;    ///< of 2^7 · x, to steps of 3/2^15

  [[nodiscard]] int32_t operator()(int32_t stored) const {
    const int32_t x = (stored - in_zero_point) * (1 << 7);
    // x / 3 in Q0.15, saturating; the last of the shift comes after the product, which it can saturate.
    const int left = to_gate.shift > 0 ? to_gate.shift : 0;
    int32_t gate = left > 0 ? saturating_shift_left_s16(x, left - 1) : x;
    gate = multiply_q15(gate, multiplier_q15(to_gate));
    gate = left > 0 ? saturating_shift_left_s16(gate, 1) : rdiv_pot(gate, -to_gate.shift);
    gate = (gate + (1 << 15)) >> 1;  // (x + 3) / 6
    // This product is cut off, against the bias of the rounded ones.
    const int32_t y = gate * multiply_q15(x, multiplier_q15(to_output)) / (1 << 15);
    return rdiv_pot(y, -to_output.shift) + out_zero_point;
  }
};

// Deviation: outputs of a scale more than 2^9 times the input's are 0; TensorFlow Lite Micro shifts 16 bits
// by more than there are, and gets -1, 0 or 1.
Status plan_hard_swish(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kFloat32}));
  if (c.input(0).type == Type::kFloat32) return emit_unary(c, kernel_id::hard_swish_f32__ref, {});
  TANDEM_TRY(expect_quantized(c));
  const Quantization in = c.input(0).quantization;
  const Quantization out = c.output(0).quantization;
  const float fine_scale = in.scale() / 128;
  const HardSwish hard_swish{
      .in_zero_point = in.zero_point(),
      .out_zero_point = out.zero_point(),
      .to_output = quantize_multiplier(static_cast<double>(fine_scale / out.scale())),
      .to_gate = quantize_multiplier(static_cast<double>(fine_scale / (3.0F / 32768)))};
  if (hard_swish.to_output.shift > 0) return c.error(Code::kScaleRatio, hard_swish.to_output.shift, 0);
  return emit_table_of(c, hard_swish);
}

// ---- What TensorFlow Lite has and TensorFlow Lite Micro has not

constexpr uint8_t kGeluOptions = 116;
enum GeluField { kApproximate };

// GELU on int8 is tabulated from double; TensorFlow Lite's table, from libm's float, may differ by one.
Status plan_gelu(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kFloat32}));
  const bool approximate = c.options(kGeluOptions).scalar<uint8_t>(kApproximate) != 0;
  if (c.input(0).type == Type::kFloat32) {
    return emit_unary(c, approximate ? kernel_id::gelu_tanh_f32__ref : kernel_id::gelu_f32__ref, {});
  }
  TANDEM_TRY(expect_quantized(c));
  const Quantization in = c.input(0).quantization;
  const Quantization out = c.output(0).quantization;
  return emit_table_of(c, [&](int32_t stored) {
    constexpr double kRootHalf = 0x1.6a09e667f3bcdp-1;
    constexpr double kRoot2OverPi = 0x1.9884533d43651p-1;
    const double x = static_cast<double>(in.scale()) * (stored - in.zero_point());
    const double twice_share = approximate ? 1 + elementary::tanh(kRoot2OverPi * (x + 0.044715 * x * x * x))
                                           : elementary::erfc(-kRootHalf * x);
    const double steps = x / 2 * twice_share / static_cast<double>(out.scale());
    return wrapping_add(kRangeOf<int16_t>.apply(round_to_int32(steps)), out.zero_point());
  });
}

Status plan_bounds(OpContext& c, const ClampF32& bounds) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kFloat32}));
  if (c.input(0).type == Type::kFloat32) {
    return emit_unary<ClampParams>(c, kernel_id::clamp_f32__ref,
                                   {.operands = {}, .clamp = {}, .clamp_f32 = bounds});
  }
  TANDEM_TRY(expect_quantized(c));
  const Quantization out = c.output(0).quantization;
  const float factor = c.input(0).quantization.scale() / out.scale();
  const Rescale rescale = rescale_between(c, static_cast<double>(factor));
  const Result<Clamp> clamp = quantize_bounds(bounds, out.scale(), out.zero_point(), kRangeOf<int8_t>);
  if (!clamp.ok()) return c.error(clamp.status().code);
  return emit_table_of(c, [&](int32_t x) {
    const int32_t scaled = requantize(x - rescale.in_zero_point, rescale.multiplier);
    return clamp->apply(wrapping_add(scaled, rescale.out_zero_point));
  });
}

Status plan_relu_0_to_1(OpContext& c) { return plan_bounds(c, {.min = 0, .max = 1}); }
Status plan_relu_n1_to_1(OpContext& c) { return plan_bounds(c, {.min = -1, .max = 1}); }

}  // namespace

TANDEM_DEFINE_OP(ABS, abs, plan_abs, lookup_s8__portable, abs_s16__ref, abs_f32__ref)
TANDEM_DEFINE_OP(ABS, abs_f32, plan_abs, abs_f32__ref)
TANDEM_DEFINE_OP(ABS, abs_s8, plan_abs, lookup_s8__portable)
TANDEM_DEFINE_OP(ELU, elu, plan_elu, lookup_s8__portable, elu_f32__ref)
TANDEM_DEFINE_OP(ELU, elu_f32, plan_elu, elu_f32__ref)
TANDEM_DEFINE_OP(ELU, elu_s8, plan_elu, lookup_s8__portable)
TANDEM_DEFINE_OP(HARD_SWISH, hard_swish, plan_hard_swish, lookup_s8__portable, hard_swish_f32__ref)
TANDEM_DEFINE_OP(HARD_SWISH, hard_swish_f32, plan_hard_swish, hard_swish_f32__ref)
TANDEM_DEFINE_OP(HARD_SWISH, hard_swish_s8, plan_hard_swish, lookup_s8__portable)
TANDEM_DEFINE_OP(RSQRT, rsqrt, plan_rsqrt, lookup_s8__portable, rsqrt_s16__ref, rsqrt_f32__ref)
TANDEM_DEFINE_OP(RSQRT, rsqrt_f32, plan_rsqrt, rsqrt_f32__ref)
TANDEM_DEFINE_OP(RSQRT, rsqrt_s8, plan_rsqrt, lookup_s8__portable)

#define TANDEM_DEFINE_F32_OP(builtin, name, exact_shape)                                                   \
  TANDEM_DEFINE_OP(builtin, name,                                                                          \
                   (plan_simple<SimpleOperator{Type::kFloat32, kernel_id::name##_f32__ref, exact_shape}>), \
                   name##_f32__ref)
TANDEM_DEFINE_F32_OP(CEIL, ceil, true)
TANDEM_DEFINE_F32_OP(COS, cos, false)
TANDEM_DEFINE_F32_OP(EXP, exp, true)
TANDEM_DEFINE_F32_OP(FLOOR, floor, false)
TANDEM_DEFINE_F32_OP(LOG, log, false)
TANDEM_DEFINE_F32_OP(NEG, neg, false)
TANDEM_DEFINE_F32_OP(ROUND, round, true)
TANDEM_DEFINE_F32_OP(SIN, sin, false)
TANDEM_DEFINE_F32_OP(SQRT, sqrt, false)
TANDEM_DEFINE_F32_OP(SQUARE, square, false)
#undef TANDEM_DEFINE_F32_OP
TANDEM_DEFINE_OP(LOGICAL_NOT, logical_not,
                 (plan_simple<SimpleOperator{Type::kBool, kernel_id::logical_not_bool__ref}>),
                 logical_not_bool__ref)

TANDEM_DEFINE_OP(GELU, gelu, plan_gelu, lookup_s8__portable, gelu_f32__ref, gelu_tanh_f32__ref)
TANDEM_DEFINE_OP(GELU, gelu_f32, plan_gelu, gelu_f32__ref, gelu_tanh_f32__ref)
TANDEM_DEFINE_OP(GELU, gelu_s8, plan_gelu, lookup_s8__portable)
TANDEM_DEFINE_OP(RELU_0_TO_1, relu_0_to_1, plan_relu_0_to_1, lookup_s8__portable, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU_0_TO_1, relu_0_to_1_f32, plan_relu_0_to_1, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU_0_TO_1, relu_0_to_1_s8, plan_relu_0_to_1, lookup_s8__portable)
TANDEM_DEFINE_OP(RELU_N1_TO_1, relu_n1_to_1, plan_relu_n1_to_1, lookup_s8__portable, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU_N1_TO_1, relu_n1_to_1_f32, plan_relu_n1_to_1, clamp_f32__ref)
TANDEM_DEFINE_OP(RELU_N1_TO_1, relu_n1_to_1_s8, plan_relu_n1_to_1, lookup_s8__portable)

}  // namespace tandem
