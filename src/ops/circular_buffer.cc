#include "kernels/circular_buffer.h"

#include "ops/custom_options.h"
#include "ops/op_context.h"

namespace tandem {
namespace {

// How many invocations one with an output takes, where the model does not say. TensorFlow Lite Micro knows
// two streaming models by the length of their buffers. (It also counts the buffers of all models prepared
// before, for one of these: that makes a difference for no model that says how many cycles it wants.)
uint32_t cycles_of_streaming_models(int32_t slots) {
  return slots == 5 || slots == 13 || slots == 25 ? 1 : 2;
}

// TensorFlow Lite Micro keeps the history in the output's memory, whatever else is put there, and does not
// initialise it. Here the operator has memory of its own, unless the output is a variable, and starts with
// the output's zero point.
Status plan_circular_buffer(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8}));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt8));
  if (in.shape.rank != 4) return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.shape.rank));
  if (in.shape[1] != 1) return c.error(Code::kInputShape, 0, 1);
  if (out.shape.rank != 4 || out.shape[1] < 1) return c.error(Code::kOutputShape, 0, 1);
  Shape shape = in.shape;
  shape.dims[1] = out.shape[1];
  TANDEM_TRY(c.expect_output_shape(0, shape));
  if (in.index == out.index) return c.error(Code::kInputShape, 0, 1);

  const int32_t cycles = CustomOptions(c).integer("cycles_max");
  CircularBufferParams params{
      .batches = static_cast<uint32_t>(in.shape[0]),
      .slots = static_cast<uint32_t>(out.shape[1]),
      .slot_bytes = static_cast<uint32_t>(in.shape[2] * in.shape[3]),
      .cycles = cycles > 0 ? static_cast<uint32_t>(cycles) : cycles_of_streaming_models(out.shape[1])};
  params.in = c.ref(in);
  params.out = c.ref(out);
  params.cycle = c.state(sizeof(uint32_t));
  const int32_t zero_point = out.quantization.present() ? out.quantization.zero_point() : 0;
  params.history = out.variable ? params.out : c.state(out.bytes, static_cast<uint8_t>(zero_point));
  c.emit(kernel_id::circular_buffer_s8__ref, params);
  return {};
}

}  // namespace

TANDEM_DEFINE_CUSTOM_OP("CIRCULAR_BUFFER", circular_buffer, plan_circular_buffer, circular_buffer_s8__ref)

}  // namespace tandem
