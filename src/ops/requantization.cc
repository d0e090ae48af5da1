#include "ops/requantization.h"

namespace tandem {
namespace {

bool is_clamp(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu ||
         activation == Activation::kReluN1To1 || activation == Activation::kRelu6;
}

}  // namespace

Result<Clamp> plan_clamp(const OpContext& context, Activation activation, const TensorInfo& tensor) {
  if (!is_clamp(activation)) return context.error(Code::kActivation, static_cast<int32_t>(activation));
  const Clamp range = tensor.type == Type::kInt16 ? kRangeOf<int16_t> : kRangeOf<int8_t>;
  const Quantization& q = tensor.quantization;
  const Result<Clamp> clamp =
      activation_clamp(activation, q.present() ? q.scale() : 0.0F, q.zero_point(), range);
  if (!clamp.ok()) return context.error(clamp.status().code);
  return clamp;
}

Result<ClampF32> plan_clamp_f32(const OpContext& context, Activation activation) {
  if (!is_clamp(activation)) return context.error(Code::kActivation, static_cast<int32_t>(activation));
  return activation_bounds<float>(activation);
}

Status plan_output_clamp(const OpContext& context, Activation activation, Clamp& clamp, ClampF32& clamp_f32) {
  const TensorInfo out = context.output(0);
  if (out.type == Type::kFloat32) {
    const Result<ClampF32> planned = plan_clamp_f32(context, activation);
    clamp_f32 = planned.value();
    return planned.status();
  }
  const Result<Clamp> planned = plan_clamp(context, activation, out);
  clamp = planned.value();
  return planned.status();
}

Result<ChannelFactors> plan_channel_factors(OpContext& context, const ChannelFactorsRequest& request) {
  TANDEM_TRY(context.expect_input_quantized(request.in));
  TANDEM_TRY(context.expect_output_quantized(0));
  const Quantization q = context.input(request.weights).quantization;
  const auto count = static_cast<uint32_t>(request.channels);
  if (!q.scales_usable()) {
    return context.error(Code::kInputQuantization, static_cast<int32_t>(request.weights));
  }
  if (q.per_channel() && q.scales.count != count) {
    return context.error(Code::kPerChannelCount, static_cast<int32_t>(q.scales.count), request.channels);
  }
  const double in_scale = context.input(request.in).quantization.scale();
  const double out_scale = context.output(0).quantization.scale();
  const auto factor = [&](uint32_t channel) {
    return quantize_multiplier(in_scale * static_cast<double>(q.scale(channel)) / out_scale);
  };
  for (uint32_t i = 0; i < (q.per_channel() ? count : 1); ++i) {
    if (factor(i).shift > request.max_shift) {
      return context.error(Code::kScaleRatio, factor(i).shift, request.max_shift);
    }
  }
  const auto fill = [&](auto values, auto part) {
    for (uint32_t i = 0; i < values.size(); ++i) {
      values[i] = i > 0 && !q.per_channel() ? values[0] : part(factor(i));
    }
  };
  ChannelFactors factors;
  factors.multipliers = context.prepared<int32_t>(count, [&](std::span<int32_t> values) {
    fill(values, [](QuantizedMultiplier m) { return m.multiplier; });
  });
  factors.shifts = context.prepared<int8_t>(count, [&](std::span<int8_t> values) {
    fill(values, [](QuantizedMultiplier m) { return static_cast<int8_t>(m.shift); });
  });
  return factors;
}

}  // namespace tandem
