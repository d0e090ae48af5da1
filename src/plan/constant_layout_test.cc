#include "plan/constant_layout.h"

#include <gtest/gtest.h>

#include <string>

#include "random_buffers_test.h"

namespace tandem {
namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 30;
constexpr uint32_t kMost = 100'000;

// A model as the planner hands it over, laid out but for its constants.
struct Constants {
  explicit Constants(std::vector<Buffer> all, std::vector<uint32_t> op_times, int64_t run_end)
      : buffers(std::move(all)), order(buffers.size()), placed(buffers.size()), times(std::move(op_times)) {
    const uint64_t start = place_variables(buffers, 0);
    const uint64_t laid_out = lay_out(buffers, order, placed, start);
    task = {.buffers = buffers,
            .order = order,
            .placed = placed,
            .times = times,
            .run_end = run_end,
            .start = start,
            .laid_out = laid_out};
  }

  [[nodiscard]] uint32_t wanted() const {
    return static_cast<uint32_t>(std::ranges::count_if(buffers, &Buffer::wants_stream));
  }
  [[nodiscard]] uint32_t in_flash() const {
    return static_cast<uint32_t>(std::ranges::count_if(
        buffers, [](const Buffer& b) { return b.wants_stream() && !b.streamed() && !b.resident(); }));
  }
  [[nodiscard]] uint32_t resident() const {
    return static_cast<uint32_t>(std::ranges::count_if(buffers, &Buffer::resident));
  }

  std::vector<Buffer> buffers;
  std::vector<uint16_t> order, placed;
  std::vector<uint32_t> times;
  ConstantTask task;
};

// `sizes.size()` operators of `cycles` each, one after the other, each with a constant of that size that it
// reads by units, and a tensor of 64 bytes between them.
Constants chain(const std::vector<uint32_t>& sizes, uint32_t cycles) {
  std::vector<Buffer> buffers;
  std::vector<uint32_t> times;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto op = static_cast<int16_t>(i);
    buffers.push_back({.bytes = 64, .first = op, .last = static_cast<int16_t>(op + 1)});
    buffers.push_back(
        {.bytes = sizes[i], .first = op, .last = op, .constant = Buffer::kStreamWanted | Buffer::kByUnits});
    times.push_back(static_cast<uint32_t>(i) * cycles);
  }
  for (size_t i = 0; i < buffers.size(); ++i) buffers[i].root = static_cast<uint16_t>(i);
  return Constants(std::move(buffers), std::move(times), static_cast<int64_t>(sizes.size()) * cycles);
}
constexpr uint32_t kFast = 1000;       // waits for its constant all the time
constexpr uint32_t kSlow = 2'000'000;  // never does

TEST(KeepConstants, WhatIsStreamedInTimeStaysInFlash) {
  Constants model = chain({8000, 16000, 16000, 24000}, kSlow);
  // The first one too, which has no time before it: it arrives while its operator runs.
  const ConstantLayout layout = keep_constants(model.task, kPlenty, {.limit = kPlenty, .most_bytes = kMost});
  EXPECT_EQ(model.resident(), 0U);
  EXPECT_FALSE(layout.split);
  EXPECT_EQ(layout.end, layout.resident_at);
  EXPECT_EQ(layout.end, stream_constants(model.task, kPlenty).end);
}

TEST(KeepConstants, AllThatIsWaitedForIfThereIsRoom) {
  Constants model = chain({8000, 16000, 16000, 24000}, kFast);
  const ConstantLayout layout = keep_constants(model.task, kPlenty, {.limit = kPlenty, .most_bytes = kMost});
  EXPECT_EQ(model.resident(), 4U);
  EXPECT_EQ(layout.resident_at, model.task.laid_out);
  EXPECT_EQ(layout.end, model.task.laid_out + 64'000);
}

TEST(KeepConstants, SmallOnesBeforeLargeOnesAndTheLaterOfTwo) {
  Constants model = chain({24000, 16000, 16000, 8000}, kFast);
  keep_constants(model.task, kPlenty, {.limit = kPlenty, .most_bytes = 24'000});
  EXPECT_EQ(model.resident(), 2U);
  EXPECT_TRUE(model.buffers[5].resident());
  EXPECT_TRUE(model.buffers[7].resident());
}

// A constant that is too large for what is left has its end there, right behind its streamed beginning.
TEST(KeepConstants, TheEndOfOneThatDoesNotFit) {
  for (const bool by_memory : {false, true}) {
    Constants model = chain({40000, 40000}, kFast);
    // One place for both streams, one after the other.
    const uint64_t streams = model.task.laid_out + 40'000;
    const uint64_t limit = by_memory ? streams + 30'000 : kPlenty;
    const ConstantLayout layout = keep_constants(
        model.task, limit, {.limit = limit, .most_bytes = by_memory ? kMost : uint32_t{30'000}});
    EXPECT_EQ(model.resident(), 0U);
    ASSERT_TRUE(layout.split);
    EXPECT_EQ(layout.end - layout.resident_at, 30'000U);
    EXPECT_LE(layout.end, limit);
    EXPECT_EQ(
        std::ranges::count_if(
            model.buffers, [&](const Buffer& b) { return b.streamed() && b.offset + b.bytes == layout.end; }),
        1);
  }
}

// What streams cannot have, because it is not there, residents do not have either.
TEST(KeepConstants, NothingWithoutRoom) {
  Constants model = chain({40000, 40000}, kFast);
  const uint64_t laid_out = model.task.laid_out;
  for (const uint64_t limit : {laid_out, laid_out + 500, laid_out + 40'000, laid_out + 40'500}) {
    const ConstantLayout layout = keep_constants(model.task, limit, {.limit = limit, .most_bytes = kMost});
    EXPECT_EQ(model.resident(), 0U) << limit;
    EXPECT_FALSE(layout.split) << limit;
    EXPECT_LE(layout.end, limit);
  }
}

TEST(KeepConstants, NeverOverlapPassALimitOrDriveStreamsOut) {
  uint32_t residents = 0, splits = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    models::SplitMix64 random(seed);
    const auto operators = static_cast<int16_t>(1 + random.next() % 40);
    const auto count = static_cast<uint16_t>(1 + random.next() % 90);
    std::vector<Buffer> all = random_buffers(random, count, operators);
    want_streams(random, all, operators);
    std::vector<uint32_t> times = random_times(random, operators, seed % 2 == 0 ? 500'000 : 20'000);
    const int64_t run_end = times.back() + 1000;
    Constants model(std::move(all), std::move(times), run_end);
    const std::vector<Buffer> before = model.buffers;
    for (const uint64_t limit : {model.task.laid_out, model.task.laid_out + 4000, kPlenty}) {
      const ResidentRoom room{.limit = limit - std::min<uint64_t>(limit, random.next() % 100),
                              .most_bytes = static_cast<uint32_t>(random.next() % 10'000)};
      stream_constants(model.task, limit);
      const uint32_t in_flash = model.in_flash();
      const ConstantLayout layout = keep_constants(model.task, limit, room);
      EXPECT_LE(layout.end, limit);
      EXPECT_LE(layout.end - layout.resident_at, room.most_bytes);
      EXPECT_LE(model.in_flash(), in_flash);
      if (layout.end > layout.resident_at) {
        EXPECT_LE(layout.end, room.limit);
      }
      uint32_t split = 0;
      for (uint16_t i = 0; i < count; ++i) {
        const Buffer& a = model.buffers[i];
        if (!before[i].wants_stream()) {
          EXPECT_EQ(a.offset, before[i].offset);
        } else {
          EXPECT_EQ(a.needed(), before[i].first);
        }
        if (a.bytes == 0 || (a.constant != 0 && !a.streamed() && !a.resident())) continue;
        const uint64_t end = uint64_t{a.offset} + a.bytes;
        if (a.resident()) {
          EXPECT_GE(a.offset, layout.resident_at);
          EXPECT_LE(end, layout.end);
        } else if (end > layout.resident_at) {
          EXPECT_TRUE(a.streamed());
          EXPECT_LE(end, layout.end);
          ++split;
        }
        EXPECT_EQ(a.offset % kBufferAlignment, 0U);
        for (uint16_t k = 0; k < i; ++k) {
          const Buffer& b = model.buffers[k];
          if (b.bytes == 0 || b.root == a.root) continue;
          if (b.constant != 0 && !b.streamed() && !b.resident()) continue;
          const bool for_ever = a.variable != 0 || b.variable != 0 || a.resident() || b.resident();
          EXPECT_FALSE((for_ever || a.alive_with(b)) && a.offset < b.offset + b.bytes &&
                       b.offset < a.offset + a.bytes)
              << i << " and " << k;
        }
      }
      EXPECT_EQ(split, layout.split ? 1U : 0U);
      residents += model.resident();
      splits += split;
      // Those that are streamed, those that are not, resident ones.
      const auto rank = [&](uint16_t i) {
        return model.buffers[i].streamed() ? 0 : model.buffers[i].resident() ? 2 : 1;
      };
      const auto order = std::span(model.order).first(model.wanted());
      EXPECT_TRUE(std::ranges::is_sorted(order, {}, rank));
      // The same again, whatever was there before.
      const std::vector<Buffer> first = model.buffers;
      stream_constants(model.task, model.task.laid_out);
      keep_constants(model.task, limit, room);
      for (uint16_t i = 0; i < count; ++i) {
        EXPECT_EQ(first[i].constant, model.buffers[i].constant);
        if (first[i].streamed() || first[i].resident()) {
          EXPECT_EQ(first[i].offset, model.buffers[i].offset);
        }
      }
    }
  }
  EXPECT_GT(residents, 500U);
  EXPECT_GT(splits, 50U);
}

}  // namespace
}  // namespace tandem
