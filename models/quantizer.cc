#include "models/quantizer.h"

#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"

namespace tandem::models {

Quantization choose_int8(float min, float max) {
  const double low = std::min(min, 0.0f);
  const double high = std::max(max, 0.0f);
  if (low == high) return {};
  const double scale = (high - low) / 255;
  return {.scale = static_cast<float>(scale), .zero_point = round_to_int32(-128 - low / scale)};
}

int8_t quantize_int8(float real, Quantization q) {
  return saturate_cast<int8_t>(int64_t{q.zero_point} + round_to_int32(real / q.scale));
}

QuantizedWeights quantize_weights(std::span<const float> weights, size_t channels, ChannelAxis axis) {
  const size_t per_channel = weights.size() / channels;
  const auto channel = [&](size_t i) { return axis == ChannelAxis::kFirst ? i / per_channel : i % channels; };
  std::vector<float> largest(channels);
  for (size_t i = 0; i < weights.size(); ++i) {
    largest[channel(i)] = std::max(largest[channel(i)], std::abs(weights[i]));
  }
  QuantizedWeights quantized{.values = std::vector<int8_t>(weights.size()), .scales = {}};
  for (const float magnitude : largest) quantized.scales.push_back(magnitude == 0 ? 1 : magnitude / 127);
  for (size_t i = 0; i < weights.size(); ++i) {
    quantized.values[i] = quantize_int8(weights[i], {.scale = quantized.scales[channel(i)]});
  }
  return quantized;
}

std::vector<int32_t> quantize_bias(std::span<const float> bias, float input_scale,
                                   std::span<const float> weight_scales) {
  std::vector<int32_t> quantized;
  for (size_t c = 0; c < bias.size(); ++c) {
    const float weight_scale = weight_scales[weight_scales.size() == 1 ? 0 : c];
    quantized.push_back(round_to_int32(double{bias[c]} / (double{input_scale} * weight_scale)));
  }
  return quantized;
}

}  // namespace tandem::models
