#include "operator_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::operator_model;
using test::refusal_of;
using test::run;
using test::TensorOf;

TEST(PreluF32, AlphaBroadcasts) {
  const auto tflite = operator_model(BuiltinOperator::PRELU, {{.shape = {1, 2, 2}}, {.shape = {1, 1, 2}}},
                                     {.shape = {1, 2, 2}});
  EXPECT_EQ(run<float>(tflite, std::vector<float>{-2, -2, 4, 0}, std::vector<float>{0.5F, -3}),
            (std::vector<float>{-1, 6, 4, 0}));
}

TEST(PreluS8, ScalesBothSides) {
  // 2 · 0.5 = 1; -8 · 0.5 · 2 · 0.25 = -2; the last, 129 · 0.5 · 128 · 0.25, saturates.
  const auto tflite =
      operator_model(BuiltinOperator::PRELU,
                     {{.type = TensorType::INT8, .shape = {3}, .scale = 0.5F, .zero_point = 1},
                      {.type = TensorType::INT8, .shape = {3}, .scale = 0.25F}},
                     {.type = TensorType::INT8, .shape = {3}, .scale = 0.5F, .zero_point = -1});
  EXPECT_EQ(run<int8_t>(tflite, std::vector<int8_t>{3, -7, -128}, std::vector<int8_t>{100, 2, -128}),
            (std::vector<int8_t>{1, -5, 127}));
}

TEST(PreluS16, TakesAnInt8Alpha) {
  const TensorOf x{.type = TensorType::INT16, .shape = {4}, .scale = 1};
  const auto tflite =
      operator_model(BuiltinOperator::PRELU,
                     {x, {.type = TensorType::INT8, .shape = {4}, .scale = 0.5F, .zero_point = 1}}, x);
  EXPECT_EQ(run<int16_t>(tflite, std::vector<int16_t>{1000, -1000, -32768, -32768},
                         std::vector<int8_t>{5, 2, 127, -128}),
            (std::vector<int16_t>{1000, -500, -32768, 32767}));
}

TEST(Prelu, Refuses) {
  const TensorOf s8{.type = TensorType::INT8, .shape = {2}, .scale = 1};
  const TensorOf s16{.type = TensorType::INT16, .shape = {2}, .scale = 1};
  const TensorOf unscaled{.type = TensorType::INT8, .shape = {2}};
  const TensorOf real{.shape = {2}};
  const auto prelu = [](const TensorOf& x, const TensorOf& alpha, const TensorOf& y) {
    return refusal_of(operator_model(BuiltinOperator::PRELU, {x, alpha}, y));
  };
  EXPECT_EQ(prelu(s16, s16, s16), Code::kInputType);
  EXPECT_EQ(prelu(real, s8, real), Code::kInputType);
  EXPECT_EQ(prelu(s8, s8, real), Code::kOutputType);
  EXPECT_EQ(prelu(s8, unscaled, s8), Code::kInputQuantization);
  EXPECT_EQ(prelu(s8, s8, unscaled), Code::kOutputQuantization);
  EXPECT_EQ(prelu(s8, {.type = TensorType::INT8, .shape = {3}, .scale = 1}, s8), Code::kInputShape);
}

}  // namespace
}  // namespace tandem
