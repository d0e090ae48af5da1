#include "dma.h"

#include <gtest/gtest.h>

#include "test_machine.h"

namespace tandem::sim {
namespace {

constexpr uint32_t kDma = 0x50000000, kFrom = 0x20010000, kTo = 0x20020000;
constexpr uint32_t kEnable = 1, kWords = 2u << 2, kIncrementBoth = 3u << 4, kBusy = 1u << 24;
constexpr uint32_t chain(uint32_t channel) { return channel << 11; }
constexpr uint32_t request(uint32_t number) { return number << 15; }
constexpr uint32_t kPermanent = 63, kTimer0 = 59, kStream = 37;

struct DmaTest : testing::Test {
  TestMachine test;

  DmaTest() { test.start(0, 0x20040000, {0xe7fe}, 0x20040800); }  // b .: time goes on
  void set(uint32_t offset, uint32_t value) {
    test.machine.bus().write(0, kDma + offset, 4, test.machine.now(), value);
  }
  uint32_t get(uint32_t offset) { return test.word(kDma + offset); }
  void start(uint32_t channel, uint32_t from, uint32_t to, uint32_t count, uint32_t control) {
    set(channel * 0x40, from);
    set(channel * 0x40 + 4, to);
    set(channel * 0x40 + 8, count);
    set(channel * 0x40 + 12, control | kEnable);
  }
  /// Cycles until the channel is done.
  Cycles wait(uint32_t channel) {
    const Cycles from = test.machine.now();
    while ((get(channel * 0x40 + 12) & kBusy) && test.machine.now() < from + 100000)
      test.machine.run(test.machine.now() + 1);
    return test.machine.now() - from;
  }
};

TEST_F(DmaTest, CopiesOneWordACycle) {
  for (uint32_t i = 0; i < 64; ++i) test.set_word(kFrom + 4 * i, i * i);
  // The write of word i goes to bank i + 2 while word i + 1 is read from bank i + 1: they never meet.
  start(0, kFrom, kTo + 8, 64, kWords | kIncrementBoth | chain(0) | request(kPermanent));
  const Cycles cycles = wait(0);
  EXPECT_EQ(test.word(kTo + 8 + 4 * 63), 63u * 63u);
  EXPECT_GE(cycles, 64u);
  EXPECT_LE(cycles, 64 + kDmaStart + 2);
}

/// A core that loads back to back from the bank which the DMA writes in every cycle, or reads.
TEST_F(DmaTest, CoreBesideItHasEveryOtherCycle) {
  constexpr uint32_t kBank0 = 0x21000000, kBank1 = 0x21010000, kDmaWriteFirst = 1u << 12;
  for (const uint32_t bank : {kBank0, kBank1}) {
    for (const uint32_t priority : {0u, kDmaWriteFirst}) {
      TestMachine run;
      run.machine.set_priorities(priority);
      run.start(0, 0x20040000, {0xc8fe, 0xc8fe, 0xe7fe}, 0x20040800);  // ldm r0!,{r1-r7} twice; b .
      run.machine.core(0).set_reg(0, bank + 0x400);
      for (const auto& [offset, value] :
           {std::pair{0u, kBank0}, {4u, kBank1}, {8u, 500u}, {12u, kWords | request(kPermanent) | kEnable}}) {
        run.machine.bus().write(0, kDma + offset, 4, 0, value);
      }
      const Cycles end = run.run_to(0, 0x20040004);
      SCOPED_TRACE(testing::Message() << "bank " << std::hex << bank << " priority " << priority);
      if (priority != 0 && bank == kBank1) {
        EXPECT_GT(end, 400u) << "only once the DMA is done";
      } else {  // 7 words each, every other cycle but for the first few
        EXPECT_GE(end, 2u * 14);
        EXPECT_LE(end, 2u + 2 * 16);
      }
    }
  }
}

TEST_F(DmaTest, ReadAndWriteInOneBankTakeTurns) {
  start(0, kFrom, kTo + 4, 64, kWords | kIncrementBoth | chain(0) | request(kPermanent));
  EXPECT_GE(wait(0), 2 * 64u);
}

TEST_F(DmaTest, TimerPacesIt) {
  set(0x420, 1u << 16 | 20);  // 1 element every 20 cycles
  start(0, kFrom, kTo, 10, kWords | kIncrementBoth | chain(0) | request(kTimer0));
  EXPECT_NEAR(static_cast<double>(wait(0)), 200, 4);
}

TEST_F(DmaTest, ChainStartsTheNextChannel) {
  test.set_word(kFrom, 7);
  set(0x40, kTo);  // channel 1: copies the copy
  set(0x44, kTo + 16);
  set(0x48, 1);
  set(0x50, kEnable | kWords | chain(1) | request(kPermanent));  // control without trigger
  start(0, kFrom, kTo, 1, kWords | chain(1) | request(kPermanent));
  wait(0);
  wait(1);
  EXPECT_EQ(test.word(kTo + 16), 7u);
  EXPECT_EQ(get(0x400), 3u) << "both interrupts raw";
}

TEST_F(DmaTest, StreamIsDrainedAtTheFlashsPace) {
  for (uint32_t i = 0; i < 16; ++i) {
    uint32_t left = 0;
    test.machine.bus().memory(kFlashBase + i, &left)[0] = static_cast<uint8_t>(i);
  }
  test.machine.bus().write(0, 0x14000014, 4, 0, kFlashBase);
  test.machine.bus().write(0, 0x14000018, 4, 0, 4);
  start(0, kXipAuxBase, kTo, 4, kWords | 2u << 4 | chain(0) | request(kStream));
  const Cycles cycles = wait(0);
  EXPECT_EQ(test.word(kTo + 12), 0x0f0e0d0cu);
  const Cycles miss = test.machine.xip().miss_cycles();
  EXPECT_GE(cycles, 4 * miss);
  EXPECT_LE(cycles, 4 * miss + 8);
}

TEST_F(DmaTest, BusErrorsAreReported) {
  start(3, 0x60000000, kTo, 1, kWords | chain(3) | request(kPermanent));
  const Stop stop = test.machine.run(1000);
  ASSERT_EQ(stop.kind, StopKind::kFault);
  EXPECT_EQ(stop.fault->kind, FaultKind::kDmaRead);
  EXPECT_EQ(stop.fault->channel, 3u);
  EXPECT_EQ(stop.fault->address, 0x60000000u);
}

TEST_F(DmaTest, SnifferMakesTheChecksumOfTheRom) {
  // The bit order of CRC-32 as the boot ROM uses it: check value of CRC-32/MPEG-2.
  const char digits[] = "123456789";
  for (uint32_t i = 0; i < 9; ++i)
    test.machine.bus().write(-1, kFrom + i, 1, 0, static_cast<uint8_t>(digits[i]));
  set(0x434, 1 | 0u << 1 | 0u << 5);
  set(0x438, ~0u);
  start(0, kFrom, kTo, 9, 1u << 4 | chain(0) | request(kPermanent) | 1u << 23);
  wait(0);
  EXPECT_EQ(get(0x438), 0x0376e6e7u);
}

}  // namespace
}  // namespace tandem::sim
