#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int16_t>;

// Constant axes are checked while planning, others by the kernel: the same model both ways.
class Reverse : public testing::TestWithParam<bool> {
 protected:
  static MovementModel reverse(const std::vector<int32_t>& shape, std::vector<int64_t> axes) {
    return {.op = BuiltinOperator::REVERSE_V2,
            .in = shape,
            .out = {shape},
            .indices = {{.values = std::move(axes), .run_time = GetParam()}}};
  }
};

TEST_P(Reverse, TurnsOneAxis) {
  EXPECT_EQ(moved(reverse({2, 3}, {0})), (Elements{3, 4, 5, 0, 1, 2}));
  EXPECT_EQ(moved(reverse({2, 3}, {1})), (Elements{2, 1, 0, 5, 4, 3}));
  EXPECT_EQ(moved(reverse({2, 3}, {-1})), (Elements{2, 1, 0, 5, 4, 3}));
}

TEST_P(Reverse, TurnsNeighbouringAxes) {
  EXPECT_EQ(moved(reverse({2, 2, 2}, {1, 0})), (Elements{6, 7, 4, 5, 2, 3, 0, 1}));
  EXPECT_EQ(moved(reverse({2, 2, 2}, {-2, 2})), (Elements{3, 2, 1, 0, 7, 6, 5, 4}));
}

TEST_P(Reverse, MovesElementsOf8Bytes) {
  MovementModel m = reverse({3}, {0});
  m.type = TensorType::INT64;
  EXPECT_EQ(moved<int64_t>(m), (std::vector<int64_t>{2, 1, 0}));
}

TEST_P(Reverse, RefusesAxesThatAreNoNeighbours) {
  for (const std::vector<int64_t>& axes :
       {std::vector<int64_t>{0, 2}, {1, 1}, {1, -2}, {3}, {-4}, {INT32_MIN}}) {
    const MovementModel m = reverse({2, 2, 2}, axes);
    if (GetParam()) {
      EXPECT_EQ(refusal_of(m), Code::kOk);
      EXPECT_EQ(outcome_of(m), Outcome::Kind::kDataError);
    } else {
      EXPECT_EQ(refusal_of(m), Code::kReversedAxes);
    }
  }
}

TEST_P(Reverse, GivesTheSameWithSeveralWorkers) {
  const MovementModel m = reverse({70, 60}, {0, 1});
  const Elements y = moved(m, 4);
  EXPECT_EQ(y, moved(m));
  EXPECT_EQ(y[0], 4199);
}

TEST_P(Reverse, RefusesMoreAxesThanDimensions) {
  EXPECT_EQ(refusal_of(reverse({2}, {0, 0})), Code::kInputShape);
  EXPECT_EQ(refusal_of(reverse({1, 1, 1, 1, 1, 1, 1}, {0})), Code::kInputRank);
}

INSTANTIATE_TEST_SUITE_P(ConstantAndRunTime, Reverse, testing::Bool(),
                         [](const auto& run) { return run.param ? "run_time" : "constant"; });

}  // namespace
}  // namespace tandem
