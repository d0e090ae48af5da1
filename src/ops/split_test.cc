#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int16_t>;
using Shapes = std::vector<std::vector<int32_t>>;

MovementModel split(std::vector<int32_t> in, int64_t axis, Shapes out) {
  return {.op = BuiltinOperator::SPLIT,
          .in = std::move(in),
          .out = std::move(out),
          .indices = {{.values = {axis}}},
          .indices_first = true};
}

MovementModel split_v(std::vector<int32_t> in, std::vector<int64_t> sizes, int64_t axis, Shapes out) {
  return {.op = BuiltinOperator::SPLIT_V,
          .in = std::move(in),
          .out = std::move(out),
          .indices = {{.values = std::move(sizes)}, {.values = {axis}}}};
}

MovementModel unpack(std::vector<int32_t> in, int32_t axis, Shapes out) {
  schema::UnpackOptionsT options;
  options.num = static_cast<int32_t>(out.size());
  options.axis = axis;
  return {.op = BuiltinOperator::UNPACK,
          .in = std::move(in),
          .out = std::move(out),
          .options = test::with(options)};
}

TEST(Split, CutsColumns) {
  EXPECT_EQ(moved(split({2, 4}, 1, {{2, 2}, {2, 2}})), (Elements{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(Split, CountsANegativeAxisFromTheEnd) {
  EXPECT_EQ(moved(split({2, 2, 2}, -2, {{2, 1, 2}, {2, 1, 2}})), (Elements{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(Split, IntoOneIsTheInput) { EXPECT_EQ(moved(split({3}, 0, {{3}})), (Elements{0, 1, 2})); }

TEST(Split, RefusesPiecesThatDoNotFit) {
  EXPECT_EQ(refusal_of(split({2, 4}, 1, {{2, 3}, {2, 1}})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(split({2, 4}, 1, {{2, 1}, {2, 1}})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(split({2, 4}, 1, {{2}, {2}})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(split({2, 4}, 2, {{2, 4}})), Code::kAxis);
  EXPECT_EQ(refusal_of(split({2, 4}, -3, {{2, 4}})), Code::kAxis);
  MovementModel m = split({2, 4}, 1, {{2, 4}});
  m.indices[0].run_time = true;
  EXPECT_EQ(refusal_of(m), Code::kInputNotConstant);
}

TEST(SplitV, CutsPiecesOfAnySize) {
  EXPECT_EQ(moved(split_v({2, 4}, {1, 0, 3}, 1, {{2, 1}, {2, 0}, {2, 3}})),
            (Elements{0, 4, 1, 2, 3, 5, 6, 7}));
}

TEST(SplitV, RefusesPiecesOfAnotherSum) {
  EXPECT_EQ(refusal_of(split_v({5}, {2, 2}, 0, {{2}, {2}})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(split_v({5}, {3, 3}, 0, {{3}, {3}})), Code::kOutputShape);
}

TEST(Unpack, DropsTheAxis) {
  EXPECT_EQ(moved(unpack({3, 2}, 0, {{2}, {2}, {2}})), (Elements{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(moved(unpack({3, 2}, -1, {{3}, {3}})), (Elements{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(moved(unpack({2}, 0, {{}, {}})), (Elements{0, 1}));
}

TEST(Unpack, RefusesAnotherNumberOfOutputs) {
  EXPECT_EQ(refusal_of(unpack({3, 2}, 0, {{2}, {2}})), Code::kOutputShape);
  MovementModel m = unpack({2, 2}, 0, {{2}, {2}});
  schema::UnpackOptionsT options;
  options.num = 3;
  m.options = test::with(options);
  EXPECT_EQ(refusal_of(m), Code::kOptionValue);
  m = unpack({2, 2}, 0, {{2}, {2}});
  m.type = TensorType::INT64;
  EXPECT_EQ(refusal_of(m), Code::kInputType);
}

}  // namespace
}  // namespace tandem
