#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int16_t>;

MovementModel slice(std::vector<int32_t> in, std::vector<int64_t> begin, std::vector<int64_t> size,
                    std::vector<int32_t> out, bool run_time = false) {
  return {.op = BuiltinOperator::SLICE,
          .in = std::move(in),
          .out = {std::move(out)},
          .indices = {{.values = std::move(begin), .run_time = run_time},
                      {.values = std::move(size), .run_time = run_time}}};
}

// Constant bounds are checked while planning, others by the kernel: the same model both ways.
class Slice : public testing::TestWithParam<bool> {};

TEST_P(Slice, CutsOutARectangle) {
  EXPECT_EQ(moved(slice({3, 4}, {1, 1}, {2, 2}, {2, 2}, GetParam())), (Elements{5, 6, 9, 10}));
}

TEST_P(Slice, GoesToTheEndWithSizeMinusOne) {
  EXPECT_EQ(moved(slice({3, 4}, {1, 2}, {-1, -1}, {2, 2}, GetParam())), (Elements{6, 7, 10, 11}));
}

TEST_P(Slice, TakesAnOutputOfAnotherShape) {
  EXPECT_EQ(moved(slice({2, 3}, {1, 0}, {1, 2}, {2}, GetParam())), (Elements{3, 4}));
}

TEST_P(Slice, TakesAll) {
  EXPECT_EQ(moved(slice({2, 2}, {0, 0}, {-1, 2}, {2, 2}, GetParam())), (Elements{0, 1, 2, 3}));
}

TEST_P(Slice, RefusesWhatLiesOutside) {
  const MovementModel outside[] = {
      slice({4}, {-1}, {2}, {2}, GetParam()),         slice({4}, {3}, {2}, {2}, GetParam()),
      slice({4}, {5}, {-1}, {2}, GetParam()),         slice({4}, {1}, {-2}, {2}, GetParam()),
      slice({4}, {0}, {3}, {2}, GetParam()),          slice({4}, {1}, {-1}, {2}, GetParam()),
      slice({4}, {INT32_MAX}, {2}, {2}, GetParam()),  slice({4}, {INT32_MIN}, {2}, {2}, GetParam()),
      slice({2, 2}, {0, 0}, {0, 2}, {2}, GetParam()),
  };
  for (const MovementModel& m : outside) {
    if (GetParam()) {
      EXPECT_EQ(outcome_of(m), Outcome::Kind::kDataError);
      EXPECT_EQ(refusal_of(m), Code::kOk);
    } else {
      const Code code = refusal_of(m);
      EXPECT_TRUE(code == Code::kSliceIndex || code == Code::kSliceSize || code == Code::kOutputShape);
    }
  }
}

TEST_P(Slice, ReadsIndicesOf64Bits) {
  MovementModel m = slice({5}, {3}, {1}, {1}, GetParam());
  for (test::IndexOperand& operand : m.indices) operand.type = TensorType::INT64;
  EXPECT_EQ(moved(m), (Elements{3}));
  m.indices[0].values[0] = int64_t{1} << 32 | 3;  // nothing is cut off
  EXPECT_TRUE(refusal_of(m) == Code::kSliceIndex || outcome_of(m) == Outcome::Kind::kDataError);
}

TEST_P(Slice, GivesTheSameWithSeveralWorkers) {
  const MovementModel m = slice({40, 50, 3}, {1, 2, 1}, {38, 47, 2}, {38, 47, 2}, GetParam());
  const Elements y = moved(m, 4);
  EXPECT_EQ(y, moved(m));
  ASSERT_EQ(y.size(), 38U * 47 * 2);
  EXPECT_EQ(y[0], (50 + 2) * 3 + 1);
  EXPECT_EQ(y.back(), (38 * 50 + 48) * 3 + 2);
}

INSTANTIATE_TEST_SUITE_P(ConstantAndRunTime, Slice, testing::Bool(),
                         [](const auto& run) { return run.param ? "run_time" : "constant"; });

TEST(SliceRefusal, OfOperandsThatDoNotFit) {
  EXPECT_EQ(refusal_of(slice({4}, {0, 0}, {4}, {4})), Code::kInputShape);
  EXPECT_EQ(refusal_of(slice({4}, {0}, {4, 4}, {4})), Code::kInputShape);
  EXPECT_EQ(refusal_of(slice({1, 1, 1, 1, 1, 1}, {0, 0, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1})),
            Code::kInputRank);
  MovementModel mixed = slice({4}, {0}, {4}, {4});
  mixed.indices[1].type = TensorType::INT64;
  EXPECT_EQ(refusal_of(mixed), Code::kInputType);
}

// Elements of the update are 100, 101, ... below.
std::vector<uint8_t> update_model(std::vector<int32_t> in, std::vector<int32_t> update,
                                  std::vector<int64_t> start, bool run_time) {
  models::ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = TensorType::INT16, .shape = in});
  const int u = b.tensor({.name = "u", .type = TensorType::INT16, .shape = update});
  const models::TensorSpec spec{.type = TensorType::INT32, .shape = {static_cast<int32_t>(start.size())}};
  const int at = run_time ? b.tensor(spec) : b.constant(spec, start);
  const int y = b.tensor({.name = "y", .type = TensorType::INT16, .shape = in});
  b.op(BuiltinOperator::DYNAMIC_UPDATE_SLICE, {x, u, at}, {y});
  b.inputs(run_time ? std::vector{x, u, at} : std::vector{x, u});
  b.outputs({y});
  return b.finish();
}

class DynamicUpdateSlice : public testing::TestWithParam<bool> {
 protected:
  Elements updated(const std::vector<int32_t>& in, const std::vector<int32_t>& update,
                   const std::vector<int64_t>& start) {
    test::LoadedModel model(update_model(in, update, start, GetParam()));
    for (uint32_t i = 0; i < 2; ++i) {
      Elements values(model.interpreter().input(i).bytes.size() / sizeof(int16_t));
      std::iota(values.begin(), values.end(), static_cast<int16_t>(i * 100));
      model.set_input(i, values);
    }
    if (GetParam()) model.set_input(2, std::vector<int32_t>(start.begin(), start.end()));
    model.invoke();
    return model.output<int16_t>(0);
  }
};

TEST_P(DynamicUpdateSlice, ReplacesARectangle) {
  EXPECT_EQ(updated({3, 3}, {2, 1}, {1, 1}), (Elements{0, 1, 2, 3, 100, 5, 6, 101, 8}));
}

TEST_P(DynamicUpdateSlice, MovesStartsOutsideToTheNearestPlace) {
  EXPECT_EQ(updated({4}, {2}, {3}), (Elements{0, 1, 100, 101}));
  EXPECT_EQ(updated({4}, {2}, {-7}), (Elements{100, 101, 2, 3}));
  EXPECT_EQ(updated({4}, {2}, {INT32_MAX}), (Elements{0, 1, 100, 101}));
}

TEST_P(DynamicUpdateSlice, ReplacesAllOrNothing) {
  EXPECT_EQ(updated({2, 2}, {2, 2}, {5, -5}), (Elements{100, 101, 102, 103}));
  EXPECT_EQ(updated({2, 2}, {2, 0}, {0, 0}), (Elements{0, 1, 2, 3}));
}

TEST_P(DynamicUpdateSlice, RefusesAnUpdateThatIsLarger) {
  EXPECT_EQ(test::LoadedModel(update_model({3, 3}, {1, 4}, {0, 0}, GetParam())).status().code,
            Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(update_model({3, 3}, {3}, {0, 0}, GetParam())).status().code, Code::kInputRank);
  EXPECT_EQ(test::LoadedModel(update_model({3, 3}, {1, 1}, {0}, GetParam())).status().code,
            Code::kInputShape);
}

INSTANTIATE_TEST_SUITE_P(ConstantAndRunTime, DynamicUpdateSlice, testing::Bool(),
                         [](const auto& run) { return run.param ? "run_time" : "constant"; });

}  // namespace
}  // namespace tandem
