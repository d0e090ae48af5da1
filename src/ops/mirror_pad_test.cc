#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::MirrorPadMode;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int8_t>;

// Constant paddings are checked while planning, others by the kernel: the same model both ways.
class MirrorPad : public testing::TestWithParam<bool> {
 protected:
  static MovementModel pad(std::vector<int32_t> in, std::vector<int64_t> paddings, std::vector<int32_t> out,
                           MirrorPadMode mode) {
    schema::MirrorPadOptionsT options;
    options.mode = mode;
    const auto rank = static_cast<int32_t>(in.size());
    return {.op = BuiltinOperator::MIRROR_PAD,
            .in = std::move(in),
            .out = {std::move(out)},
            .indices = {{.values = std::move(paddings), .shape = {rank, 2}, .run_time = GetParam()}},
            .type = TensorType::INT8,
            .options = test::with(options)};
  }
};

TEST_P(MirrorPad, ReflectsAtTheOutermostElement) {
  EXPECT_EQ(moved<int8_t>(pad({3}, {2, 2}, {7}, MirrorPadMode::REFLECT)), (Elements{2, 1, 0, 1, 2, 1, 0}));
}

TEST_P(MirrorPad, RepeatsTheOutermostElementIfSymmetric) {
  EXPECT_EQ(moved<int8_t>(pad({3}, {3, 2}, {8}, MirrorPadMode::SYMMETRIC)),
            (Elements{2, 1, 0, 0, 1, 2, 2, 1}));
}

// Fuzzing found it: there is nothing to pad, nor a dimension to go along.
TEST_P(MirrorPad, CopiesAScalar) {
  EXPECT_EQ(moved<int8_t>(pad({}, {}, {}, MirrorPadMode::REFLECT)), (Elements{0}));
}

TEST_P(MirrorPad, PadsRowsAndColumns) {
  EXPECT_EQ(moved<int8_t>(pad({2, 2}, {1, 0, 0, 1}, {3, 3}, MirrorPadMode::SYMMETRIC)),
            (Elements{0, 1, 1, 0, 1, 1, 2, 3, 3}));
}

TEST_P(MirrorPad, MovesUnpaddedDimensionsWhole) {
  EXPECT_EQ(moved<int8_t>(pad({1, 2, 3}, {0, 0, 0, 1, 0, 0}, {1, 3, 3}, MirrorPadMode::SYMMETRIC)),
            (Elements{0, 1, 2, 3, 4, 5, 3, 4, 5}));
  EXPECT_EQ(moved<int8_t>(pad({2, 2}, {0, 0, 0, 0}, {2, 2}, MirrorPadMode::REFLECT)), (Elements{0, 1, 2, 3}));
}

// As TensorFlow Lite Micro does, on the right only.
TEST_P(MirrorPad, EndsInElement0WhereTheMirrorImageEnds) {
  EXPECT_EQ(moved<int8_t>(pad({2}, {0, 4}, {6}, MirrorPadMode::SYMMETRIC)), (Elements{0, 1, 1, 0, 0, 0}));
  EXPECT_EQ(moved<int8_t>(pad({1}, {0, 2}, {3}, MirrorPadMode::REFLECT)), (Elements{0, 0, 0}));
}

TEST_P(MirrorPad, RefusesPaddingsThatDoNotFit) {
  const std::pair<MovementModel, Code> misfits[] = {
      {pad({3}, {3, 0}, {6}, MirrorPadMode::REFLECT), Code::kMirroredPadding},
      {pad({3}, {4, 0}, {7}, MirrorPadMode::SYMMETRIC), Code::kMirroredPadding},
      {pad({3}, {-1, 2}, {4}, MirrorPadMode::SYMMETRIC), Code::kPadding},
      {pad({3}, {2, -1}, {4}, MirrorPadMode::SYMMETRIC), Code::kPadding},
      {pad({3}, {1, 1}, {4}, MirrorPadMode::SYMMETRIC), Code::kOutputShape},
      {pad({3}, {1, INT32_MAX}, {4}, MirrorPadMode::SYMMETRIC), Code::kOutputShape},
      {pad({0}, {0, 2}, {2}, MirrorPadMode::SYMMETRIC), Code::kOutputShape},
  };
  for (const auto& [m, code] : misfits) {
    if (GetParam()) {
      EXPECT_EQ(refusal_of(m), Code::kOk);
      EXPECT_EQ(outcome_of(m), Outcome::Kind::kDataError);
    } else {
      EXPECT_EQ(refusal_of(m), code);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ConstantAndRunTime, MirrorPad, testing::Bool(),
                         [](const auto& run) { return run.param ? "run_time" : "constant"; });

}  // namespace
}  // namespace tandem
