#include "kernels/fully_connected.h"

#include "kernel_target.h"
#include "ops/requantization.h"
#include "ops/weighted_variant.h"

// FULLY_CONNECTED: the input is seen as rows of the weights' last dimension, whatever its shape; how many
// there are is what the output in the file asks for (keep_num_dims only names the shape).
namespace tandem {
namespace {

constexpr uint8_t kFullyConnectedOptions = 8;
enum Field { kActivation, kWeightsFormat, kKeepNumDims, kAsymmetricQuantizeInputs, kBiasType };

using Variant = WeightedVariant<FullyConnectedParams>;
constexpr Variant kVariants[] = {
    {Type::kInt8, Type::kInt8, Type::kInt32, kernel_id::fully_connected_s8__portable},
    {Type::kInt8, Type::kInt4, Type::kInt32, kernel_id::fully_connected_s8_w4__portable},
    {Type::kInt16, Type::kInt8, Type::kInt64, kernel_id::fully_connected_s16__portable},
    {Type::kInt16, Type::kInt8, Type::kInt32, kernel_id::fully_connected_s16_b32__portable},
    {Type::kFloat32, Type::kFloat32, Type::kFloat32, kernel_id::fully_connected_f32__ref},
};

// One factor for all channels. The scales are multiplied in float, unlike those of channels, as in TensorFlow
// Lite.
Status plan_factor(OpContext& c, FullyConnectedParams& params, int32_t max_shift) {
  TANDEM_TRY(c.expect_input_quantized(0));
  TANDEM_TRY(c.expect_input_quantized(1));
  TANDEM_TRY(c.expect_output_quantized(0));
  const float in_scale = c.input(0).quantization.scale();
  const float weights_scale = c.input(1).quantization.scale();
  const double out_scale = c.output(0).quantization.scale();
  if (const TensorInfo bias = c.input(2); bias.present()) {
    // Sums and bias are added as they are. TensorFlow Lite lets scales differ by 0.02 of an output step.
    const double bias_scale = bias.quantization.present() ? bias.quantization.scale() : 0.0;
    const double difference = double{in_scale} * double{weights_scale} - bias_scale;
    const double steps = (difference < 0 ? -difference : difference) / out_scale;
    if (!(steps <= 0.02)) return c.error(Code::kBiasScale, 2);
  }
  params.factor = quantize_multiplier(double{in_scale * weights_scale} / out_scale);
  if (params.factor.shift > max_shift) return c.error(Code::kScaleRatio, params.factor.shift, max_shift);
  params.weights_zero_point = c.input(1).quantization.zero_point();
  return {};
}

// Kernels take up to four neighbouring outputs at a time, which share the loads of an input; of few outputs
// each worker has two. Not more: what a unit of weights takes that have just arrived is time when nothing
// else may.
Blocks cut_outputs(uint32_t outputs, uint32_t depth) {
  constexpr uint32_t kEnoughForFours = 16;
  constexpr uint32_t kWorthAlone = 64;
  const uint32_t together = outputs >= kEnoughForFours ? 4 : 2;
  if (depth >= kWorthAlone && outputs / together < UINT16_MAX)
    return {.count = outputs, .per_unit = together};
  Blocks blocks = cut_into_blocks(outputs, depth);
  blocks.per_unit = (blocks.per_unit + together - 1) / together * together;
  return blocks;
}

Status plan_fully_connected(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 3, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo weights = c.input(1);
  const TensorInfo bias = c.input(2);
  const TensorInfo out = c.output(0);
  const flat::Table options = c.options(kFullyConnectedOptions);
  const auto weights_format = options.scalar<int8_t>(kWeightsFormat);
  if (weights_format != 0) return c.error(Code::kOptionValue, kWeightsFormat, weights_format);
  const Result<const Variant*> variant = find_variant<FullyConnectedParams>(
      c, kVariants, {}, static_cast<Type>(options.scalar<int8_t>(kBiasType)));
  TANDEM_TRY(variant.status());
  TANDEM_TRY(c.expect_output_type(0, in.type));

  if (weights.shape.rank < 2) return c.error(Code::kInputRank, 1, static_cast<int32_t>(weights.shape.rank));
  if (out.shape.rank < 1) return c.error(Code::kOutputShape, 0, -1);
  const int32_t weights_rows = weights.shape[weights.shape.rank - 2];
  const uint32_t last = out.shape.rank - 1;
  FullyConnectedParams params;
  params.channels = static_cast<uint32_t>(out.shape[last]);
  params.depth = static_cast<uint32_t>(weights.shape[weights.shape.rank - 1]);
  // The output may have fewer channels than there are weights, and the input more rows than are used.
  if (out.shape[last] > weights_rows) return c.error(Code::kOutputShape, 0, static_cast<int32_t>(last));
  if (uint64_t{params.channels} * params.depth > weights.elements) return c.error(Code::kInputShape, 1, 0);
  if (bias.present() && bias.elements < params.channels) return c.error(Code::kInputShape, 2, 0);
  const uint32_t batches = params.channels == 0 ? 0 : out.elements / params.channels;
  if (uint64_t{batches} * params.depth > in.elements) return c.error(Code::kOutputShape, 0, 0);

  params.outputs = cut_outputs(out.elements, params.depth);
  params.in = c.ref(in);
  // Rows in turn; of several batches all again for each.
  params.weights = batches == 1 && (*variant)->weights == Type::kInt8
                       ? c.streamed_by_units(weights, params.outputs.per_unit * params.depth)
                       : c.streamed(weights);
  params.bias = c.ref(bias);
  params.out = c.ref(out);
  const auto activation = static_cast<Activation>(options.scalar<int8_t>(kActivation));
  TANDEM_TRY(plan_output_clamp(c, activation, params.clamp, params.clamp_f32));
  if (in.type != Type::kFloat32) {
    const int32_t max_shift = (*variant)->bias == Type::kInt32 ? 31 : kRequantize64MaxShift;
    if (weights.quantization.per_channel()) {
      const Result<ChannelFactors> factors =
          plan_channel_factors(c, {.channels = weights_rows, .max_shift = max_shift});
      TANDEM_TRY(factors.status());
      params.multipliers = factors->multipliers;
      params.shifts = factors->shifts;
    } else {
      TANDEM_TRY(plan_factor(c, params, max_shift));
    }
    params.in_zero_point = in.quantization.zero_point();
    params.out_zero_point = out.quantization.zero_point();
  }
  TypedKernelId<FullyConnectedParams> kernel = (*variant)->kernel;
  if (kernel.id == kernel_id::fully_connected_s8__portable.id &&
      c.has(kernel_id::fully_connected_s8__armv6m)) {
    kernel = kernel_id::fully_connected_s8__armv6m;
  }
  c.emit(kernel, params, {.units = params.outputs.units(), .macs = uint64_t{out.elements} * params.depth});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(FULLY_CONNECTED, fully_connected, plan_fully_connected,
                 TANDEM_TARGET_FULLY_CONNECTED_S8 fully_connected_s8__portable,
                 fully_connected_s8_w4__portable, fully_connected_s16__portable,
                 fully_connected_s16_b32__portable, fully_connected_f32__ref)
TANDEM_DEFINE_OP(FULLY_CONNECTED, fully_connected_f32, plan_fully_connected, fully_connected_f32__ref)
TANDEM_DEFINE_OP(FULLY_CONNECTED, fully_connected_s8, plan_fully_connected,
                 TANDEM_TARGET_FULLY_CONNECTED_S8 fully_connected_s8__portable)
TANDEM_DEFINE_OP(FULLY_CONNECTED, fully_connected_s8_w4, plan_fully_connected,
                 fully_connected_s8_w4__portable)

}  // namespace tandem
