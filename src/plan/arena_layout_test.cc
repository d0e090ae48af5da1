#include "plan/arena_layout.h"

#include <gtest/gtest.h>

#include <vector>

#include "random_buffers_test.h"

namespace tandem {
namespace {

struct Layout {
  std::vector<Buffer> buffers;
  uint64_t end = 0;
};

Layout lay_out(std::vector<Buffer> buffers) {
  std::vector<uint16_t> order(buffers.size());
  std::vector<uint16_t> placed(buffers.size());
  const uint64_t end = lay_out(buffers, order, placed, place_variables(buffers, 0));
  return {std::move(buffers), end};
}

TEST(ArenaLayout, LiveBuffersDoNotOverlapAndAreAligned) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    models::SplitMix64 random(seed);
    const auto operators = static_cast<int16_t>(1 + random.next() % 40);
    const auto count = static_cast<uint16_t>(1 + random.next() % 90);
    const Layout layout = lay_out(random_buffers(random, count, operators));
    for (uint16_t i = 0; i < count; ++i) {
      const Buffer& a = layout.buffers[i];
      if (a.constant != 0 || a.bytes == 0) continue;
      EXPECT_EQ(a.offset % kBufferAlignment, 0U);
      EXPECT_LE(a.offset + a.bytes, layout.end);
      EXPECT_EQ(a.offset, layout.buffers[a.root].offset);
      for (uint16_t k = 0; k < i; ++k) {
        const Buffer& b = layout.buffers[k];
        if (b.constant != 0 || b.bytes == 0 || b.root == a.root) continue;
        const bool together = a.variable != 0 || b.variable != 0 || a.alive_with(b);
        EXPECT_FALSE(together && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes)
            << i << " and " << k;
      }
    }
  }
}

TEST(PlaceStreams, NeverOverlapAnythingAliveNorPassTheLimit) {
  uint32_t placed_streams = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    models::SplitMix64 random(seed);
    const auto operators = static_cast<int16_t>(1 + random.next() % 40);
    const auto count = static_cast<uint16_t>(1 + random.next() % 90);
    std::vector<Buffer> buffers = random_buffers(random, count, operators);
    want_streams(random, buffers, operators);
    const std::vector<uint32_t> times = random_times(random, operators, seed % 2 == 0 ? 500'000 : 20'000);
    std::vector<uint16_t> order(count), placed(count);
    const uint64_t start = place_variables(buffers, 0);
    const uint64_t laid_out = lay_out(buffers, order, placed, start);
    const std::vector<Buffer> before = buffers;
    // Placed anew for each limit, from what the limit before has left behind.
    for (const uint64_t limit : {uint64_t{0}, laid_out + 4000, uint64_t{1} << 30, laid_out}) {
      const bool from_top = random.next() % 2 == 1;
      const StreamedLayout layout =
          place_streams(buffers, order, placed, times, {start, laid_out, limit, from_top});
      placed_streams += layout.streams;
      EXPECT_LE(layout.end, std::max(limit, laid_out));
      uint32_t streams = 0;
      for (uint16_t i = 0; i < count; ++i) {
        const Buffer& a = buffers[i];
        if (!before[i].wants_stream()) {
          EXPECT_EQ(a.offset, before[i].offset);
          continue;
        }
        EXPECT_EQ(a.needed(), before[i].first);
        EXPECT_EQ(a.by_units(), before[i].by_units());
        if (!a.streamed()) continue;
        EXPECT_LT(streams, layout.streams);
        EXPECT_LE(a.first, a.needed() - (a.by_units() ? 0 : 1));
        EXPECT_GE(a.first, 0);
        EXPECT_EQ(a.offset % kBufferAlignment, 0U);
        EXPECT_LE(a.offset + a.bytes, layout.end);
        for (uint16_t k = 0; k < count; ++k) {
          const Buffer& b = buffers[k];
          if (k == i || b.bytes == 0 || (b.constant != 0 && !b.streamed())) continue;
          const bool together = b.variable != 0 || a.alive_with(b);
          EXPECT_FALSE(together && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes)
              << i << " and " << k;
        }
        ++streams;
      }
      EXPECT_EQ(streams, layout.streams);
      // In the order of need, those without a place at the end.
      for (uint32_t k = 0; k + 1 < layout.streams; ++k) {
        EXPECT_LE(buffers[order[k]].needed(), buffers[order[k + 1]].needed());
      }
      for (uint32_t k = 0; k < layout.streams; ++k) EXPECT_TRUE(buffers[order[k]].streamed());
    }
  }
  EXPECT_GT(placed_streams, 1000U);
}

// Three operators of 100,000 cycles, the last two with a constant each.
TEST(PlaceStreams, StartAsLateAsTheyArriveInTime) {
  std::vector<Buffer> buffers(4);
  buffers[0] = {.bytes = 4096, .first = 0, .last = 1, .root = 0};
  buffers[1] = {.bytes = 4096, .first = 1, .last = 2, .root = 1};
  buffers[2] = {.bytes = 4096, .first = 1, .last = 1, .root = 2, .constant = Buffer::kStreamWanted};
  buffers[3] = {.bytes = 4096, .first = 2, .last = 2, .root = 3, .constant = Buffer::kStreamWanted};
  const std::vector<uint32_t> times = {0, 100'000, 200'000};
  std::vector<uint16_t> order(4), placed(4);
  const uint64_t end = lay_out(buffers, order, placed, 0);
  EXPECT_EQ(end, 8192U);
  // Both constants are wanted while both tensors are alive, so one needs more arena; the other one has the
  // memory that is free during the first operator, but not during the second, which reads it.
  EXPECT_EQ(place_streams(buffers, order, placed, times, {0, end, 0}).streams, 0U);
  EXPECT_EQ(place_streams(buffers, order, placed, times, {0, end, end + 4096}).streams, 1U);
  const StreamedLayout layout = place_streams(buffers, order, placed, times, {0, end, UINT32_MAX});
  EXPECT_EQ(layout.streams, 2U);
  EXPECT_EQ(layout.end, end + 8192);
  EXPECT_EQ(buffers[2].first, 0);
  EXPECT_EQ(buffers[3].first, 1);
}

// The same three operators, faster than their constants: those come one after the other, each as soon as the
// one before it has been started.
TEST(PlaceStreams, ByUnitsStartWithTheOperatorBeforeOrTheirOwn) {
  std::vector<Buffer> buffers(3);
  for (uint16_t i = 0; i < 3; ++i) {
    const auto op = static_cast<int16_t>(i);
    buffers[i] = {.bytes = 40'000,
                  .first = op,
                  .last = op,
                  .root = i,
                  .constant = Buffer::kStreamWanted | Buffer::kByUnits};
  }
  const std::vector<uint32_t> times = {0, 1000, 2000};
  std::vector<uint16_t> order(3), placed(3);
  EXPECT_EQ(place_streams(buffers, order, placed, times, {0, 0, 80'000}).streams, 3U);
  EXPECT_EQ(buffers[0].first, 0);
  EXPECT_EQ(buffers[1].first, 0);
  EXPECT_EQ(buffers[2].first, 1);
  // Where there is no operator before, or no memory then, its own.
  buffers[0].bytes = buffers[1].bytes = 0;
  buffers[0].constant = buffers[1].constant = Buffer::kInFile;
  buffers.push_back({.bytes = 80'000, .first = 0, .last = 1, .root = 3});
  order.resize(4);
  placed.resize(4);
  EXPECT_EQ(place_streams(buffers, order, placed, times, {0, 80'000, 80'000}).streams, 1U);
  EXPECT_EQ(buffers[2].first, 2);
  EXPECT_EQ(buffers[2].needed(), 2);
}

TEST(PlaceStreams, NoneIsWorthMemoryThatComesTooLate) {
  std::vector<Buffer> buffers(2);
  buffers[0] = {.bytes = 64, .first = -1, .last = 1, .root = 0};
  buffers[1] = {.bytes = 65536, .first = 1, .last = 1, .root = 1, .constant = Buffer::kStreamWanted};
  std::vector<uint16_t> order(2), placed(2);
  const uint64_t end = lay_out(buffers, order, placed, 0);
  const std::vector<uint32_t> fast = {0, 50'000};
  EXPECT_EQ(place_streams(buffers, order, placed, fast, {0, end, UINT32_MAX}).streams, 0U);
  const std::vector<uint32_t> slow = {0, 2'000'000};
  EXPECT_EQ(place_streams(buffers, order, placed, slow, {0, end, UINT32_MAX}).streams, 1U);
}

TEST(ArenaLayout, IsDeterministic) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    models::SplitMix64 random(seed);
    const std::vector<Buffer> buffers = random_buffers(random, 60, 20);
    const Layout a = lay_out(buffers);
    const Layout b = lay_out(buffers);
    for (size_t i = 0; i < buffers.size(); ++i)
      EXPECT_EQ(a.buffers[i].offset, b.buffers[i].offset) << "seed=" << seed;
  }
}

TEST(ArenaLayout, NeverBelowTheBoundAndOftenOnIt) {
  unsigned reached = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    models::SplitMix64 random(seed);
    std::vector<Buffer> buffers = random_buffers(random, 40, 20);
    for (uint16_t i = 0; i < buffers.size(); ++i) buffers[i].root = i;
    const uint64_t bound = lower_bound_bytes(buffers, 20);
    const Layout layout = lay_out(buffers);
    EXPECT_GE(layout.end, bound) << "seed=" << seed;
    reached += layout.end == bound ? 1 : 0;
  }
  EXPECT_GE(reached, 100U);
}

TEST(ArenaLayout, ChainReusesMemory) {
  // in → a → b → out: two neighbours live at a time, so the arena is the largest pair.
  std::vector<Buffer> chain(4);
  const uint32_t sizes[] = {800, 1600, 400, 80};
  for (uint16_t i = 0; i < 4; ++i) {
    chain[i] = {
        .bytes = sizes[i], .first = static_cast<int16_t>(i - 1), .last = static_cast<int16_t>(i), .root = i};
  }
  EXPECT_EQ(lay_out(chain).end, 2400U);
}

TEST(ArenaLayout, VariablesComeFirst) {
  std::vector<Buffer> buffers(3);
  buffers[0] = {.bytes = 64, .first = 0, .last = 0, .root = 0};
  buffers[1] = {.bytes = 16, .first = 0, .last = 0, .root = 1, .variable = 1};
  buffers[2] = {.bytes = 64, .first = 1, .last = 1, .root = 2};
  const Layout layout = lay_out(buffers);
  EXPECT_EQ(layout.buffers[1].offset, 0U);
  EXPECT_EQ(layout.buffers[0].offset, 16U);
  EXPECT_EQ(layout.end, 80U);
}

}  // namespace
}  // namespace tandem
