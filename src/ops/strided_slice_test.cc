#include <gtest/gtest.h>

#include <numeric>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

struct Slice {
  std::vector<int32_t> in;
  std::vector<int32_t> out;
  std::vector<int32_t> begin;
  std::vector<int32_t> end;
  std::vector<int32_t> strides;
  schema::StridedSliceOptionsT options = {};
};

schema::StridedSliceOptionsT masks(int32_t begin, int32_t end, int32_t shrink = 0) {
  schema::StridedSliceOptionsT options;
  options.begin_mask = begin;
  options.end_mask = end;
  options.shrink_axis_mask = shrink;
  return options;
}

std::vector<uint8_t> strided_slice(const Slice& slice, TensorType type = TensorType::INT16) {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = type, .shape = slice.in});
  std::vector<int32_t> inputs = {x};
  for (const auto* values : {&slice.begin, &slice.end, &slice.strides}) {
    inputs.push_back(
        b.constant({.type = TensorType::INT32, .shape = {static_cast<int32_t>(values->size())}}, *values));
  }
  const int y = b.tensor({.name = "y", .type = type, .shape = slice.out});
  b.op(BuiltinOperator::STRIDED_SLICE, inputs, {y}, slice.options);
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

// What the slice picks from 0, 1, 2, ...
std::vector<int16_t> picked(const Slice& slice, uint32_t workers = 1) {
  test::LoadedModel model(strided_slice(slice), workers);
  std::vector<int16_t> x(model.interpreter().input(0).bytes.size() / sizeof(int16_t));
  std::iota(x.begin(), x.end(), int16_t{0});
  model.set_input(0, x);
  model.invoke();
  return model.output<int16_t>(0);
}

Status refusal(const Slice& slice) { return test::LoadedModel(strided_slice(slice)).status(); }

using Elements = std::vector<int16_t>;

TEST(StridedSlice, PicksARectangle) {
  EXPECT_EQ(picked({.in = {3, 4}, .out = {2, 2}, .begin = {1, 1}, .end = {3, 3}, .strides = {1, 1}}),
            (Elements{5, 6, 9, 10}));
}

TEST(StridedSlice, StepsOverElements) {
  EXPECT_EQ(picked({.in = {3, 4}, .out = {2, 2}, .begin = {0, 1}, .end = {3, 4}, .strides = {2, 2}}),
            (Elements{1, 3, 9, 11}));
}

TEST(StridedSlice, StepsBackwards) {
  EXPECT_EQ(picked({.in = {5}, .out = {2}, .begin = {-1}, .end = {1}, .strides = {-2}}), (Elements{4, 2}));
}

TEST(StridedSlice, ReversesRowsWithMasks) {
  EXPECT_EQ(picked({.in = {3, 2},
                    .out = {3, 2},
                    .begin = {9, 9},
                    .end = {9, 9},
                    .strides = {-1, 1},
                    .options = masks(3, 3)}),
            (Elements{4, 5, 2, 3, 0, 1}));
}

TEST(StridedSlice, MovesBoundsOutsideToTheNearestPlace) {
  EXPECT_EQ(picked({.in = {4}, .out = {4}, .begin = {-9}, .end = {9}, .strides = {1}}),
            (Elements{0, 1, 2, 3}));
  EXPECT_EQ(picked({.in = {4}, .out = {4}, .begin = {INT32_MAX}, .end = {INT32_MIN}, .strides = {-1}}),
            (Elements{3, 2, 1, 0}));
  EXPECT_EQ(picked({.in = {4}, .out = {1}, .begin = {1}, .end = {4}, .strides = {INT32_MAX}}), (Elements{1}));
  EXPECT_EQ(picked({.in = {4}, .out = {1}, .begin = {1}, .end = {-5}, .strides = {INT32_MIN}}),
            (Elements{1}));
}

TEST(StridedSlice, GivesNothingBetweenCrossedBounds) {
  EXPECT_EQ(picked({.in = {4}, .out = {0}, .begin = {3}, .end = {1}, .strides = {1}}), (Elements{}));
}

TEST(StridedSlice, DropsShrunkDimensions) {
  EXPECT_EQ(picked({.in = {2, 3},
                    .out = {2},
                    .begin = {0, -1},
                    .end = {2, 0},
                    .strides = {1, 1},
                    .options = masks(0, 0, 2)}),
            (Elements{2, 5}));
}

TEST(StridedSlice, CountsTheEndFromTheBeginWithOffset) {
  schema::StridedSliceOptionsT options;
  options.offset = true;
  EXPECT_EQ(picked({.in = {6}, .out = {2}, .begin = {-3}, .end = {2}, .strides = {1}, .options = options}),
            (Elements{3, 4}));
}

TEST(StridedSlice, TakesTheDimensionsNotMentionedWhole) {
  EXPECT_EQ(picked({.in = {3, 2}, .out = {1, 2}, .begin = {1}, .end = {2}, .strides = {1}}),
            (Elements{2, 3}));
}

TEST(StridedSlice, MovesSixDimensions) {
  const Slice slice{.in = {2, 3, 2, 3, 2, 3},
                    .out = {1, 3, 1, 3, 1, 3},
                    .begin = {1, 2, 1, 2, 1, 2},
                    .end = {2, -4, 2, -4, 2, -4},
                    .strides = {1, -1, 1, -1, 1, -1}};
  const Elements y = picked(slice);
  ASSERT_EQ(y.size(), 27U);
  for (int i = 0; i < 27; ++i) {
    const int at = ((((1 * 3 + 2 - i / 9) * 2 + 1) * 3 + 2 - i / 3 % 3) * 2 + 1) * 3 + 2 - i % 3;
    EXPECT_EQ(y[static_cast<size_t>(i)], at) << "element " << i;
  }
}

TEST(StridedSlice, GivesTheSameWithSeveralWorkers) {
  const Slice slice{
      .in = {40, 50, 3}, .out = {20, 49, 2}, .begin = {0, 1, 2}, .end = {40, 50, 0}, .strides = {2, 1, -1}};
  EXPECT_EQ(picked(slice, 4), picked(slice));
}

TEST(StridedSlice, RefusesAStrideOfZero) {
  const test::LoadedModel model(
      strided_slice({.in = {4}, .out = {4}, .begin = {0}, .end = {4}, .strides = {0}}));
  EXPECT_EQ(model.refusal(), "op 0 STRIDED_SLICE \"y\": the stride of dimension 0 is 0; give another one");
}

TEST(StridedSlice, RefusesAShrunkDimensionWithoutElement) {
  EXPECT_EQ(
      refusal({.in = {4}, .out = {}, .begin = {4}, .end = {5}, .strides = {1}, .options = masks(0, 0, 1)})
          .code,
      Code::kSliceIndex);
  EXPECT_EQ(
      refusal({.in = {4}, .out = {}, .begin = {-5}, .end = {5}, .strides = {-1}, .options = masks(0, 0, 1)})
          .code,
      Code::kSliceIndex);
  EXPECT_EQ(
      refusal({.in = {0}, .out = {}, .begin = {0}, .end = {1}, .strides = {1}, .options = masks(1, 1, 1)})
          .code,
      Code::kSliceIndex);
}

TEST(StridedSlice, RefusesAnotherOutputShape) {
  EXPECT_EQ(refusal({.in = {4}, .out = {3}, .begin = {0}, .end = {4}, .strides = {1}}).code,
            Code::kOutputShape);
  EXPECT_EQ(
      refusal({.in = {4}, .out = {1}, .begin = {0}, .end = {1}, .strides = {1}, .options = masks(0, 0, 1)})
          .code,
      Code::kOutputShape);
}

TEST(StridedSlice, RefusesOperandsOfDifferentLengths) {
  EXPECT_EQ(refusal({.in = {4}, .out = {4}, .begin = {0, 0}, .end = {4, 4}, .strides = {1, 1}}).code,
            Code::kInputShape);
  EXPECT_EQ(refusal({.in = {4, 4}, .out = {4, 4}, .begin = {0, 0}, .end = {4}, .strides = {1, 1}}).code,
            Code::kInputShape);
}

TEST(StridedSlice, RefusesEllipsisAndNewAxes) {
  schema::StridedSliceOptionsT ellipsis;
  ellipsis.ellipsis_mask = 1;
  schema::StridedSliceOptionsT new_axis;
  new_axis.new_axis_mask = 1;
  for (const auto& options : {ellipsis, new_axis}) {
    EXPECT_EQ(
        refusal({.in = {4}, .out = {4}, .begin = {0}, .end = {4}, .strides = {1}, .options = options}).code,
        Code::kOptionValue);
  }
}

TEST(StridedSlice, RefusesBoundsGivenAtRunTime) {
  ModelBuilder b;
  const int x = b.tensor({.shape = {4}});
  const int i = b.tensor({.type = TensorType::INT32, .shape = {1}});
  const int y = b.tensor({.shape = {1}});
  b.op(BuiltinOperator::STRIDED_SLICE, {x, i, i, i}, {y});
  b.inputs({x, i});
  b.outputs({y});
  EXPECT_EQ(test::LoadedModel(b.finish()).status().code, Code::kInputNotConstant);
}

}  // namespace
}  // namespace tandem
