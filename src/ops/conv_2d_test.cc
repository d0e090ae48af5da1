#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// A one-channel s8 convolution with unit scales, so that outputs are plain sums.
std::vector<uint8_t> conv_model(std::vector<int32_t> in, std::vector<int32_t> filter,
                                std::vector<int32_t> out, schema::Conv2DOptionsT options,
                                const std::vector<int8_t>& weights) {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = TensorType::INT8, .shape = std::move(in), .scale = {1}});
  const int w =
      b.constant({.name = "w", .type = TensorType::INT8, .shape = std::move(filter), .scale = {1}}, weights);
  const int y = b.tensor({.name = "y", .type = TensorType::INT8, .shape = std::move(out), .scale = {1}});
  b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y}, options);
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

schema::Conv2DOptionsT options(schema::Padding padding, int32_t stride, int32_t dilation = 1) {
  schema::Conv2DOptionsT o;
  o.padding = padding;
  o.stride_h = o.stride_w = stride;
  o.dilation_h_factor = o.dilation_w_factor = dilation;
  return o;
}

TEST(Conv2dS8, SamePaddingPutsTheSmallerHalfFirst) {
  test::LoadedModel model(
      conv_model({1, 1, 4, 1}, {1, 1, 2, 1}, {1, 1, 4, 1}, options(schema::Padding::SAME, 1), {1, 10}));
  model.set_input<int8_t>(0, {1, 2, 3, 4});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{21, 32, 43, 4}));
}

TEST(Conv2dS8, DilationLeavesOutWhatLiesOutside) {
  test::LoadedModel model(
      conv_model({1, 1, 5, 1}, {1, 1, 3, 1}, {1, 1, 5, 1}, options(schema::Padding::SAME, 1, 2), {1, 1, 1}));
  model.set_input<int8_t>(0, {1, 2, 3, 4, 5});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{4, 6, 9, 6, 8}));
}

TEST(Conv2dS8, MoreRowsThanAStepHasUnits) {
  constexpr int32_t kRows = 70'000;
  test::LoadedModel model(
      conv_model({1, kRows, 1, 1}, {1, 1, 1, 1}, {1, kRows, 1, 1}, options(schema::Padding::VALID, 1), {2}),
      2);
  std::vector<int8_t> in(kRows);
  for (int32_t i = 0; i < kRows; ++i) in[static_cast<size_t>(i)] = static_cast<int8_t>(i % 60);
  model.set_input<int8_t>(0, in);
  model.invoke();
  const std::vector<int8_t> out = model.output<int8_t>(0);
  for (size_t i = 0; i < out.size(); ++i) ASSERT_EQ(out[i], 2 * in[i]) << i;
}

TEST(Conv2dS8, RefusesAStrideOfZero) {
  test::LoadedModel model(
      conv_model({1, 1, 4, 1}, {1, 1, 2, 1}, {1, 1, 4, 1}, options(schema::Padding::SAME, 0), {1, 1}));
  EXPECT_EQ(model.status().code, Code::kStride);
  EXPECT_EQ(model.refusal(),
            "op 0 CONV_2D \"y\": stride 0 and dilation 1 must be 1 or more; convert the model again");
}

TEST(Conv2dS8, RefusesAFilterLargerThanTheInputWithoutPadding) {
  test::LoadedModel model(
      conv_model({1, 1, 2, 1}, {1, 1, 4, 1}, {1, 1, 1, 1}, options(schema::Padding::VALID, 1), {1, 1, 1, 1}));
  EXPECT_EQ(model.status().code, Code::kInputShape);
}

// Where TensorFlow Lite Micro has no zero points, those that a file names all the same change nothing.
TEST(Conv2dS16, ZeroPointsAreNotLookedAt) {
  for (const bool depthwise : {false, true}) {
    ModelBuilder b;
    const int x = b.tensor(
        {.name = "x", .type = TensorType::INT16, .shape = {1, 1, 2, 1}, .scale = {1}, .zero_point = {5}});
    const int w = b.constant(
        {.name = "w", .type = TensorType::INT8, .shape = {1, 1, 1, 1}, .scale = {1}, .zero_point = {0}},
        std::vector<int8_t>{3});
    const int y = b.tensor(
        {.name = "y", .type = TensorType::INT16, .shape = {1, 1, 2, 1}, .scale = {1}, .zero_point = {7}});
    if (depthwise) {
      schema::DepthwiseConv2DOptionsT o;
      o.padding = schema::Padding::VALID;
      o.stride_h = o.stride_w = o.depth_multiplier = 1;
      b.op(BuiltinOperator::DEPTHWISE_CONV_2D, {x, w, -1}, {y}, o);
    } else {
      b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y}, options(schema::Padding::VALID, 1));
    }
    b.inputs({x});
    b.outputs({y});
    test::LoadedModel model(b.finish());
    model.set_input<int16_t>(0, {100, -200});
    model.invoke();
    EXPECT_EQ(model.output<int16_t>(0), (std::vector<int16_t>{300, -600})) << depthwise;
  }
}

// Two channels, the second with the given scale of its weights.
std::vector<uint8_t> two_channels(float second_scale) {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = TensorType::INT8, .shape = {1, 1, 1, 1}, .scale = {1}});
  const int w = b.constant({.name = "w",
                            .type = TensorType::INT8,
                            .shape = {2, 1, 1, 1},
                            .scale = {1, second_scale},
                            .zero_point = {0, 0}},
                           std::vector<int8_t>{2, 2});
  const int y = b.tensor(
      {.name = "y", .type = TensorType::INT8, .shape = {1, 1, 1, 2}, .scale = {1}, .zero_point = {-3}});
  b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y}, options(schema::Padding::VALID, 1));
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

TEST(Conv2dS8, RefusesAChannelWithoutAUsableScale) {
  for (const float scale : {0.0F, -1.0F, std::numeric_limits<float>::quiet_NaN(), HUGE_VALF}) {
    EXPECT_EQ(test::LoadedModel(two_channels(scale)).status().code, Code::kInputQuantization) << scale;
  }
}

}  // namespace
}  // namespace tandem
