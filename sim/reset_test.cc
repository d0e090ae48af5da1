#include <gtest/gtest.h>

#include <cstring>

#include "rom.h"
#include "test_machine.h"

// RESETS, and what the watchdog and the cores begin again.

namespace tandem::sim {
namespace {

constexpr uint32_t kReset = 0x4000c000, kResetWatchdog = 0x4000c004, kPsmWatchdog = 0x40010008;
constexpr uint32_t kWatchdog = 0x40058000, kLoad = kWatchdog + 4, kReason = kWatchdog + 8,
                   kScratch = kWatchdog + 0xc, kTick = kWatchdog + 0x2c;
constexpr uint32_t kUart0 = 0x40034000, kTimerLow = 0x40054028, kUartBit = 1u << 22;
constexpr uint32_t kAllButOscillators = 0x1fffc;  // what the Pico SDK selects
constexpr uint32_t kCode = 0x20000400, kStack = 0x20008000, kCounter = 0x20003000;

/// Flash that boots: a second stage that stores WATCHDOG.REASON and counts at r7 in SRAM, then spins.
void put_boot2(TestMachine& test) {
  // ldr r0,[pc,#16]; ldr r1,[r0,#8]; ldr r2,[pc,#16]; str r1,[r2]; ldr r3,[r2,#4]; adds r3,#1; str
  // r3,[r2,#4]; b .
  test.put(kFlashBase, {0x4804, 0x6881, 0x4a04, 0x6011, 0x6853, 0x3301, 0x6053, 0xe7fe, 0x0000, 0x0000,
                        0x8000, 0x4005, static_cast<uint16_t>(kCounter), kCounter >> 16});
  uint32_t left = 0;
  uint8_t* flash = test.machine.bus().memory(kFlashBase, &left);
  std::fill(flash + 28, flash + 252, uint8_t{0});
  const uint32_t checksum = boot2_checksum({flash, 252});
  std::memcpy(flash + 252, &checksum, sizeof checksum);
}
constexpr uint32_t kSpin = 0x20041f0e;  // its last instruction, where the ROM copies it to

struct ResetTest : testing::Test {
  TestMachine test;
  Core& core = test.machine.core(0);
  uint32_t io(uint32_t address) {
    uint32_t value = 0;
    test.machine.bus().read(-1, address, 4, test.machine.now(), &value);
    return value;
  }
  void set_io(uint32_t address, uint32_t value) {
    test.machine.bus().write(-1, address, 4, test.machine.now(), value);
  }
};

TEST_F(ResetTest, AccessToABlockHeldInResetHasNoEffectAndIsTold) {
  test.machine.reset_control().held = kUartBit;
  test.start(0, kCode, {0x6001, 0x6801, 0x6001, 0xe7fe}, kStack);  // str r1,[r0]; ldr r1,[r0]; str; b .
  core.set_reg(0, kUart0);
  core.set_reg(1, 7);
  EXPECT_EQ(test.machine.run(1000).kind, StopKind::kNone);
  EXPECT_EQ(core.reg(1), 0u);
  ASSERT_EQ(test.host.warnings.size(), 1u);
  EXPECT_STREQ(test.host.warnings[0].held_block, "UART0");
  EXPECT_EQ(test.host.warnings[0].address, kUart0);
  EXPECT_TRUE(test.host.warnings[0].write);
  EXPECT_EQ(test.host.warnings[0].pc, kCode);
}

TEST_F(ResetTest, TheRomMayTouchABlockHeldInReset) {
  test.machine.reset_control().held = kUartBit;
  uint8_t* rom = test.machine.bus().rom().data();
  const uint16_t code[] = {0x6001, 0x6801, 0xe7fe};  // str r1,[r0]; ldr r1,[r0]; b .: as the chip's does
  std::memcpy(rom + 0x1000, code, sizeof code);
  core.start_at(0x1000, kStack, 0);
  core.set_reg(0, kUart0);
  core.set_reg(1, 7);
  EXPECT_EQ(test.machine.run(1000).kind, StopKind::kNone);
  EXPECT_EQ(core.reg(1), 0u);
  EXPECT_TRUE(test.host.warnings.empty());
}

TEST_F(ResetTest, DmaFromABlockHeldInResetIsAFault) {
  test.machine.reset_control().held = kUartBit;
  constexpr uint32_t kChannel = 0x50000000;
  set_io(kChannel, kUart0);
  set_io(kChannel + 4, kCounter);
  set_io(kChannel + 8, 1);
  set_io(kChannel + 12, 0x3f << 15 | 2 << 2 | 1);  // no request, words, enabled
  const Stop stop = test.machine.run(1000);
  ASSERT_EQ(stop.kind, StopKind::kFault);
  EXPECT_EQ(stop.fault->kind, FaultKind::kDmaRead);
  EXPECT_STREQ(stop.fault->block, "UART0");
}

TEST_F(ResetTest, BlocksAreHeldUntilTheyAreReleased) {
  TestHost host;
  Machine machine({}, host);
  EXPECT_STREQ(machine.held_block(0x40054000), "TIMER");
  EXPECT_STREQ(machine.held_block(0x50000000), "DMA");
  EXPECT_EQ(machine.held_block(0x40058000), nullptr) << "the watchdog isn't one of RESETS' blocks";
  EXPECT_EQ(machine.held_block(0x20000000), nullptr);
  machine.bus().write(-1, kReset, 4, 0, ~kUartBit);
  EXPECT_EQ(machine.held_block(kUart0), nullptr);
  EXPECT_EQ(machine.held_block(kUart0 + 0x2000), nullptr) << "aliases too";
  EXPECT_STREQ(machine.held_block(0x40038000), "UART1");
}

TEST_F(ResetTest, TheWatchdogRebootsThroughTheRom) {
  put_boot2(test);
  test.machine.power_on();
  test.machine.reset_control().held = 0;
  test.run_to(0, kSpin);
  EXPECT_EQ(test.word(kCounter), 0u) << "REASON after power-on";
  EXPECT_EQ(test.word(kCounter + 4), 1u);
  set_io(kScratch + 4, 0x1234567);
  set_io(kPsmWatchdog, kAllButOscillators);
  set_io(kTick, 0x20c);
  set_io(kLoad, 100);
  core.write_ppb(0xe000e100, 1);
  set_io(kWatchdog, 1u << 30);
  const Cycles fires = test.machine.cycle_of_tick(50);  // it counts by two: erratum RP2040-E1
  test.machine.run(fires - 1);
  EXPECT_TRUE(test.host.reboots.empty());
  test.machine.run(fires + 2000);
  ASSERT_EQ(test.host.reboots.size(), 1u);
  EXPECT_EQ(test.host.reboots[0].cause, Reboot::Cause::kWatchdogTimer);
  EXPECT_EQ(core.pc(), kSpin);
  EXPECT_EQ(test.word(kCounter), 1u) << "REASON: TIMER";
  EXPECT_EQ(test.word(kCounter + 4), 2u) << "SRAM is kept";
  EXPECT_EQ(io(kScratch + 4), 0x1234567u) << "scratch registers are kept";
  EXPECT_EQ(io(kWatchdog) >> 30 & 1, 0u) << "off, until the firmware enables it again";
  EXPECT_NE(io(kReset) & kUartBit, 0u) << "blocks are held again";
  uint32_t enabled = 1;
  core.read_ppb(0xe000e100, &enabled);
  EXPECT_EQ(enabled, 0u);
}

TEST_F(ResetTest, TriggersUntilTheHostHasEnough) {
  put_boot2(test);
  test.machine.power_on();
  for (size_t i = 0; i < test.host.max_reboots; ++i) {
    set_io(kPsmWatchdog, kAllButOscillators);
    set_io(kWatchdog, 1u << 31);
    EXPECT_EQ(test.machine.run(test.machine.now() + 5000).kind, StopKind::kNone);
    EXPECT_EQ(test.word(kCounter), 2u) << "REASON: FORCE";
  }
  set_io(kWatchdog, 1u << 31);
  EXPECT_EQ(test.machine.run(test.machine.now() + 5000).kind, StopKind::kReset);
  EXPECT_EQ(test.host.reboots.size(), test.host.max_reboots + 1);
}

TEST_F(ResetTest, WhatIsNotSelectedGoesOn) {
  test.start(0, kCode, {0x3501, 0xe7fd}, kStack);  // adds r5,#1; b back
  set_io(kResetWatchdog, 1u << 21);                // TIMER alone
  set_io(kTick, 0x20c);
  test.machine.run(100000);
  EXPECT_GT(io(kTimerLow), 0u);
  const uint32_t before = core.reg(5);
  set_io(kWatchdog, 1u << 31);
  test.machine.run(100010);
  EXPECT_EQ(io(kTimerLow), 0u);
  EXPECT_GT(core.reg(5), before);
  EXPECT_EQ(io(kReason), 2u);
}

TEST_F(ResetTest, ScratchRegistersSayWhereToGoOn) {
  put_boot2(test);
  test.put(kCode, {0x466d, 0xe7fe});  // mov r5,sp; b .
  constexpr uint32_t kMagic = 0xb007c0d3, kEntry = kCode | 1;
  const uint32_t scratch[] = {kMagic, kEntry ^ -kMagic, kStack, kEntry};
  for (uint32_t i = 0; i < 4; ++i) set_io(kScratch + 16 + 4 * i, scratch[i]);
  test.machine.power_on();
  test.machine.run(1000);
  EXPECT_EQ(core.reg(5), kStack);
  EXPECT_EQ(io(kScratch + 16), 0u) << "once";
  EXPECT_EQ(test.word(kCounter + 4), 0u) << "no second stage";
}

TEST_F(ResetTest, ACoreThatResetsItselfLeavesTheRest) {
  put_boot2(test);
  test.start(0, kCode, {0x6001, 0xe7fe}, kStack);           // str r1,[r0]; b .
  test.start(1, 0x20040000, {0x3501, 0xe7fd}, 0x20040800);  // adds r5,#1; b back
  core.set_reg(0, 0xe000ed0c);
  core.set_reg(1, 0x05fa0004);
  test.machine.run(1000);
  ASSERT_EQ(test.host.reboots.size(), 1u);
  EXPECT_EQ(test.host.reboots[0].cause, Reboot::Cause::kCoreRequest);
  EXPECT_EQ(test.word(kCounter + 4), 1u) << "core 0 went through the ROM";
  EXPECT_GT(test.machine.core(1).reg(5), 200u) << "core 1 didn't";
  EXPECT_EQ(test.machine.held_block(kUart0), nullptr);
}

}  // namespace
}  // namespace tandem::sim
