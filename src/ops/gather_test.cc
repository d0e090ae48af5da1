#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int8_t>;

MovementModel gather(std::vector<int32_t> in, test::IndexOperand indices, std::vector<int32_t> out,
                     int32_t axis, int32_t batch_dims = 0) {
  schema::GatherOptionsT options;
  options.axis = axis;
  options.batch_dims = batch_dims;
  return {.op = BuiltinOperator::GATHER,
          .in = std::move(in),
          .out = {std::move(out)},
          .indices = {std::move(indices)},
          .type = TensorType::INT8,
          .options = test::with(options)};
}

MovementModel gather_nd(std::vector<int32_t> in, test::IndexOperand indices, std::vector<int32_t> out) {
  return {.op = BuiltinOperator::GATHER_ND,
          .in = std::move(in),
          .out = {std::move(out)},
          .indices = {std::move(indices)},
          .type = TensorType::INT8};
}

TEST(Gather, PicksRows) {
  EXPECT_EQ(moved<int8_t>(gather({3, 2}, {.values = {2, 0, 2}}, {3, 2}, 0)), (Elements{4, 5, 0, 1, 4, 5}));
}

TEST(Gather, PicksAlongTheLastAxis) {
  EXPECT_EQ(moved<int8_t>(gather({2, 3}, {.values = {2, 0}}, {2, 2}, -1)), (Elements{2, 0, 5, 3}));
}

TEST(Gather, TakesTheShapeOfTheIndices) {
  EXPECT_EQ(moved<int8_t>(gather({3}, {.values = {2, 1, 1, 0}, .shape = {2, 2}}, {2, 2}, 0)),
            (Elements{2, 1, 1, 0}));
}

TEST(Gather, HasIndicesForEachBatch) {
  EXPECT_EQ(moved<int8_t>(gather({2, 2, 3}, {.values = {2, 0, 1, 1}, .shape = {2, 2}}, {2, 2, 2}, 2, 1)),
            (Elements{2, 0, 5, 3, 7, 7, 10, 10}));
  EXPECT_EQ(moved<int8_t>(gather({2, 3}, {.values = {2, 0}, .shape = {2, 1}}, {2, 1}, 1, -1)),
            (Elements{2, 3}));
}

TEST(Gather, IndicesOutsideAreADataError) {
  for (const bool run_time : {false, true}) {
    for (const int64_t index : {3, -1, INT32_MAX, INT32_MIN}) {
      const MovementModel m = gather({3, 2}, {.values = {0, index}, .run_time = run_time}, {2, 2}, 0);
      EXPECT_EQ(refusal_of(m), Code::kOk);
      EXPECT_EQ(outcome_of(m), Outcome::Kind::kDataError) << index;
    }
  }
}

TEST(Gather, RefusesOptionsAndShapesThatDoNotFit) {
  EXPECT_EQ(refusal_of(gather({3}, {.values = {0}}, {1}, 1)), Code::kAxis);
  EXPECT_EQ(refusal_of(gather({3, 2}, {.values = {0, 0, 0}}, {3}, 0, 1)), Code::kOptionValue);
  EXPECT_EQ(refusal_of(gather({3, 2}, {.values = {0, 0}}, {2}, 1, 1)), Code::kInputShape);
  EXPECT_EQ(refusal_of(gather({3, 2}, {.values = {0}}, {1, 3}, 0)), Code::kOutputShape);
  EXPECT_EQ(refusal_of(gather({3}, {.values = {0}, .type = TensorType::INT64}, {1}, 0)), Code::kInputType);
  MovementModel m = gather({3}, {.values = {0}}, {1}, 0);
  m.type = TensorType::INT16;
  EXPECT_EQ(refusal_of(m), Code::kInputType);
}

TEST(Gather, GivesTheSameWithSeveralWorkers) {
  std::vector<int64_t> indices(500);
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = static_cast<int64_t>(i * 7 % 9);
  const MovementModel m = gather({2, 9, 4}, {.values = indices}, {2, 500, 4}, 1);
  EXPECT_EQ(moved<int8_t>(m, 4), moved<int8_t>(m));
}

TEST(GatherNd, PicksElementsAndRows) {
  EXPECT_EQ(moved<int8_t>(gather_nd({2, 3}, {.values = {1, 2, 0, 0}, .shape = {2, 2}}, {2})),
            (Elements{5, 0}));
  EXPECT_EQ(moved<int8_t>(gather_nd({2, 3}, {.values = {1, 0}, .shape = {2, 1}}, {2, 3})),
            (Elements{3, 4, 5, 0, 1, 2}));
}

TEST(GatherNd, AsksForTheRowNotForEachIndex) {
  // Row 0 · 3 + 4 is element 1 of row 1, as in TensorFlow Lite Micro.
  EXPECT_EQ(moved<int8_t>(gather_nd({2, 3}, {.values = {0, 4}, .shape = {1, 2}}, {1})), (Elements{4}));
  for (const std::vector<int64_t>& index :
       {std::vector<int64_t>{2, 0}, {0, -1}, {1, 3}, {INT32_MIN, INT32_MIN}, {INT32_MAX, INT32_MAX}}) {
    EXPECT_EQ(outcome_of(gather_nd({2, 3}, {.values = index, .shape = {1, 2}}, {1})),
              Outcome::Kind::kDataError);
  }
}

TEST(GatherNd, RefusesIndicesOfMoreDimensionsThanThereAre) {
  EXPECT_EQ(refusal_of(gather_nd({6}, {.values = {0, 0}, .shape = {1, 2}}, {1})), Code::kInputShape);
  EXPECT_EQ(refusal_of(gather_nd({1, 1, 1, 1, 1, 1}, {.values = {0, 0, 0, 0, 0, 0}, .shape = {1, 6}}, {1})),
            Code::kInputShape);
  EXPECT_EQ(refusal_of(gather_nd({}, {.values = {0}}, {})), Code::kInputRank);
}

std::vector<uint8_t> lookup(TensorType out_type, int64_t zero_point, std::vector<int32_t> out = {2, 2}) {
  models::ModelBuilder b;
  const int rows = b.tensor({.name = "rows", .type = TensorType::INT32, .shape = {2}});
  const int table =
      b.constant({.type = TensorType::INT8, .shape = {3, 2}, .scale = {0.5F}, .zero_point = {zero_point}},
                 {1, 2, 3, 4, -5, 6});
  const int y = b.tensor({.name = "y", .type = out_type, .shape = std::move(out)});
  b.op(BuiltinOperator::EMBEDDING_LOOKUP, {rows, table}, {y});
  b.inputs({rows});
  b.outputs({y});
  return b.finish();
}

TEST(EmbeddingLookup, CopiesRows) {
  test::LoadedModel model(lookup(TensorType::INT8, 4));
  model.set_input<int32_t>(0, {2, 0});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (Elements{-5, 6, 1, 2}));
}

TEST(EmbeddingLookup, DequantizesRows) {
  test::LoadedModel model(lookup(TensorType::FLOAT32, 0));
  model.set_input<int32_t>(0, {2, 1});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{-2.5F, 3.0F, 1.5F, 2.0F}));
}

TEST(EmbeddingLookup, RowsOutsideAreADataError) {
  test::LoadedModel model(lookup(TensorType::FLOAT32, 0));
  model.set_input<int32_t>(0, {2, 3});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

TEST(EmbeddingLookup, RefusesWhatItCannotDequantize) {
  EXPECT_EQ(test::LoadedModel(lookup(TensorType::FLOAT32, 4)).status().code, Code::kInputZeroPoint);
  EXPECT_EQ(test::LoadedModel(lookup(TensorType::INT16, 0)).status().code, Code::kOutputType);
  EXPECT_EQ(test::LoadedModel(lookup(TensorType::INT8, 0, {2, 3})).status().code, Code::kOutputShape);
}

}  // namespace
}  // namespace tandem
