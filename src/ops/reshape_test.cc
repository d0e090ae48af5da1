#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "movement_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

enum class NewShape { kConstant, kAtRunTime, kOptions };

std::vector<uint8_t> reshape(const std::vector<int32_t>& in, const std::vector<int32_t>& out,
                             const std::vector<int32_t>& new_shape, NewShape where = NewShape::kConstant,
                             TensorType type = TensorType::INT8) {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = type, .shape = in});
  const models::TensorSpec spec{.type = TensorType::INT32, .shape = {static_cast<int32_t>(new_shape.size())}};
  std::vector<int32_t> inputs = {x};
  if (where == NewShape::kConstant) inputs.push_back(b.constant(spec, new_shape));
  if (where == NewShape::kAtRunTime) inputs.push_back(b.tensor(spec));
  const int y = b.tensor({.name = "y", .type = type, .shape = out});
  schema::ReshapeOptionsT options;
  if (where == NewShape::kOptions) options.new_shape = new_shape;
  b.op(BuiltinOperator::RESHAPE, inputs, {y}, options);
  b.inputs(where == NewShape::kAtRunTime ? inputs : std::vector<int32_t>{x});
  b.outputs({y});
  return b.finish();
}

void expect_same_bytes(test::LoadedModel& model) {
  const std::vector<int8_t> x = {1, 2, 3, 4, 5, 6};
  model.set_input(0, x);
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), x);
}

TEST(Reshape, KeepsTheBytesInPlace) {
  test::LoadedModel model(reshape({2, 3}, {3, 2}, {3, 2}));
  expect_same_bytes(model);
  EXPECT_EQ(model.need().tensor_bytes, 8U);
}

TEST(Reshape, TakesADimensionOfMinusOneFromTheOutputsShape) {
  test::LoadedModel model(reshape({2, 3}, {3, 2}, {3, -1}));
  expect_same_bytes(model);
}

TEST(Reshape, TakesTheNewShapeFromTheOptions) {
  test::LoadedModel model(reshape({2, 3}, {6}, {6}, NewShape::kOptions));
  expect_same_bytes(model);
}

TEST(Reshape, TakesANewShapeGivenAtRunTime) {
  test::LoadedModel model(reshape({2, 3}, {6, 1}, {6, 1}, NewShape::kAtRunTime));
  model.set_input<int32_t>(1, {6, 1});
  expect_same_bytes(model);
}

TEST(Reshape, GivesAndTakesScalars) {
  for (const bool to_scalar : {true, false}) {
    const std::vector<int32_t> scalar;
    const std::vector<int32_t> one = {1};
    test::LoadedModel model(to_scalar ? reshape(one, scalar, scalar) : reshape(scalar, one, one));
    model.set_input<int8_t>(0, {9});
    model.invoke();
    EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{9}));
    EXPECT_EQ(model.interpreter().output(0).dims.size(), to_scalar ? 0U : 1U);
  }
}

// Reported against TensorFlow Lite Micro: it wrote more dimensions than there was memory for.
TEST(Reshape, NewRankMayExceedTheOld) {
  const std::vector<int32_t> nine = {1, 1, 2, 1, 1, 1, 3, 1, 1};
  test::LoadedModel model(reshape({6}, nine, nine));
  expect_same_bytes(model);
  const auto dims = model.interpreter().output(0).dims;
  EXPECT_EQ(std::vector<int32_t>(dims.begin(), dims.end()), nine);
}

TEST(Reshape, CopiesAConstant) {
  ModelBuilder b;
  const int x = b.constant({.type = TensorType::INT8, .shape = {2, 3}}, {1, 2, 3, 4, 5, 6});
  const int y = b.tensor({.type = TensorType::INT8, .shape = {6}});
  b.op(BuiltinOperator::RESHAPE, {x}, {y});
  b.outputs({y});
  test::LoadedModel model(b.finish());
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Reshape, RefusesAnotherNumberOfElements) {
  const test::LoadedModel model(reshape({1, 2, 4}, {2, 1}, {2, 1}));
  EXPECT_EQ(
      model.refusal(),
      "op 0 RESHAPE \"y\": the input has 8 elements, the new shape 2; they must be as many. Convert the "
      "model again");
}

TEST(Reshape, RefusesAnotherType) {
  ModelBuilder b;
  const int x = b.tensor({.type = TensorType::INT16, .shape = {2}});
  const int y = b.tensor({.type = TensorType::INT8, .shape = {2}});
  b.op(BuiltinOperator::RESHAPE, {x}, {y});
  b.inputs({x});
  b.outputs({y});
  EXPECT_EQ(test::LoadedModel(b.finish()).status().code, Code::kOutputType);
}

TEST(Reshape, RefusesAnOutputWhoseShapeIsNotKnown) {
  EXPECT_EQ(test::LoadedModel(reshape({8}, {-1, -1, 2}, {-1, -1, 2})).refusal(),
            "tensor 2: dimension 0 of the shape is -1; give the model a fixed shape when converting");
}

TEST(Reshape, RefusesAShapeOfZeroForOneElement) {
  EXPECT_EQ(test::LoadedModel(reshape({1}, {0}, {0}, NewShape::kAtRunTime)).status().code,
            Code::kReshapeElements);
}

test::MovementModel expand_dims(std::vector<int32_t> in, int64_t axis, std::vector<int32_t> out) {
  return {.op = BuiltinOperator::EXPAND_DIMS,
          .in = std::move(in),
          .out = {std::move(out)},
          .indices = {{.values = {axis}}}};
}

test::MovementModel squeeze(std::vector<int32_t> in, std::vector<int32_t> dropped, std::vector<int32_t> out) {
  schema::SqueezeOptionsT options;
  options.squeeze_dims = std::move(dropped);
  return {.op = BuiltinOperator::SQUEEZE,
          .in = std::move(in),
          .out = {std::move(out)},
          .options = test::with(options)};
}

TEST(ExpandDims, AddsADimension) {
  const std::vector<int16_t> same = {0, 1, 2, 3};
  EXPECT_EQ(moved(expand_dims({2, 2}, 0, {1, 2, 2})), same);
  EXPECT_EQ(moved(expand_dims({2, 2}, 2, {2, 2, 1})), same);
  EXPECT_EQ(moved(expand_dims({2, 2}, -1, {2, 2, 1})), same);
  EXPECT_EQ(moved(expand_dims({2, 2}, -3, {1, 2, 2})), same);
}

TEST(ExpandDims, RefusesAxesAndShapesThatDoNotFit) {
  EXPECT_EQ(refusal_of(expand_dims({2, 2}, 3, {2, 2, 1})), Code::kAxis);
  EXPECT_EQ(refusal_of(expand_dims({2, 2}, -4, {1, 2, 2})), Code::kAxis);
  EXPECT_EQ(refusal_of(expand_dims({2, 2}, 0, {2, 1, 2})), Code::kOutputShape);
  test::MovementModel m = expand_dims({2, 2}, 0, {1, 2, 2});
  m.type = TensorType::INT64;
  EXPECT_EQ(refusal_of(m), Code::kInputType);
  m = expand_dims({2, 2}, 0, {1, 2, 2});
  m.indices[0].run_time = true;
  EXPECT_EQ(refusal_of(m), Code::kInputNotConstant);
}

TEST(Squeeze, DropsDimensionsOfOneElement) {
  EXPECT_EQ(moved(squeeze({1, 2, 1}, {}, {2})), (std::vector<int16_t>{0, 1}));
  EXPECT_EQ(moved(squeeze({1, 2, 1}, {-1}, {1, 2})), (std::vector<int16_t>{0, 1}));
  EXPECT_EQ(moved(squeeze({1, 1}, {0, 1}, {})), (std::vector<int16_t>{0}));
}

TEST(Squeeze, RefusesOtherDimensions) {
  EXPECT_EQ(refusal_of(squeeze({1, 2}, {1}, {1, 2})), Code::kInputShape);
  EXPECT_EQ(refusal_of(squeeze({1, 2}, {2}, {2})), Code::kAxis);
  EXPECT_EQ(refusal_of(squeeze({1, 2}, {0}, {3})), Code::kReshapeElements);
}

}  // namespace
}  // namespace tandem
