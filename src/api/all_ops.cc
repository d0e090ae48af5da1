#include "ops/op_context.h"

namespace tandem {

OpSet all_ops() {
  static constexpr const OpDef* kOps[] = {
#define TANDEM_OP(builtin, name) &op::name,
#define TANDEM_NARROW_OP(builtin, name)
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
  };
  return kOps;
}

}  // namespace tandem
