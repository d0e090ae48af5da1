#include "models/person_shaped.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "base/fixed_point.h"
#include "models/model_builder.h"

namespace tandem::models {
namespace {

constexpr int kImageSize = 96;
constexpr int kFilter = 3;    // of the depthwise layers
constexpr int kLastSize = 3;  // what the pool averages over
constexpr int kClasses = 2;
constexpr Quantization kImageQuantization = {.scale = 2.0f / 255, .zero_point = -1};  // [-1, 1]

// MobileNetV1's thirteen blocks: depthwise with this stride, then 1x1 to this many channels.
struct Block {
  int stride;
  int channels;
};
constexpr int kStemChannels = 8;
constexpr Block kBlocks[] = {{1, 16},  {2, 32},  {1, 32},  {2, 64},  {1, 64},  {2, 128}, {1, 128},
                             {1, 128}, {1, 128}, {1, 128}, {1, 128}, {2, 256}, {1, 256}};

// Rows or columns of padding before the first input row: SAME puts the odd one after the last.
int padding_before(int in, int out, int stride) { return std::max(0, (out - 1) * stride + kFilter - in) / 2; }

// The first layer's filters look for contrast and not for brightness: else the number of zeros would follow
// the picture's exposure. `weights` is [3, 3, channels].
void remove_channel_means(std::vector<float>& weights, int channels) {
  for (int c = 0; c < channels; ++c) {
    float mean = 0;
    for (size_t i = c; i < weights.size(); i += channels) mean += weights[i] / (kFilter * kFilter);
    for (size_t i = c; i < weights.size(); i += channels) weights[i] -= mean;
  }
}

// AVERAGE_POOL_2D over the last feature map [3, 3, channels], rounding half away from zero.
std::vector<int8_t> average(const std::vector<int8_t>& input) {
  constexpr int kPixels = kLastSize * kLastSize;
  const size_t channels = input.size() / kPixels;
  std::vector<int8_t> means;
  for (size_t c = 0; c < channels; ++c) {
    int sum = 0;
    for (size_t i = c; i < input.size(); i += channels) sum += input[i];
    means.push_back(static_cast<int8_t>((sum + (sum > 0 ? kPixels / 2 : -(kPixels / 2))) / kPixels));
  }
  return means;
}

}  // namespace

GreyImage natural_image(uint64_t seed) {
  SplitMix64 random(seed);
  std::vector<double> light(kImageSize * kImageSize);
  const auto at = [&](int y, int x) -> double& { return light[static_cast<size_t>(y * kImageSize + x)]; };

  // Noise on grids of 2 to 48 cells, interpolated linearly, its amplitude proportional to the cell's size.
  for (const int cells : {2, 4, 8, 16, 32, 48}) {
    const double amplitude = 120.0 / cells;
    std::vector<double> grid(static_cast<size_t>((cells + 1) * (cells + 1)));
    for (double& node : grid) node = amplitude * random.bell();
    const auto node = [&](int y, int x) { return grid[static_cast<size_t>(y * (cells + 1) + x)]; };
    for (int y = 0; y < kImageSize; ++y) {
      const int row = y * cells / kImageSize;
      const double v = static_cast<double>(y * cells % kImageSize) / kImageSize;
      for (int x = 0; x < kImageSize; ++x) {
        const int column = x * cells / kImageSize;
        const double u = static_cast<double>(x * cells % kImageSize) / kImageSize;
        at(y, x) += (1 - v) * ((1 - u) * node(row, column) + u * node(row, column + 1)) +
                    v * ((1 - u) * node(row + 1, column) + u * node(row + 1, column + 1));
      }
    }
  }

  // Objects: ellipses that hide part of what is behind them.
  const int objects = 2 + static_cast<int>(random.next() % 5);
  for (int i = 0; i < objects; ++i) {
    const double cy = random.uniform(0, kImageSize), cx = random.uniform(0, kImageSize);
    const double ry = random.uniform(5, 30), rx = random.uniform(5, 30);
    const double brightness = 60 * random.bell(), opacity = random.uniform(0.5, 1);
    for (int y = 0; y < kImageSize; ++y) {
      for (int x = 0; x < kImageSize; ++x) {
        const double dy = (y - cy) / ry, dx = (x - cx) / rx;
        if (dy * dy + dx * dx < 1) at(y, x) += opacity * (brightness - at(y, x));
      }
    }
  }

  const double exposure = random.uniform(-40, 40), contrast = random.uniform(0.4, 1.2);
  GreyImage image;
  for (const double value : light) {
    const double grey = exposure + contrast * value + 2 * random.bell();
    image.push_back(static_cast<int8_t>(std::clamp(round_to_int32(grey), -128, 127)));
  }
  return image;
}

std::vector<PersonShaped::Layer> PersonShaped::architecture() {
  std::vector<Layer> layers;
  Shape shape = {.size = kImageSize, .channels = 1};
  const auto add = [&](std::string name, bool depthwise, int stride, int channels) -> Layer& {
    Layer layer{.name = std::move(name), .depthwise = depthwise, .stride = stride, .in = shape};
    shape = {.size = (shape.size + stride - 1) / stride, .channels = channels};
    layer.out = shape;
    layers.push_back(std::move(layer));
    return layers.back();
  };
  add("stem", true, 2, kStemChannels);
  for (size_t i = 0; i < std::size(kBlocks); ++i) {
    const std::string block = "block" + std::to_string(i + 1);
    add(block + "/depthwise", true, kBlocks[i].stride, shape.channels);
    add(block + "/pointwise", false, 1, kBlocks[i].channels);
  }
  shape.size = 1;  // the average pool
  add("classifier", false, 1, kClasses).relu6 = false;
  return layers;
}

// Σ (input - zero point) · weight, without bias, int32 [out.size, out.size, out.channels].
std::vector<int32_t> PersonShaped::accumulate(const Layer& layer, const Activations& input) {
  const auto [in, out] = std::pair(layer.in, layer.out);
  std::vector<int32_t> sums;
  sums.reserve(static_cast<size_t>(out.elements()));
  std::vector<int16_t> values(input.begin(), input.end());
  for (int16_t& value : values) value = static_cast<int16_t>(value - layer.input.zero_point);

  if (!layer.depthwise) {
    for (int pixel = 0; pixel < out.size * out.size; ++pixel) {
      const int16_t* x = &values[pixel * in.channels];
      for (int c = 0; c < out.channels; ++c) {
        const int8_t* w = &layer.weights[c * in.channels];
        int32_t sum = 0;
        for (int i = 0; i < in.channels; ++i) sum += x[i] * w[i];
        sums.push_back(sum);
      }
    }
    return sums;
  }

  const int before = padding_before(in.size, out.size, layer.stride);
  const int multiplier = out.channels / in.channels;
  for (int y = 0; y < out.size; ++y) {
    for (int x = 0; x < out.size; ++x) {
      const int top = y * layer.stride - before, left = x * layer.stride - before;
      for (int c = 0; c < out.channels; ++c) {
        int32_t sum = 0;
        for (int dy = std::max(0, -top); dy < std::min(kFilter, in.size - top); ++dy) {
          for (int dx = std::max(0, -left); dx < std::min(kFilter, in.size - left); ++dx) {
            sum += values[((top + dy) * in.size + left + dx) * in.channels + c / multiplier] *
                   layer.weights[(dy * kFilter + dx) * out.channels + c];
          }
        }
        sums.push_back(sum);
      }
    }
  }
  return sums;
}

// Chooses weight scales, bias and output quantization from the sums each of a set of images gives.
void PersonShaped::calibrate(Layer& layer, const std::vector<std::vector<int32_t>>& sums, Values kind,
                             SplitMix64& random) {
  const bool dense = kind == Values::kDense && layer.relu6;
  const auto channels = static_cast<size_t>(layer.out.channels);

  // Which part of each channel's values ReLU6 shall cut off. Channels differ, as trained ones do; evenly
  // spaced in random order, so that their mean is one half.
  std::vector<double> zero_parts;
  for (size_t c = 0; c < channels; ++c) zero_parts.push_back(0.25 + 0.5 * (c + 0.5) / channels);
  for (size_t c = channels; c > 1; --c) std::swap(zero_parts[c - 1], zero_parts[random.next() % c]);

  layer.weight_scales.resize(channels);
  layer.bias.resize(channels);
  float low = 0, high = 0;
  double surplus = 0;  // of zeros in the channels so far
  for (size_t c = 0; c < channels; ++c) {
    std::vector<int32_t> values;
    for (const auto& image : sums) {
      for (size_t i = c; i < image.size(); i += channels) values.push_back(image[i]);
    }
    std::ranges::sort(values);
    double mean = 0, variance = 0;
    for (const int32_t value : values) mean += static_cast<double>(value) / values.size();
    for (const int32_t value : values) variance += (value - mean) * (value - mean) / values.size();
    if (variance == 0) throw std::runtime_error("channel without any variation in " + layer.name);

    // Standard deviation 1 to 2.5 in real units: ReLU6 then clips few values at 6.
    // A dense layer's values all lie between 0.8 and 4.8, with room for other images than these.
    const int32_t range = values.back() - values.front();
    const double unit = dense ? 4.0 / range : random.uniform(1, 2.5) / std::sqrt(variance);
    layer.weight_scales[c] = static_cast<float>(unit / layer.input.scale);
    // Where the input is zero all around, the sum is 0, so whole stretches of `values` can be equal and fall
    // to one side together. The next channels make up for that.
    const double wanted = std::clamp(zero_parts[c] - surplus, 0.1, 0.9);
    layer.bias[c] = dense ? range / 5 - values.front()
                          : -values[static_cast<size_t>(wanted * static_cast<double>(values.size()))];
    const auto zeros = std::ranges::upper_bound(values, -layer.bias[c]) - values.begin();
    surplus += static_cast<double>(zeros) / static_cast<double>(values.size()) - zero_parts[c];
    low = std::min(low, static_cast<float>((values.front() + layer.bias[c]) * unit));
    high = std::max(high, static_cast<float>((values.back() + layer.bias[c]) * unit));
  }
  layer.output = layer.relu6 ? choose_int8(0, std::min(high, 6.0f)) : choose_int8(low, high);
}

// What the operator does after the sums: bias, requantization, activation.
PersonShaped::Activations PersonShaped::requantize_all(const Layer& layer, const std::vector<int32_t>& sums) {
  std::vector<QuantizedMultiplier> multipliers;
  for (const float scale : layer.weight_scales) {
    multipliers.push_back(quantize_multiplier(double{layer.input.scale} * scale / layer.output.scale));
  }
  const Activation activation = layer.relu6 ? Activation::kRelu6 : Activation::kNone;
  const Clamp clamp =
      activation_clamp(activation, layer.output.scale, layer.output.zero_point, kRangeOf<int8_t>).value();
  Activations output(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    const size_t c = i % multipliers.size();
    const int32_t stored = layer.output.zero_point + requantize(sums[i] + layer.bias[c], multipliers[c]);
    output[i] = static_cast<int8_t>(clamp.apply(stored));
  }
  return output;
}

PersonShaped::PersonShaped(uint64_t seed, Values values) : layers_(architecture()) {
  SplitMix64 random(seed);
  constexpr int kImages = 32;
  std::vector<Activations> batch;
  for (int i = 0; i < kImages; ++i) batch.push_back(natural_image(random.next()));

  Quantization quantization = kImageQuantization;
  for (Layer& layer : layers_) {
    layer.input = quantization;
    const int inputs_each = layer.depthwise ? kFilter * kFilter : layer.in.channels;
    std::vector<float> weights(static_cast<size_t>(inputs_each * layer.out.channels));
    for (float& weight : weights) {
      weight = static_cast<float>(values == Values::kDense ? random.uniform(-1, 1) : random.bell());
    }
    if (layer.in.channels == 1) remove_channel_means(weights, layer.out.channels);
    const ChannelAxis axis = layer.depthwise ? ChannelAxis::kLast : ChannelAxis::kFirst;
    layer.weights = quantize_weights(weights, static_cast<size_t>(layer.out.channels), axis).values;

    std::vector<std::vector<int32_t>> sums;
    for (Activations& image : batch) {
      if (!layer.relu6) image = average(image);
      sums.push_back(accumulate(layer, image));
    }
    calibrate(layer, sums, values, random);
    for (int i = 0; i < kImages; ++i) batch[i] = requantize_all(layer, sums[i]);
    quantization = layer.output;
  }
}

std::vector<PersonShaped::ZeroFraction> PersonShaped::zero_fractions(
    std::span<const GreyImage> images) const {
  std::vector<ZeroFraction> fractions;
  for (const Layer& layer : layers_) {
    if (layer.relu6) fractions.push_back({.layer = layer.name});
  }
  for (const GreyImage& image : images) {
    Activations values = image;
    for (size_t l = 0; l < fractions.size(); ++l) {
      values = requantize_all(layers_[l], accumulate(layers_[l], values));
      const auto zeros = std::ranges::count(values, layers_[l].output.zero_point);
      fractions[l].fraction += static_cast<double>(zeros) / (values.size() * images.size());
    }
  }
  return fractions;
}

std::vector<uint8_t> PersonShaped::tflite() const {
  using enum schema::BuiltinOperator;
  using schema::ActivationFunctionType, schema::Padding, schema::TensorType;
  ModelBuilder b("person-detection-shaped network, random weights: it detects nothing");
  const auto activations = [&](std::string name, std::vector<int32_t> shape, Quantization q) {
    return b.tensor({.name = std::move(name),
                     .type = TensorType::INT8,
                     .shape = std::move(shape),
                     .scale = {q.scale},
                     .zero_point = {q.zero_point}});
  };

  const int image = activations("image", {1, kImageSize, kImageSize, 1}, kImageQuantization);
  int value = image;
  for (const Layer& layer : layers_) {
    const auto [in, out] = std::pair(layer.in, layer.out);
    if (!layer.relu6) {
      const int pooled = activations("average", {1, 1, 1, in.channels}, layer.input);
      b.op(AVERAGE_POOL_2D, {value}, {pooled},
           schema::Pool2DOptionsT{.padding = Padding::VALID,
                                  .stride_w = 2,
                                  .stride_h = 2,
                                  .filter_width = kLastSize,
                                  .filter_height = kLastSize});
      value = pooled;
    }

    const int weights =
        b.constant({.name = layer.name + "/weights",
                    .type = TensorType::INT8,
                    .shape = layer.depthwise ? std::vector<int32_t>{1, kFilter, kFilter, out.channels}
                                             : std::vector<int32_t>{out.channels, 1, 1, in.channels},
                    .scale = layer.weight_scales,
                    .axis = layer.depthwise ? 3 : 0},
                   layer.weights);
    std::vector<float> bias_scales;
    for (const float scale : layer.weight_scales) bias_scales.push_back(layer.input.scale * scale);
    const int bias = b.constant({.name = layer.name + "/bias",
                                 .type = TensorType::INT32,
                                 .shape = {out.channels},
                                 .scale = std::move(bias_scales)},
                                layer.bias);
    const int output = activations(layer.name, {1, out.size, out.size, out.channels}, layer.output);
    const auto activation = layer.relu6 ? ActivationFunctionType::RELU6 : ActivationFunctionType::NONE;
    if (layer.depthwise) {
      b.op(DEPTHWISE_CONV_2D, {value, weights, bias}, {output},
           schema::DepthwiseConv2DOptionsT{.padding = Padding::SAME,
                                           .stride_w = layer.stride,
                                           .stride_h = layer.stride,
                                           .depth_multiplier = out.channels / in.channels,
                                           .fused_activation_function = activation});
    } else {
      b.op(CONV_2D, {value, weights, bias}, {output},
           schema::Conv2DOptionsT{.padding = Padding::SAME,
                                  .stride_w = 1,
                                  .stride_h = 1,
                                  .fused_activation_function = activation});
    }
    value = output;
  }

  const int shape =
      b.constant({.name = "scores/shape", .type = TensorType::INT32, .shape = {2}}, {1, kClasses});
  const int scores = activations("scores", {1, kClasses}, layers_.back().output);
  b.op(RESHAPE, {value, shape}, {scores}, schema::ReshapeOptionsT{.new_shape = {1, kClasses}});
  const int probabilities =
      activations("probabilities", {1, kClasses}, {.scale = 1.0f / 256, .zero_point = -128});
  b.op(SOFTMAX, {scores}, {probabilities}, schema::SoftmaxOptionsT{.beta = 1});
  b.inputs({image});
  b.outputs({probabilities});

  // The first versions with int8, or per-channel weights.
  b.set_version(AVERAGE_POOL_2D, 2);
  b.set_version(CONV_2D, 3);
  b.set_version(DEPTHWISE_CONV_2D, 3);
  b.set_version(SOFTMAX, 2);
  return b.finish();
}

}  // namespace tandem::models
