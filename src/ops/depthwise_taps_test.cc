#include "ops/depthwise_taps.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tandem {
namespace {

constexpr uint64_t kMaxPlaneBytes = 8 * 1024;

uint64_t plane_bytes(const DepthwiseTapsParams& p) {
  return uint64_t{DepthwiseTaps::reach(p.across, p.across.part.per_unit)} *
         DepthwiseTaps::section_words(p.along, p.along.part.per_unit) * DepthwiseTaps::sections(p.along) *
         DepthwiseTaps::kWord;
}

Conv2dParams depthwise(const Window2d& window, int32_t in_channels, int32_t multiplier = 1) {
  Conv2dParams conv;
  conv.window = window;
  conv.in_channels = in_channels;
  conv.groups = multiplier;
  conv.out_channels = in_channels * multiplier;
  return conv;
}

// No padding.
Window2d window(Size2d out, Size2d filter, Size2d stride = {1, 1}, Size2d dilation = {1, 1}) {
  return {.batches = 1,
          .in = {(out.h - 1) * stride.h + (filter.h - 1) * dilation.h + 1,
                 (out.w - 1) * stride.w + (filter.w - 1) * dilation.w + 1},
          .out = out,
          .filter = filter,
          .stride = stride,
          .dilation = dilation};
}

TEST(DepthwiseTaps, QuadsLieAlongTheLongerAxisAndLanesHalveWhatWastesLeast) {
  const auto row = cut_into_depthwise_taps(depthwise(window({1, 50}, {1, 9}), 6));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->along.tap_step, 1U);
  EXPECT_EQ(row->along.lane, 25U);
  EXPECT_EQ(row->across.part.count, 1U);
  const auto column = cut_into_depthwise_taps(depthwise(window({50, 1}, {9, 1}), 6));
  ASSERT_TRUE(column);
  EXPECT_EQ(column->along.filter, 9);
  EXPECT_EQ(column->along.in_step, 6U);
  EXPECT_EQ(column->along.lane, 25U);
  // 24 outputs are six quads, 12 are three.
  const auto square = cut_into_depthwise_taps(depthwise(window({24, 24}, {5, 5}), 32));
  ASSERT_TRUE(square);
  EXPECT_EQ(square->across.lane + square->along.lane, 12U);
  EXPECT_EQ(square->units(), 8U);
}

TEST(DepthwiseTaps, TilesCoverTheOutputAndFitTheirMemory) {
  constexpr uint32_t kSeed = 1;
  std::mt19937 random(kSeed);
  const auto pick = [&](int32_t low, int32_t high) {
    return std::uniform_int_distribution<int32_t>(low, high)(random);
  };
  for (int i = 0; i < 500; ++i) {
    const Window2d w = window({pick(1, 150), pick(1, 150)}, {pick(1, 12), pick(1, 12)},
                              {pick(1, 5), pick(1, 5)}, {pick(1, 3), pick(1, 3)});
    auto p = cut_into_depthwise_taps(depthwise(w, pick(1, 20), pick(1, 3)));
    ASSERT_TRUE(p) << "seed " << kSeed << ", case " << i;
    EXPECT_TRUE(p->across.lane == 0 || p->along.lane == 0);
    EXPECT_EQ((p->across.part.count + p->across.lane) * (p->along.part.count + p->along.lane),
              static_cast<uint32_t>(w.out.h * w.out.w));
    EXPECT_GE(p->across.part.count, p->across.lane);
    EXPECT_GE(p->along.part.count, p->along.lane);
    EXPECT_EQ(p->across.tiles, p->across.part.units());
    EXPECT_EQ(p->along.tiles, p->along.part.units());
    EXPECT_EQ(p->channel_units, p->channels.units());
    EXPECT_LE(plane_bytes(*p), kMaxPlaneBytes);
  }
}

TEST(DepthwiseTaps, LeavesFiltersThatNoPlaneHasRoomFor) {
  EXPECT_FALSE(cut_into_depthwise_taps(depthwise(window({8, 8}, {64, 64}), 4)));
  EXPECT_FALSE(cut_into_depthwise_taps(depthwise(window({8, 8}, {3, 3}, {1, 1}, {100, 100}), 4)));
  EXPECT_FALSE(cut_into_depthwise_taps(depthwise(window({2, 2}, {2, 2}, {1, 1}, {1 << 29, 1 << 29}), 1)));
}

TEST(DepthwiseTaps, RoomIsForTheLongestList) {
  constexpr int32_t kChannels = 3;
  constexpr uint32_t kTaps = 25;
  auto p = cut_into_depthwise_taps(depthwise(window({6, 6}, {5, 5}), kChannels));
  ASSERT_TRUE(p);
  const auto list_words = [&](const std::vector<int8_t>& weights) {
    lay_out_depthwise_taps(*p, weights.data());
    return (p->sums_at - p->list_at) / DepthwiseTaps::kWord;
  };
  const auto sums = [&] { return (p->stretches_at - p->sums_at) / DepthwiseTaps::kSumsBytes; };
  std::vector<int8_t> weights(kTaps * kChannels, 0);
  EXPECT_EQ(list_words(weights), DepthwiseTaps::group_words(1));
  EXPECT_EQ(sums(), 0U);
  for (uint32_t t = 0; t < kTaps; ++t) weights[t * kChannels + 1] = 1;
  EXPECT_EQ(list_words(weights), DepthwiseTaps::group_words(17) + DepthwiseTaps::group_words(8));
  EXPECT_EQ(sums(), 1U);
  // −128 twice is 256 in sum, one more than a group takes; 127 and −128 are not.
  for (uint32_t t = 0; t < kTaps; ++t) weights[t * kChannels + 2] = INT8_MIN;
  EXPECT_EQ(list_words(weights), kTaps * DepthwiseTaps::group_words(1));
  EXPECT_EQ(sums(), kTaps - 1);
  for (uint32_t t = 0; t < kTaps; t += 2) weights[t * kChannels + 2] = INT8_MAX;
  EXPECT_EQ(list_words(weights), 12 * DepthwiseTaps::group_words(2) + DepthwiseTaps::group_words(1));
}

}  // namespace
}  // namespace tandem
