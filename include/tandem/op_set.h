#pragma once

#include <span>

namespace tandem {

/// How one operator is planned; opaque to programs.
struct OpDef;

/// The operators a program links, one object each: `tandem::op::conv_2d`, ...
namespace op {
#define TANDEM_OP(builtin, name) extern const OpDef name;
#include "tandem/ops.inc"
#undef TANDEM_OP
}  // namespace op

/// The operators that models may use. Naming them one by one lets the linker drop all others:
///   static constexpr const tandem::OpDef* kOps[] = {&tandem::op::conv_2d, &tandem::op::softmax};
///   interpreter.prepare(model, kOps, arena);
using OpSet = std::span<const OpDef* const>;

/// Every operator Tandem has.
OpSet all_ops();

}  // namespace tandem
