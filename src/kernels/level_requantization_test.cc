#include "kernels/level_requantization.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tandem {
namespace {

/// What a kernel does with a channel's constants; `exact` counts how often it has to ask.
int32_t fast_level(const LevelConstants& k, int32_t x, int32_t exact_level, int32_t levels, uint64_t& exact) {
  if (x < 0) return 0;
  if (static_cast<uint32_t>(x) >= k.channel.limit) return levels;
  const uint64_t p = uint64_t{static_cast<uint32_t>(x)} * k.channel.scale;
  EXPECT_LT(p, uint64_t{1} << 32);
  if ((p & 0xffffff) < k.slack) {
    ++exact;
    return exact_level;
  }
  return static_cast<int32_t>(p >> 24);
}

void check_channel(QuantizedMultiplier m, int32_t zero_point, const Clamp& clamp, uint64_t& asked,
                   uint64_t& total) {
  const auto k = level_constants(m, 0, zero_point, clamp);
  if (!k) return;
  const int32_t z = -k->channel.offset;
  const auto limit = static_cast<int32_t>(k->channel.limit);
  // All accumulators from below level 0 to beyond the last one, or a sample of them that has every level's
  // edge.
  const int32_t step = std::max(limit / 4000, 1);
  const auto check = [&](int32_t x) {
    const int32_t expected = clamp.apply(requantize(z + x, m) + zero_point) - clamp.min;
    ++total;
    ASSERT_EQ(fast_level(*k, x, expected, clamp.max - clamp.min, asked), expected)
        << "M " << m.multiplier << " shift " << m.shift << " zero point " << zero_point << " clamp "
        << clamp.min << ".." << clamp.max << " x " << x;
  };
  for (int32_t x = -300; x < limit + 300; x += step) check(x);
  for (int32_t level = 1; level <= clamp.max - clamp.min; ++level) {
    const auto edge = static_cast<int32_t>((int64_t{level} << 24) / k->channel.scale);
    for (int32_t x = edge - 2; x <= edge + 2; ++x) check(x);
  }
}

TEST(LevelRequantization, IsExactOrAsks) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  uint64_t asked = 0;
  uint64_t total = 0;
  for (int i = 0; i < 2000; ++i) {
    const QuantizedMultiplier m{static_cast<int32_t>((1u << 30) + random() % (1u << 30)),
                                -static_cast<int32_t>(1 + random() % 16)};
    const auto zero_point = static_cast<int32_t>(random() % 256) - 128;
    const Clamp clamp = random() % 2 == 0 ? Clamp{zero_point, 127} : kRangeOf<int8_t>;
    check_channel(m, zero_point, clamp, asked, total);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(total, 1'000'000u);
}

TEST(LevelRequantization, SeldomAsksAtUsualScales) {
  for (int32_t shift = -10; shift <= -6; ++shift) {
    const auto k = level_constants({1'400'000'000, shift}, 0, -128, kRangeOf<int8_t>);
    ASSERT_TRUE(k);
    EXPECT_LT(k->slack * 40, 1u << 24) << "shift " << shift;
  }
}

TEST(LevelRequantization, RefusesWhatItCannotDo) {
  EXPECT_FALSE(level_constants({1 << 30, 0}, 0, 0, kRangeOf<int8_t>));
  EXPECT_FALSE(level_constants({0, -4}, 0, 0, kRangeOf<int8_t>));
  EXPECT_FALSE(level_constants({1 << 30, -4}, 0, 0, {5, 5}));
}

}  // namespace
}  // namespace tandem
