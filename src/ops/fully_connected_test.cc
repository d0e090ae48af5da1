#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// y = x · wᵀ with scales of 1, so that outputs are plain sums; tests change what they are about.
struct Dense {
  TensorType type = TensorType::INT8;
  TensorType weights_type = TensorType::INT8;
  std::vector<int32_t> in = {1, 3};
  std::vector<int32_t> filter = {2, 3};
  std::vector<int32_t> out = {1, 2};
  std::vector<int8_t> weights = {1, 2, 3, -1, 0, 1};
  std::vector<float> weights_scale = {1};
  std::vector<int64_t> weights_zero_point = {};
  std::vector<int32_t> bias = {};
  float bias_scale = 1;
  schema::FullyConnectedOptionsT options = {};

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const int x = b.tensor({.name = "x", .type = type, .shape = in, .scale = {1}});
    const int w = b.constant({.name = "w",
                              .type = weights_type,
                              .shape = filter,
                              .scale = weights_scale,
                              .zero_point = weights_zero_point},
                             weights);
    const int c = bias.empty() ? -1
                               : b.constant({.name = "bias",
                                             .type = TensorType::INT32,
                                             .shape = {static_cast<int32_t>(bias.size())},
                                             .scale = {bias_scale}},
                                            bias);
    const int y = b.tensor({.name = "y", .type = type, .shape = out, .scale = {1}});
    b.op(BuiltinOperator::FULLY_CONNECTED, {x, w, c}, {y}, options);
    b.inputs({x});
    b.outputs({y});
    return b.finish();
  }
};

TEST(FullyConnectedS8, AddsTheBiasAndClamps) {
  Dense dense{.bias = {10, -100}};
  dense.options.fused_activation_function = schema::ActivationFunctionType::RELU;
  test::LoadedModel model(dense.model());
  model.set_input<int8_t>(0, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{24, 0}));
}

TEST(FullyConnectedS8, SubtractsTheZeroPointOfTheWeights) {
  test::LoadedModel model(Dense{.weights_zero_point = {2}}.model());
  model.set_input<int8_t>(0, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{2, -10}));
}

TEST(FullyConnectedS8, ChannelsHaveTheirOwnScales) {
  test::LoadedModel model(Dense{.weights_scale = {1, 4}}.model());
  model.set_input<int8_t>(0, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{14, 8}));
}

TEST(FullyConnectedS8, OneScaleNeedsNoMemoryForChannels) {
  const auto plan_bytes = [](int32_t channels) {
    const std::vector<int8_t> weights(static_cast<size_t>(channels) * 3);
    return test::LoadedModel(Dense{.filter = {channels, 3}, .out = {1, channels}, .weights = weights}.model())
        .need()
        .plan_bytes;
  };
  EXPECT_EQ(plan_bytes(1), plan_bytes(1000));
}

TEST(FullyConnectedS8, FourBitRowsMeetWithinAByte) {
  test::LoadedModel model(Dense{.weights_type = TensorType::INT4}.model());
  model.set_input<int8_t>(0, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{14, 2}));
}

TEST(FullyConnectedS8, CutsTheInputIntoRowsOfTheWeights) {
  // 2·3 elements of any shape are two rows of three.
  test::LoadedModel model(Dense{.in = {3, 1, 2}, .out = {1, 1, 2, 2}}.model());
  model.set_input<int8_t>(0, {1, 2, 3, 0, 0, 5});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{14, 2, 15, 5}));
}

TEST(FullyConnectedS8, WorkersShareTheOutputs) {
  constexpr int32_t kDepth = 64;
  constexpr int32_t kChannels = 300;
  std::vector<int8_t> weights(kDepth * kChannels);
  std::vector<int8_t> wanted(kChannels);
  for (size_t o = 0; o < kChannels; ++o) {
    weights[o * kDepth] = wanted[o] = static_cast<int8_t>(o % 100);
  }
  test::LoadedModel model(
      Dense{.in = {1, kDepth}, .filter = {kChannels, kDepth}, .out = {1, kChannels}, .weights = weights}
          .model(),
      4);
  model.set_input<int8_t>(0, std::vector<int8_t>(kDepth, 1));
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), wanted);
}

TEST(FullyConnectedS16, BiasTypeChoosesTheAccumulator) {
  // The sum, 600 · 32767 · 127, is between 2³¹ and 2³²: 32 bits wrap to a negative number.
  constexpr int32_t kDepth = 600;
  Dense dense{.type = TensorType::INT16,
              .in = {1, kDepth},
              .filter = {1, kDepth},
              .out = {1, 1},
              .weights = std::vector<int8_t>(kDepth, 127),
              .weights_scale = {0x1p-20F}};
  const auto run = [&dense] {
    test::LoadedModel model(dense.model());
    model.set_input<int16_t>(0, std::vector<int16_t>(kDepth, 32767));
    model.invoke();
    return model.output<int16_t>(0)[0];
  };
  EXPECT_GT(run(), 0);
  dense.options.quantized_bias_type = TensorType::INT32;
  EXPECT_LT(run(), 0);
}

TEST(FullyConnected, RefusesABiasOfAnotherScale) {
  test::LoadedModel model(Dense{.bias = {1, 1}, .bias_scale = 1.1F}.model());
  EXPECT_EQ(model.status().code, Code::kBiasScale);
}

TEST(FullyConnected, RefusesMoreRowsThanTheInputHas) {
  test::LoadedModel model(Dense{.out = {2, 2}}.model());
  EXPECT_EQ(model.status().code, Code::kOutputShape);
}

TEST(FullyConnected, RefusesMoreChannelsThanTheWeightsHave) {
  test::LoadedModel model(Dense{.out = {1, 3}}.model());
  EXPECT_EQ(model.status().code, Code::kOutputShape);
}

TEST(FullyConnected, RefusesShuffledWeights) {
  Dense dense;
  dense.options.weights_format = schema::FullyConnectedOptionsWeightsFormat::SHUFFLED4x16INT8;
  EXPECT_EQ(test::LoadedModel(dense.model()).status().code, Code::kOptionValue);
}

}  // namespace
}  // namespace tandem
