#include "models/quantizer.h"

#include <gtest/gtest.h>

#include <limits>

namespace tandem::models {
namespace {

struct RangeCase {
  const char* name;
  float min, max;
  float scale;
  int zero_point;
};

class ChooseInt8 : public testing::TestWithParam<RangeCase> {};

TEST_P(ChooseInt8, CoversTheRange) {
  const RangeCase& c = GetParam();
  const Quantization q = choose_int8(c.min, c.max);
  EXPECT_NEAR(q.scale, c.scale, 1e-6f);
  EXPECT_EQ(q.zero_point, c.zero_point);
  EXPECT_EQ(dequantize(q.zero_point, q), 0);
  EXPECT_NEAR(dequantize(quantize_int8(c.min, q), q), c.min, q.scale);
  EXPECT_NEAR(dequantize(quantize_int8(c.max, q), q), c.max, q.scale);
}

INSTANTIATE_TEST_SUITE_P(Ranges, ChooseInt8,
                         testing::Values(RangeCase{"relu6", 0, 6, 0.0235294f, -128},
                                         RangeCase{"symmetric_picture", -1, 1, 0.0078431f, -1},
                                         RangeCase{"logits", -1.593136f, 1.599146f, 0.0125188f, -1},
                                         RangeCase{"all_positive_is_widened_to_zero", 2, 4, 0.0156863f, -128},
                                         RangeCase{"all_negative_is_widened_to_zero", -4, -2, 0.0156863f,
                                                   127},
                                         RangeCase{"nothing_but_zero", 0, 0, 1, 0}),
                         [](const auto& tested) { return tested.param.name; });

TEST(QuantizeInt8, TiesAwayFromZeroAndSaturation) {
  EXPECT_EQ(quantize_int8(1.5f, {}), 2);
  EXPECT_EQ(quantize_int8(-1.5f, {}), -2);
  EXPECT_EQ(quantize_int8(1e30f, {}), 127);
  EXPECT_EQ(quantize_int8(-1e30f, {.scale = 1, .zero_point = 100}), -128);
  EXPECT_EQ(quantize_int8(std::numeric_limits<float>::infinity(), {.scale = 1, .zero_point = 5}), 127);
}

TEST(QuantizeWeights, ChannelsFirst) {
  const float weights[] = {1, -2, 0, 0, 0.5f, 0.25f};
  const QuantizedWeights q = quantize_weights(weights, 3, ChannelAxis::kFirst);
  EXPECT_EQ(q.scales, (std::vector<float>{2.0f / 127, 1, 0.5f / 127}));
  EXPECT_EQ(q.values, (std::vector<int8_t>{64, -127, 0, 0, 127, 64}));
}

TEST(QuantizeWeights, ChannelsLast) {
  const float weights[] = {1, 8, -2, 4};
  const QuantizedWeights q = quantize_weights(weights, 2, ChannelAxis::kLast);
  EXPECT_EQ(q.scales, (std::vector<float>{2.0f / 127, 8.0f / 127}));
  EXPECT_EQ(q.values, (std::vector<int8_t>{64, 127, -127, 64}));
}

TEST(QuantizeBias, InUnitsOfTheAccumulator) {
  const float bias[] = {1, -1};
  EXPECT_EQ(quantize_bias(bias, 0.5f, std::vector<float>{0.25f, 0.125f}), (std::vector<int32_t>{8, -16}));
  EXPECT_EQ(quantize_bias(bias, 0.5f, std::vector<float>{0.25f}), (std::vector<int32_t>{8, -8}));
}

}  // namespace
}  // namespace tandem::models
