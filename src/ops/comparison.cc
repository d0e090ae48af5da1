#include "kernels/comparison.h"

#include <algorithm>

#include "ops/element_wise.h"

// EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, LOGICAL_AND and LOGICAL_OR.
namespace tandem {
namespace {

enum Relation : uint32_t {
  kLess = 1U << ComparisonParams::kLess,
  kEqual = 1U << ComparisonParams::kEqual,
  kGreater = 1U << ComparisonParams::kGreater,
  kUnordered = 1U << ComparisonParams::kUnordered,
};

// Bit 2a + b is what the function gives for a and b.
enum TruthTable : uint32_t { kAnd = 0b1000, kOr = 0b1110, kSame = 0b1001, kDifferent = 0b0110 };

Status expect_operands(const OpContext& c, std::initializer_list<Type> types) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, types));
  TANDEM_TRY(c.expect_input_type(1, {c.input(0).type}));
  return c.expect_output_type(0, Type::kBool);
}

Status plan_logical(OpContext& c, TruthTable truth_table) {
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  c.emit(kernel_id::logical_bool__ref, {.operands = *operands, .truth_table = truth_table},
         {.units = operands->elements.units()});
  return {};
}

// Of inputs that are known to be quantized: what stands beside a missing scale may be anything.
void take_zero_points(const OpContext& c, ComparisonParams& params) {
  params.a_zero_point = c.input(0).quantization.zero_point();
  params.b_zero_point = c.input(1).quantization.zero_point();
}

// TensorFlow Lite brings both sides to real values times 2^8, so that those of large scales overflow.
Status plan_scales_s8(const OpContext& c, ComparisonParams& params) {
  QuantizedMultiplier* const multipliers[] = {&params.a_multiplier, &params.b_multiplier};
  for (uint32_t i = 0; i < 2; ++i) {
    TANDEM_TRY(c.expect_input_quantized(i));
    const float scale = c.input(i).quantization.scale();
    if (scale >= 1) return c.error(Code::kInputScale, static_cast<int32_t>(i));
    *multipliers[i] = quantize_multiplier(double{scale});
  }
  take_zero_points(c, params);
  return {};
}

// TensorFlow Lite Micro compares INT16 (GREATER alone has it) with parameters that nobody has set. What the
// operator means: the real values, here in steps of the larger scale; what is stored, where neither side is
// quantized.
Status plan_scales_s16(const OpContext& c, ComparisonParams& params) {
  float scales[2] = {1, 1};
  if (c.input(0).quantization.present() || c.input(1).quantization.present()) {
    for (uint32_t i = 0; i < 2; ++i) {
      TANDEM_TRY(c.expect_input_quantized(i));
      scales[i] = c.input(i).quantization.scale();
    }
    take_zero_points(c, params);
  }
  const double larger = double{std::max(scales[0], scales[1])};
  params.a_multiplier = quantize_multiplier(double{scales[0]} / larger);
  params.b_multiplier = quantize_multiplier(double{scales[1]} / larger);
  return {};
}

Status plan_comparison(OpContext& c, uint32_t relation) {
  const TensorInfo a = c.input(0);
  ComparisonParams params;
  params.relation = relation;
  if (a.type == Type::kInt8) TANDEM_TRY(plan_scales_s8(c, params));
  if (a.type == Type::kInt16) TANDEM_TRY(plan_scales_s16(c, params));
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  params.operands = *operands;
  c.emit(a.type == Type::kInt8    ? kernel_id::compare_s8__ref
         : a.type == Type::kInt16 ? kernel_id::compare_s16__ref
         : a.type == Type::kInt32 ? kernel_id::compare_s32__ref
         : a.type == Type::kInt64 ? kernel_id::compare_s64__ref
                                  : kernel_id::compare_f32__ref,
         params, {.units = operands->elements.units()});
  return {};
}

// EQUAL and NOT_EQUAL have BOOL too.
Status plan_equality(OpContext& c, uint32_t relation, TruthTable truth_table) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kInt32, Type::kInt64, Type::kFloat32, Type::kBool}));
  return c.input(0).type == Type::kBool ? plan_logical(c, truth_table) : plan_comparison(c, relation);
}

Status plan_order(OpContext& c, uint32_t relation) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kInt32, Type::kInt64, Type::kFloat32}));
  return plan_comparison(c, relation);
}

Status plan_equal(OpContext& c) { return plan_equality(c, kEqual, kSame); }
Status plan_not_equal(OpContext& c) { return plan_equality(c, kLess | kGreater | kUnordered, kDifferent); }
Status plan_less(OpContext& c) { return plan_order(c, kLess); }
Status plan_less_equal(OpContext& c) { return plan_order(c, kLess | kEqual); }
Status plan_greater(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32}));
  return plan_comparison(c, kGreater);
}
Status plan_greater_equal(OpContext& c) { return plan_order(c, kGreater | kEqual); }

Status plan_logical_and(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kBool}));
  return plan_logical(c, kAnd);
}
Status plan_logical_or(OpContext& c) {
  TANDEM_TRY(expect_operands(c, {Type::kBool}));
  return plan_logical(c, kOr);
}

}  // namespace

TANDEM_DEFINE_OP(EQUAL, equal, plan_equal, compare_s8__ref, compare_s32__ref, compare_s64__ref,
                 compare_f32__ref, logical_bool__ref)
TANDEM_DEFINE_OP(EQUAL, equal_f32, plan_equal, compare_f32__ref)
TANDEM_DEFINE_OP(EQUAL, equal_s8, plan_equal, compare_s8__ref)
TANDEM_DEFINE_OP(GREATER, greater, plan_greater, compare_s8__ref, compare_s16__ref, compare_s32__ref,
                 compare_s64__ref, compare_f32__ref)
TANDEM_DEFINE_OP(GREATER, greater_f32, plan_greater, compare_f32__ref)
TANDEM_DEFINE_OP(GREATER, greater_s8, plan_greater, compare_s8__ref)
TANDEM_DEFINE_OP(GREATER_EQUAL, greater_equal, plan_greater_equal, compare_s8__ref, compare_s32__ref,
                 compare_s64__ref, compare_f32__ref)
TANDEM_DEFINE_OP(GREATER_EQUAL, greater_equal_f32, plan_greater_equal, compare_f32__ref)
TANDEM_DEFINE_OP(GREATER_EQUAL, greater_equal_s8, plan_greater_equal, compare_s8__ref)
TANDEM_DEFINE_OP(LESS, less, plan_less, compare_s8__ref, compare_s32__ref, compare_s64__ref, compare_f32__ref)
TANDEM_DEFINE_OP(LESS, less_f32, plan_less, compare_f32__ref)
TANDEM_DEFINE_OP(LESS, less_s8, plan_less, compare_s8__ref)
TANDEM_DEFINE_OP(LESS_EQUAL, less_equal, plan_less_equal, compare_s8__ref, compare_s32__ref, compare_s64__ref,
                 compare_f32__ref)
TANDEM_DEFINE_OP(LESS_EQUAL, less_equal_f32, plan_less_equal, compare_f32__ref)
TANDEM_DEFINE_OP(LESS_EQUAL, less_equal_s8, plan_less_equal, compare_s8__ref)
TANDEM_DEFINE_OP(LOGICAL_AND, logical_and, plan_logical_and, logical_bool__ref)
TANDEM_DEFINE_OP(LOGICAL_OR, logical_or, plan_logical_or, logical_bool__ref)
TANDEM_DEFINE_OP(NOT_EQUAL, not_equal, plan_not_equal, compare_s8__ref, compare_s32__ref, compare_s64__ref,
                 compare_f32__ref, logical_bool__ref)
TANDEM_DEFINE_OP(NOT_EQUAL, not_equal_f32, plan_not_equal, compare_f32__ref)
TANDEM_DEFINE_OP(NOT_EQUAL, not_equal_s8, plan_not_equal, compare_s8__ref)

}  // namespace tandem
