#include "bus.h"

#include <gtest/gtest.h>

#include "test_machine.h"

namespace tandem::sim {
namespace {

// Code of each core in its own scratch bank, so that only data accesses can meet.
constexpr uint32_t kCode0 = 0x20040000, kCode1 = 0x20041000;
constexpr uint32_t kStack = 0x20030000;

const std::vector<uint16_t> kHammer = {
    0x6801,  // 1: ldr r1,[r0]
    0x6801,  //    ldr r1,[r0]
    0x6801,  //    ldr r1,[r0]
    0x6801,  //    ldr r1,[r0]
    0xe7fa,  //    b 1b
};

struct Contention {
  uint64_t instructions0, instructions1;
  Cycles bank0, bank1;
  uint64_t contested;
};

Contention hammer(uint32_t address0, uint32_t address1, uint32_t priority = 0) {
  TestMachine test;
  test.start(0, kCode0, kHammer, kStack);
  test.start(1, kCode1, kHammer, kStack + 0x1000);
  test.machine.core(0).set_reg(0, address0);
  test.machine.core(1).set_reg(0, address1);
  test.machine.set_priorities(priority);
  test.machine.run(10000);
  const auto s0 = test.machine.core(0).statistics(10000), s1 = test.machine.core(1).statistics(10000);
  return {s0.instructions, s1.instructions, s0.stalls[static_cast<size_t>(Stall::kBank)],
          s1.stalls[static_cast<size_t>(Stall::kBank)], test.machine.bus().port(PortId::kSram0).contested};
}

TEST(Bus, DifferentBanksDoNotMeet) {
  const Contention c = hammer(0x20000000, 0x20000004);
  EXPECT_EQ(c.instructions0, c.instructions1);
  EXPECT_EQ(c.bank0, 0u);
  EXPECT_EQ(c.bank1, 0u);
}

TEST(Bus, OneBankIsSharedFairly) {
  // Loads every second cycle from one bank: after one collision the cores alternate cycles and meet no more,
  // until their branches bring them together again.
  const Contention c = hammer(0x20000000, 0x20000000);
  EXPECT_GT(c.bank0 + c.bank1, 0u);
  EXPECT_NEAR(static_cast<double>(c.instructions0), static_cast<double>(c.instructions1), 8);
  EXPECT_EQ(c.contested, c.bank0 + c.bank1) << "one access takes the bank for one cycle";
}

TEST(Bus, RunsAreRepeatable) {
  const Contention a = hammer(0x20000000, 0x20000010), b = hammer(0x20000000, 0x20000010);
  EXPECT_EQ(a.instructions0, b.instructions0);
  EXPECT_EQ(a.instructions1, b.instructions1);
  EXPECT_EQ(a.contested, b.contested);
}

TEST(Bus, PriorityDecidesTies) {
  constexpr uint32_t kProc1First = 1u << 4;
  const Contention c = hammer(0x20000000, 0x20000000, kProc1First);
  EXPECT_EQ(c.bank1, 0u);
  EXPECT_GT(c.bank0, 0u);
}

/// Both cores load back to back by LDM from one bank: every cycle is asked for twice, so grants alternate.
TEST(Bus, BackToBackAccessesAlternate) {
  TestMachine test;
  // 0x21000000: bank 0 alone, not striped.
  const std::vector<uint16_t> code = {
      0xc8fe,  // ldm r0!,{r1-r7}
      0xe7fe,  // b .
  };
  test.start(0, kCode0, code, kStack);
  test.start(1, kCode1, code, kStack);
  test.machine.core(0).set_reg(0, kSramPlainBase);
  test.machine.core(1).set_reg(0, kSramPlainBase);
  // Both start in cycle 2, after their first fetch; from then on the bank serves a word each cycle.
  test.machine.run(15);
  EXPECT_EQ(test.machine.bus().port(PortId::kSram0).accesses, 15u - 2u);
  test.machine.run(100);
  const auto s0 = test.machine.core(0).statistics(100), s1 = test.machine.core(1).statistics(100);
  const Cycles stalls0 = s0.stalls[static_cast<size_t>(Stall::kBank)];
  const Cycles stalls1 = s1.stalls[static_cast<size_t>(Stall::kBank)];
  // Alternating: whoever goes first waits for 6 of the other's words, the other for 7.
  EXPECT_EQ(stalls0 + stalls1, 13u);
  EXPECT_EQ(stalls0 > stalls1 ? stalls0 - stalls1 : stalls1 - stalls0, 1u);
}

TEST(Bus, LoadWaitsForTheOtherCoresMiss) {
  TestMachine test;
  test.start(0, kCode0, {0x6801, 0xe7fe}, kStack);                  // ldr r1,[r0]; b .
  test.start(1, kCode1, {0x46c0, 0x46c0, 0x6801, 0xe7fe}, kStack);  // two NOPs first
  test.machine.core(0).set_reg(0, kFlashBase);
  test.machine.core(1).set_reg(0, kFlashBase + 0x1000);
  test.machine.run(300);
  const auto s0 = test.machine.core(0).statistics(300), s1 = test.machine.core(1).statistics(300);
  const Cycles miss = test.machine.xip().miss_cycles();
  EXPECT_EQ(s0.stalls[static_cast<size_t>(Stall::kFlashMiss)], miss);
  EXPECT_EQ(s1.stalls[static_cast<size_t>(Stall::kFlashMiss)], miss);
  // Core 1 asks 2 cycles after core 0; the port is free one cycle after the miss.
  EXPECT_EQ(s1.stalls[static_cast<size_t>(Stall::kOtherMiss)], miss + 1 - 2);
}

TEST(Bus, StripedAndPlainAddressesAreTheSameMemory) {
  TestMachine test;
  test.set_word(0x20000014, 0x12345678);  // second word of bank 1
  EXPECT_EQ(test.word(0x21010004), 0x12345678u);
  EXPECT_EQ(Bus::port_of(0x20000014), PortId::kSram1);
  EXPECT_EQ(Bus::port_of(0x21010004), PortId::kSram1);
  EXPECT_EQ(Bus::port_of(0x20040ffc), PortId::kSram4);
  EXPECT_EQ(Bus::port_of(0x20041000), PortId::kSram5);
}

TEST(Bus, InterposedAliasesTakeTwoCyclesMore) {
  constexpr uint32_t kSet = 0x2000, kUart0 = 0x40034030, kI2c1 = 0x40048000, kTimer = 0x40054038;
  EXPECT_EQ(Bus::wait_states(kUart0, true), 3u);
  EXPECT_EQ(Bus::wait_states(kUart0 + kSet, true), 5u);
  EXPECT_EQ(Bus::wait_states(kUart0 + kSet, false), 2u);
  EXPECT_EQ(Bus::wait_states(kI2c1 + kSet, true), 5u);
  EXPECT_EQ(Bus::wait_states(kTimer + kSet, true), 3u);
  EXPECT_EQ(Bus::wait_states(kSsiBase, true), 0u);
  EXPECT_EQ(Bus::wait_states(kSsiBase + kSet, true), 2u);
}

TEST(Bus, SsiHasAliases) {
  constexpr uint32_t kDmacr = kSsiBase + 0x4c;
  TestMachine test;
  test.set_word(kDmacr, 1);
  test.set_word(kDmacr + 0x2000, 2);
  EXPECT_EQ(test.word(kDmacr), 3u);
  test.set_word(kDmacr + 0x3000, 1);
  EXPECT_EQ(test.word(kDmacr), 2u);
  test.set_word(kDmacr + 0x1000, 3);
  EXPECT_EQ(test.word(kDmacr), 1u);
}

TEST(Bus, WritesToRomHaveNoEffect) {
  TestMachine test;
  const uint32_t before = test.word(0x10);
  EXPECT_TRUE(test.machine.bus().write(0, 0x10, 4, 0, ~before));
  EXPECT_EQ(test.word(0x10), before);
}

TEST(Bus, CachesMemoryAnswersWhileTheCacheIsOff) {
  TestMachine test;
  uint32_t value = 0;
  EXPECT_FALSE(test.machine.bus().write(0, kCacheSramBase, 4, 0, 5));
  EXPECT_FALSE(test.machine.bus().read(0, kCacheSramBase, 4, 0, &value));
  test.set_word(kXipCtrlBase, 0);
  EXPECT_TRUE(test.machine.bus().write(0, kCacheSramBase, 4, 0, 5));
  EXPECT_TRUE(test.machine.bus().read(0, kCacheSramBase, 4, 0, &value));
  EXPECT_EQ(value, 5u);
}

TEST(Bus, UnknownRegistersAreToldOnce) {
  TestMachine test;
  uint32_t value = 0;
  EXPECT_TRUE(test.machine.bus().read(0, 0x40050000, 4, 0, &value));  // PWM: not modelled
  EXPECT_TRUE(test.machine.bus().write(0, 0x40050000, 4, 0, 1));
  EXPECT_TRUE(test.machine.bus().read(0, 0x40008ffc, 4, 0, &value));  // no such register of CLOCKS
  ASSERT_EQ(test.host.warnings.size(), 2u);
  EXPECT_EQ(test.host.warnings[0].address, 0x40050000u);
  EXPECT_FALSE(test.machine.bus().read(0, 0x60000000, 4, 0, &value));  // no device at all
}

}  // namespace
}  // namespace tandem::sim
