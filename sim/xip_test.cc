#include "xip.h"

#include <gtest/gtest.h>

namespace tandem::sim {
namespace {

constexpr uint32_t kStreamAddr = 0x14, kStreamCtr = 0x18, kStat = 0x08;

struct XipTest : testing::Test {
  FreeParameters parameters;
  std::vector<uint8_t> flash = std::vector<uint8_t>(kFlashWindowBytes, 0xff);
  Xip xip{flash, parameters};

  void SetUp() override {
    for (uint32_t i = 0; i < 4096; ++i) flash[i] = static_cast<uint8_t>(i * 7);
    xip.configure_as_boot2();
  }
  uint32_t left(Cycles now) {
    uint32_t value = 0;
    xip.read_control(kStreamCtr, now, &value);
    return value;
  }
};

TEST_F(XipTest, MissTakesWhatTheRegistersOfBoot2Say) {
  // 8 clocks for 24 address and 8 mode bits on four lanes, 4 wait, 8 data; divider 2; overhead.
  EXPECT_EQ(xip.miss_cycles(), 20 * 2 + parameters.xip_miss_overhead);
}

TEST_F(XipTest, MissFollowsTheDivider) {
  xip.write_ssi(0x14, 4, 0);
  EXPECT_EQ(xip.miss_cycles(), 20 * 4 + parameters.xip_miss_overhead);
}

TEST_F(XipTest, SerialReadsAreSlower) {
  xip.configure_serial_read();  // 8 command, 24 address, 32 data, one lane, divider 6
  EXPECT_EQ(xip.miss_cycles(), 64 * 6 + parameters.xip_miss_overhead);
}

TEST_F(XipTest, MissFillsHalfALine) {
  EXPECT_TRUE(xip.access(kFlashBase, 0).miss);
  EXPECT_FALSE(xip.access(kFlashBase, 100).miss);
  EXPECT_TRUE(xip.access(kFlashBase + 4, 200).miss);
  EXPECT_FALSE(xip.access(kFlashBase + 4, 300).miss);
}

TEST_F(XipTest, TwoWaysKeepTwoLines) {
  constexpr uint32_t kWay = kCacheBytes / 2;
  Cycles now = 0;
  const auto miss = [&](uint32_t offset) { return xip.access(kFlashBase + offset, now += 100).miss; };
  EXPECT_TRUE(miss(0));
  EXPECT_TRUE(miss(kWay));
  EXPECT_FALSE(miss(0));
  EXPECT_TRUE(miss(2 * kWay)) << "least recently used: way of kWay";
  EXPECT_FALSE(miss(0));
  EXPECT_TRUE(miss(kWay));
}

TEST_F(XipTest, AliasesBypassLookupOrAllocation) {
  EXPECT_TRUE(xip.access(0x11000000, 0).miss);
  EXPECT_TRUE(xip.access(0x11000000, 100).miss) << "not allocated";
  EXPECT_TRUE(xip.access(0x12000000, 200).miss) << "allocates, doesn't look up";
  EXPECT_TRUE(xip.access(0x12000000, 300).miss);
  EXPECT_FALSE(xip.access(0x10000000, 400).miss);
}

TEST_F(XipTest, StreamFillsItsFifoAndStops) {
  xip.write_control(kStreamAddr, kFlashBase, 0);
  xip.write_control(kStreamCtr, 10, 0);
  EXPECT_EQ(left(1000), 8u) << "two words fit";
  EXPECT_EQ(xip.pop_stream(1000), 0x150e0700u);
  EXPECT_EQ(left(1000 + xip.miss_cycles() - 1), 8u);
  EXPECT_EQ(left(1000 + xip.miss_cycles()), 7u);
}

TEST_F(XipTest, StreamCoolsDownAfterAMiss) {
  const Cycles miss = xip.miss_cycles();
  const Cycles end = xip.access(kFlashBase + 0x800, 0).done;
  EXPECT_EQ(end, miss);
  xip.write_control(kStreamAddr, kFlashBase, 1);
  xip.write_control(kStreamCtr, 1, 1);
  // The serial engine is free at `end`; seven cycles later the stream may have it [DS 2.6.3.4].
  EXPECT_EQ(left(end + 7 + miss - 1), 1u);
  EXPECT_EQ(left(end + 7 + miss), 0u);
}

TEST_F(XipTest, MissGoesFirstThenWaitsForTheWordUnderWay) {
  const Cycles miss = xip.miss_cycles();
  xip.write_control(kStreamAddr, kFlashBase, 0);
  xip.write_control(kStreamCtr, 4, 0);
  // In the cycle in which the stream could begin, the miss wins.
  EXPECT_EQ(xip.access(kFlashBase + 0x800, 0).done, miss);
  EXPECT_EQ(left(miss + 1), 4u);
  // A word that began is finished first.
  const Cycles began = miss + parameters.stream_cooldown;
  EXPECT_EQ(xip.access(kFlashBase + 0x900, began + 1).done, began + miss + miss);
}

TEST_F(XipTest, FlushEmptiesTheCacheAndStallsReaders) {
  xip.access(kFlashBase, 0);
  xip.write_control(0x04, 1, 100);
  uint32_t status = 0;
  xip.read_control(kStat, 200, &status);
  EXPECT_FALSE(status & 1);
  const Xip::Result result = xip.access(kFlashBase, 200);
  EXPECT_TRUE(result.miss);
  EXPECT_EQ(result.done, 100 + kXipFlush + xip.miss_cycles());
}

TEST_F(XipTest, StatusRegistersAnswerAsBoot2Asks) {
  xip.write_ssi(0x08, 0, 0);
  xip.write_ssi(0x14, 4, 0);
  xip.write_ssi(0x00, 7u << 16, 0);  // 8-bit frames, both ways
  xip.write_ssi(0x08, 1, 0);
  xip.write_ssi(0x60, 0x35, 10);  // read status register 2
  xip.write_ssi(0x60, 0, 11);
  uint32_t status = 0, value = 0;
  xip.read_ssi(0x28, 12, &status);
  EXPECT_TRUE(status & 1) << "busy";
  xip.read_ssi(0x28, 10 + 2 * 8 * 4, &status);
  EXPECT_FALSE(status & 1);
  xip.read_ssi(0x60, 100, &value);
  xip.read_ssi(0x60, 100, &value);
  EXPECT_EQ(value, 2u) << "quad enabled";
}

}  // namespace
}  // namespace tandem::sim
