#pragma once

// Post-training quantization with TensorFlow Lite's conventions: int8 activations with any zero point, int8
// weights symmetric in [-127, 127] with one scale a channel, int32 biases with the accumulator's scale.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tandem::models {

/// real = scale · (stored - zero_point)
struct Quantization {
  float scale = 1;
  int32_t zero_point = 0;
};

/// int8 quantization of the reals in [min, max], widened to contain 0 so that 0 is stored exactly. A range of
/// nothing but 0 gets scale 1.
Quantization choose_int8(float min, float max);

/// The nearest stored value, ties away from zero, saturated to int8.
int8_t quantize_int8(float real, Quantization q);

inline float dequantize(int32_t stored, Quantization q) {
  return q.scale * static_cast<float>(stored - q.zero_point);
}

/// Which dimension of a weights tensor counts the channels: CONV_2D and FULLY_CONNECTED have them first,
/// DEPTHWISE_CONV_2D last.
enum class ChannelAxis { kFirst, kLast };

struct QuantizedWeights {
  std::vector<int8_t> values;  ///< in the order of the reals
  std::vector<float> scales;   ///< one a channel; 1 for a channel of zeros
};

/// `weights.size()` must be a multiple of `channels`; 1 channel quantizes the whole tensor with one scale.
QuantizedWeights quantize_weights(std::span<const float> weights, size_t channels, ChannelAxis axis);

/// Biases in units of input_scale · weight_scales[c]; a single weight scale serves all channels.
std::vector<int32_t> quantize_bias(std::span<const float> bias, float input_scale,
                                   std::span<const float> weight_scales);

}  // namespace tandem::models
