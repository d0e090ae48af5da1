#pragma once

#include <span>

#include "ops/op_context.h"

namespace tandem {

/// A kernel of an operator with weights, and the operand types it is for.
template <class Params>
struct WeightedVariant {
  Type in;
  Type weights;
  Type bias;
  TypedKernelId<Params> kernel;
};

/// Where an operator has its operands.
struct WeightedOperands {
  uint32_t in = 0;
  uint32_t weights = 1;
  uint32_t bias = 2;  ///< optional
};

/// The variant for the operands' types. An absent bias fits all: then `absent_bias_type` decides, and if no
/// variant has that, the order of the list. Errors: kInputType, naming the first operand that does not fit.
template <class Params>
Result<const WeightedVariant<Params>*> find_variant(const OpContext& c,
                                                    std::span<const WeightedVariant<Params>> variants,
                                                    const WeightedOperands& operands, Type absent_bias_type) {
  const Type in = c.input(operands.in).type;
  const Type weights = c.input(operands.weights).type;
  const TensorInfo bias = c.input(operands.bias);
  uint32_t refused = operands.in;
  const WeightedVariant<Params>* fallback = nullptr;
  for (const WeightedVariant<Params>& variant : variants) {
    if (variant.in != in) continue;
    if (refused == operands.in) refused = operands.weights;
    if (variant.weights != weights) continue;
    refused = operands.bias;
    if (variant.bias == (bias.present() ? bias.type : absent_bias_type)) return &variant;
    if (!bias.present() && fallback == nullptr) fallback = &variant;
  }
  if (fallback != nullptr) return fallback;
  return c.error(Code::kInputType, static_cast<int32_t>(refused),
                 static_cast<int32_t>(c.input(refused).type));
}

}  // namespace tandem
