#pragma once

#include "kernels/element_wise.h"
#include "ops/op_context.h"

namespace tandem {

/// Operands of an operator that makes one element of output 0 from one of input 0; in place where elements
/// have one size and the input is not needed any more. Errors: kOutputShape (not as many elements).
Result<UnaryOperands> plan_unary(OpContext& context);

/// The last thing that such an operator plans: its operands, and the step. Errors: as plan_unary.
template <class Params>
Status emit_unary(OpContext& context, TypedKernelId<Params> kernel, Params params) {
  const Result<UnaryOperands> operands = plan_unary(context);
  TANDEM_TRY(operands.status());
  params.operands = *operands;
  context.emit(kernel, params, {.units = operands->elements.units()});
  return {};
}

/// Operands of an operator that makes one element of output 0 from one of each of the first kInputs inputs,
/// which broadcast to the output's shape; in place of one of them where that is possible. Errors: kInputShape
/// (the inputs do not fit each other or the output). Instantiated for 2 and 3 inputs.
template <uint32_t kInputs>
Result<BroadcastOperands<kInputs>> plan_broadcast(OpContext& context);

/// Refuses unless the first `inputs` inputs and output 0 have one scale each and zero points of 0.
/// Errors: kInputQuantization, kOutputQuantization, kInputZeroPoint, kOutputZeroPoint.
Status expect_symmetric(const OpContext& context, uint32_t inputs);

/// Refuses if one of the first `inputs` inputs is quantized. Errors: kQuantizedInput.
Status expect_unquantized(const OpContext& context, uint32_t inputs);

}  // namespace tandem
