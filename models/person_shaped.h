#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/quantizer.h"
#include "models/random.h"

namespace tandem::models {

/// A grey 96x96 picture as the network takes it: int8 [1,96,96,1], grey level - 128.
using GreyImage = std::vector<int8_t>;

/// A random picture with the statistics of a photograph: contrast at all sizes (amplitude falling as 1/f), a
/// few objects with edges, uneven light, a little noise.
GreyImage natural_image(uint64_t seed);

/// A network of the shape of TensorFlow Lite's person detector: MobileNetV1, width 0.25, on 96x96 grey
/// pictures, int8, 31 operators. Its weights are random, so it detects nothing.
class PersonShaped {
 public:
  /// What a runtime's speed may depend on.
  enum class Values {
    kAsTrained,  ///< bell-shaped weights; as in a trained network about half is zero after each ReLU6
    kDense,      ///< weights uniform in [-127, 127]; biases that leave no zero after any ReLU6
  };
  /// Draws the weights, then sets scales and biases layer by layer so that they suit natural images.
  explicit PersonShaped(uint64_t seed, Values values = Values::kAsTrained);

  [[nodiscard]] std::vector<uint8_t> tflite() const;

  struct ZeroFraction {
    std::string layer;
    double fraction = 0;  ///< of the layer's values, over all images
  };
  /// How much is real zero after each ReLU6, with the operators' own arithmetic.
  [[nodiscard]] std::vector<ZeroFraction> zero_fractions(std::span<const GreyImage> images) const;

 private:
  /// Height and width (equal) and channels of a tensor [1, size, size, channels].
  struct Shape {
    int size = 0;
    int channels = 0;
    [[nodiscard]] int elements() const { return size * size * channels; }
  };
  /// A convolution: depthwise 3x3 with padding SAME, or 1x1 over all channels.
  struct Layer {
    std::string name;
    bool depthwise = false;
    bool relu6 = true;
    int stride = 1;
    Shape in, out;
    Quantization input, output;
    std::vector<int8_t> weights;  // depthwise [3, 3, out], else [out, in]
    std::vector<float> weight_scales;
    std::vector<int32_t> bias;
  };
  using Activations = std::vector<int8_t>;

  static std::vector<Layer> architecture();
  static std::vector<int32_t> accumulate(const Layer& layer, const Activations& input);
  static Activations requantize_all(const Layer& layer, const std::vector<int32_t>& sums);
  static void calibrate(Layer& layer, const std::vector<std::vector<int32_t>>& sums, Values values,
                        SplitMix64& random);

  std::vector<Layer> layers_;  // the last one is the classifier, behind the average pool
};

}  // namespace tandem::models
