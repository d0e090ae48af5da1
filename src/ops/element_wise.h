#pragma once

#include "kernels/element_wise.h"
#include "kernels/unary.h"
#include "ops/op_context.h"

namespace tandem {

/// Elementary operations an element that is looked up, for the cut into work units.
inline constexpr uint64_t kLookupCost = 1;

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

/// The same of what `table` has for each value of a byte, as LookupParams want it. Errors: as plan_unary.
Status emit_lookup(OpContext& context, Ref table, int32_t lowest = INT8_MIN);

/// The same of a kernel that makes bytes of bytes: if there are more elements than a byte has values, the
/// kernel is run on these while planning, and what it gives is looked up.
template <class Params>
Status emit_unary_of_bytes(OpContext& context, TypedKernelId<Params> kernel, Params params) {
  constexpr uint32_t kValues = LookupParams::kValues;
  if (context.output(0).elements <= kValues || !context.has(kernel)) {
    return emit_unary(context, kernel, params);
  }
  const Ref table = context.prepared<uint8_t>(kValues, [&](std::span<uint8_t> values) {
    for (uint32_t i = 0; i < kValues; ++i) values[i] = static_cast<uint8_t>(i);
    const Ref in_place = Ref::make(Ref::kArena, 0);
    params.operands = {.in = in_place, .out = in_place, .elements = {.count = kValues, .per_unit = kValues}};
    context.run(kernel, params, values.data());
  });
  return emit_lookup(context, table);
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
