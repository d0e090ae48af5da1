#include "kernels/extremum.h"

#include "ops/element_wise.h"

// MAXIMUM and MINIMUM. TensorFlow Lite compares what is stored, whatever the quantization of the two sides.
namespace tandem {
namespace {

Status plan_extremum(OpContext& c, bool largest) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kInt64, Type::kFloat32}));
  const Type type = c.input(0).type;
  TANDEM_TRY(c.expect_input_type(1, {type}));
  TANDEM_TRY(c.expect_output_type(0, type));
  const Result<BinaryOperands> operands = plan_broadcast<2>(c);
  TANDEM_TRY(operands.status());
  c.emit(type == Type::kInt8    ? kernel_id::extremum_s8__ref
         : type == Type::kInt16 ? kernel_id::extremum_s16__ref
         : type == Type::kInt32 ? kernel_id::extremum_s32__ref
         : type == Type::kInt64 ? kernel_id::extremum_s64__ref
                                : kernel_id::extremum_f32__ref,
         {.operands = *operands, .largest = largest ? 1U : 0U}, {.units = operands->elements.units()});
  return {};
}

Status plan_maximum(OpContext& c) { return plan_extremum(c, true); }
Status plan_minimum(OpContext& c) { return plan_extremum(c, false); }

}  // namespace

TANDEM_DEFINE_OP(MAXIMUM, maximum, plan_maximum, extremum_s8__ref, extremum_s16__ref, extremum_s32__ref,
                 extremum_s64__ref, extremum_f32__ref)
TANDEM_DEFINE_OP(MAXIMUM, maximum_f32, plan_maximum, extremum_f32__ref)
TANDEM_DEFINE_OP(MAXIMUM, maximum_s8, plan_maximum, extremum_s8__ref)
TANDEM_DEFINE_OP(MINIMUM, minimum, plan_minimum, extremum_s8__ref, extremum_s16__ref, extremum_s32__ref,
                 extremum_s64__ref, extremum_f32__ref)
TANDEM_DEFINE_OP(MINIMUM, minimum_f32, plan_minimum, extremum_f32__ref)
TANDEM_DEFINE_OP(MINIMUM, minimum_s8, plan_minimum, extremum_s8__ref)

}  // namespace tandem
