#include <gtest/gtest.h>

#include <cmath>

#include "operator_model.h"
#include "run_model.h"
#include "unary_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;
using test::kF32;
using test::kInfinity;
using test::Operand;
using test::s16;
using test::s8;
using test::unary_model;

constexpr Operand kBool = {TensorType::BOOL};
const float kNaN = std::nanf("");

template <class Element>
std::vector<Element> run(BuiltinOperator op, Operand in, Operand out, const std::vector<Element>& x) {
  test::LoadedModel model(unary_model(op, static_cast<int32_t>(x.size()), in, out));
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input(0, x);
  model.invoke();
  return model.output<Element>(0);
}

std::vector<float> run_f32(BuiltinOperator op, const std::vector<float>& x) { return run(op, kF32, kF32, x); }

Code refusal(BuiltinOperator op, Operand in, Operand out) {
  return test::LoadedModel(unary_model(op, 1, in, out)).status().code;
}

// ---- float32 and bool

TEST(UnaryF32, Signs) {
  EXPECT_EQ(run_f32(BuiltinOperator::ABS, {-1.5F, 2, -kInfinity}), (std::vector<float>{1.5F, 2, kInfinity}));
  EXPECT_EQ(run_f32(BuiltinOperator::NEG, {-1.5F, 2, kInfinity}), (std::vector<float>{1.5F, -2, -kInfinity}));
}

TEST(UnaryF32, ToWholeNumbers) {
  const std::vector<float> x{-1.5F, -0.5F, 0.25F, 8388609, 3e9F, -kInfinity};
  EXPECT_EQ(run_f32(BuiltinOperator::FLOOR, x), (std::vector<float>{-2, -1, 0, 8388609, 3e9F, -kInfinity}));
  EXPECT_EQ(run_f32(BuiltinOperator::CEIL, x), (std::vector<float>{-1, 0, 1, 8388609, 3e9F, -kInfinity}));
}

TEST(UnaryF32, RoundTakesTiesToEven) {
  EXPECT_EQ(run_f32(BuiltinOperator::ROUND, {-2.5F, -1.5F, 0.5F, 1.5F, 2.5F, 0.49999997F, -1e-10F}),
            (std::vector<float>{-2, -2, 0, 2, 2, 0, 0}));
  EXPECT_EQ(run_f32(BuiltinOperator::ROUND, {16777214, -3e38F, kInfinity}),
            (std::vector<float>{16777214, -3e38F, kInfinity}));
  // As TensorFlow Lite's: only -0 stays -0.
  const std::vector<float> zeros = run_f32(BuiltinOperator::ROUND, {-0.5F, -0.0F, kNaN});
  EXPECT_FALSE(std::signbit(zeros.at(0)));
  EXPECT_TRUE(std::signbit(zeros.at(1)));
  EXPECT_TRUE(std::isnan(zeros.at(2)));
}

TEST(UnaryF32, PowersAndRoots) {
  EXPECT_EQ(run_f32(BuiltinOperator::SQUARE, {-3, 1e30F}), (std::vector<float>{9, kInfinity}));
  EXPECT_EQ(run_f32(BuiltinOperator::SQRT, {9, 0}), (std::vector<float>{3, 0}));
  EXPECT_EQ(run_f32(BuiltinOperator::RSQRT, {4, 0}), (std::vector<float>{0.5F, kInfinity}));
  EXPECT_TRUE(std::isnan(run_f32(BuiltinOperator::SQRT, {-1}).at(0)));
}

TEST(UnaryF32, Transcendental) {
  EXPECT_FLOAT_EQ(run_f32(BuiltinOperator::EXP, {1}).at(0), 2.7182818F);
  EXPECT_FLOAT_EQ(run_f32(BuiltinOperator::LOG, {10}).at(0), 2.3025851F);
  EXPECT_FLOAT_EQ(run_f32(BuiltinOperator::SIN, {1}).at(0), 0.84147098F);
  EXPECT_FLOAT_EQ(run_f32(BuiltinOperator::COS, {1}).at(0), 0.54030231F);
  EXPECT_EQ(run_f32(BuiltinOperator::LOG, {0}).at(0), -kInfinity);
}

TEST(UnaryF32, EluIsExactNearZero) {
  const std::vector<float> y = run_f32(BuiltinOperator::ELU, {-1e-6F, -kInfinity, 3});
  EXPECT_FLOAT_EQ(y.at(0), -9.999995e-7F);
  EXPECT_EQ(y.at(1), -1);
  EXPECT_EQ(y.at(2), 3);
}

TEST(UnaryF32, HardSwishIsZeroBelowAndTheInputAbove) {
  EXPECT_EQ(run_f32(BuiltinOperator::HARD_SWISH, {-4, -3, 0, 3, 4}), (std::vector<float>{0, 0, 0, 3, 4}));
  EXPECT_FLOAT_EQ(run_f32(BuiltinOperator::HARD_SWISH, {-1.5F}).at(0), -0.375F);
}

TEST(UnaryBool, NotOfAnyByteIsZeroOrOne) {
  EXPECT_EQ(run<uint8_t>(BuiltinOperator::LOGICAL_NOT, kBool, kBool, {0, 1, 255}),
            (std::vector<uint8_t>{1, 0, 0}));
}

TEST(Unary, RefusesOtherTypes) {
  for (const auto op : {BuiltinOperator::NEG, BuiltinOperator::CEIL, BuiltinOperator::SIN}) {
    EXPECT_EQ(refusal(op, s8(1, 0), s8(1, 0)), Code::kInputType);
    EXPECT_EQ(refusal(op, kF32, s8(1, 0)), Code::kOutputType);
  }
  EXPECT_EQ(refusal(BuiltinOperator::LOGICAL_NOT, kF32, kF32), Code::kInputType);
  EXPECT_EQ(refusal(BuiltinOperator::ELU, s16(1), s16(1)), Code::kInputType);
  EXPECT_EQ(refusal(BuiltinOperator::HARD_SWISH, s16(1), s16(1)), Code::kInputType);
}

// The same elements, in a column or in a row.
std::vector<uint8_t> reshaping(BuiltinOperator op) {
  ModelBuilder m;
  const int x = m.tensor({.name = "x", .shape = {1, 2}});
  const int y = m.tensor({.name = "y", .shape = {2, 1}});
  m.op(op, {x}, {y});
  m.inputs({x});
  m.outputs({y});
  return m.finish();
}

TEST(Unary, SomeRefuseAnotherShapeOfAsManyElements) {
  for (const auto op : {BuiltinOperator::CEIL, BuiltinOperator::EXP, BuiltinOperator::ROUND}) {
    EXPECT_EQ(test::LoadedModel(reshaping(op)).status().code, Code::kOutputShape);
  }
  for (const auto op : {BuiltinOperator::ABS, BuiltinOperator::FLOOR, BuiltinOperator::SQRT}) {
    EXPECT_EQ(test::LoadedModel(reshaping(op)).refusal(), "");
  }
}

// ---- ABS

TEST(AbsS8, MeasuresFromTheZeroPoint) {
  EXPECT_EQ(run<int8_t>(BuiltinOperator::ABS, s8(1, 10), s8(1, -128), {10, 0, 127, -128}),
            (std::vector<int8_t>{-128, -118, -11, 10}));
}

TEST(AbsS8, RescalesAndClamps) {
  EXPECT_EQ(run<int8_t>(BuiltinOperator::ABS, s8(1, 0), s8(2, 0), {-3, 5, -128}),
            (std::vector<int8_t>{2, 3, 64}));
  EXPECT_EQ(run<int8_t>(BuiltinOperator::ABS, s8(1, 0), s8(0.25F, 0), {-3, -128}),
            (std::vector<int8_t>{12, 127}));
}

TEST(AbsS16, TheLowestSaturatesOnlyIfQuantized) {
  EXPECT_EQ(run<int16_t>(BuiltinOperator::ABS, s16(1), s16(1), {-32768, -5}),
            (std::vector<int16_t>{32767, 5}));
  const Operand plain{TensorType::INT16};
  EXPECT_EQ(run<int16_t>(BuiltinOperator::ABS, plain, plain, {-32768, -5}),
            (std::vector<int16_t>{-32768, 5}));
}

TEST(AbsS16, RefusesAZeroPoint) {
  EXPECT_EQ(refusal(BuiltinOperator::ABS, s16(1, 1), s16(1)), Code::kInputZeroPoint);
  EXPECT_EQ(refusal(BuiltinOperator::ABS, s16(1), {TensorType::INT16}), Code::kOutputQuantization);
}

// ---- RSQRT

TEST(RsqrtS8, TakesTheZeroPointForTheLargest) {
  // 1/√(64/16) = 1/2, 1/√(16/16) = 1, in steps of 1/100
  EXPECT_EQ(run<int8_t>(BuiltinOperator::RSQRT, s8(0.0625F, -1), s8(0.01F, 0), {-1, 63, 15, 0}),
            (std::vector<int8_t>{127, 50, 100, 127}));
}

TEST(RsqrtS8, BelowTheZeroPointIsADataError) {
  test::LoadedModel model(unary_model(BuiltinOperator::RSQRT, 3, s8(0.0625F, -1), s8(0.01F, 0)));
  model.set_input<int8_t>(0, {-1, 63, -2});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

TEST(RsqrtS16, TakesTheZeroPointForTheLargest) {
  // 1/√(32767/4) = 110.49 steps: rounded to 2^-20 first, which is 110.5
  EXPECT_EQ(run<int16_t>(BuiltinOperator::RSQRT, s16(0.25F), s16(1e-4F), {0, 4, 16, 32767}),
            (std::vector<int16_t>{32767, 10000, 5000, 111}));
}

TEST(RsqrtS16, NegativesAreADataErrorForAnyWorker) {
  constexpr int32_t kCount = 5000;
  test::LoadedModel model(unary_model(BuiltinOperator::RSQRT, kCount, s16(1), s16(1)), 3);
  std::vector<int16_t> x(kCount, 1);
  x.at(kCount - 1) = -1;
  model.set_input<int16_t>(0, x);
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

TEST(Rsqrt, ScalesWithoutAnAnswerGiveTheZeroPoint) {
  EXPECT_EQ(run<int8_t>(BuiltinOperator::RSQRT, s8(1, 0), s8(1e30F, 7), {4, 0}),
            (std::vector<int8_t>{7, 127}));
}

// ---- ELU and HARD_SWISH

TEST(EluS8, RoundsToTheNearest) {
  // e^-1 - 1 = -0.632 = -40.5 / 64; e^-4 - 1 = -62.8 / 64
  EXPECT_EQ(run<int8_t>(BuiltinOperator::ELU, s8(0.03125F, 0), s8(0.015625F, 3), {0, 10, -32, -128, 127}),
            (std::vector<int8_t>{3, 23, -37, -60, 127}));
}

TEST(EluS8, RefusesUnquantizedTensors) {
  EXPECT_EQ(refusal(BuiltinOperator::ELU, {TensorType::INT8}, s8(1, 0)), Code::kInputQuantization);
  EXPECT_EQ(refusal(BuiltinOperator::ELU, s8(1, 0), {TensorType::INT8}), Code::kOutputQuantization);
}

TEST(HardSwishS8, IsZeroBelowMinusThreeAndTheInputAboveThree) {
  EXPECT_EQ(
      run<int8_t>(BuiltinOperator::HARD_SWISH, s8(0.0625F, 0), s8(0.0625F, -5), {-128, -48, 0, 48, 100}),
      (std::vector<int8_t>{-5, -5, -5, 43, 95}));
}

TEST(HardSwishS8, RefusesAnOutputMuchFinerThanTheInput) {
  EXPECT_EQ(refusal(BuiltinOperator::HARD_SWISH, s8(1, 0), s8(1.0F / 128, 0)), Code::kScaleRatio);
  EXPECT_EQ(refusal(BuiltinOperator::HARD_SWISH, s8(1, 0), s8(1.0F / 120, 0)), Code::kOk);
}

TEST(HardSwishS8, ExtremeScalesStayInRange) {
  for (const float in : {1e-38F, 1e38F}) {
    for (const float out : {1e-38F, 1.0F, 3e38F}) {
      if (refusal(BuiltinOperator::HARD_SWISH, s8(in, -128), s8(out, 9)) != Code::kOk) continue;
      EXPECT_EQ(run<int8_t>(BuiltinOperator::HARD_SWISH, s8(in, -128), s8(out, 9), {-128}).at(0), 9)
          << in << " " << out;
    }
  }
}

// ---- TensorFlow Lite's, by its definitions

template <class Element>
std::vector<Element> gelu(bool approximate, const test::TensorOf& in, const test::TensorOf& out,
                          const std::vector<Element>& x) {
  schema::GeluOptionsT options;
  options.approximate = approximate;
  return test::run<Element>(test::operator_model(BuiltinOperator::GELU, {in}, out, options), x);
}

TEST(Gelu, FloatByErfOrTanh) {
  const test::TensorOf x{.shape = {4}};
  const std::vector<float> exact = gelu<float>(false, x, x, {1, -1, -3, -10});
  EXPECT_NEAR(exact.at(0), 0.8413447F, 1e-6F);
  EXPECT_NEAR(exact.at(1), -0.1586553F, 1e-6F);
  EXPECT_NEAR(exact.at(2), -0.0040497F, 1e-7F);
  EXPECT_NEAR(exact.at(3) / -7.6198530e-23F, 1, 1e-4F) << "nothing cancels far below 0";
  const std::vector<float> approximate = gelu<float>(true, x, x, {1, -1, -3, 0});
  EXPECT_NEAR(approximate.at(0), 0.8411920F, 1e-6F);
  EXPECT_NEAR(approximate.at(1), -0.1588080F, 1e-6F);
  EXPECT_NEAR(approximate.at(2), -0.0036374F, 1e-7F);
  EXPECT_EQ(approximate.at(3), 0);
}

TEST(Gelu, Int8ByTable) {
  // x = -2.5, -3, -4, 1 and 0 in steps of 2^-12.
  const test::TensorOf x{.type = TensorType::INT8, .shape = {5}, .scale = 0.0625F, .zero_point = 3};
  const test::TensorOf y{.type = TensorType::INT8, .shape = {5}, .scale = 0x1p-12F, .zero_point = 1};
  const std::vector<int8_t> stored = {-37, -45, -61, 19, 3};
  EXPECT_EQ(gelu<int8_t>(false, x, y, stored), (std::vector<int8_t>{-63, -16, 0, 127, 1}));
  EXPECT_EQ(gelu<int8_t>(true, x, y, stored), (std::vector<int8_t>{-61, -14, 1, 127, 1}));
}

TEST(ReluToOne, Float) {
  EXPECT_EQ(run_f32(BuiltinOperator::RELU_0_TO_1, {-3, 0.25F, kInfinity}), (std::vector<float>{0, 0.25F, 1}));
  EXPECT_EQ(run_f32(BuiltinOperator::RELU_N1_TO_1, {-3, 0.25F, kInfinity}),
            (std::vector<float>{-1, 0.25F, 1}));
}

TEST(ReluToOne, Int8RescalesAndMeetsTheBoundsInOutputSteps) {
  const std::vector<int8_t> stored = {3, 100, -100};  // 0.25, 24.5, -25.5
  EXPECT_EQ(run(BuiltinOperator::RELU_0_TO_1, s8(0.25F, 2), s8(0.125F, -4), stored),
            (std::vector<int8_t>{-2, 4, -4}));
  EXPECT_EQ(run(BuiltinOperator::RELU_N1_TO_1, s8(0.25F, 2), s8(0.125F, -4), stored),
            (std::vector<int8_t>{-2, 4, -12}));
}

TEST(TfliteUnary, RefusesOtherTypes) {
  for (const BuiltinOperator op :
       {BuiltinOperator::GELU, BuiltinOperator::RELU_0_TO_1, BuiltinOperator::RELU_N1_TO_1}) {
    EXPECT_EQ(refusal(op, s16(1), s16(1)), Code::kInputType);
    EXPECT_EQ(refusal(op, s8(1, 0), kF32), Code::kOutputType);
    EXPECT_EQ(refusal(op, {TensorType::INT8}, s8(1, 0)), Code::kInputQuantization);
  }
}

}  // namespace
}  // namespace tandem
