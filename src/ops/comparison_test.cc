#include <limits>

#include "operator_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::operator_model;
using test::refusal_of;
using test::run;
using test::TensorOf;
using Bools = std::vector<uint8_t>;

constexpr BuiltinOperator kOrders[] = {BuiltinOperator::LESS, BuiltinOperator::LESS_EQUAL,
                                       BuiltinOperator::GREATER, BuiltinOperator::GREATER_EQUAL};

std::vector<uint8_t> comparison(BuiltinOperator op, const TensorOf& a, const TensorOf& b) {
  return operator_model(op, {a, b}, {.type = TensorType::BOOL, .shape = a.shape});
}

TEST(Comparison, NanIsUnorderedWithEverything) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> a = {1, 2, 3, kNan, 1, kNan};
  const std::vector<float> b = {2, 2, 2, 1, kNan, kNan};
  const struct {
    BuiltinOperator op;
    Bools want;
  } cases[] = {
      {BuiltinOperator::LESS, {1, 0, 0, 0, 0, 0}},    {BuiltinOperator::LESS_EQUAL, {1, 1, 0, 0, 0, 0}},
      {BuiltinOperator::EQUAL, {0, 1, 0, 0, 0, 0}},   {BuiltinOperator::NOT_EQUAL, {1, 0, 1, 1, 1, 1}},
      {BuiltinOperator::GREATER, {0, 0, 1, 0, 0, 0}}, {BuiltinOperator::GREATER_EQUAL, {0, 1, 1, 0, 0, 0}},
  };
  for (const auto& [op, want] : cases) {
    EXPECT_EQ(run<uint8_t>(comparison(op, {.shape = {6}}, {.shape = {6}}), a, b), want)
        << schema::EnumNameBuiltinOperator(op);
  }
}

TEST(Comparison, Int8ComparesRealValues) {
  // 2 · 0.5 against 4, 3 and 5 · 0.25
  const TensorOf a{.type = TensorType::INT8, .shape = {3}, .scale = 0.5F, .zero_point = 1};
  const TensorOf b{.type = TensorType::INT8, .shape = {3}, .scale = 0.25F, .zero_point = -2};
  const std::vector<int8_t> x = {3, 3, 3};
  const std::vector<int8_t> y = {2, 1, 3};
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::LESS, a, b), x, y), (Bools{0, 0, 1}));
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::EQUAL, a, b), x, y), (Bools{1, 0, 0}));
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::GREATER, a, b), x, y), (Bools{0, 1, 0}));
}

TEST(Comparison, Int8RoundsRealValuesToEightFractionBitsAsTfliteDoes) {
  const TensorOf fine{.type = TensorType::INT8, .shape = {2}, .scale = 1.0F / 1024};
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::EQUAL, fine, fine), std::vector<int8_t>{1, 8},
                         std::vector<int8_t>{0, 0}),
            (Bools{1, 0}));
}

TEST(Comparison, Int8RefusesAScaleOfOne) {
  const TensorOf x{.type = TensorType::INT8, .shape = {1}, .scale = 1};
  test::LoadedModel model(comparison(BuiltinOperator::LESS, x, x));
  EXPECT_EQ(model.refusal(),
            "op 0 LESS \"y\": input 0 has a scale that is too large for this operator; requantize the model");
}

TEST(Comparison, Int16GreaterComparesRealValuesOfAnyScale) {
  // 1000 · s against 499, 500 and 501 · 2s
  for (const float scale : {0x1p-40F, 0.001F, 1.0F, 0x1p40F}) {
    const TensorOf a{.type = TensorType::INT16, .shape = {3}, .scale = scale, .zero_point = 5};
    const TensorOf b{.type = TensorType::INT16, .shape = {3}, .scale = 2 * scale, .zero_point = -7};
    EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::GREATER, a, b), std::vector<int16_t>{1005, 1005, 1005},
                           std::vector<int16_t>{492, 493, 494}),
              (Bools{1, 0, 0}))
        << scale;
  }
}

TEST(Comparison, Int16GreaterComparesWhatIsStoredWithoutQuantization) {
  const TensorOf x{.type = TensorType::INT16, .shape = {4}};
  EXPECT_EQ(
      run<uint8_t>(comparison(BuiltinOperator::GREATER, x, x), std::vector<int16_t>{-32768, 32767, 1, 1},
                   std::vector<int16_t>{32767, -32768, 0, 1}),
      (Bools{0, 1, 1, 0}));
}

// Fuzzing found it: such a zero point can be any, and overflowed.
TEST(Comparison, Int16GreaterIgnoresAZeroPointWithoutAScale) {
  const TensorOf x{.type = TensorType::INT16, .shape = {2}, .zero_point = -134217704};
  const TensorOf y{.type = TensorType::INT16, .shape = {2}};
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::GREATER, x, y), std::vector<int16_t>{1, 2},
                         std::vector<int16_t>{2, 1}),
            (Bools{0, 1}));
}

TEST(Comparison, Int16IsGreatersAlone) {
  const TensorOf x{.type = TensorType::INT16, .shape = {1}, .scale = 1};
  for (const BuiltinOperator op : {BuiltinOperator::EQUAL, BuiltinOperator::NOT_EQUAL, BuiltinOperator::LESS,
                                   BuiltinOperator::LESS_EQUAL, BuiltinOperator::GREATER_EQUAL}) {
    EXPECT_EQ(refusal_of(comparison(op, x, x)), Code::kInputType) << schema::EnumNameBuiltinOperator(op);
  }
}

TEST(Comparison, Int64ComparesAllBits) {
  const TensorOf x{.type = TensorType::INT64, .shape = {2}};
  const std::vector<int64_t> a = {int64_t{1} << 32, -1};
  const std::vector<int64_t> b = {1, int64_t{1} << 40};
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::GREATER, x, x), a, b), (Bools{1, 0}));
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::NOT_EQUAL, x, x), a, b), (Bools{1, 1}));
}

TEST(Comparison, Broadcasts) {
  const auto tflite = operator_model(
      BuiltinOperator::LESS,
      {{.type = TensorType::INT32, .shape = {2, 1}}, {.type = TensorType::INT32, .shape = {3}}},
      {.type = TensorType::BOOL, .shape = {2, 3}});
  EXPECT_EQ(run<uint8_t>(tflite, std::vector<int32_t>{1, 2}, std::vector<int32_t>{1, 2, 3}),
            (Bools{0, 1, 1, 0, 0, 1}));
}

TEST(Comparison, AnyByteButZeroIsTrue) {
  const TensorOf x{.type = TensorType::BOOL, .shape = {4}};
  const Bools a = {0, 0, 1, 0xff};
  const Bools b = {0, 2, 0, 1};
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::EQUAL, x, x), a, b), (Bools{1, 0, 0, 1}));
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::NOT_EQUAL, x, x), a, b), (Bools{0, 1, 1, 0}));
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::LOGICAL_AND, x, x), a, b), (Bools{0, 0, 0, 1}));
  EXPECT_EQ(run<uint8_t>(comparison(BuiltinOperator::LOGICAL_OR, x, x), a, b), (Bools{0, 1, 1, 1}));
}

TEST(Comparison, RefusesOtherTypes) {
  const TensorOf boolean{.type = TensorType::BOOL, .shape = {1}};
  const TensorOf real{.type = TensorType::FLOAT32, .shape = {1}};
  const TensorOf int32{.type = TensorType::INT32, .shape = {1}};
  for (const BuiltinOperator op : kOrders) {
    EXPECT_EQ(refusal_of(comparison(op, boolean, boolean)), Code::kInputType);
    EXPECT_EQ(refusal_of(comparison(op, real, int32)), Code::kInputType);
  }
  EXPECT_EQ(refusal_of(comparison(BuiltinOperator::LOGICAL_AND, int32, int32)), Code::kInputType);
  EXPECT_EQ(refusal_of(comparison(BuiltinOperator::LOGICAL_OR, real, real)), Code::kInputType);
  EXPECT_EQ(refusal_of(operator_model(BuiltinOperator::EQUAL, {real, real}, real)), Code::kOutputType);
}

}  // namespace
}  // namespace tandem
