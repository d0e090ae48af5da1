#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using models::TensorSpec;
using schema::BuiltinOperator;
using schema::TensorType;

// PAD with the paddings [before, after] of each dimension.
std::vector<uint8_t> pad(TensorSpec in, TensorSpec out, const std::vector<int32_t>& paddings) {
  ModelBuilder b;
  out.name = "y";
  const int x = b.tensor(std::move(in));
  const int p = b.constant(
      {.type = TensorType::INT32, .shape = {static_cast<int32_t>(paddings.size() / 2), 2}}, paddings);
  const int y = b.tensor(std::move(out));
  b.op(BuiltinOperator::PAD, {x, p}, {y}, schema::PadOptionsT{});
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

TensorSpec int8(std::vector<int32_t> shape, int64_t zero_point = 7) {
  return {.type = TensorType::INT8, .shape = std::move(shape), .scale = {0.5f}, .zero_point = {zero_point}};
}

// PADV2 of a row of two elements, one on each side, by a value given at run time.
std::vector<uint8_t> padv2(const TensorSpec& value, TensorType type = TensorType::INT8) {
  ModelBuilder b;
  const TensorSpec row{.type = type, .scale = {0.5f}, .zero_point = {7}};
  TensorSpec in = row;
  TensorSpec out = row;
  in.shape = {2};
  out.shape = {4};
  const int x = b.tensor(in);
  const int p = b.constant({.type = TensorType::INT64, .shape = {1, 2}}, {1, 1});
  const int v = b.tensor(value);
  const int y = b.tensor(out);
  b.op(BuiltinOperator::PADV2, {x, p, v}, {y}, schema::PadV2OptionsT{});
  b.inputs({x, v});
  b.outputs({y});
  return b.finish();
}

TEST(Pad, FillsInt8WithTheOutputsZeroPoint) {
  test::LoadedModel model(pad(int8({1, 2}), int8({2, 4}), {0, 1, 1, 1}));
  model.set_input<int8_t>(0, {1, 2});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{7, 1, 2, 7, 7, 7, 7, 7}));
}

TEST(Pad, FillsOtherTypesWithZeroBits) {
  test::LoadedModel model(
      pad({.type = TensorType::INT16, .shape = {1, 1}, .scale = {1.0f}, .zero_point = {5}},
          {.type = TensorType::INT16, .shape = {3, 2}, .scale = {1.0f}, .zero_point = {5}}, {1, 1, 1, 0}));
  model.set_input<int16_t>(0, {-300});
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), (std::vector<int16_t>{0, 0, 0, -300, 0, 0}));
}

TEST(Pad, PadsFiveDimensions) {
  test::LoadedModel model(pad({.shape = {1, 1, 1, 1, 1}}, {.shape = {2, 1, 1, 3, 1}},  //
                              {1, 0, 0, 0, 0, 0, 1, 1, 0, 0}));
  model.set_input<float>(0, {1.5f});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{0, 0, 0, 0, 1.5f, 0}));
}

TEST(Pad, OfNothingNeedsNoMemoryOfItsOwn) {
  test::LoadedModel model(pad(int8({2, 2}), int8({2, 2}), {0, 0, 0, 0}));
  model.set_input<int8_t>(0, {1, 2, 3, 4});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 2, 3, 4}));
  EXPECT_EQ(model.need().tensor_bytes, 8U);
}

TEST(Pad, OfAnEmptyInputIsAllPadding) {
  test::LoadedModel model(pad(int8({0, 2}), int8({2, 2}), {1, 1, 0, 0}));
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{7, 7, 7, 7}));
}

TEST(Pad, SharesLargeTensorsAmongWorkers) {
  test::LoadedModel model(pad(int8({100, 50}), int8({104, 52}), {3, 1, 1, 1}), 3);
  model.set_input(0, std::vector<int8_t>(5000, 1));
  model.invoke();
  const std::vector<int8_t> y = model.output<int8_t>(0);
  for (size_t i = 0; i < y.size(); ++i) {
    const bool inside = i / 52 >= 3 && i / 52 < 103 && i % 52 >= 1 && i % 52 < 51;
    ASSERT_EQ(y[i], inside ? 1 : 7) << "element " << i;
  }
}

TEST(PadV2, ReadsTheValueAtRunTime) {
  test::LoadedModel model(padv2({.type = TensorType::INT8, .scale = {0.5f}, .zero_point = {7}}));
  for (const int8_t value : {-128, 99}) {
    model.set_input<int8_t>(0, {1, 2});
    model.set_input<int8_t>(1, {value});
    model.invoke();
    EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{value, 1, 2, value}));
  }
}

TEST(PadV2, RefusesAValueOfAnotherTypeShapeOrQuantization) {
  EXPECT_EQ(test::LoadedModel(padv2({.type = TensorType::INT16})).status().code, Code::kInputType);
  EXPECT_EQ(test::LoadedModel(padv2({.type = TensorType::INT8, .shape = {2}})).status().code,
            Code::kInputShape);
  EXPECT_EQ(
      test::LoadedModel(padv2({.type = TensorType::INT8, .scale = {0.25f}, .zero_point = {7}})).status().code,
      Code::kSameQuantization);
  EXPECT_TRUE(test::LoadedModel(padv2({.type = TensorType::INT16, .scale = {0.25f}}, TensorType::INT16))
                  .status()
                  .ok());
}

TEST(Pad, RefusesAZeroPointThatInt8CannotHold) {
  EXPECT_EQ(test::LoadedModel(pad(int8({1}), int8({2}, 129), {0, 1})).status().code,
            Code::kOutputQuantization);
}

TEST(Pad, RefusesNegativePaddings) {
  EXPECT_EQ(test::LoadedModel(pad(int8({4}), int8({3}), {-1, 0})).refusal(),
            "op 0 PAD \"y\": the padding of dimension 0 is negative; use STRIDED_SLICE to cut elements off");
}

TEST(Pad, RefusesPaddingsThatDoNotGiveTheOutput) {
  EXPECT_EQ(test::LoadedModel(pad(int8({4}), int8({4}), {0, 1})).status().code, Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(pad(int8({4}), int8({4}), {INT32_MAX, INT32_MAX})).status().code,
            Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(pad(int8({4, 1}), int8({4, 1}), {0, 0})).status().code, Code::kInputShape);
}

TEST(Pad, RefusesPaddingsGivenAtRunTime) {
  ModelBuilder b;
  const int x = b.tensor(int8({2}));
  const int p = b.tensor({.type = TensorType::INT32, .shape = {1, 2}});
  const int y = b.tensor(int8({4}));
  b.op(BuiltinOperator::PAD, {x, p}, {y});
  b.inputs({x, p});
  b.outputs({y});
  EXPECT_EQ(test::LoadedModel(b.finish()).status().code, Code::kInputNotConstant);
}

}  // namespace
}  // namespace tandem
