#include <gtest/gtest.h>

#include <cmath>

#include "run_model.h"
#include "unary_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::kF32;
using test::kInfinity;
using test::s16;
using test::s8;
using test::unary_model;

TEST(Quantize, RoundsHalvesAwayFromZeroAndSaturates) {
  test::LoadedModel model(unary_model(BuiltinOperator::QUANTIZE, 7, kF32, s8(0.5F, 1)));
  model.set_input<float>(0, {0.25F, -0.25F, 1e30F, -1e30F, 63, kInfinity, std::nanf("")});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{2, 0, 127, -128, 127, 127, 1}));
}

TEST(Quantize, BringsFloatsToUnsignedBytes) {
  test::LoadedModel model(unary_model(BuiltinOperator::QUANTIZE, 3, kF32, {TensorType::UINT8, 0.5F, 128}));
  model.set_input<float>(0, {1, -64, 64});
  model.invoke();
  EXPECT_EQ(model.output<uint8_t>(0), (std::vector<uint8_t>{130, 0, 255}));
}

TEST(Quantize, TurnsTheSignBitBetweenSignedAndUnsignedInPlace) {
  test::LoadedModel model(
      unary_model(BuiltinOperator::QUANTIZE, 8, {TensorType::UINT8, 0.5F, 128}, s8(0.5F, 0)));
  model.set_input<uint8_t>(0, {0, 1, 127, 128, 129, 200, 254, 255});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{-128, -127, -1, 0, 1, 72, 126, 127}));
  EXPECT_EQ(model.need().tensor_bytes, 8U);
}

TEST(Quantize, WidensAndNarrows) {
  test::LoadedModel wide(
      unary_model(BuiltinOperator::QUANTIZE, 2, s16(0.5F), {TensorType::INT32, 0.125F, 7}));
  wide.set_input<int16_t>(0, {10, -32768});
  wide.invoke();
  EXPECT_EQ(wide.output<int32_t>(0), (std::vector<int32_t>{47, -131065}));

  test::LoadedModel narrow(
      unary_model(BuiltinOperator::QUANTIZE, 3, {TensorType::INT32, 0.125F, 7}, s16(0.5F)));
  narrow.set_input<int32_t>(0, {47, -131065, std::numeric_limits<int32_t>::max()});
  narrow.invoke();
  EXPECT_EQ(narrow.output<int16_t>(0), (std::vector<int16_t>{10, -32768, 32767}));
}

TEST(Quantize, RefusesTypesWithoutAKernel) {
  EXPECT_EQ(test::LoadedModel(unary_model(BuiltinOperator::QUANTIZE, 1, s16(1), {TensorType::UINT8, 1, 0}))
                .status()
                .code,
            Code::kOutputType);
  EXPECT_EQ(test::LoadedModel(unary_model(BuiltinOperator::QUANTIZE, 1, {TensorType::BOOL}, s8(1, 0)))
                .status()
                .code,
            Code::kInputType);
  EXPECT_EQ(
      test::LoadedModel(unary_model(BuiltinOperator::QUANTIZE, 1, kF32, {TensorType::INT8})).status().code,
      Code::kOutputQuantization);
}

TEST(Dequantize, GivesRealValues) {
  test::LoadedModel model(unary_model(BuiltinOperator::DEQUANTIZE, 3, s8(0.1F, -3), kF32));
  model.set_input<int8_t>(0, {-3, -2, 127});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{0, 0.1F, static_cast<float>(130 * double{0.1F})}));
}

}  // namespace
}  // namespace tandem
