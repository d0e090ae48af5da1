#include <cmath>
#include <limits>

#include "operator_model.h"

namespace tandem {
namespace {

using schema::ActivationFunctionType;
using schema::BuiltinOperator;
using schema::TensorType;
using test::operator_model;
using test::refusal_of;
using test::run;
using test::TensorOf;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<uint8_t> div(const TensorOf& a, const TensorOf& b, const TensorOf& y,
                         ActivationFunctionType activation = ActivationFunctionType::NONE) {
  schema::DivOptionsT options;
  options.fused_activation_function = activation;
  return operator_model(BuiltinOperator::DIV, {a, b}, y, options);
}

TensorOf s8(int32_t count, float scale, int64_t zero_point) {
  return {.type = TensorType::INT8, .shape = {count}, .scale = scale, .zero_point = zero_point};
}

Outcome::Kind outcome(const std::vector<uint8_t>& tflite, const auto& a, const auto& b) {
  test::LoadedModel model(tflite);
  model.set_input(0, a);
  model.set_input(1, b);
  return model.interpreter().invoke().kind;
}

TEST(DivS8, DividesRealValues) {
  // 6/4, -7/2, 7/-2, 0/-2 and 126/1 in steps of 1/2; the last saturates.
  EXPECT_EQ(run<int8_t>(div(s8(5, 1, 1), s8(5, 1, -1), s8(5, 0.5F, 2)), std::vector<int8_t>{7, -6, 8, 1, 127},
                        std::vector<int8_t>{3, 1, -3, -3, 0}),
            (std::vector<int8_t>{5, -5, -5, 2, 127}));
}

TEST(DivS8, QuotientsFarBelowAStepAreZero) {
  EXPECT_EQ(run<int8_t>(div(s8(3, 1, 0), s8(3, 1, 0), s8(3, 4096, 9)), std::vector<int8_t>{0, 1, -128},
                        std::vector<int8_t>{127, 127, 1}),
            (std::vector<int8_t>{9, 9, 9}));
}

TEST(DivS8, Relu6ClampsAtQuantizedBounds) {
  EXPECT_EQ(run<int8_t>(div(s8(3, 1, 0), s8(3, 1, 0), s8(3, 0.5F, 3), ActivationFunctionType::RELU6),
                        std::vector<int8_t>{-4, 100, 5}, std::vector<int8_t>{1, 10, 2}),
            (std::vector<int8_t>{3, 15, 8}));
}

TEST(DivS8, ByTheZeroPointIsADataError) {
  EXPECT_EQ(outcome(div(s8(2, 1, 0), s8(2, 1, 3), s8(2, 1, 0)), std::vector<int8_t>{1, 1},
                    std::vector<int8_t>{4, 3}),
            Outcome::Kind::kDataError);
}

TEST(DivS8, RefusesAnOutputScaleThatQuotientsOutgrow) {
  test::LoadedModel model(div(s8(1, 1, 0), s8(1, 1, 0), s8(1, 0x1p-24F, 0)));
  EXPECT_EQ(model.refusal(),
            "op 0 DIV \"y\": the scales of the inputs over the output's need a shift of 25; the limit is 23. "
            "Requantize the model");
}

TEST(DivS32, DropsTheFractionAndWraps) {
  const TensorOf x{.type = TensorType::INT32, .shape = {4}};
  EXPECT_EQ(run<int32_t>(div(x, x, x), std::vector<int32_t>{7, -7, 7, INT32_MIN},
                         std::vector<int32_t>{2, 2, -2, -1}),
            (std::vector<int32_t>{3, -3, -3, INT32_MIN}));
  EXPECT_EQ(run<int32_t>(div(x, x, x, ActivationFunctionType::RELU_N1_TO_1),
                         std::vector<int32_t>{7, -7, 1, 0}, std::vector<int32_t>{2, 2, 1, 5}),
            (std::vector<int32_t>{1, -1, 1, 0}));
}

TEST(DivS32, ByZeroIsADataError) {
  const TensorOf x{.type = TensorType::INT32, .shape = {1}};
  EXPECT_EQ(outcome(div(x, x, x), std::vector<int32_t>{1}, std::vector<int32_t>{0}),
            Outcome::Kind::kDataError);
}

TEST(DivS32, RefusesQuantizedInputs) {
  const TensorOf x{.type = TensorType::INT32, .shape = {1}, .scale = 1};
  EXPECT_EQ(refusal_of(div(x, x, x)), Code::kQuantizedInput);
}

TEST(DivF32, ClampsInfinityToTheLargestFloat) {
  const TensorOf x{.shape = {3}};
  const std::vector<float> y =
      run<float>(div(x, x, x), std::vector<float>{1, -1, 0}, std::vector<float>{0, 4, 0});
  EXPECT_EQ(y.at(0), std::numeric_limits<float>::max());
  EXPECT_EQ(y.at(1), -0.25F);
  EXPECT_TRUE(std::isnan(y.at(2)));
}

TEST(Div, RefusesInt16AndActivationsThatAreNoClamp) {
  const TensorOf s16{.type = TensorType::INT16, .shape = {1}, .scale = 1};
  EXPECT_EQ(refusal_of(div(s16, s16, s16)), Code::kInputType);
  for (const TensorType type : {TensorType::FLOAT32, TensorType::INT32}) {
    const TensorOf x{.type = type, .shape = {1}};
    EXPECT_EQ(refusal_of(div(x, x, x, ActivationFunctionType::TANH)), Code::kActivation);
  }
}

std::vector<uint8_t> floor_model(BuiltinOperator op, int32_t count) {
  const TensorOf x{.shape = {count}};
  return operator_model(op, {x, x}, x);
}

TEST(FloorDiv, RoundsDown) {
  EXPECT_EQ(run<float>(floor_model(BuiltinOperator::FLOOR_DIV, 5),
                       std::vector<float>{7, -7, 7, -7, kInfinity}, std::vector<float>{2, 2, -2, -2, 2}),
            (std::vector<float>{3, -4, -4, 3, kInfinity}));
}

TEST(FloorDiv, DividesInDouble) {
  // 0.1F is a little more than 0.1, but 1 / 0.1F rounds to 10 in float.
  EXPECT_EQ(
      run<float>(floor_model(BuiltinOperator::FLOOR_DIV, 1), std::vector<float>{1}, std::vector<float>{0.1F}),
      std::vector<float>{9});
}

TEST(FloorDiv, ByZeroIsADataError) {
  const auto tflite = floor_model(BuiltinOperator::FLOOR_DIV, 2);
  EXPECT_EQ(outcome(tflite, std::vector<float>{1, 1}, std::vector<float>{1, -0.0F}),
            Outcome::Kind::kDataError);
  EXPECT_EQ(outcome(tflite, std::vector<float>{1, 1}, std::vector<float>{1, 2}), Outcome::Kind::kOk);
}

TEST(FloorMod, HasTheSignOfTheDivisor) {
  EXPECT_EQ(run<float>(floor_model(BuiltinOperator::FLOOR_MOD, 6), std::vector<float>{7, -7, 7, -7, 6, -5},
                       std::vector<float>{2, 2, -2, -2, -3, kInfinity}),
            (std::vector<float>{1, 1, -1, -1, 0, kInfinity}));
}

TEST(FloorMod, ByZeroIsNan) {
  EXPECT_TRUE(std::isnan(
      run<float>(floor_model(BuiltinOperator::FLOOR_MOD, 1), std::vector<float>{3}, std::vector<float>{0})
          .at(0)));
}

TEST(FloorDivision, RefusesIntegers) {
  const TensorOf x{.type = TensorType::INT32, .shape = {1}};
  EXPECT_EQ(refusal_of(operator_model(BuiltinOperator::FLOOR_DIV, {x, x}, x)), Code::kInputType);
  EXPECT_EQ(refusal_of(operator_model(BuiltinOperator::FLOOR_MOD, {x, x}, x)), Code::kInputType);
}

}  // namespace
}  // namespace tandem
