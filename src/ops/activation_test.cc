#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "run_model.h"
#include "unary_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;
using test::kF32;
using test::kInfinity;
using test::s16;
using test::s8;
using test::unary_model;

template <class Element>
std::vector<Element> run(std::span<const uint8_t> tflite, const std::vector<Element>& x) {
  test::LoadedModel model(tflite);
  if (!model.status().ok()) {
    ADD_FAILURE() << model.refusal();
    return {};
  }
  model.set_input(0, x);
  model.invoke();
  return model.output<Element>(0);
}

TEST(Relu, RescalesAndStopsAtTheZeroPoint) {
  EXPECT_EQ(run<int8_t>(unary_model(BuiltinOperator::RELU, 4, s8(0.5F, 2), s8(0.25F, -100)), {2, 1, 10, 127}),
            (std::vector<int8_t>{-100, -100, -84, 127}));
}

TEST(Relu, FloatKeepsInfinity) {
  EXPECT_EQ(run<float>(unary_model(BuiltinOperator::RELU, 3, kF32, kF32), {-kInfinity, kInfinity, 0.5F}),
            (std::vector<float>{0, kInfinity, 0.5F}));
}

TEST(Relu, Int16RefusesAZeroPoint) {
  EXPECT_EQ(test::LoadedModel(unary_model(BuiltinOperator::RELU, 1, s16(1, 1), s16(1))).status().code,
            Code::kInputZeroPoint);
  EXPECT_EQ(test::LoadedModel(unary_model(BuiltinOperator::RELU, 1, s16(1), s16(1, 1))).status().code,
            Code::kOutputZeroPoint);
}

TEST(Relu6, ClampsAtSixOverTheScale) {
  EXPECT_EQ(run<int8_t>(unary_model(BuiltinOperator::RELU6, 3, s8(0.5F, -3), s8(0.5F, -3)), {-4, 8, 100}),
            (std::vector<int8_t>{-3, 8, 9}));
  EXPECT_EQ(run<float>(unary_model(BuiltinOperator::RELU6, 3, kF32, kF32), {-1, 2.5F, kInfinity}),
            (std::vector<float>{0, 2.5F, 6}));
}

TEST(LeakyRelu, HasOneFactorForEachSide) {
  EXPECT_EQ(
      run<int8_t>(unary_model(BuiltinOperator::LEAKY_RELU, 4, s8(1, 0), s8(1, 5), 0.25F), {4, -4, -128, 127}),
      (std::vector<int8_t>{9, 4, -27, 127}));
}

TEST(LeakyRelu, NegativeAlphaFolds) {
  // -3 · -0.5 = 1.5 rounds as 3 · 0.5 mirrored: the product is rounded before its sign is turned.
  EXPECT_EQ(run<int16_t>(unary_model(BuiltinOperator::LEAKY_RELU, 3, s16(1), s16(1), -0.5F), {-4, -3, 7}),
            (std::vector<int16_t>{2, 1, 7}));
  EXPECT_EQ(run<float>(unary_model(BuiltinOperator::LEAKY_RELU, 2, kF32, kF32, -0.5F), {-4, 7}),
            (std::vector<float>{2, 7}));
}

TEST(LogisticS8, SaturatesBeyondItsRadius) {
  EXPECT_EQ(run<int8_t>(unary_model(BuiltinOperator::LOGISTIC, 4, s8(0.25F, 10), s8(1.0F / 256, -128)),
                        {10, -128, 127, 14}),
            (std::vector<int8_t>{0, -128, 127, 59}));  // logistic(1) = 0.7311 = 187.2 / 256
}

TEST(LogisticS8, RefusesAnotherOutputZeroPoint) {
  test::LoadedModel model(unary_model(BuiltinOperator::LOGISTIC, 1, s8(0.25F, 0), s8(1.0F / 256, 0)));
  EXPECT_EQ(model.refusal(),
            "op 0 LOGISTIC \"y\": output 0 has a zero point that must be -128 for its type; requantize the "
            "model");
}

TEST(LogisticS16, TakesPowersOfTwoAndOtherScales) {
  const std::vector<int16_t> x{0, 4096, -4096, 32767, -32768};
  const auto logistic = [&](float scale) {
    return run<int16_t>(unary_model(BuiltinOperator::LOGISTIC, 5, s16(scale), s16(1.0F / 32768)), x);
  };
  // logistic(1) = 23955.3 / 32768: table entries lie half of the interpolation's error off.
  EXPECT_EQ(logistic(1.0F / 4096), (std::vector<int16_t>{16384, 23956, 8812, 32757, 11}));
  // logistic(3) = 31214.1 / 32768, logistic(24) beyond the table, whose mirror image stays above 0
  EXPECT_EQ(logistic(3.0F / 4096), (std::vector<int16_t>{16384, 31214, 1554, 32767, 1}));
}

TEST(TanhS16, LargestScaleSaturatesWithoutOverflow) {
  EXPECT_EQ(run<int16_t>(unary_model(BuiltinOperator::TANH, 4, s16(5.3F), s16(1.0F / 32768)),
                         {0, 1, 32767, -32768}),
            (std::vector<int16_t>{0, 32766, 32767, -32767}));
}

TEST(TanhS16, RefusesScalesOutsideOfTheTable) {
  EXPECT_EQ(test::LoadedModel(unary_model(BuiltinOperator::TANH, 1, s16(6), s16(1.0F / 32768))).status().code,
            Code::kInputScale);
  test::LoadedModel model(unary_model(BuiltinOperator::TANH, 1, s16(1), s16(1.0F / 16384)));
  EXPECT_EQ(model.refusal(), "op 0 TANH \"y\": output 0 must have the scale 2^-15; requantize the model");
}

TEST(TanhS8, IsOddButForTheLowestValue) {
  EXPECT_EQ(run<int8_t>(unary_model(BuiltinOperator::TANH, 5, s8(0.125F, 0), s8(1.0F / 128, 0)),
                        {0, 8, -8, 127, -128}),
            (std::vector<int8_t>{0, 97, -97, 127, -128}));  // tanh(1) = 0.7616 = 97.5 / 128
}

TEST(LogisticF32, ReachesZeroAndOne) {
  const auto y =
      run<float>(unary_model(BuiltinOperator::LOGISTIC, 5, kF32, kF32), {0, 20, -20, kInfinity, -kInfinity});
  EXPECT_EQ(y.at(0), 0.5F);
  EXPECT_EQ(y.at(1), 1.0F);
  EXPECT_FLOAT_EQ(y.at(2), 2.0611537e-9F);
  EXPECT_EQ(y.at(3), 1.0F);
  EXPECT_EQ(y.at(4), 0.0F);
}

TEST(Unary, RefusesAnOutputOfOtherSize) {
  ModelBuilder m;
  const int x = m.tensor({.name = "x", .shape = {3}});
  const int y = m.tensor({.name = "y", .shape = {2}});
  m.op(BuiltinOperator::TANH, {x}, {y});
  m.inputs({x});
  m.outputs({y});
  EXPECT_EQ(test::LoadedModel(m.finish()).status().code, Code::kOutputShape);
}

TEST(Unary, WorkersShareALongTensorInPlace) {
  constexpr int32_t kCount = 5000;
  std::vector<float> x(kCount);
  std::vector<float> want(kCount);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i) - 2500;
    want[i] = x[i] > 0 ? x[i] : x[i] / 2;
  }
  test::LoadedModel model(unary_model(BuiltinOperator::LEAKY_RELU, kCount, kF32, kF32, 0.5F), 3);
  model.set_input(0, x);
  model.invoke();
  EXPECT_EQ(model.output<float>(0), want);
  EXPECT_EQ(model.need().tensor_bytes, kCount * sizeof(float));
}

// More elements than a byte has values are looked up; fewer are computed.
TEST(Int8Functions, GiveTheSameByTable) {
  struct Case {
    BuiltinOperator op;
    test::Operand in;
    test::Operand out;
  };
  constexpr test::Operand kU8{TensorType::UINT8, 0.03F, 11};
  const Case cases[] = {
      {BuiltinOperator::LOGISTIC, s8(0.05F, 3), s8(1 / 256.0F, -128)},
      {BuiltinOperator::TANH, s8(0.02F, -100), s8(1 / 128.0F, 0)},
      {BuiltinOperator::LEAKY_RELU, s8(0.5F, 2), s8(0.25F, 100)},
      {BuiltinOperator::RELU, s8(0.5F, 2), s8(0.25F, -100)},
      {BuiltinOperator::RELU6, s8(0.05F, -3), s8(0.05F, -3)},
      {BuiltinOperator::QUANTIZE, s8(0.05F, -3), s8(0.02F, 9)},
      {BuiltinOperator::QUANTIZE, s8(0.05F, -3), kU8},
      {BuiltinOperator::QUANTIZE, kU8, s8(0.05F, -3)},
  };
  constexpr int32_t kValues = 256;
  constexpr int32_t kMany = 3 * kValues + 5;
  for (const auto& [op, in, out] : cases) {
    SCOPED_TRACE(EnumNameBuiltinOperator(op));
    std::vector<uint8_t> values(kMany);
    std::iota(values.begin(), values.end(), uint8_t{0});
    const auto looked_up = run<uint8_t>(unary_model(op, kMany, in, out, -0.3F), values);
    values.resize(kValues);
    const auto computed = run<uint8_t>(unary_model(op, kValues, in, out, -0.3F), values);
    for (size_t i = 0; i < looked_up.size(); ++i) {
      ASSERT_EQ(looked_up[i], computed[i % kValues]) << "value " << i % kValues;
    }
    EXPECT_GT(std::set<uint8_t>(computed.begin(), computed.end()).size(), 20U);
  }
}

}  // namespace
}  // namespace tandem
