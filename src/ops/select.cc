#include "kernels/select.h"

#include "ops/element_wise.h"

// SELECT_V2.
namespace tandem {
namespace {

Status plan_select_v2(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 3, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kBool}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  const Type type = c.input(1).type;
  TANDEM_TRY(c.expect_input_type(2, {type}));
  TANDEM_TRY(c.expect_output_type(0, type));
  const Result<BroadcastOperands<3>> operands = plan_broadcast<3>(c);
  TANDEM_TRY(operands.status());
  c.emit(kernel_id::select__ref, {.operands = *operands, .element_bytes = type_bits(type) / 8},
         {.units = operands->elements.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(SELECT_V2, select_v2, plan_select_v2, select__ref)

}  // namespace tandem
