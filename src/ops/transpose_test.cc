#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int16_t>;

MovementModel transpose(std::vector<int32_t> in, std::vector<int64_t> permutation, std::vector<int32_t> out) {
  return {.op = BuiltinOperator::TRANSPOSE,
          .in = std::move(in),
          .out = {std::move(out)},
          .indices = {{.values = std::move(permutation)}}};
}

TEST(Transpose, SwapsRowsAndColumns) {
  EXPECT_EQ(moved(transpose({2, 3}, {1, 0}, {3, 2})), (Elements{0, 3, 1, 4, 2, 5}));
}

TEST(Transpose, MovesInnerRunsWhole) {
  EXPECT_EQ(moved(transpose({2, 3, 2}, {1, 0, 2}, {3, 2, 2})),
            (Elements{0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}));
}

TEST(Transpose, PermutesFiveDimensions) {
  const Elements y = moved(transpose({2, 3, 2, 3, 2}, {4, 2, 0, 3, 1}, {2, 2, 2, 3, 3}));
  ASSERT_EQ(y.size(), 72U);
  for (int i = 0; i < 72; ++i) {
    const int index[] = {i / 36, i / 18 % 2, i / 9 % 2, i / 3 % 3, i % 3};
    const int from = (((index[2] * 3 + index[4]) * 2 + index[1]) * 3 + index[3]) * 2 + index[0];
    EXPECT_EQ(y[static_cast<size_t>(i)], from) << "element " << i;
  }
}

TEST(Transpose, NeedsNoStepWhereNothingMoves) {
  const test::LoadedModel model(build(transpose({1, 5, 1, 3}, {2, 1, 0, 3}, {1, 5, 1, 3})));
  EXPECT_TRUE(model.status().ok()) << model.refusal();
  EXPECT_EQ(moved(transpose({1, 5, 1, 3}, {2, 1, 0, 3}, {1, 5, 1, 3}))[14], 14);
}

TEST(Transpose, GivesTheSameWithSeveralWorkers) {
  const MovementModel m = transpose({60, 70}, {1, 0}, {70, 60});
  EXPECT_EQ(moved(m, 4), moved(m));
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  for (const std::vector<int64_t>& permutation : {std::vector<int64_t>{0, 0}, {0, 2}, {-1, 0}}) {
    EXPECT_EQ(refusal_of(transpose({2, 2}, permutation, {2, 2})), Code::kPermutation);
  }
  const test::LoadedModel model(build(transpose({2, 2}, {1, 1}, {2, 2})));
  EXPECT_EQ(
      model.refusal(),
      "op 0 TRANSPOSE \"y\": the permutation's element 1 is 1; it must name each dimension of the input "
      "once");
}

TEST(Transpose, RefusesShapesAndTypesThatDoNotFit) {
  EXPECT_EQ(refusal_of(transpose({2, 3}, {1, 0}, {2, 3})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(transpose({2, 3}, {1, 0, 2}, {3, 2})), Code::kInputShape);
  EXPECT_EQ(refusal_of(transpose({1, 1, 1, 1, 1, 1}, {5, 4, 3, 2, 1, 0}, {1, 1, 1, 1, 1, 1})),
            Code::kInputRank);
  MovementModel m = transpose({2, 3}, {1, 0}, {3, 2});
  m.type = TensorType::INT64;
  EXPECT_EQ(refusal_of(m), Code::kInputType);
  m = transpose({2, 3}, {1, 0}, {3, 2});
  m.indices[0].run_time = true;
  EXPECT_EQ(refusal_of(m), Code::kInputNotConstant);
}

}  // namespace
}  // namespace tandem
