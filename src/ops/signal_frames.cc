#include "kernels/signal_frames.h"

#include <algorithm>

#include "ops/custom_options.h"
#include "ops/op_context.h"

// The operators of TensorFlow Lite Micro's signal library that remember samples: SignalDelay, SignalFramer,
// SignalStacker, SignalOverlapAdd. Where a frame is not complete yet, TensorFlow Lite Micro leaves in the
// output what happens to be there; here it is 0.
namespace tandem {
namespace {

// Longer state than any tensor could be is not meant.
constexpr int32_t kMostSamples = 1 << 28;

// The rows of input 0, whose last dimension is not 0.
Status count_rows(const OpContext& c, uint32_t& rows, uint32_t& row_length) {
  const TensorInfo in = c.input(0);
  const uint32_t rank = in.shape.rank;
  if (rank == 0) return c.error(Code::kInputRank, 0, 0);
  row_length = static_cast<uint32_t>(in.shape[rank - 1]);
  if (row_length == 0) return c.error(Code::kInputShape, 0, static_cast<int32_t>(rank) - 1);
  rows = in.elements / row_length;
  return rows <= UINT16_MAX ? Status{} : c.error(Code::kInputShape, 0, 0);
}

// `count` samples of state for each of `rows`. More than any tensor may have is refused with the whole plan.
Ref row_state(OpContext& c, uint32_t rows, uint32_t count, uint32_t element_bytes) {
  const uint64_t bytes = uint64_t{rows} * count * element_bytes;
  return c.state(static_cast<uint32_t>(std::min<uint64_t>(bytes, UINT32_MAX)));
}

Status plan_delay(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt16}));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt16));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  uint32_t rows = 0;
  DelayParams params;
  TANDEM_TRY(count_rows(c, rows, params.frame_size));
  TANDEM_TRY(CustomOptions(c).read("delay_length", 0, kMostSamples, params.delay));
  params.in = c.ref(in);
  params.out = c.ref(c.output(0));
  params.history = row_state(c, rows, params.delay, sizeof(int16_t));
  c.emit(kernel_id::delay_s16__ref, params, {.units = rows});
  return {};
}

Status plan_framer(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 2));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt16}));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt16));
  TANDEM_TRY(c.expect_output_type(1, Type::kBool));
  TANDEM_TRY(c.expect_output_shape(1, {}));
  const CustomOptions options(c);
  FramerParams params;
  TANDEM_TRY(options.read("frame_size", 1, kMostSamples, params.frame_size));
  TANDEM_TRY(options.read("frame_step", 1, kMostSamples, params.step_size));
  if (options.find("prefill").boolean()) {
    if (params.step_size > params.frame_size) return options.refused(static_cast<int32_t>(params.step_size));
    params.prefill = params.frame_size - params.step_size;
  }
  uint32_t rows = 0;
  uint32_t row_length = 0;
  TANDEM_TRY(count_rows(c, rows, row_length));
  if (row_length % params.step_size != 0) {
    return c.error(Code::kInputShape, 0, static_cast<int32_t>(in.shape.rank) - 1);
  }
  params.frames = row_length / params.step_size;
  if (out.shape.rank != in.shape.rank + 1) return c.error(Code::kOutputShape, 0, -1);
  if (out.elements != uint64_t{rows} * params.frames * params.frame_size) {
    return c.error(Code::kOutputShape, 0, static_cast<int32_t>(in.shape.rank));
  }
  params.kept_size = (params.frame_size + params.step_size - 1) / params.step_size * params.step_size;
  params.in = c.ref(in);
  params.out = c.ref(out);
  params.valid = c.ref(c.output(1));
  params.fill = row_state(c, rows, 1, sizeof(uint32_t));
  params.samples = row_state(c, rows, params.kept_size, sizeof(int16_t));
  c.emit(kernel_id::framer_s16__ref, params, {.units = rows});
  return {};
}

Status plan_stacker(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 2));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt16}));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt16));
  TANDEM_TRY(c.expect_output_type(1, Type::kBool));
  TANDEM_TRY(c.expect_output_shape(1, {}));
  if (in.shape.rank != 1) return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.shape.rank));
  constexpr int32_t kMostFrames = 1 << 20;
  const CustomOptions options(c);
  StackerParams params;
  uint32_t later = 0;
  TANDEM_TRY(options.read("num_channels", 1, kMostSamples, params.frame_size));
  TANDEM_TRY(options.read("stacker_left_context", 0, kMostFrames, params.repeats));
  TANDEM_TRY(options.read("stacker_right_context", 0, kMostFrames, later));
  params.kept_frames = params.repeats + later + 1;
  TANDEM_TRY(options.read("stacker_step", 1, params.kept_frames, params.step));
  if (in.elements < params.frame_size) return c.error(Code::kInputShape, 0, 0);
  const uint64_t samples = uint64_t{params.kept_frames} * params.frame_size;
  if (out.shape.rank != 1 || out.elements != samples) return c.error(Code::kOutputShape, 0, 0);
  params.in = c.ref(in);
  params.out = c.ref(out);
  params.valid = c.ref(c.output(1));
  params.fill = c.state(2 * sizeof(uint32_t));
  params.samples = c.state(out.bytes);
  c.emit(kernel_id::stacker_s16__ref, params);
  return {};
}

Status plan_overlap_add(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kFloat32, Type::kInt16}));
  TANDEM_TRY(c.expect_output_type(0, in.type));
  const uint32_t rank = in.shape.rank;
  if (rank < 2) return c.error(Code::kInputRank, 0, static_cast<int32_t>(rank));
  OverlapAddParams params;
  uint32_t all_frames = 0;
  TANDEM_TRY(count_rows(c, all_frames, params.frame_size));
  TANDEM_TRY(CustomOptions(c).read("frame_step", 1, params.frame_size, params.step_size));
  params.frames = static_cast<uint32_t>(in.shape[rank - 2]);
  if (params.frames == 0) return c.error(Code::kInputShape, 0, static_cast<int32_t>(rank) - 2);
  if (out.shape.rank != rank - 1) return c.error(Code::kOutputShape, 0, -1);
  if (out.elements != uint64_t{all_frames} * params.step_size) {
    return c.error(Code::kOutputShape, 0, static_cast<int32_t>(rank) - 2);
  }
  const uint32_t rows = all_frames / params.frames;
  const bool is_float = in.type == Type::kFloat32;
  params.in = c.ref(in);
  params.out = c.ref(out);
  params.sums = row_state(c, rows, params.frame_size, is_float ? sizeof(float) : sizeof(int16_t));
  c.emit(is_float ? kernel_id::overlap_add_f32__ref : kernel_id::overlap_add_s16__ref, params,
         {.units = rows});
  return {};
}

}  // namespace

TANDEM_DEFINE_CUSTOM_OP("SignalDelay", signal_delay, plan_delay, delay_s16__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalFramer", signal_framer, plan_framer, framer_s16__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalOverlapAdd", signal_overlap_add, plan_overlap_add, overlap_add_f32__ref,
                        overlap_add_s16__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalStacker", signal_stacker, plan_stacker, stacker_s16__ref)

}  // namespace tandem
