#include "kernels/copy.h"
#include "ops/op_context.h"

// RESHAPE: the same bytes under another shape. The output's shape in the file is what counts, as in
// TensorFlow Lite Micro; a new shape given as tensor or option only has to be there, since memory is planned
// for the file's.
namespace tandem {
namespace {

Status plan_reshape(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 2, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (in.elements != out.elements)
    return c.error(Code::kReshapeElements, static_cast<int32_t>(in.elements),
                   static_cast<int32_t>(out.elements));
  if (c.try_in_place(0)) return {};
  c.emit(kernel_id::copy__ref, {.in = c.ref(in), .out = c.ref(out), .bytes = in.bytes});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(RESHAPE, reshape, plan_reshape, copy__ref)

}  // namespace tandem
