#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;

std::vector<uint8_t> shape_model(std::vector<int32_t> in, std::vector<int32_t> out, TensorType out_type) {
  models::ModelBuilder b;
  const int x = b.tensor({.name = "x", .shape = std::move(in)});
  const int y = b.tensor({.name = "y", .type = out_type, .shape = std::move(out)});
  b.op(BuiltinOperator::SHAPE, {x}, {y});
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

std::vector<int32_t> shape_of(std::vector<int32_t> in, std::vector<int32_t> out) {
  test::LoadedModel model(shape_model(std::move(in), std::move(out), TensorType::INT32));
  model.invoke();
  return model.output<int32_t>(0);
}

TEST(Shape, ListsDimensions) {
  EXPECT_EQ(shape_of({2, 3, 4}, {3}), (std::vector<int32_t>{2, 3, 4}));
  EXPECT_EQ(shape_of({}, {0}), (std::vector<int32_t>{}));
}

TEST(Shape, FillsAShorterOutput) { EXPECT_EQ(shape_of({5, 6}, {1, 1}), (std::vector<int32_t>{5})); }

TEST(Shape, RefusesALongerOutputAndOneOfAnotherType) {
  EXPECT_EQ(test::LoadedModel(shape_model({2}, {2}, TensorType::INT32)).status().code, Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(shape_model({2}, {1}, TensorType::INT64)).status().code, Code::kOutputType);
}

std::vector<uint8_t> broadcast_args(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                                    int32_t rank, TensorType type) {
  models::ModelBuilder m;
  std::vector<int32_t> inputs;
  for (const auto* shape : {&a, &b}) {
    inputs.push_back(m.tensor({.type = type, .shape = {static_cast<int32_t>(shape->size())}}));
  }
  const int y = m.tensor({.name = "y", .type = type, .shape = {rank}});
  m.op(BuiltinOperator::BROADCAST_ARGS, inputs, {y});
  m.inputs(inputs);
  m.outputs({y});
  return m.finish();
}

std::vector<int64_t> common_shape(const std::vector<int64_t>& a, const std::vector<int64_t>& b,
                                  int32_t rank) {
  test::LoadedModel model(broadcast_args(a, b, rank, TensorType::INT64));
  model.set_input(0, a);
  model.set_input(1, b);
  model.invoke();
  return model.output<int64_t>(0);
}

TEST(BroadcastArgs, TakesTheDimensionThatIsNot1) {
  EXPECT_EQ(common_shape({2, 1, 4}, {3, 1}, 3), (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(common_shape({}, {5}, 2), (std::vector<int64_t>{1, 5}));
  EXPECT_EQ(common_shape({0}, {1}, 1), (std::vector<int64_t>{0}));
}

TEST(BroadcastArgs, DimensionsThatDifferAreADataError) {
  test::LoadedModel model(broadcast_args({2}, {3}, 1, TensorType::INT32));
  model.set_input<int32_t>(0, {2});
  model.set_input<int32_t>(1, {3});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

TEST(BroadcastArgs, RefusesOtherTypes) {
  EXPECT_EQ(test::LoadedModel(broadcast_args({2}, {3}, 1, TensorType::INT16)).status().code,
            Code::kInputType);
}

MovementModel broadcast_to(std::vector<int32_t> in, std::vector<int32_t> out) {
  return {.op = BuiltinOperator::BROADCAST_TO,
          .in = std::move(in),
          .out = {out},
          .indices = {{.values = std::vector<int64_t>(out.begin(), out.end())}}};
}

TEST(BroadcastTo, RepeatsAlongDimensionsOf1) {
  using Elements = std::vector<int16_t>;
  EXPECT_EQ(moved(broadcast_to({2, 1}, {2, 3})), (Elements{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(moved(broadcast_to({2}, {3, 2})), (Elements{0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(moved(broadcast_to({}, {2, 2})), (Elements{0, 0, 0, 0}));
  EXPECT_EQ(moved(broadcast_to({2, 1, 2}, {2, 2, 2})), (Elements{0, 1, 0, 1, 2, 3, 2, 3}));
  EXPECT_EQ(moved(broadcast_to({3}, {3})), (Elements{0, 1, 2}));
}

TEST(BroadcastTo, RefusesWhatDoesNotBroadcast) {
  EXPECT_EQ(refusal_of(broadcast_to({2}, {3})), Code::kInputShape);
  EXPECT_EQ(refusal_of(broadcast_to({1, 2}, {2})), Code::kInputRank);
  EXPECT_EQ(refusal_of(broadcast_to({1}, {1, 1, 1, 1, 1, 1})), Code::kOutputShape);
  MovementModel m = broadcast_to({1}, {3});
  m.indices[0].values = {4};
  EXPECT_EQ(refusal_of(m), Code::kOutputShape);
  m.indices[0] = {.values = {3}, .run_time = true};
  EXPECT_EQ(refusal_of(m), Code::kInputNotConstant);
}

}  // namespace
}  // namespace tandem
