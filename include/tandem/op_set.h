#pragma once

#include <span>

namespace tandem {

/// How one operator is planned; opaque to programs.
struct OpDef;

/// The operators a program links, one object each: `tandem::op::conv_2d` for all types that Tandem has, or
/// narrow ones for some: `conv_2d_s8` (int8), `conv_2d_f32` (float32), `conv_2d_s8_w4` (int8 with weights of
/// int4).
namespace op {
#define TANDEM_OP(builtin, name) extern const OpDef name;
#define TANDEM_NARROW_OP(builtin, name) extern const OpDef name;
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
}  // namespace op

/// The operators that models may use. Naming them one by one lets the linker drop all others (with
/// -Wl,--gc-sections), and all kernels that they do not bring:
///   static constexpr const tandem::OpDef* kOps[] = {&tandem::op::conv_2d_s8, &tandem::op::softmax_s8};
///   interpreter.prepare(model, kOps, arena);
/// Several of one operator add up: {&op::conv_2d_s8, &op::conv_2d_f32} runs both.
using OpSet = std::span<const OpDef* const>;

/// Every operator Tandem has, for all types.
OpSet all_ops();

}  // namespace tandem
