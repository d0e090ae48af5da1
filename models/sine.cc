#include "models/sine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <string>

#include "base/fixed_point.h"
#include "models/model_builder.h"
#include "models/quantizer.h"
#include "models/random.h"

namespace tandem::models {
namespace {

constexpr double kPeriod = 2 * std::numbers::pi;

// The network's shape: layer l maps kWidths[l] values to kWidths[l + 1].
constexpr std::array<int, 4> kWidths = {1, 16, 16, 1};
constexpr size_t kLayers = kWidths.size() - 1;
constexpr int kWidest = 16;

constexpr bool has_relu(size_t layer) { return layer + 1 < kLayers; }

template <class T>
struct Dense {
  int inputs = 0;
  int outputs = 0;
  std::vector<T> weights;  // [outputs][inputs], FULLY_CONNECTED's order
  std::vector<T> bias;
};
template <class T>
using Network = std::array<Dense<T>, kLayers>;
template <class T>
using Values = std::array<T, kWidest>;

template <class T>
Network<T> zero_network() {
  Network<T> network;
  for (size_t l = 0; l < kLayers; ++l) {
    const int inputs = kWidths[l];
    const int outputs = kWidths[l + 1];
    network[l] = {inputs, outputs, std::vector<T>(static_cast<size_t>(inputs * outputs)),
                  std::vector<T>(static_cast<size_t>(outputs))};
  }
  return network;
}

// values[0] holds the input; fills values[l + 1] with what layer l gives.
template <class T>
void forward(const Network<T>& network, std::array<Values<T>, kLayers + 1>& values) {
  for (size_t l = 0; l < kLayers; ++l) {
    const Dense<T>& layer = network[l];
    for (int o = 0; o < layer.outputs; ++o) {
      T sum = layer.bias[o];
      for (int i = 0; i < layer.inputs; ++i) sum += layer.weights[o * layer.inputs + i] * values[l][i];
      values[l + 1][o] = has_relu(l) ? std::max(sum, T{0}) : sum;
    }
  }
}

// Adds the gradient of error² / 2 to `gradient`, after forward().
void backward(const Network<double>& network, const std::array<Values<double>, kLayers + 1>& values,
              double error, Network<double>& gradient) {
  Values<double> delta = {error};
  for (size_t l = kLayers; l-- > 0;) {
    const Dense<double>& layer = network[l];
    Values<double> below = {};
    for (int o = 0; o < layer.outputs; ++o) {
      if (has_relu(l) && values[l + 1][o] == 0) continue;
      gradient[l].bias[o] += delta[o];
      for (int i = 0; i < layer.inputs; ++i) {
        gradient[l].weights[o * layer.inputs + i] += delta[o] * values[l][i];
        below[i] += delta[o] * layer.weights[o * layer.inputs + i];
      }
    }
    delta = below;
  }
}

// Every parameter of up to four networks of one shape, together.
template <class Function, class... Networks>
void for_each_parameter(Function function, Networks&... networks) {
  for (size_t l = 0; l < kLayers; ++l) {
    for (int i = 0; i < kWidths[l] * kWidths[l + 1]; ++i) function(networks[l].weights[i]...);
    for (int i = 0; i < kWidths[l + 1]; ++i) function(networks[l].bias[i]...);
  }
}

Network<double> initial_network(SplitMix64& random) {
  Network<double> network = zero_network<double>();
  for (Dense<double>& layer : network) {
    const double spread = std::sqrt(2.0 / layer.inputs);  // He: keeps the variance through ReLU
    for (double& weight : layer.weights) weight = spread * random.bell();
  }
  // Each unit of the first layer bends at some x inside the interval; with bias 0 all would bend at 0.
  for (int o = 0; o < network[0].outputs; ++o) {
    network[0].bias[o] = -network[0].weights[o] * random.uniform(0, kPeriod);
  }
  return network;
}

// Adam on random batches, the step falling to zero along a parabola, with decoupled weight decay (Loshchilov,
// Hutter 2019): small weights are what one scale for a whole tensor can represent, and make the int8 model
// several times more exact.
Network<double> train(uint64_t seed) {
  constexpr int kSteps = 12000;
  constexpr int kBatch = 64;
  constexpr double kFirstStep = 0.01, kDecay1 = 0.9, kDecay2 = 0.999, kEpsilon = 1e-8;
  constexpr double kWeightDecay = 0.01;
  SplitMix64 random(seed);
  Network<double> network = initial_network(random);
  Network<double> mean = zero_network<double>();
  Network<double> variance = zero_network<double>();
  double remaining1 = 1, remaining2 = 1;  // what the running means still owe to their start at 0
  for (int step = 0; step < kSteps; ++step) {
    Network<double> gradient = zero_network<double>();
    for (int sample = 0; sample < kBatch; ++sample) {
      std::array<Values<double>, kLayers + 1> values = {};
      values[0][0] = random.uniform(0, kPeriod);
      forward(network, values);
      backward(network, values, (values[kLayers][0] - std::sin(values[0][0])) / kBatch, gradient);
    }
    remaining1 *= kDecay1;
    remaining2 *= kDecay2;
    const double left = 1 - static_cast<double>(step) / kSteps;
    const double rate = kFirstStep * left * left;
    const auto adam = [&](double& parameter, double& m, double& v, double g) {
      m = kDecay1 * m + (1 - kDecay1) * g;
      v = kDecay2 * v + (1 - kDecay2) * g * g;
      const double descent = m / (1 - remaining1) / (std::sqrt(v / (1 - remaining2)) + kEpsilon);
      parameter -= rate * (descent + kWeightDecay * parameter);
    };
    for_each_parameter(adam, network, mean, variance, gradient);
  }
  return network;
}

// Mean and maximum of |error(i)| for i in [0, count).
template <class Error>
SineErrors measure(int count, Error error) {
  SineErrors errors;
  for (int i = 0; i < count; ++i) {
    const double e = std::abs(error(i));
    errors.max = std::max(errors.max, e);
    errors.mean += e / count;
  }
  return errors;
}

std::string layer_name(size_t layer, const char* what) {
  return "dense" + std::to_string(layer) + "/" + what;
}

schema::FullyConnectedOptionsT layer_options(size_t layer) {
  return {.fused_activation_function =
              has_relu(layer) ? schema::ActivationFunctionType::RELU : schema::ActivationFunctionType::NONE};
}

std::vector<uint8_t> write_float(const Network<float>& network) {
  ModelBuilder b("sin(x) for x in [0, 2 pi], float32");
  const int input = b.tensor({.name = "x", .shape = {1, 1}});
  int value = input;
  for (size_t l = 0; l < kLayers; ++l) {
    const Dense<float>& layer = network[l];
    const int weights =
        b.constant({.name = layer_name(l, "weights"), .shape = {layer.outputs, layer.inputs}}, layer.weights);
    const int bias = b.constant({.name = layer_name(l, "bias"), .shape = {layer.outputs}}, layer.bias);
    const int output = b.tensor({.name = layer_name(l, "output"), .shape = {1, layer.outputs}});
    b.op(schema::BuiltinOperator::FULLY_CONNECTED, {value, weights, bias}, {output}, layer_options(l));
    value = output;
  }
  b.inputs({input});
  b.outputs({value});
  return b.finish();
}

struct QuantizedDense {
  Quantization input, output;
  float weight_scale = 0;
  std::vector<int8_t> weights;
  std::vector<int32_t> bias;
};
using QuantizedNetwork = std::array<QuantizedDense, kLayers>;

// Ranges of the values between the layers come from running the float network over the whole interval.
QuantizedNetwork quantize(const Network<float>& network) {
  std::array<float, kLayers + 1> low = {}, high = {};
  constexpr int kSamples = 1000;
  for (int s = 0; s <= kSamples; ++s) {
    std::array<Values<float>, kLayers + 1> values = {};
    values[0][0] = static_cast<float>(kPeriod * s / kSamples);
    forward(network, values);
    for (size_t l = 0; l <= kLayers; ++l) {
      const auto [min, max] = std::ranges::minmax(std::span(values[l]).first(kWidths[l]));
      low[l] = std::min(low[l], min);
      high[l] = std::max(high[l], max);
    }
  }
  QuantizedNetwork quantized;
  for (size_t l = 0; l < kLayers; ++l) {
    const Quantization input = choose_int8(low[l], high[l]);
    QuantizedWeights weights = quantize_weights(network[l].weights, 1, ChannelAxis::kFirst);
    quantized[l] = {.input = input,
                    .output = choose_int8(low[l + 1], high[l + 1]),
                    .weight_scale = weights.scales[0],
                    .weights = std::move(weights.values),
                    .bias = quantize_bias(network[l].bias, input.scale, weights.scales)};
  }
  return quantized;
}

// FULLY_CONNECTED on int8, layer after layer, as an interpreter computes it.
int8_t run(const QuantizedNetwork& network, int8_t x) {
  Values<int8_t> values = {x};
  for (size_t l = 0; l < kLayers; ++l) {
    const QuantizedDense& layer = network[l];
    const QuantizedMultiplier multiplier =
        quantize_multiplier(double{layer.input.scale} * layer.weight_scale / layer.output.scale);
    const int32_t smallest = has_relu(l) ? layer.output.zero_point : -128;
    Values<int8_t> results = {};
    for (int o = 0; o < kWidths[l + 1]; ++o) {
      int32_t sum = layer.bias[o];
      for (int i = 0; i < kWidths[l]; ++i) {
        sum += (values[i] - layer.input.zero_point) * layer.weights[o * kWidths[l] + i];
      }
      const int32_t stored = layer.output.zero_point + requantize(sum, multiplier);
      results[o] = static_cast<int8_t>(std::clamp(stored, smallest, 127));
    }
    values = results;
  }
  return values[0];
}

std::vector<uint8_t> write_int8(const QuantizedNetwork& network) {
  using enum schema::TensorType;
  ModelBuilder b("sin(x) for x in [0, 2 pi], int8");
  const auto activation = [&](std::string name, int width, Quantization q) {
    return b.tensor({.name = std::move(name),
                     .type = INT8,
                     .shape = {1, width},
                     .scale = {q.scale},
                     .zero_point = {q.zero_point}});
  };
  const int input = activation("x", 1, network[0].input);
  int value = input;
  for (size_t l = 0; l < kLayers; ++l) {
    const QuantizedDense& layer = network[l];
    const int weights = b.constant({.name = layer_name(l, "weights"),
                                    .type = INT8,
                                    .shape = {kWidths[l + 1], kWidths[l]},
                                    .scale = {layer.weight_scale}},
                                   layer.weights);
    const int bias = b.constant({.name = layer_name(l, "bias"),
                                 .type = INT32,
                                 .shape = {kWidths[l + 1]},
                                 .scale = {layer.input.scale * layer.weight_scale}},
                                layer.bias);
    const int output = activation(layer_name(l, "output"), kWidths[l + 1], layer.output);
    b.op(schema::BuiltinOperator::FULLY_CONNECTED, {value, weights, bias}, {output}, layer_options(l));
    value = output;
  }
  b.set_version(schema::BuiltinOperator::FULLY_CONNECTED, 4);  // the first with int8
  b.inputs({input});
  b.outputs({value});
  return b.finish();
}

}  // namespace

SineModels make_sine_models(uint64_t seed) {
  const Network<double> trained = train(seed);
  Network<float> network = zero_network<float>();
  for_each_parameter([](float& to, double from) { to = static_cast<float>(from); }, network, trained);
  const QuantizedNetwork quantized = quantize(network);

  const auto float_error = [&](int i) {
    std::array<Values<float>, kLayers + 1> values = {};
    values[0][0] = static_cast<float>(kPeriod * i / 999);
    forward(network, values);
    return values[kLayers][0] - std::sin(double{values[0][0]});
  };
  const auto int8_error = [&](int i) {
    const auto x = static_cast<int8_t>(i - 128);
    const float y = dequantize(run(quantized, x), quantized.back().output);
    return y - std::sin(double{dequantize(x, quantized.front().input)});
  };
  return {.float_tflite = write_float(network),
          .int8_tflite = write_int8(quantized),
          .float_errors = measure(1000, float_error),
          .int8_errors = measure(256, int8_error)};
}

}  // namespace tandem::models
