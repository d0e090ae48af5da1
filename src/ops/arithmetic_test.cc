#include <gtest/gtest.h>

#include <limits>

#include "models/model_builder.h"
#include "operator_model.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::ActivationFunctionType;
using schema::BuiltinOperator;
using schema::TensorType;

struct Quantized {
  float scale = 1;
  int64_t zero_point = 0;
};

template <class Options>
std::vector<uint8_t> quantized_model(BuiltinOperator op, TensorType type, int32_t count, Quantized a,
                                     Quantized b, Quantized y,
                                     ActivationFunctionType activation = ActivationFunctionType::NONE) {
  ModelBuilder m;
  const auto tensor = [&](const char* name, Quantized q) {
    return m.tensor(
        {.name = name, .type = type, .shape = {count}, .scale = {q.scale}, .zero_point = {q.zero_point}});
  };
  const int in_a = tensor("a", a);
  const int in_b = tensor("b", b);
  const int out = tensor("y", y);
  Options options;
  options.fused_activation_function = activation;
  m.op(op, {in_a, in_b}, {out}, options);
  m.inputs({in_a, in_b});
  m.outputs({out});
  return m.finish();
}

template <class Options>
std::vector<uint8_t> plain_model(BuiltinOperator op, TensorType type, int32_t count,
                                 ActivationFunctionType activation) {
  ModelBuilder m;
  const int a = m.tensor({.name = "a", .type = type, .shape = {count}});
  const int b = m.tensor({.name = "b", .type = type, .shape = {count}});
  const int y = m.tensor({.name = "y", .type = type, .shape = {count}});
  Options options;
  options.fused_activation_function = activation;
  m.op(op, {a, b}, {y}, options);
  m.inputs({a, b});
  m.outputs({y});
  return m.finish();
}

template <class Element>
std::vector<Element> run(std::span<const uint8_t> tflite, const std::vector<Element>& a,
                         const std::vector<Element>& b) {
  test::LoadedModel model(tflite);
  if (!model.status().ok()) {
    ADD_FAILURE() << model.refusal();
    return {};
  }
  model.set_input(0, a);
  model.set_input(1, b);
  model.invoke();
  return model.output<Element>(0);
}

TEST(AddS8, BringsDifferentScalesTogether) {
  // (3 - 1) · 0.5 + 5 · 0.25 = 2.25 = (7 + 2) · 0.25;  the last sum, -64 - 32, saturates.
  const auto tflite = quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT8, 2,
                                                           {0.5F, 1}, {0.25F, 0}, {0.25F, -2});
  EXPECT_EQ(run<int8_t>(tflite, {3, -127}, {5, -128}), (std::vector<int8_t>{7, -128}));
}

TEST(AddS8, HalvesRoundAwayFromZero) {
  const auto tflite =
      quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT8, 4, {1, 0}, {1, 0}, {2, 0});
  EXPECT_EQ(run<int8_t>(tflite, {1, 2, -1, -2}, {0, 1, 0, -1}), (std::vector<int8_t>{1, 2, -1, -2}));
}

TEST(AddS8, Relu6ClampsAtQuantizedBounds) {
  const auto tflite =
      quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT8, 3, {0.5F, 0}, {0.5F, 0},
                                           {0.5F, 3}, ActivationFunctionType::RELU6);
  EXPECT_EQ(run<int8_t>(tflite, {-4, 10, 3}, {1, 10, 2}), (std::vector<int8_t>{3, 15, 8}));
}

TEST(AddS8, RefusesAnOutputScaleThatTheSumOutgrows) {
  test::LoadedModel model(quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT8, 1,
                                                               {1, 0}, {1, 0}, {1.0F / (1 << 20), 0}));
  EXPECT_EQ(model.refusal(),
            "op 0 ADD \"y\": the scales of the inputs over the output's need a shift of 2; the limit is 0. "
            "Requantize the model");
}

TEST(AddS8, RefusesAnInputWithoutQuantization) {
  ModelBuilder m;
  const int a = m.tensor({.name = "a", .type = TensorType::INT8, .shape = {1}, .scale = {1}});
  const int b = m.tensor({.name = "b", .type = TensorType::INT8, .shape = {1}});
  const int y = m.tensor({.name = "y", .type = TensorType::INT8, .shape = {1}, .scale = {1}});
  m.op(BuiltinOperator::ADD, {a, b}, {y}, schema::AddOptionsT{});
  m.inputs({a, b});
  m.outputs({y});
  EXPECT_EQ(test::LoadedModel(m.finish()).status().code, Code::kInputQuantization);
}

TEST(AddS16, ExtremesOfShiftedZeroPointsFit) {
  // 65535 + 65535 = 4 · 32767.5: each input alone takes all 31 bits.
  const auto tflite = quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT16, 2,
                                                           {1, -32768}, {1, -32768}, {4, 0});
  EXPECT_EQ(run<int16_t>(tflite, {32767, -32768}, {32767, -32767}), (std::vector<int16_t>{32767, 0}));
}

TEST(SubS16, TakesTheSecondFromTheFirst) {
  const auto tflite = quantized_model<schema::SubOptionsT>(BuiltinOperator::SUB, TensorType::INT16, 3, {1, 0},
                                                           {2, 0}, {1, 0});
  EXPECT_EQ(run<int16_t>(tflite, {100, -30000, 5}, {30, 10000, -7}), (std::vector<int16_t>{40, -32768, 19}));
}

TEST(SubS16, DividesScalesInFloatWhereAddDoesInDouble) {
  // -2519 · 0.9 - 4627 · 0.2 = -15962.5 · 0.2: how exact the factors are decides which way that goes.
  const auto sub = quantized_model<schema::SubOptionsT>(BuiltinOperator::SUB, TensorType::INT16, 1, {0.9F, 0},
                                                        {0.2F, 0}, {0.2F, 0});
  EXPECT_EQ(run<int16_t>(sub, {-2519}, {4627}), (std::vector<int16_t>{-15963}));
  const auto add = quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT16, 1, {0.9F, 0},
                                                        {0.2F, 0}, {0.2F, 0});
  EXPECT_EQ(run<int16_t>(add, {-2519}, {-4627}), (std::vector<int16_t>{-15962}));
}

TEST(MulS8, MultipliesRealValues) {
  // (6 - 2) · 0.5 · (-3 - 1) · 0.25 = -2 = (-7 + 3) · 0.5
  const auto tflite = quantized_model<schema::MulOptionsT>(BuiltinOperator::MUL, TensorType::INT8, 2,
                                                           {0.5F, 2}, {0.25F, 1}, {0.5F, -3});
  EXPECT_EQ(run<int8_t>(tflite, {6, -128}, {-3, -128}), (std::vector<int8_t>{-7, 127}));
}

TEST(MulS16, ExtremesFit) {
  const auto tflite = quantized_model<schema::MulOptionsT>(
      BuiltinOperator::MUL, TensorType::INT16, 2, {1.0F / 32768, 0}, {1.0F / 32768, 0}, {1.0F / 32768, 0});
  EXPECT_EQ(run<int16_t>(tflite, {-32768, -32768}, {-32768, 32767}), (std::vector<int16_t>{32767, -32767}));
}

TEST(MulS16, RefusesAZeroPoint) {
  test::LoadedModel model(quantized_model<schema::MulOptionsT>(BuiltinOperator::MUL, TensorType::INT16, 1,
                                                               {1, 0}, {1, 4}, {1, 0}));
  EXPECT_EQ(model.refusal(),
            "op 0 MUL \"y\": input 1 has a zero point that must be 0 for its type; requantize the model");
}

TEST(MulS32, WrapsAndThenClamps) {
  const auto tflite = plain_model<schema::MulOptionsT>(BuiltinOperator::MUL, TensorType::INT32, 3,
                                                       ActivationFunctionType::RELU);
  EXPECT_EQ(run<int32_t>(tflite, {1 << 20, 3, -3}, {(1 << 12) + 1, 5, 5}),
            (std::vector<int32_t>{1 << 20, 15, 0}));
}

TEST(SubS32, Wraps) {
  constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
  constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
  const auto tflite = plain_model<schema::SubOptionsT>(BuiltinOperator::SUB, TensorType::INT32, 2,
                                                       ActivationFunctionType::NONE);
  EXPECT_EQ(run<int32_t>(tflite, {kMin, kMax}, {1, -1}), (std::vector<int32_t>{kMax, kMin}));
}

TEST(AddS32, LeavesTheFusedActivationOutAsTflmDoes) {
  const auto tflite = plain_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT32, 1,
                                                       ActivationFunctionType::RELU);
  EXPECT_EQ(run<int32_t>(tflite, {-5}, {2}), (std::vector<int32_t>{-3}));
}

TEST(AddS32, RefusesQuantizedInputs) {
  test::LoadedModel model(quantized_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::INT32, 1,
                                                               {1, 0}, {1, 0}, {1, 0}));
  EXPECT_EQ(model.status().code, Code::kQuantizedInput);
}

TEST(SquaredDifferenceS8, BringsDifferentScalesTogether) {
  // ((3 - 1) · 0.5 - 5 · 0.25)² = 1/16; the other, (64 + 31.75)², saturates.
  const auto tflite =
      test::operator_model(BuiltinOperator::SQUARED_DIFFERENCE,
                           {{.type = TensorType::INT8, .shape = {2}, .scale = 0.5F, .zero_point = 1},
                            {.type = TensorType::INT8, .shape = {2}, .scale = 0.25F}},
                           {.type = TensorType::INT8, .shape = {2}, .scale = 0x1p-5F, .zero_point = -3});
  EXPECT_EQ(run<int8_t>(tflite, {3, -127}, {5, 127}), (std::vector<int8_t>{-1, 127}));
}

TEST(SquaredDifferenceS16, ExtremesFit) {
  const test::TensorOf x{.type = TensorType::INT16, .shape = {2}, .scale = 1};
  const test::TensorOf y{.type = TensorType::INT16, .shape = {2}, .scale = 0x1p20F};
  // 65535² / 2^20 = 4095.9
  EXPECT_EQ(run<int16_t>(test::operator_model(BuiltinOperator::SQUARED_DIFFERENCE, {x, x}, y), {32767, -3},
                         {-32768, -3}),
            (std::vector<int16_t>{4096, 0}));
}

TEST(SquaredDifferenceS16, RefusesAZeroPoint) {
  const test::TensorOf x{.type = TensorType::INT16, .shape = {1}, .scale = 1};
  const test::TensorOf shifted{.type = TensorType::INT16, .shape = {1}, .scale = 1, .zero_point = 1};
  EXPECT_EQ(test::refusal_of(test::operator_model(BuiltinOperator::SQUARED_DIFFERENCE, {x, shifted}, x)),
            Code::kInputZeroPoint);
}

TEST(SquaredDifference, WrapsIntegersAndKeepsInfinity) {
  const test::TensorOf s32{.type = TensorType::INT32, .shape = {2}};
  EXPECT_EQ(run<int32_t>(test::operator_model(BuiltinOperator::SQUARED_DIFFERENCE, {s32, s32}, s32),
                         {(1 << 16) + 1, -7}, {0, 2}),
            (std::vector<int32_t>{(1 << 17) + 1, 81}));
  const test::TensorOf f32{.shape = {2}};
  EXPECT_EQ(run<float>(test::operator_model(BuiltinOperator::SQUARED_DIFFERENCE, {f32, f32}, f32),
                       {1e30F, 0.5F}, {0, 2}),
            (std::vector<float>{std::numeric_limits<float>::infinity(), 2.25F}));
}

TEST(Pow, OfFloats) {
  const test::TensorOf x{.shape = {4}};
  EXPECT_EQ(
      run<float>(test::operator_model(BuiltinOperator::POW, {x, x}, x), {2, 4, -2, 1e30F}, {-2, 0.5F, 3, 2}),
      (std::vector<float>{0.25F, 2, -8, std::numeric_limits<float>::infinity()}));
}

TEST(Pow, OfIntegersWraps) {
  const test::TensorOf x{.type = TensorType::INT32, .shape = {5}};
  EXPECT_EQ(run<int32_t>(test::operator_model(BuiltinOperator::POW, {x, x}, x), {3, -2, 0, 2, 65537},
                         {4, 31, 0, 40, 2}),
            (std::vector<int32_t>{81, std::numeric_limits<int32_t>::min(), 1, 0, (1 << 17) + 1}));
}

TEST(Pow, NegativeExponentsOfIntegersAreADataError) {
  const test::TensorOf x{.type = TensorType::INT32, .shape = {1}};
  test::LoadedModel model(test::operator_model(BuiltinOperator::POW, {x, x}, x));
  model.set_input<int32_t>(0, {2});
  model.set_input<int32_t>(1, {-1});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

TEST(Pow, RefusesQuantizedTypes) {
  const test::TensorOf x{.type = TensorType::INT8, .shape = {1}, .scale = 1};
  EXPECT_EQ(test::refusal_of(test::operator_model(BuiltinOperator::POW, {x, x}, x)), Code::kInputType);
}

TEST(AddF32, ClampsInfinityToTheLargestFloatAndKeepsNan) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto tflite = plain_model<schema::AddOptionsT>(BuiltinOperator::ADD, TensorType::FLOAT32, 2,
                                                       ActivationFunctionType::NONE);
  const std::vector<float> y = run<float>(tflite, {kInfinity, kInfinity}, {1, -kInfinity});
  EXPECT_EQ(y.at(0), std::numeric_limits<float>::max());
  EXPECT_NE(y.at(1), y.at(1));
}

TEST(Arithmetic, RefusesOperandsOfDifferentTypes) {
  ModelBuilder m;
  const int a = m.tensor({.name = "a", .type = TensorType::FLOAT32, .shape = {1}});
  const int b = m.tensor({.name = "b", .type = TensorType::INT32, .shape = {1}});
  const int y = m.tensor({.name = "y", .type = TensorType::FLOAT32, .shape = {1}});
  m.op(BuiltinOperator::MUL, {a, b}, {y}, schema::MulOptionsT{});
  m.inputs({a, b});
  m.outputs({y});
  EXPECT_EQ(test::LoadedModel(m.finish()).status().code, Code::kInputType);
}

TEST(Arithmetic, RefusesAnActivationThatIsNotAClamp) {
  EXPECT_EQ(test::LoadedModel(plain_model<schema::SubOptionsT>(BuiltinOperator::SUB, TensorType::FLOAT32, 1,
                                                               ActivationFunctionType::TANH))
                .status()
                .code,
            Code::kActivation);
}

TEST(Arithmetic, AddsAConstant) {
  ModelBuilder m;
  const int x = m.tensor({.name = "x", .shape = {2, 2}});
  const int one = m.constant({.name = "row", .shape = {2}}, {1.0F, 2.0F});
  const int y = m.tensor({.name = "y", .shape = {2, 2}});
  m.op(BuiltinOperator::ADD, {one, x}, {y}, schema::AddOptionsT{});
  m.inputs({x});
  m.outputs({y});
  test::LoadedModel model(m.finish());
  model.set_input<float>(0, {10, 20, 30, 40});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{11, 22, 31, 42}));
  EXPECT_EQ(model.need().tensor_bytes, 4 * sizeof(float));  // in place of x
}

}  // namespace
}  // namespace tandem
