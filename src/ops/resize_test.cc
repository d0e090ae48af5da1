#include <gtest/gtest.h>

#include "movement_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;
using test::moved;
using test::MovementModel;
using Elements = std::vector<int8_t>;

struct Centers {
  bool align_corners = false;
  bool half_pixels = false;
};

template <class Options>
MovementModel resize(BuiltinOperator op, std::vector<int32_t> in, std::vector<int32_t> out, Centers centers) {
  Options options;
  options.align_corners = centers.align_corners;
  options.half_pixel_centers = centers.half_pixels;
  const std::vector<int64_t> size = {out.at(1), out.at(2)};
  return {.op = op,
          .in = std::move(in),
          .out = {std::move(out)},
          .indices = {{.values = size}},
          .type = TensorType::INT8,
          .options = test::with(options)};
}
MovementModel bilinear(std::vector<int32_t> in, std::vector<int32_t> out, Centers centers = {}) {
  return resize<schema::ResizeBilinearOptionsT>(BuiltinOperator::RESIZE_BILINEAR, std::move(in),
                                                std::move(out), centers);
}
MovementModel nearest(std::vector<int32_t> in, std::vector<int32_t> out, Centers centers = {}) {
  return resize<schema::ResizeNearestNeighborOptionsT>(BuiltinOperator::RESIZE_NEAREST_NEIGHBOR,
                                                       std::move(in), std::move(out), centers);
}

TEST(ResizeBilinear, RoundsTiesAwayFromZero) {
  MovementModel m = bilinear({1, 1, 2, 1}, {1, 1, 4, 1});
  EXPECT_EQ(moved<int8_t>(m), (Elements{0, 1, 1, 1}));  // 0, 0.5, 1, 1
  test::LoadedModel model(build(m));
  model.set_input<int8_t>(0, {0, -3});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (Elements{0, -2, -3, -3}));
}

TEST(ResizeBilinear, MixesFourPixels) {
  EXPECT_EQ(moved<int8_t>(bilinear({1, 2, 2, 2}, {1, 4, 2, 2})),
            (Elements{0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 4, 5, 6, 7}));
}

TEST(ResizeBilinear, PutsCornersOnCorners) {
  MovementModel m = bilinear({1, 1, 2, 1}, {1, 1, 5, 1}, {.align_corners = true});
  m.type = TensorType::FLOAT32;
  EXPECT_EQ(moved<float>(m), (std::vector<float>{0.0F, 0.25F, 0.5F, 0.75F, 1.0F}));
}

TEST(ResizeBilinear, MeasuresFromTheCentersOfPixels) {
  MovementModel m = bilinear({1, 1, 2, 1}, {1, 1, 4, 1}, {.half_pixels = true});
  m.type = TensorType::FLOAT32;
  EXPECT_EQ(moved<float>(m), (std::vector<float>{0.0F, 0.25F, 0.75F, 1.0F}));
}

TEST(ResizeBilinear, StaysInsideWhereTheScaleIsRoundedUp) {
  // 2 · 2^10 / 3000 is rounded to 1: the last outputs are beyond the second pixel.
  const Elements y = moved<int8_t>(bilinear({1, 1, 2, 1}, {1, 1, 3000, 1}));
  EXPECT_EQ(y.front(), 0);
  EXPECT_EQ(y[511], 0);
  EXPECT_EQ(y[512], 1);
  EXPECT_EQ(y.back(), 1);
}

TEST(ResizeBilinear, GivesTheSameWithSeveralWorkers) {
  const MovementModel m = bilinear({2, 9, 7, 2}, {2, 30, 40, 2}, {.half_pixels = true});
  EXPECT_EQ(moved<int8_t>(m, 4), moved<int8_t>(m));
}

TEST(ResizeBilinear, RefusesBothOptions) {
  EXPECT_EQ(refusal_of(bilinear({1, 2, 2, 1}, {1, 4, 4, 1}, {.align_corners = true, .half_pixels = true})),
            Code::kOptionValue);
}

TEST(ResizeNearestNeighbor, RepeatsPixels) {
  EXPECT_EQ(moved<int8_t>(nearest({1, 2, 1, 2}, {1, 3, 2, 2})),
            (Elements{0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3}));
}

TEST(ResizeNearestNeighbor, KnowsThreeKindsOfCenters) {
  EXPECT_EQ(moved<int8_t>(nearest({1, 1, 4, 1}, {1, 1, 2, 1})), (Elements{0, 2}));
  EXPECT_EQ(moved<int8_t>(nearest({1, 1, 4, 1}, {1, 1, 2, 1}, {.align_corners = true})), (Elements{0, 3}));
  EXPECT_EQ(moved<int8_t>(nearest({1, 1, 4, 1}, {1, 1, 2, 1}, {.half_pixels = true})), (Elements{1, 3}));
  EXPECT_EQ(moved<int8_t>(nearest({1, 1, 2, 1}, {1, 1, 4, 1}, {.align_corners = true})),
            (Elements{0, 0, 1, 1}));
}

TEST(Resize, RefusesWhatDoesNotFit) {
  for (const auto make : {bilinear, nearest}) {
    EXPECT_EQ(refusal_of(make({2, 2, 1}, {1, 4, 4, 1}, {})), Code::kInputRank);
    EXPECT_EQ(refusal_of(make({1, 2, 2, 1}, {1, 4, 4, 2}, {})), Code::kOutputShape);
    EXPECT_EQ(refusal_of(make({1, 0, 2, 1}, {1, 4, 4, 1}, {})), Code::kInputShape);
    EXPECT_EQ(refusal_of(make({1, 2, 2, 1}, {1, 0, 4, 1}, {})), Code::kOk);
    MovementModel m = make({1, 2, 2, 1}, {1, 4, 4, 1}, {});
    m.indices[0].values = {4, 5};
    EXPECT_EQ(refusal_of(m), Code::kOutputShape);
    m = make({1, 2, 2, 1}, {1, 4, 4, 1}, {});
    m.indices[0].run_time = true;
    EXPECT_EQ(refusal_of(m), Code::kInputNotConstant);
    m = make({1, 2, 2, 1}, {1, 4, 4, 1}, {});
    m.type = TensorType::INT64;
    EXPECT_EQ(refusal_of(m), Code::kInputType);
  }
}

}  // namespace
}  // namespace tandem
