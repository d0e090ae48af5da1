#include "operator_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::operator_model;
using test::refusal_of;
using test::run;
using test::TensorOf;

TEST(AddNF32, AddsInTheOrderOfTheInputs) {
  const TensorOf x{.shape = {2}};
  const auto tflite = operator_model(BuiltinOperator::ADD_N, {x, x, x}, x);
  EXPECT_EQ(
      run<float>(tflite, std::vector<float>{1, 1e8F}, std::vector<float>{2, -1e8F}, std::vector<float>{4, 1}),
      (std::vector<float>{7, 1}));
  EXPECT_EQ(
      run<float>(tflite, std::vector<float>{1, 1}, std::vector<float>{2, 1e8F}, std::vector<float>{4, -1e8F}),
      (std::vector<float>{7, 0}));
}

TEST(AddNS8, RescalesTheSum) {
  const TensorOf x{.type = TensorType::INT8, .shape = {3}, .scale = 0.5F};
  const TensorOf y{.type = TensorType::INT8, .shape = {3}, .scale = 0.25F, .zero_point = 7};
  EXPECT_EQ(run<int8_t>(operator_model(BuiltinOperator::ADD_N, {x, x}, y), std::vector<int8_t>{3, -4, 100},
                        std::vector<int8_t>{5, 1, 100}),
            (std::vector<int8_t>{23, 1, 127}));
}

TEST(AddNS8, TakesTheZeroPointAwayOnceTooOftenAsTfliteDoes) {
  const TensorOf x{.type = TensorType::INT8, .shape = {1}, .scale = 1, .zero_point = 1};
  const TensorOf y{.type = TensorType::INT8, .shape = {1}, .scale = 1};
  EXPECT_EQ(run<int8_t>(operator_model(BuiltinOperator::ADD_N, {x, x}, y), std::vector<int8_t>{3},
                        std::vector<int8_t>{4}),
            std::vector<int8_t>{4});
}

TEST(AddN, OneTensorSeveralTimes) {
  models::ModelBuilder m;
  const int x = m.tensor({.name = "x", .shape = {300}});
  const int y = m.tensor({.name = "y", .shape = {300}});
  m.op(BuiltinOperator::ADD_N, {x, x, x}, {y});
  m.inputs({x});
  m.outputs({y});
  EXPECT_EQ(run<float>(m.finish(), std::vector<float>(300, 2)), std::vector<float>(300, 6));
}

TEST(AddN, RefusesInputsOfDifferentQuantization) {
  const TensorOf x{.type = TensorType::INT8, .shape = {1}, .scale = 1};
  const TensorOf other{.type = TensorType::INT8, .shape = {1}, .scale = 1, .zero_point = 1};
  test::LoadedModel model(operator_model(BuiltinOperator::ADD_N, {x, x, other}, x));
  EXPECT_EQ(
      model.refusal(),
      "op 0 ADD_N \"y\": input 2 must have the same scale and zero point as input 0; requantize the model");
}

TEST(AddN, Refuses) {
  const TensorOf real{.shape = {2}};
  const TensorOf row{.shape = {1, 2}};
  const TensorOf int32{.type = TensorType::INT32, .shape = {2}};
  const TensorOf s8{.type = TensorType::INT8, .shape = {2}, .scale = 1};
  const TensorOf fine{.type = TensorType::INT8, .shape = {2}, .scale = 0x1p-19F};
  const auto add_n = [](const std::vector<TensorOf>& in, const TensorOf& y) {
    return refusal_of(operator_model(BuiltinOperator::ADD_N, in, y));
  };
  EXPECT_EQ(add_n({real}, real), Code::kOperandCount);
  EXPECT_EQ(add_n({real, row}, real), Code::kInputShape) << "no broadcasting, not even of ranks";
  EXPECT_EQ(add_n({real, s8}, real), Code::kInputType);
  EXPECT_EQ(add_n({int32, int32}, int32), Code::kInputType);
  EXPECT_EQ(add_n({real, real}, {.shape = {3}}), Code::kOutputShape);
  EXPECT_EQ(add_n({s8, s8}, fine), Code::kScaleRatio);
}

}  // namespace
}  // namespace tandem
