#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using models::TensorSpec;
using schema::BuiltinOperator;
using schema::TensorType;

std::vector<uint8_t> concatenation(const std::vector<TensorSpec>& pieces, TensorSpec out, int32_t axis,
                                   schema::ActivationFunctionType activation = {}) {
  ModelBuilder b;
  std::vector<int32_t> inputs;
  for (const TensorSpec& piece : pieces) inputs.push_back(b.tensor(piece));
  out.name = "y";
  const int y = b.tensor(out);
  schema::ConcatenationOptionsT options;
  options.axis = axis;
  options.fused_activation_function = activation;
  b.op(BuiltinOperator::CONCATENATION, inputs, {y}, options);
  b.inputs(inputs);
  b.outputs({y});
  return b.finish();
}

TensorSpec int8(std::vector<int32_t> shape) {
  return {.type = TensorType::INT8, .shape = std::move(shape), .scale = {0.5f}, .zero_point = {3}};
}

TEST(Concatenation, PutsRowsOneAfterTheOther) {
  test::LoadedModel model(concatenation({int8({1, 2}), int8({2, 2})}, int8({3, 2}), 0));
  model.set_input<int8_t>(0, {1, 2});
  model.set_input<int8_t>(1, {3, 4, 5, 6});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Concatenation, CountsANegativeAxisFromTheEnd) {
  test::LoadedModel model(concatenation({int8({2, 1, 2}), int8({2, 2, 2})}, int8({2, 3, 2}), -2));
  model.set_input<int8_t>(0, {1, 2, 3, 4});
  model.set_input<int8_t>(1, {5, 6, 7, 8, 9, 10, 11, 12});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 2, 5, 6, 7, 8, 3, 4, 9, 10, 11, 12}));
}

TEST(Concatenation, TakesMoreInputsThanTenAndEmptyOnes) {
  std::vector<TensorSpec> pieces(12, {.type = TensorType::INT64, .shape = {1, 1}});
  pieces[5].shape = {1, 0};
  test::LoadedModel model(concatenation(pieces, {.type = TensorType::INT64, .shape = {1, 11}}, 1));
  std::vector<int64_t> want;
  for (uint32_t i = 0; i < pieces.size(); ++i) {
    if (i == 5) continue;
    want.push_back(int64_t{1} << (40 + i));
    model.set_input<int64_t>(i, {want.back()});
  }
  model.invoke();
  EXPECT_EQ(model.output<int64_t>(0), want);
}

TEST(Concatenation, SharesTheRowsAmongWorkers) {
  const std::vector<TensorSpec> pieces(2, int8({500, 3}));
  test::LoadedModel model(concatenation(pieces, int8({500, 6}), 1), 3);
  std::vector<int8_t> first(1500);
  for (size_t i = 0; i < first.size(); ++i) first[i] = static_cast<int8_t>(i % 101);
  const std::vector<int8_t> second(1500, -1);
  model.set_input(0, first);
  model.set_input(1, second);
  model.invoke();
  const std::vector<int8_t> y = model.output<int8_t>(0);
  for (size_t i = 0; i < y.size(); ++i) {
    ASSERT_EQ(y[i], i % 6 < 3 ? first[i / 6 * 3 + i % 6] : -1) << "element " << i;
  }
}

TEST(Concatenation, OfOneInputIsThatInput) {
  test::LoadedModel model(concatenation({int8({2, 2})}, int8({2, 2}), 0));
  model.set_input<int8_t>(0, {1, 2, 3, 4});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 2, 3, 4}));
  EXPECT_EQ(model.need().tensor_bytes, 8U);
}

TEST(Concatenation, RefusesInputsThatWouldNeedRequantization) {
  TensorSpec other = int8({1, 2});
  other.zero_point = {4};
  const test::LoadedModel model(concatenation({int8({1, 2}), other}, int8({2, 2}), 0));
  EXPECT_EQ(model.refusal(),
            "op 0 CONCATENATION \"y\": output 0 must have the same scale and zero point as input 1; "
            "requantize the model");
}

TEST(Concatenation, RefusesInt16WithZeroPoints) {
  const TensorSpec centred{.type = TensorType::INT16, .shape = {1, 2}, .scale = {0.5f}, .zero_point = {0}};
  TensorSpec shifted = centred;
  shifted.zero_point = {1};
  EXPECT_EQ(test::LoadedModel(concatenation({shifted}, centred, 0)).status().code, Code::kInputZeroPoint);
  EXPECT_EQ(test::LoadedModel(concatenation({centred}, shifted, 0)).status().code, Code::kOutputZeroPoint);
}

TEST(Concatenation, RefusesShapesThatDoNotAddUp) {
  EXPECT_EQ(test::LoadedModel(concatenation({int8({1, 2}), int8({1, 2})}, int8({3, 2}), 0)).status().code,
            Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(concatenation({int8({1, 3}), int8({2, 2})}, int8({3, 2}), 0)).status().code,
            Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(concatenation({int8({2}), int8({1, 2})}, int8({2, 2}), 0)).status().code,
            Code::kInputRank);
}

TEST(Concatenation, RefusesAnAxisOutsideTheShape) {
  for (const int32_t axis : {2, -3, INT32_MAX, INT32_MIN}) {
    EXPECT_EQ(test::LoadedModel(concatenation({int8({2, 2})}, int8({2, 2}), axis)).status().code,
              Code::kAxis);
  }
}

TEST(Concatenation, RefusesFusedActivations) {
  const test::LoadedModel model(
      concatenation({int8({2, 2})}, int8({2, 2}), 0, schema::ActivationFunctionType::RELU));
  EXPECT_EQ(model.status().code, Code::kOptionValue);
}

TEST(Concatenation, RefusesElementsOfHalfAByte) {
  const TensorSpec int4{.type = TensorType::INT4, .shape = {2}};
  EXPECT_EQ(test::LoadedModel(concatenation({int4}, int4, 0)).status().code, Code::kInputType);
}

std::vector<uint8_t> pack(const std::vector<TensorSpec>& pieces, TensorSpec out, int32_t axis,
                          int32_t values) {
  ModelBuilder b;
  std::vector<int32_t> inputs;
  for (const TensorSpec& piece : pieces) inputs.push_back(b.tensor(piece));
  out.name = "y";
  const int y = b.tensor(out);
  schema::PackOptionsT options;
  options.axis = axis;
  options.values_count = values;
  b.op(BuiltinOperator::PACK, inputs, {y}, options);
  b.inputs(inputs);
  b.outputs({y});
  return b.finish();
}

TEST(Pack, StacksAlongANewAxis) {
  for (const int32_t axis : {0, 1, 2, -1}) {
    const std::vector<int32_t> shape = axis == 0   ? std::vector{2, 2, 1}
                                       : axis == 1 ? std::vector{2, 2, 1}
                                                   : std::vector{2, 1, 2};
    test::LoadedModel model(pack({int8({2, 1}), int8({2, 1})}, int8(shape), axis, 2));
    model.set_input<int8_t>(0, {1, 2});
    model.set_input<int8_t>(1, {3, 4});
    model.invoke();
    EXPECT_EQ(model.output<int8_t>(0),
              (axis == 0 ? std::vector<int8_t>{1, 2, 3, 4} : std::vector<int8_t>{1, 3, 2, 4}))
        << "axis " << axis;
  }
}

TEST(Pack, MakesAListOfScalars) {
  test::LoadedModel model(pack({int8({}), int8({}), int8({})}, int8({3}), 0, 3));
  for (int8_t i = 0; i < 3; ++i) model.set_input<int8_t>(static_cast<uint32_t>(i), {i});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{0, 1, 2}));
}

TEST(Pack, RefusesWhatDoesNotFit) {
  const auto refusal = [](const std::vector<uint8_t>& model) {
    return test::LoadedModel(model).status().code;
  };
  EXPECT_EQ(refusal(pack({int8({2}), int8({3})}, int8({2, 2}), 0, 2)), Code::kInputShape);
  EXPECT_EQ(refusal(pack({int8({2}), int8({2})}, int8({2, 2}), 2, 2)), Code::kAxis);
  EXPECT_EQ(refusal(pack({int8({2}), int8({2})}, int8({4}), 0, 2)), Code::kOutputShape);
  EXPECT_EQ(refusal(pack({int8({2}), int8({2})}, int8({2, 2}), 0, 3)), Code::kOptionValue);
  const TensorSpec unsupported{.type = TensorType::UINT8, .shape = {2}};
  EXPECT_EQ(refusal(pack({unsupported}, {.type = TensorType::UINT8, .shape = {1, 2}}, 0, 1)),
            Code::kInputType);
}

}  // namespace
}  // namespace tandem
