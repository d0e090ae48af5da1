#include "kernels/resource_variable.h"

#include "kernels/copy.h"
#include "ops/op_context.h"

// VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE. A handle is the variable's number, an int32 in the arena, so
// that it can go through IF and WHILE. How large a variable is and what it starts as say the operators that
// read or assign it and get the handle straight from a VAR_HANDLE; who gets it from elsewhere is checked when
// it runs. Other than in TensorFlow Lite Micro, a variable that is only read is there too, at real zero.
namespace tandem {
namespace {

constexpr uint8_t kVarHandleOptions = 111;
enum Field { kContainer, kSharedName };

Result<uint32_t> named_resource(OpContext& c, const OperatorInfo& var_handle) {
  const flat::Table options =
      var_handle.options_type == kVarHandleOptions ? var_handle.options : flat::Table{};
  return c.resource(options.string(kContainer), options.string(kSharedName));
}

Status plan_var_handle(OpContext& c) {
  TANDEM_TRY(c.expect_operands(0, 0, 1));
  const TensorInfo handle = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, Type::kResource));
  if (handle.elements != 1) return c.error(Code::kOutputShape, 0, 0);
  const Result<uint32_t> resource = named_resource(c, c.op());
  TANDEM_TRY(resource.status());
  const Ref number = c.prepared<uint32_t>(1, [&](std::span<uint32_t> word) { word[0] = *resource; });
  c.emit(kernel_id::copy__ref, {.in = number, .out = c.ref(handle), .bytes = handle.bytes});
  return {};
}

Status plan_access(OpContext& c, const TensorInfo& value, TypedKernelId<VariableParams> kernel,
                   bool assigns) {
  const TensorInfo handle = c.input(0);
  if (handle.elements != 1) return c.error(Code::kInputShape, 0, 0);
  const OperatorInfo writer = c.writer(handle);
  if (writer.index >= 0 && writer.builtin == static_cast<int32_t>(Builtin::VAR_HANDLE)) {
    const Result<uint32_t> resource = named_resource(c, writer);
    TANDEM_TRY(resource.status());
    TANDEM_TRY(c.keep_in_resource(*resource, value, assigns));
  }
  c.emit(
      kernel,
      VariableParams{
          .handle = c.ref(handle), .value = c.ref(value), .bytes = value.bytes, .resources = c.resources()});
  return {};
}

Status plan_read_variable(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kResource}));
  return plan_access(c, c.output(0), kernel_id::read_variable__ref, false);
}

Status plan_assign_variable(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 0));
  TANDEM_TRY(c.expect_input_type(0, {Type::kResource, Type::kInt32}));
  return plan_access(c, c.input(1), kernel_id::assign_variable__ref, true);
}

}  // namespace

TANDEM_DEFINE_OP(ASSIGN_VARIABLE, assign_variable, plan_assign_variable, assign_variable__ref)
TANDEM_DEFINE_OP(READ_VARIABLE, read_variable, plan_read_variable, read_variable__ref)
TANDEM_DEFINE_OP(VAR_HANDLE, var_handle, plan_var_handle, copy__ref)

}  // namespace tandem
