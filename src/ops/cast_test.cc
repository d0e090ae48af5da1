#include <gtest/gtest.h>

#include "run_model.h"
#include "unary_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::kInfinity;
using test::unary_model;

template <class To, class From>
std::vector<To> cast(TensorType from, TensorType to, const std::vector<From>& x) {
  test::LoadedModel model(unary_model(BuiltinOperator::CAST, static_cast<int32_t>(x.size()), {from}, {to}));
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input(0, x);
  model.invoke();
  return model.output<To>(0);
}

TEST(Cast, IntegersKeepTheirLowBits) {
  EXPECT_EQ(cast<int8_t>(TensorType::INT32, TensorType::INT8, std::vector<int32_t>{-1, 128, 0x12345}),
            (std::vector<int8_t>{-1, -128, 0x45}));
  EXPECT_EQ(cast<uint32_t>(TensorType::INT8, TensorType::UINT32, std::vector<int8_t>{-1, 5}),
            (std::vector<uint32_t>{0xffffffff, 5}));
  EXPECT_EQ(cast<int16_t>(TensorType::UINT32, TensorType::INT16, std::vector<uint32_t>{0xffff8000}),
            (std::vector<int16_t>{-32768}));
  EXPECT_EQ(cast<int16_t>(TensorType::INT16, TensorType::INT16, std::vector<int16_t>{-7, 8}),
            (std::vector<int16_t>{-7, 8}));
}

TEST(Cast, IntegersRoundToFloatsAtTiesToEven) {
  EXPECT_EQ(cast<float>(TensorType::INT32, TensorType::FLOAT32, std::vector<int32_t>{16777217, 16777219, -3}),
            (std::vector<float>{16777216, 16777220, -3}));
  EXPECT_EQ(cast<float>(TensorType::UINT32, TensorType::FLOAT32, std::vector<uint32_t>{0xffffffff}),
            (std::vector<float>{0x1p32F}));
}

TEST(Cast, FloatsLoseTheirFraction) {
  EXPECT_EQ(cast<int32_t>(TensorType::FLOAT32, TensorType::INT32, std::vector<float>{1.9F, -1.9F, -0.5F}),
            (std::vector<int32_t>{1, -1, 0}));
  EXPECT_EQ(cast<uint32_t>(TensorType::FLOAT32, TensorType::UINT32, std::vector<float>{4e9F, -1}),
            (std::vector<uint32_t>{4000000000, 0xffffffff}));
}

TEST(Cast, FloatsBeyondTheRangeAreTheSameEverywhere) {
  const std::vector<float> x{3e9F, -kInfinity, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_EQ(cast<int32_t>(TensorType::FLOAT32, TensorType::INT32, x),
            (std::vector<int32_t>{INT32_MAX, INT32_MIN, 0}));
  EXPECT_EQ(cast<int8_t>(TensorType::FLOAT32, TensorType::INT8, x), (std::vector<int8_t>{-1, 0, 0}));
  EXPECT_EQ(cast<uint32_t>(TensorType::FLOAT32, TensorType::UINT32, x),
            (std::vector<uint32_t>{3000000000, 0, 0}));
}

TEST(Cast, AnyByteThatIsNotZeroIsTrue) {
  EXPECT_EQ(cast<float>(TensorType::BOOL, TensorType::FLOAT32, std::vector<uint8_t>{0, 1, 200}),
            (std::vector<float>{0, 1, 1}));
}

TEST(Cast, RefusesTypesThatItDoesNotHave) {
  const auto code = [](TensorType from, TensorType to) {
    return test::LoadedModel(unary_model(BuiltinOperator::CAST, 1, {from}, {to})).status().code;
  };
  EXPECT_EQ(code(TensorType::INT64, TensorType::INT32), Code::kInputType);
  EXPECT_EQ(code(TensorType::UINT8, TensorType::INT32), Code::kInputType);
  EXPECT_EQ(code(TensorType::INT32, TensorType::INT64), Code::kOutputType);
  EXPECT_EQ(code(TensorType::FLOAT32, TensorType::BOOL), Code::kOutputType);
}

}  // namespace
}  // namespace tandem
