#include "kernels/arithmetic.h"

#include <algorithm>
#include <limits>

#include "kernel_target.h"
#include "ops/element_wise.h"
#include "ops/requantization.h"

// ADD, SUB, MUL and SQUARED_DIFFERENCE; POW, which TensorFlow Lite Micro has not.
namespace tandem {
namespace {

// BuiltinOptions. The fused activation is the first field of all three.
constexpr uint8_t kAddOptions = 11;
constexpr uint8_t kMulOptions = 21;
constexpr uint8_t kSubOptions = 28;
enum Field { kActivation };

Activation fused_activation(const OpContext& c, uint8_t options_type) {
  return static_cast<Activation>(c.options(options_type).scalar<int8_t>(kActivation));
}

Status expect_operands(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kFloat32}));
  TANDEM_TRY(c.expect_input_type(1, {c.input(0).type}));
  return c.expect_output_type(0, c.input(0).type);
}

Status expect_quantized(const OpContext& c) {
  TANDEM_TRY(c.expect_input_quantized(0));
  TANDEM_TRY(c.expect_input_quantized(1));
  return c.expect_output_quantized(0);
}

bool is_quantized(Type type) { return type == Type::kInt8 || type == Type::kInt16; }

// The kernels of an operator on what is not quantized.
struct PlainKernels {
  TypedKernelId<ArithmeticParams> f32;
  TypedKernelId<ArithmeticParams> s32;
};

Status plan_plain(OpContext& c, const PlainKernels& kernels, const Clamp& clamp, const ClampF32& clamp_f32) {
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  c.emit(c.input(0).type == Type::kFloat32 ? kernels.f32 : kernels.s32,
         {.operands = *operands, .clamp = clamp, .clamp_f32 = clamp_f32},
         {.units = operands->elements.units()});
  return {};
}

Status plan_plain(OpContext& c, const PlainKernels& kernels, Activation activation_f32,
                  Activation activation_s32) {
  const Activation activation = c.input(0).type == Type::kFloat32 ? activation_f32 : activation_s32;
  const Result<ClampF32> clamp_f32 = plan_clamp_f32(c, activation);
  TANDEM_TRY(clamp_f32.status());
  return plan_plain(c, kernels, activation_bounds<int32_t>(activation), *clamp_f32);
}

// How inputs come to a common scale, and their sum to the output's. Real is the type in which TensorFlow Lite
// computes that: double for ADD, float for SUB.
struct AddMultipliers {
  QuantizedMultiplier a;
  QuantizedMultiplier b;
  QuantizedMultiplier out;
};
template <class Real>
AddMultipliers add_multipliers(float a_scale, float b_scale, float out_scale, int fraction_bits) {
  const Real common = 2 * static_cast<Real>(std::max(a_scale, b_scale));
  const Real out = common / (static_cast<Real>(1 << fraction_bits) * static_cast<Real>(out_scale));
  return {.a = quantize_multiplier(static_cast<double>(static_cast<Real>(a_scale) / common)),
          .b = quantize_multiplier(static_cast<double>(static_cast<Real>(b_scale) / common)),
          .out = quantize_multiplier(static_cast<double>(out))};
}

struct AddOperator {
  uint8_t options_type;
  TypedKernelId<AddParams> s8;
  TypedKernelId<AddParams> s16;
  PlainKernels plain;
  AddMultipliers (*multipliers)(float, float, float, int);
  bool s32_activation;
  bool subtracts;
};

// Of operators without activation: infinities stay.
constexpr ClampF32 kNoClampF32{.min = -std::numeric_limits<float>::infinity(),
                               .max = std::numeric_limits<float>::infinity()};

Status plan_sum(OpContext& c, const AddOperator& op) {
  TANDEM_TRY(expect_operands(c));
  const TensorInfo a = c.input(0);
  const TensorInfo b = c.input(1);
  const TensorInfo out = c.output(0);
  const Activation activation = fused_activation(c, op.options_type);
  if (!is_quantized(a.type)) {
    // Sums of INT32 are of what is stored, which is wrong where scales differ.
    if (a.type == Type::kInt32) TANDEM_TRY(expect_unquantized(c, 2));
    return plan_plain(c, op.plain, activation, op.s32_activation ? activation : Activation::kNone);
  }
  TANDEM_TRY(expect_quantized(c));
  const AddMultipliers multipliers =
      op.multipliers(a.quantization.scale(), b.quantization.scale(), out.quantization.scale(),
                     a.type == Type::kInt16 ? kAddFractionBits<int16_t> : kAddFractionBits<int8_t>);
  if (multipliers.out.shift > 0) return c.error(Code::kScaleRatio, multipliers.out.shift, 0);
  const Result<Clamp> clamp = plan_clamp(c, activation, out);
  TANDEM_TRY(clamp.status());
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  AddParams params{.operands = *operands,
                   .a_zero_point = a.quantization.zero_point(),
                   .b_zero_point = b.quantization.zero_point(),
                   .out_zero_point = out.quantization.zero_point(),
                   .a_multiplier = multipliers.a,
                   .b_multiplier = multipliers.b,
                   .out_multiplier = multipliers.out,
                   .clamp = *clamp,
                   .tables = {},
                   .subtracts = op.subtracts};
  TypedKernelId<AddParams> kernel = a.type == Type::kInt8 ? op.s8 : op.s16;
  // Making the tables costs about as much as adding so many elements without.
  constexpr uint32_t kWorthTables = 512;
  const TypedKernelId<AddParams> by_levels = c.has(kernel_id::add_s8__armv6m_levels)
                                                 ? kernel_id::add_s8__armv6m_levels
                                                 : kernel_id::add_s8__portable_levels;
  if (a.type == Type::kInt8 && out.elements >= kWorthTables && c.has(by_levels)) {
    if (const std::optional<uint32_t> slack = add_level_slack(params)) {
      kernel = by_levels;
      params.slack = *slack;
      params.operands.elements = cut_into_blocks(out.elements, kLookupCost);
      params.tables = c.prepared<int32_t>(
          2 * kAddLevelValues, [&](std::span<int32_t> tables) { fill_add_levels(params, tables); });
    }
  }
  c.emit(kernel, params, {.units = params.operands.elements.units()});
  return {};
}

Status plan_mul(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  const TensorInfo a = c.input(0);
  const TensorInfo b = c.input(1);
  const TensorInfo out = c.output(0);
  const Activation activation = fused_activation(c, kMulOptions);
  if (!is_quantized(a.type))
    return plan_plain(c, {kernel_id::mul_f32__ref, kernel_id::mul_s32__ref}, activation, activation);
  TANDEM_TRY(expect_quantized(c));
  if (a.type == Type::kInt16) TANDEM_TRY(expect_symmetric(c, 2));
  const Result<Clamp> clamp = plan_clamp(c, activation, out);
  TANDEM_TRY(clamp.status());
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  const double factor = static_cast<double>(a.quantization.scale()) *
                        static_cast<double>(b.quantization.scale()) /
                        static_cast<double>(out.quantization.scale());
  MulParams params{.operands = *operands,
                   .a_zero_point = a.quantization.zero_point(),
                   .b_zero_point = b.quantization.zero_point(),
                   .out_zero_point = out.quantization.zero_point(),
                   .multiplier = quantize_multiplier(factor),
                   .clamp = *clamp,
                   .level = {}};
  if (a.type == Type::kInt8) {
    params.level =
        level_constants(params.multiplier, 0, params.out_zero_point, params.clamp).value_or(LevelConstants{});
  }
  c.emit(a.type == Type::kInt8 ? kernel_id::mul_s8__portable : kernel_id::mul_s16__portable, params,
         {.units = operands->elements.units()});
  return {};
}

Status plan_squared_difference(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  const TensorInfo a = c.input(0);
  const TensorInfo b = c.input(1);
  const TensorInfo out = c.output(0);
  if (!is_quantized(a.type)) {
    return plan_plain(c, {kernel_id::squared_difference_f32__ref, kernel_id::squared_difference_s32__ref}, {},
                      kNoClampF32);
  }
  TANDEM_TRY(expect_quantized(c));
  if (a.type == Type::kInt16) TANDEM_TRY(expect_symmetric(c, 2));
  const float a_scale = a.quantization.scale();
  const float b_scale = b.quantization.scale();
  const double common = 2 * double{std::max(a_scale, b_scale)};
  const int fraction_bits = a.type == Type::kInt16 ? kSquaredDifferenceFractionBits<int16_t>
                                                   : kSquaredDifferenceFractionBits<int8_t>;
  const auto steps = static_cast<float>(1 << 2 * fraction_bits) * out.quantization.scale();
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  const bool is_s8 = a.type == Type::kInt8;
  c.emit(is_s8 ? kernel_id::squared_difference_s8__ref : kernel_id::squared_difference_s16__ref,
         {.operands = *operands,
          .a_zero_point = a.quantization.zero_point(),
          .b_zero_point = b.quantization.zero_point(),
          .out_zero_point = out.quantization.zero_point(),
          .a_multiplier = quantize_multiplier(double{a_scale} / common),
          .b_multiplier = quantize_multiplier(double{b_scale} / common),
          .out_multiplier = quantize_multiplier(common * common / double{steps}),
          .clamp = is_s8 ? kRangeOf<int8_t> : kRangeOf<int16_t>,
          .tables = {}},
         {.units = operands->elements.units()});
  return {};
}

// TensorFlow Lite leaves undefined what INT32 powers beyond 32 bits are; here they wrap as products do.
Status plan_pow(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  if (is_quantized(c.input(0).type)) {
    return c.error(Code::kInputType, 0, static_cast<int32_t>(c.input(0).type));
  }
  return plan_plain(c, {kernel_id::pow_f32__ref, kernel_id::pow_s32__ref}, {}, kNoClampF32);
}

Status plan_add(OpContext& c) {
  return plan_sum(c, {.options_type = kAddOptions,
                      .s8 = kernel_id::add_s8__portable,
                      .s16 = kernel_id::add_s16__portable,
                      .plain = {kernel_id::add_f32__ref, kernel_id::add_s32__ref},
                      .multipliers = add_multipliers<double>,
                      // TensorFlow Lite Micro leaves it out, and its answer counts.
                      .s32_activation = false,
                      .subtracts = false});
}

Status plan_sub(OpContext& c) {
  return plan_sum(c, {.options_type = kSubOptions,
                      .s8 = kernel_id::sub_s8__portable,
                      .s16 = kernel_id::sub_s16__portable,
                      .plain = {kernel_id::sub_f32__ref, kernel_id::sub_s32__ref},
                      .multipliers = add_multipliers<float>,
                      .s32_activation = true,
                      .subtracts = true});
}

}  // namespace

TANDEM_DEFINE_OP(ADD, add, plan_add, TANDEM_TARGET_ADD_S8 add_s8__portable_levels, add_s8__portable,
                 add_s16__portable, add_s32__ref, add_f32__ref)
TANDEM_DEFINE_OP(ADD, add_f32, plan_add, add_f32__ref)
TANDEM_DEFINE_OP(ADD, add_s8, plan_add, TANDEM_TARGET_ADD_S8 add_s8__portable_levels, add_s8__portable)
TANDEM_DEFINE_OP(MUL, mul, plan_mul, mul_s8__portable, mul_s16__portable, mul_s32__ref, mul_f32__ref)
TANDEM_DEFINE_OP(MUL, mul_f32, plan_mul, mul_f32__ref)
TANDEM_DEFINE_OP(MUL, mul_s8, plan_mul, mul_s8__portable)
TANDEM_DEFINE_OP(POW, pow, plan_pow, pow_s32__ref, pow_f32__ref)
TANDEM_DEFINE_OP(SQUARED_DIFFERENCE, squared_difference, plan_squared_difference, squared_difference_s8__ref,
                 squared_difference_s16__ref, squared_difference_s32__ref, squared_difference_f32__ref)
TANDEM_DEFINE_OP(SQUARED_DIFFERENCE, squared_difference_f32, plan_squared_difference,
                 squared_difference_f32__ref)
TANDEM_DEFINE_OP(SQUARED_DIFFERENCE, squared_difference_s8, plan_squared_difference,
                 squared_difference_s8__ref)
TANDEM_DEFINE_OP(SUB, sub, plan_sub, TANDEM_TARGET_ADD_S8 add_s8__portable_levels, sub_s8__portable,
                 sub_s16__portable, sub_s32__ref, sub_f32__ref)
TANDEM_DEFINE_OP(SUB, sub_f32, plan_sub, sub_f32__ref)
TANDEM_DEFINE_OP(SUB, sub_s8, plan_sub, TANDEM_TARGET_ADD_S8 add_s8__portable_levels, sub_s8__portable)

}  // namespace tandem
