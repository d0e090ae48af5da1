#include <bit>

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

TensorOf condition(std::vector<int32_t> shape) {
  return {.type = TensorType::BOOL, .shape = std::move(shape)};
}

TEST(SelectV2, TakesOneOrTheOther) {
  const TensorOf x{.type = TensorType::INT8, .shape = {4}, .scale = 1};
  const auto tflite = operator_model(BuiltinOperator::SELECT_V2, {condition({4}), x, x}, x);
  EXPECT_EQ(run<int8_t>(tflite, Bools{1, 0, 0xff, 0}, std::vector<int8_t>{1, 2, 3, 4},
                        std::vector<int8_t>{-1, -2, -3, -4}),
            (std::vector<int8_t>{1, -2, 3, -4}));
}

TEST(SelectV2, BroadcastsAllThree) {
  const auto tflite = operator_model(BuiltinOperator::SELECT_V2,
                                     {condition({2, 1}),
                                      {.type = TensorType::INT16, .shape = {3}},
                                      {.type = TensorType::INT16, .shape = {}}},
                                     {.type = TensorType::INT16, .shape = {2, 3}});
  EXPECT_EQ(run<int16_t>(tflite, Bools{0, 1}, std::vector<int16_t>{1, 2, 3}, std::vector<int16_t>{-9}),
            (std::vector<int16_t>{-9, -9, -9, 1, 2, 3}));
}

TEST(SelectV2, MovesNanBitByBit) {
  const auto nan = std::bit_cast<float>(0x7fa12345U);  // signalling
  const TensorOf x{.shape = {1}};
  const auto tflite = operator_model(BuiltinOperator::SELECT_V2, {condition({1}), x, x}, x);
  EXPECT_EQ(run<uint32_t>(tflite, Bools{1}, std::vector<float>{nan}, std::vector<float>{0}),
            std::vector<uint32_t>{0x7fa12345U});
}

TEST(SelectV2, MayTakeTheConditionsMemory) {
  const TensorOf x{.type = TensorType::INT8, .shape = {64}};
  const test::LoadedModel model(operator_model(BuiltinOperator::SELECT_V2, {condition({64}), x, x}, x));
  EXPECT_EQ(model.need().tensor_bytes, 3 * 64U);
}

TEST(SelectV2, Refuses) {
  const TensorOf real{.shape = {2}};
  const TensorOf int32{.type = TensorType::INT32, .shape = {2}};
  const auto select = [](const TensorOf& c, const TensorOf& a, const TensorOf& b, const TensorOf& y) {
    return refusal_of(operator_model(BuiltinOperator::SELECT_V2, {c, a, b}, y));
  };
  EXPECT_EQ(select(int32, real, real, real), Code::kInputType) << "condition";
  EXPECT_EQ(select(condition({2}), int32, int32, int32), Code::kInputType) << "type";
  EXPECT_EQ(select(condition({2}), real, int32, real), Code::kInputType) << "types differ";
  EXPECT_EQ(select(condition({2}), real, real, int32), Code::kOutputType);
  EXPECT_EQ(select(condition({3}), real, real, real), Code::kInputShape);
}

}  // namespace
}  // namespace tandem
