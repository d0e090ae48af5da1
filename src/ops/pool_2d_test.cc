#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// A pool of one channel over a whole image of h x w pixels, or of `filter` where that is given.
struct Pool {
  BuiltinOperator op = BuiltinOperator::AVERAGE_POOL_2D;
  TensorType type = TensorType::INT8;
  int32_t h = 1;
  int32_t w = 1;
  int32_t filter = 0;
  std::vector<float> scale = {1};
  std::vector<float> out_scale = {1};
  schema::ActivationFunctionType activation = schema::ActivationFunctionType::NONE;

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const int x = b.tensor({.name = "x", .type = type, .shape = {1, h, w, 1}, .scale = scale});
    const int y = b.tensor({.name = "y", .type = type, .shape = {1, 1, 1, 1}, .scale = out_scale});
    schema::Pool2DOptionsT options;
    options.padding = schema::Padding::SAME;
    options.stride_h = h;
    options.stride_w = w;
    options.filter_height = filter != 0 ? filter : h;
    options.filter_width = filter != 0 ? filter : w;
    options.fused_activation_function = activation;
    b.op(op, {x}, {y}, options);
    b.inputs({x});
    b.outputs({y});
    return b.finish();
  }
};

template <class T>
T run(const Pool& pool, const std::vector<T>& in) {
  test::LoadedModel model(pool.model());
  EXPECT_EQ(model.refusal(), "");
  model.set_input<T>(0, in);
  model.invoke();
  return model.output<T>(0).at(0);
}

TEST(Pool2d, MeansRoundTiesAwayFromZero) {
  EXPECT_EQ(run<int8_t>({.h = 1, .w = 2}, {1, 2}), 2);
  EXPECT_EQ(run<int8_t>({.h = 1, .w = 2}, {-1, -2}), -2);
}

TEST(Pool2d, WholeImagesOfManyPixels) {
  EXPECT_EQ(run<int8_t>({.h = 300, .w = 300}, std::vector<int8_t>(90'000, -128)), -128);
  EXPECT_EQ(
      run<int16_t>({.type = TensorType::INT16, .h = 255, .w = 257}, std::vector<int16_t>(65'535, -32768)),
      -32768);
}

TEST(Pool2d, OfAFilterOnlyWhatLiesInsideCounts) {
  EXPECT_EQ(run<int8_t>({.h = 2, .w = 2, .filter = 1000}, {1, 2, 3, 6}), 3);
  EXPECT_EQ(
      run<int8_t>({.op = BuiltinOperator::MAX_POOL_2D, .h = 2, .w = 2, .filter = 30'000}, {1, 2, 3, -6}), 3);
}

TEST(Pool2d, L2IsTheRootOfTheMeanSquareInside) {
  Pool pool{.op = BuiltinOperator::L2_POOL_2D, .type = TensorType::FLOAT32, .h = 1, .w = 2, .filter = 9};
  EXPECT_EQ(run<float>(pool, {-1, 7}), 5);
  pool.activation = schema::ActivationFunctionType::RELU_N1_TO_1;
  EXPECT_EQ(run<float>(pool, {-1, 7}), 1);
  pool.type = TensorType::INT8;
  EXPECT_EQ(test::LoadedModel(pool.model()).status().code, Code::kInputType);
}

TEST(Pool2d, RefusesMorePixelsOfInt16ThanASumHolds) {
  const Pool pool{.type = TensorType::INT16, .h = 256, .w = 256};
  EXPECT_EQ(test::LoadedModel(pool.model()).status().code, Code::kOptionValue);
}

TEST(Pool2d, NeedsNoQuantizationUnlessThereIsAnActivation) {
  Pool pool{.op = BuiltinOperator::MAX_POOL_2D, .h = 1, .w = 3, .scale = {}, .out_scale = {}};
  EXPECT_EQ(run<int8_t>(pool, {-7, -5, -6}), -5);
  pool.activation = schema::ActivationFunctionType::RELU;
  EXPECT_EQ(test::LoadedModel(pool.model()).status().code, Code::kOutputQuantization);
}

TEST(Pool2d, RefusesAnotherQuantizationThanTheInputs) {
  const Pool pool{.h = 1, .w = 2, .out_scale = {2}};
  EXPECT_EQ(test::LoadedModel(pool.model()).status().code, Code::kSameQuantization);
  const Pool half{.h = 1, .w = 2, .out_scale = {}};
  EXPECT_EQ(test::LoadedModel(half.model()).status().code, Code::kOutputQuantization);
}

}  // namespace
}  // namespace tandem
