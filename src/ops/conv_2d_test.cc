#include <gtest/gtest.h>

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

}  // namespace
}  // namespace tandem
