#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int8_t>;

// What blocks and margins of run time make of a misfit is the kernel's business, of constant ones the
// planner's.
class BatchesOfBlocks : public testing::TestWithParam<bool> {
 protected:
  static MovementModel blocks(BuiltinOperator op, std::vector<int32_t> in, std::vector<int64_t> block,
                              std::vector<int64_t> margins, std::vector<int32_t> out) {
    const auto dims = static_cast<int32_t>(block.size());
    return {.op = op,
            .in = std::move(in),
            .out = {std::move(out)},
            .indices = {{.values = std::move(block), .run_time = GetParam()},
                        {.values = std::move(margins), .shape = {dims, 2}, .run_time = GetParam()}},
            .type = TensorType::INT8};
  }
  static MovementModel to_batch(std::vector<int32_t> in, std::vector<int64_t> block,
                                std::vector<int64_t> paddings, std::vector<int32_t> out) {
    return blocks(BuiltinOperator::SPACE_TO_BATCH_ND, std::move(in), std::move(block), std::move(paddings),
                  std::move(out));
  }
  static MovementModel to_space(std::vector<int32_t> in, std::vector<int64_t> block,
                                std::vector<int64_t> crops, std::vector<int32_t> out) {
    return blocks(BuiltinOperator::BATCH_TO_SPACE_ND, std::move(in), std::move(block), std::move(crops),
                  std::move(out));
  }
};

TEST_P(BatchesOfBlocks, SpaceBecomesBatches) {
  EXPECT_EQ(moved<int8_t>(to_batch({1, 2, 4, 1}, {2, 2}, {0, 0, 0, 0}, {4, 1, 2, 1})),
            (Elements{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST_P(BatchesOfBlocks, BatchesBecomeSpace) {
  EXPECT_EQ(moved<int8_t>(to_space({4, 1, 2, 1}, {2, 2}, {0, 0, 0, 0}, {1, 2, 4, 1})),
            (Elements{0, 2, 1, 3, 4, 6, 5, 7}));
}

TEST_P(BatchesOfBlocks, KeepsTheBatchesThereWere) {
  EXPECT_EQ(moved<int8_t>(to_batch({2, 2, 1}, {2}, {0, 0}, {4, 1, 1})), (Elements{0, 2, 1, 3}));
  EXPECT_EQ(moved<int8_t>(to_space({4, 1, 1}, {2}, {0, 0}, {2, 2, 1})), (Elements{0, 2, 1, 3}));
}

TEST_P(BatchesOfBlocks, PadsWithTheZeroPoint) {
  MovementModel m = to_batch({1, 1, 3, 1}, {1, 2}, {0, 0, 1, 0}, {2, 1, 2, 1});
  EXPECT_EQ(moved<int8_t>(m), (Elements{0, 1, 0, 2}));
  m.zero_point = -7;
  EXPECT_EQ(moved<int8_t>(m), (Elements{-7, 1, 0, 2}));
}

TEST_P(BatchesOfBlocks, CropsBothEnds) {
  EXPECT_EQ(moved<int8_t>(to_space({3, 2, 2}, {3}, {2, 1}, {1, 3, 2})), (Elements{8, 9, 2, 3, 6, 7}));
}

TEST_P(BatchesOfBlocks, RefusesWhatDoesNotFit) {
  const MovementModel misfits[] = {
      to_batch({1, 3, 1}, {2}, {0, 0}, {2, 2, 1}),
      to_batch({1, 2, 1}, {0}, {0, 0}, {2, 1, 1}),
      to_batch({1, 2, 1}, {-2}, {0, 0}, {2, 1, 1}),
      to_batch({1, 3, 1}, {2}, {-1, 2}, {2, 2, 1}),
      to_batch({1, 4, 1}, {2}, {0, 0}, {3, 2, 1}),
      to_space({2, 2, 1}, {2}, {1, 0}, {1, 4, 1}),
      to_space({2, 2, 1}, {2}, {-1, 1}, {1, 4, 1}),
      to_space({3, 2, 1}, {2}, {0, 0}, {1, 4, 1}),
      to_batch({1, 2, 1}, {INT32_MAX}, {INT32_MAX, INT32_MAX}, {2, 1, 1}),
  };
  for (const MovementModel& m : misfits) {
    if (GetParam()) {
      EXPECT_EQ(refusal_of(m), Code::kOk);
      EXPECT_EQ(outcome_of(m), Outcome::Kind::kDataError);
    } else {
      EXPECT_EQ(refusal_of(m), Code::kBlocks);
    }
  }
}

TEST_P(BatchesOfBlocks, RefusesOperandsOfOtherSizes) {
  EXPECT_EQ(refusal_of(to_batch({1, 2, 1}, {2, 1}, {0, 0, 0, 0}, {2, 1, 1})), Code::kInputShape);
  EXPECT_EQ(refusal_of(to_batch({1, 2}, {2}, {0, 0}, {2, 1})), Code::kInputRank);
  EXPECT_EQ(refusal_of(to_batch({1, 2, 1}, {2}, {0, 0}, {2, 1, 2})), Code::kOutputShape);
}

INSTANTIATE_TEST_SUITE_P(ConstantAndRunTime, BatchesOfBlocks, testing::Bool(),
                         [](const auto& run) { return run.param ? "run_time" : "constant"; });

MovementModel to_depth(std::vector<int32_t> in, int32_t block, std::vector<int32_t> out) {
  schema::SpaceToDepthOptionsT options;
  options.block_size = block;
  return {.op = BuiltinOperator::SPACE_TO_DEPTH,
          .in = std::move(in),
          .out = {std::move(out)},
          .type = TensorType::INT8,
          .options = test::with(options)};
}

MovementModel from_depth(std::vector<int32_t> in, int32_t block, std::vector<int32_t> out) {
  schema::DepthToSpaceOptionsT options;
  options.block_size = block;
  return {.op = BuiltinOperator::DEPTH_TO_SPACE,
          .in = std::move(in),
          .out = {std::move(out)},
          .type = TensorType::INT8,
          .options = test::with(options)};
}

TEST(SpaceToDepth, StacksTheRowsOfABlock) {
  EXPECT_EQ(moved<int8_t>(to_depth({1, 2, 4, 1}, 2, {1, 1, 2, 4})), (Elements{0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(DepthToSpace, IsTheWayBack) {
  EXPECT_EQ(moved<int8_t>(from_depth({1, 1, 2, 4}, 2, {1, 2, 4, 1})), (Elements{0, 1, 4, 5, 2, 3, 6, 7}));
  EXPECT_EQ(moved<int8_t>(from_depth({2, 1, 1, 8}, 2, {2, 2, 2, 2})),
            (Elements{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
}

TEST(SpaceToDepth, RefusesBlocksThatDoNotDivide) {
  EXPECT_EQ(refusal_of(to_depth({1, 3, 4, 1}, 2, {1, 1, 2, 4})), Code::kBlockSize);
  EXPECT_EQ(refusal_of(from_depth({1, 1, 2, 6}, 2, {1, 2, 4, 1})), Code::kBlockSize);
  EXPECT_EQ(refusal_of(to_depth({1, 2, 4, 1}, 0, {1, 1, 2, 4})), Code::kOptionValue);
  EXPECT_EQ(refusal_of(from_depth({1, 1, 2, 4}, -2, {1, 2, 4, 1})), Code::kOptionValue);
  EXPECT_EQ(refusal_of(to_depth({1, 2, 4, 1}, 2, {1, 2, 1, 4})), Code::kOutputShape);
  EXPECT_EQ(refusal_of(to_depth({2, 4, 1}, 2, {1, 1, 2, 4})), Code::kInputRank);
  EXPECT_EQ(refusal_of(from_depth({1, 1, 1, 4}, INT32_MAX, {1, 1, 1, 4})), Code::kBlockSize);
}

}  // namespace
}  // namespace tandem
