// Writes conv_cases.tflite and depthwise_cases.tflite: models of many independent CONV_2D and
// DEPTHWISE_CONV_2D of int8, shapes, quantization and weights drawn at random or put to their extremes. What
// kernels for a board compute of them is compared with the reference kernel on that board
// (tests/pico/conv_cases.cc).

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "models/model_builder.h"
#include "models/random.h"

namespace {

using namespace tandem::models;
namespace schema = tandem::schema;

class Cases {
 public:
  Cases(uint64_t seed, schema::BuiltinOperator op) : random_(seed), op_(op) {}

  int pick(int low, int high) { return static_cast<int>(random_.uniform(low, high + 1)); }
  template <size_t N>
  int pick(const int (&values)[N]) {
    return values[pick(0, static_cast<int>(N) - 1)];
  }

  struct Shape {
    int filter_h, filter_w, in_channels, channels, stride_h, stride_w, out_h, out_w, batches;
    int dilation = 1;
  };
  enum Weights { kUniform, kAllHigh, kAllLow, kAlternating, kLargest, kSmall, kFew, kWeights };

  void add(ModelBuilder& b, const Shape& s, Weights kind) {
    const int zero_points[] = {-128, 127, 0, pick(-128, 127)};
    add(b, s, kind, pick(zero_points));
  }
  void add(ModelBuilder& b, const Shape& s, Weights kind, int in_zero) {
    const std::string name = "case" + std::to_string(inputs_.size());
    const bool same = pick(0, 1) == 0;
    // SAME pads so that out = ⌈in / stride⌉; VALID has out = ⌈(in − filter + 1) / stride⌉.
    const auto in_size = [&](int out, int stride, int filter) {
      return (out - 1) * stride + (same ? pick(1, stride) : (filter - 1) * s.dilation + 1);
    };
    const int in_h = in_size(s.out_h, s.stride_h, s.filter_h);
    const int in_w = in_size(s.out_w, s.stride_w, s.filter_w);
    const bool depthwise = op_ == schema::BuiltinOperator::DEPTHWISE_CONV_2D;
    const int filter = s.filter_h * s.filter_w * (depthwise ? 1 : s.in_channels);
    const int zero_points[] = {-128, 127, 0, pick(-128, 127)};
    const int out_zero = pick(zero_points);
    const bool relu = out_zero == -128 && pick(0, 1) == 0;

    std::vector<int> weights(static_cast<size_t>(filter * s.channels));
    for (size_t i = 0; i < weights.size(); ++i) {
      weights[i] = kind == kUniform       ? pick(-127, 127)
                   : kind == kAllHigh     ? 127
                   : kind == kAllLow      ? -127
                   : kind == kAlternating ? (i % 2 == 0 ? 127 : -127)
                   : kind == kLargest     ? (pick(0, 1) == 0 ? -128 : 127)
                   : kind == kSmall       ? pick(-3, 3)
                                          : (pick(0, 9) == 0 ? pick(-127, 127) : 0);
    }
    const double size = kind == kSmall ? 2 : kind == kFew ? 20 : kind == kUniform ? 73 : 127;
    const bool one_sided = kind == kAllHigh || kind == kAllLow;
    const double spread = one_sided ? filter * size * 60 : std::sqrt(filter) * size * 74;
    const float in_scale = 0.02f;
    const float out_scale = 0.05f;
    std::vector<float> scales;
    std::vector<int> bias;
    for (int o = 0; o < s.channels; ++o) {
      // Mostly so that outputs fill their range; a few saturate, or belong to dead channels.
      const int rare = pick(0, 19);
      const double levels = rare == 0 ? 4000 : rare == 1 ? 3 : random_.uniform(30, 150);
      const double factor = rare == 2 ? 1e-9 : levels / spread;
      scales.push_back(static_cast<float>(factor * out_scale / in_scale));
      bias.push_back(rare == 2
                         ? static_cast<int>(std::clamp(random_.uniform(-1, 1) * 60 / factor, -2.1e9, 2.1e9))
                         : static_cast<int>(random_.uniform(-0.5, 0.5) * std::min(60 / factor, 2e8)));
    }
    const int x = b.tensor({.name = name + "/in",
                            .type = schema::TensorType::INT8,
                            .shape = {s.batches, in_h, in_w, s.in_channels},
                            .scale = {in_scale},
                            .zero_point = {in_zero}});
    std::vector<int32_t> weights_shape = {s.channels, s.filter_h, s.filter_w, s.in_channels};
    if (depthwise) weights_shape = {1, s.filter_h, s.filter_w, s.channels};
    const int w = b.constant({.name = name + "/weights",
                              .type = schema::TensorType::INT8,
                              .shape = weights_shape,
                              .scale = scales,
                              .axis = depthwise ? 3 : 0},
                             weights);
    std::vector<float> bias_scales;
    for (const float scale : scales) bias_scales.push_back(scale * in_scale);
    const int c = b.constant({.name = name + "/bias",
                              .type = schema::TensorType::INT32,
                              .shape = {s.channels},
                              .scale = bias_scales},
                             bias);
    const int y = b.tensor({.name = name + "/out",
                            .type = schema::TensorType::INT8,
                            .shape = {s.batches, s.out_h, s.out_w, s.channels},
                            .scale = {out_scale},
                            .zero_point = {out_zero}});
    const auto emit = [&](auto options) {
      options.padding = same ? schema::Padding::SAME : schema::Padding::VALID;
      options.stride_h = s.stride_h;
      options.stride_w = s.stride_w;
      options.dilation_h_factor = s.dilation;
      options.dilation_w_factor = s.dilation;
      options.fused_activation_function =
          relu ? schema::ActivationFunctionType::RELU : schema::ActivationFunctionType::NONE;
      b.op(op_, {x, w, c}, {y}, options);
    };
    if (depthwise) {
      schema::DepthwiseConv2DOptionsT options;
      options.depth_multiplier = s.channels / s.in_channels;
      emit(options);
    } else {
      emit(schema::Conv2DOptionsT{});
    }
    inputs_.push_back(x);
    outputs_.push_back(y);
  }

  Shape pointwise() {
    constexpr int kChannels[] = {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64, 130};
    const int stride = pick(0, 3) == 0 ? 2 : 1;
    return {1, 1, pick(kChannels), pick(1, 9), stride, stride, pick(1, 5), pick(1, 9), pick(1, 2)};
  }
  Shape window() {
    constexpr int kChannels[] = {1, 2, 3, 4, 8, 13};
    // Rows of up to two tiles: every way a tile can lie over the borders.
    const int stride = pick(1, 3);
    return {pick(1, 5), pick(1, 6), pick(kChannels), pick(1, 5), pick(1, 3),
            stride,     pick(1, 5), pick(1, 18),     pick(1, 2)};
  }

  Shape depthwise() {
    const int in_channels = pick(1, 6);
    const int stride_h = pick(1, 3);
    const int stride_w = pick(0, 1) == 0 ? stride_h : pick(1, 3);
    return {.filter_h = pick(1, 6),
            .filter_w = pick(1, 6),
            .in_channels = in_channels,
            .channels = in_channels * pick(1, 3),
            .stride_h = stride_h,
            .stride_w = stride_w,
            .out_h = pick(1, 9),
            .out_w = pick(1, 12),
            .batches = pick(1, 2),
            .dilation = stride_h == 1 && stride_w == 1 ? pick(1, 2) : 1};
  }

  void finish(ModelBuilder& b) {
    b.inputs(inputs_);
    b.outputs(outputs_);
  }

 private:
  SplitMix64 random_;
  schema::BuiltinOperator op_;
  std::vector<int32_t> inputs_;
  std::vector<int32_t> outputs_;
};

std::vector<uint8_t> conv_cases() {
  ModelBuilder b("many convolutions");
  constexpr uint64_t kSeed = 1;
  Cases cases(kSeed, schema::BuiltinOperator::CONV_2D);
  // One tile, one pixel more, and long sums of the largest products.
  for (int kind = 0; kind < Cases::kWeights; ++kind) {
    cases.add(b, {1, 1, 16, 3, 1, 1, 2, 4, 1}, static_cast<Cases::Weights>(kind));
    cases.add(b, {1, 1, 200, 3, 1, 1, 3, 3, 1}, static_cast<Cases::Weights>(kind));
    cases.add(b, {3, 3, 24, 2, 1, 1, 4, 5, 1}, static_cast<Cases::Weights>(kind));
    for (int i = 0; i < 5; ++i) {
      cases.add(b, cases.pointwise(), static_cast<Cases::Weights>(kind));
      cases.add(b, cases.window(), static_cast<Cases::Weights>(kind));
    }
  }
  for (int i = 0; i < 12; ++i) {
    Cases::Shape rows = cases.window();
    rows.stride_w = 1;
    rows.out_w = cases.pick(8, 25);
    cases.add(b, rows, Cases::kUniform);
  }
  // One channel, filters that skip inputs: two quads of pixels that lie in a row, or in two.
  for (int i = 0; i < 12; ++i) {
    cases.add(b,
              {cases.pick(1, 5), cases.pick(2, 9), 1, 3, cases.pick(1, 2), cases.pick(2, 4), cases.pick(2, 5),
               4 * cases.pick(1, 5), cases.pick(1, 2)},
              Cases::kUniform);
  }
  cases.add(b, {10, 4, 1, 5, 2, 2, 6, 5, 1}, Cases::kUniform);
  cases.add(b, {8, 20, 1, 4, 2, 1, 5, 9, 1}, Cases::kUniform);
  cases.add(b, {3, 3, 3, 16, 2, 2, 7, 7, 1}, Cases::kUniform);
  // What comes out of a ReLU, for kernels that leave out zeros: tiles of ten channels and what is left.
  for (int kind = 0; kind < Cases::kWeights; ++kind) {
    cases.add(b, {3, 3, 24, 24, 1, 1, 3, 4, 1}, static_cast<Cases::Weights>(kind), -128);
  }
  cases.add(b, {3, 3, 32, 25, 2, 2, 4, 5, 1}, Cases::kUniform, -128);
  cases.add(b, {2, 5, 20, 30, 1, 3, 2, 4, 2}, Cases::kUniform, -128);
  cases.add(b, {3, 3, 64, 24, 1, 1, 2, 3, 1}, Cases::kUniform, -128);
  cases.finish(b);
  return b.finish();
}

std::vector<uint8_t> depthwise_cases() {
  ModelBuilder b("many depthwise convolutions");
  constexpr uint64_t kSeed = 2;
  Cases cases(kSeed, schema::BuiltinOperator::DEPTHWISE_CONV_2D);
  for (int kind = 0; kind < Cases::kWeights; ++kind) {
    for (int i = 0; i < 6; ++i) cases.add(b, cases.depthwise(), static_cast<Cases::Weights>(kind));
    cases.add(b, {5, 5, 4, 4, 1, 1, 7, 10, 1}, static_cast<Cases::Weights>(kind));
    cases.add(b, {3, 3, 4, 4, 1, 1, 7, 9, 1}, static_cast<Cases::Weights>(kind));
    cases.add(b, {3, 3, 3, 6, 2, 2, 6, 5, 1}, static_cast<Cases::Weights>(kind));
  }
  // Rows of an image, and columns.
  cases.add(b, {1, 9, 3, 3, 1, 1, 1, 45, 1}, Cases::kUniform);
  cases.add(b, {9, 1, 3, 6, 1, 1, 45, 1, 1}, Cases::kUniform);
  cases.add(b, {10, 4, 4, 4, 2, 2, 13, 5, 1}, Cases::kUniform);
  // Beyond one tile.
  cases.add(b, {5, 5, 2, 2, 1, 1, 76, 50, 1}, Cases::kUniform);
  cases.finish(b);
  return b.finish();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_conv_cases FOLDER\nWrites conv_cases.tflite and depthwise_cases.tflite there.\n",
               stderr);
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    write_file(folder / "conv_cases.tflite", conv_cases());
    write_file(folder / "depthwise_cases.tflite", depthwise_cases());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_conv_cases: %s\n", e.what());
    return 1;
  }
  return 0;
}
