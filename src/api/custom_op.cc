#include "tandem/custom_op.h"

#include <algorithm>

#include "ops/op_context.h"

namespace tandem {
namespace {

static_assert(OperandInfo::kMaxRank == kMaxRank);

OperandInfo describe_operand(const TensorInfo& tensor) {
  OperandInfo operand{.present = tensor.present(),
                      .type = tensor.type,
                      .variable = tensor.variable,
                      .rank = tensor.shape.rank,
                      .elements = tensor.elements,
                      .bytes = tensor.bytes};
  std::ranges::copy(tensor.shape.dims, operand.dims);
  if (tensor.quantization.present()) {
    operand.scale = tensor.quantization.scale();
    operand.zero_point = tensor.quantization.zero_point();
  }
  if (tensor.constant()) operand.constant = {tensor.data, tensor.bytes};
  return operand;
}

}  // namespace

uint32_t CustomOpContext::input_count() const { return context_.input_count(); }
uint32_t CustomOpContext::output_count() const { return context_.output_count(); }
OperandInfo CustomOpContext::input(uint32_t i) const { return describe_operand(context_.input(i)); }
OperandInfo CustomOpContext::output(uint32_t i) const { return describe_operand(context_.output(i)); }

std::span<const uint8_t> CustomOpContext::option_bytes() const { return context_.custom_option_bytes(); }

int64_t CustomOpContext::int_option(const char* key, int64_t absent) const {
  const flex::Value value = context_.custom_options().find(key);
  return value.null() ? absent : value.integer();
}

double CustomOpContext::number_option(const char* key, double absent) const {
  const flex::Value value = context_.custom_options().find(key);
  return value.null() ? absent : value.number();
}

bool CustomOpContext::bool_option(const char* key, bool absent) const {
  const flex::Value value = context_.custom_options().find(key);
  return value.null() ? absent : value.boolean();
}

Status CustomOpContext::error(Code code, int32_t a, int32_t b) const { return context_.error(code, a, b); }

Status CustomOpContext::expect_operands(uint32_t inputs, uint32_t outputs) const {
  return context_.expect_operands(inputs, inputs, outputs);
}

Status CustomOpContext::expect_input_type(uint32_t i, Type type) const {
  return context_.expect_input_type(i, {type});
}

Status CustomOpContext::expect_output_type(uint32_t i, Type type) const {
  return context_.expect_output_type(i, type);
}

Status CustomOpContext::expect_output_shape_of(uint32_t i, uint32_t input) const {
  return context_.expect_output_shape(i, context_.input(input).shape);
}

uint32_t CustomOpContext::workers() const { return context_.workers(); }
Ref CustomOpContext::input_ref(uint32_t i) { return context_.ref(context_.input(i)); }
Ref CustomOpContext::output_ref(uint32_t i) { return context_.ref(context_.output(i)); }
bool CustomOpContext::try_in_place(uint32_t i) { return context_.try_in_place(i); }
Scratch CustomOpContext::scratch(uint32_t bytes_per_worker) { return context_.scratch(bytes_per_worker); }
Ref CustomOpContext::state(uint32_t bytes, uint8_t fill) { return context_.state(bytes, fill); }

uint8_t* CustomOpContext::reserve(uint64_t bytes, uint32_t alignment, Ref& ref) {
  return context_.reserve(bytes, alignment, ref);
}

void CustomOpContext::emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes,
                           StepWork work) {
  context_.emit(kernel, params, params_bytes, {.units = work.units, .macs = work.macs});
}

}  // namespace tandem
