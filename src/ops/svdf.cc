#include "kernels/svdf.h"

#include "ops/op_context.h"

namespace tandem {
namespace {

constexpr uint8_t kSvdfOptions = 6;
enum Field { kRank, kActivation };
enum Operand { kInput, kWeightsFeature, kWeightsTime, kBias, kState };

// The scales are multiplied and divided in float, as in TensorFlow Lite.
Status plan_factors(const OpContext& c, SvdfParams& params) {
  for (const uint32_t i : {kInput, kWeightsFeature, kWeightsTime, kState}) {
    TANDEM_TRY(c.expect_input_quantized(i));
  }
  TANDEM_TRY(c.expect_output_quantized(0));
  const auto scale = [&](uint32_t i) { return c.input(i).quantization.scale(); };
  const float products_scale = scale(kState) * scale(kWeightsTime);
  if (const TensorInfo bias = c.input(kBias); bias.present()) {
    const double bias_scale = bias.quantization.present() ? bias.quantization.scale() : 0.0;
    const double difference = bias_scale - double{products_scale};
    if (!(difference < 1e-5 && difference > -1e-5)) return c.error(Code::kBiasScale, kBias);
  }
  params.feature_factor = quantize_multiplier(scale(kInput) * scale(kWeightsFeature) / scale(kState));
  params.out_factor = quantize_multiplier(products_scale / c.output(0).quantization.scale());
  params.in_zero_point = c.input(kInput).quantization.zero_point();
  params.state_zero_point = c.input(kState).quantization.zero_point();
  params.out_zero_point = c.output(0).quantization.zero_point();
  return {};
}

Status plan_svdf(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 5, 1));
  const TensorInfo in = c.input(kInput);
  const TensorInfo feature = c.input(kWeightsFeature);
  const TensorInfo time = c.input(kWeightsTime);
  const TensorInfo bias = c.input(kBias);
  const TensorInfo state = c.input(kState);
  const TensorInfo out = c.output(0);
  if (!state.present()) return c.error(Code::kOperandMissing, kState);
  const bool is_float = in.type == Type::kFloat32;
  TANDEM_TRY(c.expect_input_type(kInput, {Type::kFloat32, Type::kInt8}));
  TANDEM_TRY(c.expect_input_type(kWeightsFeature, {in.type}));
  TANDEM_TRY(c.expect_input_type(kWeightsTime, {in.type, is_float ? in.type : Type::kInt16}));
  TANDEM_TRY(c.expect_input_type(kState, {time.type}));
  if (bias.present()) TANDEM_TRY(c.expect_input_type(kBias, {is_float ? Type::kFloat32 : Type::kInt32}));
  TANDEM_TRY(c.expect_output_type(0, in.type));
  bool state_is_own = state.variable && state.index != out.index;
  for (uint32_t i = kInput; i < kState; ++i) state_is_own &= c.input(i).index != state.index;
  if (!state_is_own) return c.error(Code::kInputNotVariable, kState);

  for (const uint32_t i : {kInput, kWeightsFeature, kWeightsTime, kState}) {
    const uint32_t rank = c.input(i).shape.rank;
    if (rank != 2) return c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(rank));
  }
  const flat::Table options = c.options(kSvdfOptions);
  const auto rank = options.scalar<int32_t>(kRank);
  const int32_t batches = in.shape[0];
  const int32_t filters = feature.shape[0];
  const int32_t memory_size = time.shape[1];
  if (rank < 1 || filters % rank != 0) return c.error(Code::kOptionValue, kRank, rank);
  const int32_t units = filters / rank;
  if (feature.shape[1] != in.shape[1]) return c.error(Code::kInputShape, kWeightsFeature, 1);
  if (time.shape[0] != filters) return c.error(Code::kInputShape, kWeightsTime, 0);
  if (memory_size < 1) return c.error(Code::kInputShape, kWeightsTime, 1);
  if (bias.present() && bias.elements != static_cast<uint32_t>(units)) {
    return c.error(Code::kInputShape, kBias, 0);
  }
  if (state.shape[0] != batches) return c.error(Code::kInputShape, kState, 0);
  if (state.shape[1] != int64_t{memory_size} * filters) return c.error(Code::kInputShape, kState, 1);
  TANDEM_TRY(c.expect_output_shape(0, {.rank = 2, .dims = {batches, units}}));

  SvdfParams params;
  params.units = static_cast<uint32_t>(units);
  params.rank = static_cast<uint32_t>(rank);
  params.input_size = static_cast<uint32_t>(in.shape[1]);
  params.memory_size = static_cast<uint32_t>(memory_size);
  params.activation = static_cast<Activation>(options.scalar<uint8_t>(kActivation));
  if (!is_float) {
    TANDEM_TRY(plan_factors(c, params));
  } else if (params.activation > Activation::kSignBit) {
    return c.error(Code::kActivation, static_cast<int32_t>(params.activation));
  }
  const uint64_t macs = params.rank * (uint64_t{params.input_size} + params.memory_size);
  params.outputs = cut_into_blocks(out.elements, macs);
  params.in = c.ref(in);
  params.weights_feature = c.ref(feature);
  params.weights_time = c.ref(time);
  params.bias = c.ref(bias);
  params.state = c.ref(state);
  params.out = c.ref(out);
  c.emit(is_float                    ? kernel_id::svdf_f32__ref
         : time.type == Type::kInt16 ? kernel_id::svdf_s8_s16__ref
                                     : kernel_id::svdf_s8__ref,
         params, {.units = params.outputs.units(), .macs = macs * out.elements});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(SVDF, svdf, plan_svdf, svdf_s8__ref, svdf_s8_s16__ref, svdf_f32__ref)
TANDEM_DEFINE_OP(SVDF, svdf_f32, plan_svdf, svdf_f32__ref)
TANDEM_DEFINE_OP(SVDF, svdf_s8, plan_svdf, svdf_s8__ref)
TANDEM_DEFINE_OP(SVDF, svdf_s8_s16, plan_svdf, svdf_s8_s16__ref)

}  // namespace tandem
