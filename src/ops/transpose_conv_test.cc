#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// Scales of 1, so that outputs are plain sums; tests change what they are about.
struct Transposed {
  TensorType type = TensorType::INT8;
  std::vector<int32_t> in = {1, 1, 3, 1};
  std::vector<int32_t> filter = {1, 1, 3, 1};
  std::vector<int32_t> out = {1, 1, 7, 1};
  std::vector<int8_t> weights = {1, 10, 20};
  TensorType bias_type = TensorType::INT32;
  std::vector<int32_t> bias = {};
  schema::Padding padding = schema::Padding::VALID;
  int32_t stride = 2;

  [[nodiscard]] std::vector<uint8_t> model() const {
    const bool is_float = type == TensorType::FLOAT32;
    ModelBuilder b;
    const int shape = b.constant({.name = "shape", .type = TensorType::INT32, .shape = {4}}, out);
    const int x = b.tensor({.name = "x", .type = type, .shape = in, .scale = {1}});
    const int w = b.constant(
        {.name = "w", .type = is_float ? type : TensorType::INT8, .shape = filter, .scale = {1}}, weights);
    const int c = bias.empty() ? -1
                               : b.constant({.name = "bias",
                                             .type = bias_type,
                                             .shape = {static_cast<int32_t>(bias.size())},
                                             .scale = {1}},
                                            bias);
    const int y = b.tensor({.name = "y", .type = type, .shape = out, .scale = {1}});
    schema::TransposeConvOptionsT options;
    options.padding = padding;
    options.stride_h = options.stride_w = stride;
    b.op(BuiltinOperator::TRANSPOSE_CONV, {shape, w, x, c}, {y}, options);
    b.inputs({x});
    b.outputs({y});
    return b.finish();
  }
};

TEST(TransposeConvS8, StrideSpreadsTheInputAndFiltersOverlap) {
  test::LoadedModel model(Transposed{}.model());
  model.set_input<int8_t>(0, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 10, 20 + 2, 20, 40 + 3, 30, 60}));
}

TEST(TransposeConvS8, StrideLargerThanTheFilterLeavesGapsOfBias) {
  Transposed t{.in = {1, 1, 2, 1}, .filter = {1, 1, 1, 1}, .out = {1, 1, 5, 1}, .weights = {4}, .bias = {7}};
  t.stride = 3;
  test::LoadedModel model(t.model());
  model.set_input<int8_t>(0, {1, -1});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{11, 7, 7, 3, 7}));
}

TEST(TransposeConvS8, SamePaddingCutsOffTheEnds) {
  // As a convolution from 6 to 3 with stride 2 and filter 3 it is padded by 1 after, 0 before.
  Transposed t{.out = {1, 1, 6, 1}};
  t.padding = schema::Padding::SAME;
  test::LoadedModel model(t.model());
  model.set_input<int8_t>(0, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 10, 22, 20, 43, 30}));
  // From 5 to 3 by 1 on both sides.
  t.out = {1, 1, 5, 1};
  test::LoadedModel odd(t.model());
  odd.set_input<int8_t>(0, {1, 2, 3});
  odd.invoke();
  EXPECT_EQ(odd.output<int8_t>(0), (std::vector<int8_t>{10, 22, 20, 43, 30}));
}

TEST(TransposeConvS16, TakesABiasOfInt16) {
  Transposed t{.type = TensorType::INT16, .bias_type = TensorType::INT16, .bias = {-1000}};
  test::LoadedModel model(t.model());
  model.set_input<int16_t>(0, {100, 200, 300});
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), (std::vector<int16_t>{-900, 0, 1200, 1000, 3300, 2000, 5000}));
}

TEST(TransposeConvF32, WorkersShareTheRows) {
  // A filter of ones over ones: each output counts the inputs that reach it.
  constexpr int32_t kSide = 40;
  const std::vector<int32_t> out = {1, kSide + 2, kSide + 2, 1};
  Transposed t{.type = TensorType::FLOAT32,
               .in = {1, kSide, kSide, 1},
               .filter = {1, 3, 3, 1},
               .out = out,
               .weights = std::vector<int8_t>(9, 1)};
  t.stride = 1;
  test::LoadedModel model(t.model(), 4);
  model.set_input<float>(0, std::vector<float>(kSide * kSide, 1));
  model.invoke();
  const std::vector<float> y = model.output<float>(0);
  const auto reach = [](int i) { return std::min({3, i + 1, kSide + 2 - i}); };
  for (int i = 0; i < out[1]; ++i) {
    for (int j = 0; j < out[2]; ++j) {
      ASSERT_EQ(y[static_cast<size_t>(i * out[2] + j)], static_cast<float>(reach(i) * reach(j)))
          << i << "," << j;
    }
  }
}

TEST(TransposeConv, RefusesAStrideOfZero) {
  Transposed t;
  t.stride = 0;
  EXPECT_EQ(test::LoadedModel(t.model()).status().code, Code::kStride);
}

TEST(TransposeConv, RefusesOtherChannelsThanTheWeights) {
  EXPECT_EQ(test::LoadedModel(Transposed{.out = {1, 1, 7, 2}}.model()).status().code, Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(Transposed{.in = {1, 1, 3, 2}}.model()).status().code, Code::kInputShape);
}

TEST(TransposeConv, RefusesAnInt32BiasOfInt16) {
  test::LoadedModel model(Transposed{.type = TensorType::INT16, .bias = {1}}.model());
  EXPECT_EQ(model.status().code, Code::kInputType);
  EXPECT_EQ(model.status().a, 3);
}

}  // namespace
}  // namespace tandem
