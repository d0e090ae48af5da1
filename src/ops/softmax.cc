#include "kernels/softmax.h"

#include "base/elementary.h"
#include "ops/op_context.h"

// SOFTMAX and LOG_SOFTMAX.
namespace tandem {
namespace {

constexpr uint8_t kSoftmaxOptions = 9;
enum Field { kBeta };

constexpr float kTolerance = 1e-3F;    // of the output scale of int16, as in TensorFlow Lite Micro
constexpr uint32_t kElementCost = 50;  // elementary operations: two exponentials

// What the output of a quantized SOFTMAX must be: [0, 1] over the whole range of its type, or over its
// positive half.
struct OutputQuantization {
  int32_t log2_scale;
  float tolerance;  ///< relative
  int32_t zero_point;
};

Status expect_output(const OpContext& c, const OutputQuantization& wanted) {
  TANDEM_TRY(c.expect_output_quantized(0));
  const Quantization q = c.output(0).quantization;
  const float ratio = q.scale() * static_cast<float>(1 << -wanted.log2_scale);  // exact
  if (ratio > 1 + wanted.tolerance || ratio < 1 - wanted.tolerance) {
    return c.error(Code::kOutputScalePot, 0, wanted.log2_scale);
  }
  if (q.zero_point() != wanted.zero_point) return c.error(Code::kOutputZeroPoint, 0, wanted.zero_point);
  return {};
}

// How differences of int8 become Q5.26.
Status plan_differences(const OpContext& c, SoftmaxParams& params) {
  constexpr int kInputIntegerBits = 5;
  constexpr double kLargest = INT32_MAX;
  const double scale =
      double{params.beta} * c.input(0).quantization.scale() * (1 << (31 - kInputIntegerBits));
  if (!(scale > 1)) return c.error(Code::kSoftmaxScale);
  params.multiplier = quantize_multiplier(scale < kLargest ? scale : kLargest);
  params.diff_min = -input_radius(kInputIntegerBits, params.multiplier.shift);
  return {};
}

Status plan_s8(const OpContext& c, SoftmaxParams& params) {
  const bool wide = c.output(0).type == Type::kInt16;
  if (!wide) TANDEM_TRY(c.expect_output_type(0, Type::kInt8));
  TANDEM_TRY(wide ? expect_output(c, {-16, kTolerance, -32768}) : expect_output(c, {-8, 0, -128}));
  return plan_differences(c, params);
}

Status plan_s16(const OpContext& c, SoftmaxParams& params) {
  constexpr double kStep = 10.0 / 65535;
  TANDEM_TRY(c.expect_output_type(0, Type::kInt16));
  TANDEM_TRY(expect_output(c, {-15, kTolerance, 0}));
  const Quantization q = c.input(0).quantization;
  if (q.zero_point() != 0) return c.error(Code::kInputZeroPoint, 0, 0);
  params.multiplier = quantize_multiplier(double{q.scale()} * double{params.beta} / kStep);
  return {};
}

// The rows along the last dimension, and where they lie.
void plan_rows(OpContext& c, SoftmaxParams& params) {
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  params.depth = static_cast<uint32_t>(in.shape[in.shape.rank - 1]);
  const uint32_t rows = in.elements == 0 ? 0 : in.elements / params.depth;
  params.rows = cut_into_blocks(rows, uint64_t{params.depth} * kElementCost);
  if (in.type == out.type) (void)c.try_in_place(0);
  params.in = c.ref(in);
  params.out = c.ref(out);
}

// A table of them where it is no larger than the tensor, else room for those of a row.
void plan_exponentials(OpContext& c, SoftmaxParams& params) {
  if (c.input(0).elements < kSoftmaxDifferences * sizeof(int32_t)) {
    params.row_exps = c.scratch(params.depth * uint32_t{sizeof(int32_t)});
    return;
  }
  params.exps = c.prepared<int32_t>(kSoftmaxDifferences, [&](std::span<int32_t> exps) {
    for (uint32_t d = 0; d < kSoftmaxDifferences; ++d) {
      exps[d] = softmax_exp(params, -static_cast<int32_t>(d));
    }
  });
}

Status plan_softmax(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  if (in.shape.rank < 1) return c.error(Code::kInputRank, 0, 0);
  SoftmaxParams params;
  params.beta = c.options(kSoftmaxOptions).scalar<float>(kBeta);
  if (in.type == Type::kFloat32) {
    TANDEM_TRY(c.expect_output_type(0, Type::kFloat32));
  } else {
    TANDEM_TRY(c.expect_input_quantized(0));
    TANDEM_TRY(in.type == Type::kInt8 ? plan_s8(c, params) : plan_s16(c, params));
  }
  plan_rows(c, params);
  if (in.type == Type::kInt8) plan_exponentials(c, params);
  c.emit(in.type == Type::kFloat32  ? kernel_id::softmax_f32__ref
         : in.type == Type::kInt16  ? kernel_id::softmax_s16__ref
         : out.type == Type::kInt16 ? kernel_id::softmax_s8_s16__portable
                                    : kernel_id::softmax_s8__portable,
         params, {.units = params.rows.units()});
  return {};
}

Status plan_log_softmax(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  if (in.shape.rank < 1) return c.error(Code::kInputRank, 0, 0);
  LogSoftmaxParams params;
  SoftmaxParams& softmax = params.softmax;
  softmax.beta = 1;
  if (in.type == Type::kInt8) {
    TANDEM_TRY(c.expect_input_quantized(0));
    TANDEM_TRY(expect_output(c, {.log2_scale = -4, .tolerance = 0, .zero_point = 127}));
    TANDEM_TRY(plan_differences(c, softmax));
    const QuantizedMultiplier m = softmax.multiplier;
    params.divisor = quantize_multiplier(elementary::pow2(31 - m.shift) / m.multiplier);
  }
  plan_rows(c, softmax);
  c.emit(in.type == Type::kInt8 ? kernel_id::log_softmax_s8__ref : kernel_id::log_softmax_f32__ref, params,
         {.units = softmax.rows.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(LOG_SOFTMAX, log_softmax, plan_log_softmax, log_softmax_s8__ref, log_softmax_f32__ref)
TANDEM_DEFINE_OP(LOG_SOFTMAX, log_softmax_f32, plan_log_softmax, log_softmax_f32__ref)
TANDEM_DEFINE_OP(LOG_SOFTMAX, log_softmax_s8, plan_log_softmax, log_softmax_s8__ref)
TANDEM_DEFINE_OP(SOFTMAX, softmax, plan_softmax, softmax_s8__portable, softmax_s8_s16__portable,
                 softmax_s16__ref, softmax_f32__ref)
TANDEM_DEFINE_OP(SOFTMAX, softmax_f32, plan_softmax, softmax_f32__ref)
TANDEM_DEFINE_OP(SOFTMAX, softmax_s8, plan_softmax, softmax_s8__portable)
TANDEM_DEFINE_OP(SOFTMAX, softmax_s8_s16, plan_softmax, softmax_s8_s16__portable)

}  // namespace tandem
