#include "kernels/cast.h"

#include "ops/element_wise.h"

namespace tandem {
namespace {

// Scales and zero points are not looked at: what is stored is converted.
// Deviation: floats beyond the output's range, which TensorFlow Lite Micro leaves to the machine, are the
// same everywhere (kernels/cast.h).
Status plan_cast(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(
      0, {Type::kInt8, Type::kInt16, Type::kInt32, Type::kUInt32, Type::kFloat32, Type::kBool}));
  const Type from = c.input(0).type;
  const Type to = c.output(0).type;
  if (to != Type::kInt8 && to != Type::kInt16 && to != Type::kInt32 && to != Type::kUInt32 &&
      to != Type::kFloat32) {
    return c.error(Code::kOutputType, 0, static_cast<int32_t>(to));
  }
  const TypedKernelId<CastParams> kernel = from == Type::kInt8      ? kernel_id::cast_s8__ref
                                           : from == Type::kInt16   ? kernel_id::cast_s16__ref
                                           : from == Type::kInt32   ? kernel_id::cast_s32__ref
                                           : from == Type::kUInt32  ? kernel_id::cast_u32__ref
                                           : from == Type::kFloat32 ? kernel_id::cast_f32__ref
                                                                    : kernel_id::cast_bool__ref;
  return emit_unary(c, kernel, {.operands = {}, .to = to});
}

}  // namespace

TANDEM_DEFINE_OP(CAST, cast, plan_cast, cast_s8__ref, cast_s16__ref, cast_s32__ref, cast_u32__ref,
                 cast_f32__ref, cast_bool__ref)

}  // namespace tandem
