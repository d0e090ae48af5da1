#include "core.h"

#include <gtest/gtest.h>

#include "test_machine.h"

namespace tandem::sim {
namespace {

constexpr uint32_t kCode = 0x20000400, kVectors = 0x20000000, kStack = 0x20008000, kHandlers = 0x20000800;
constexpr uint32_t kVtor = 0xe000ed08, kIcsr = 0xe000ed04, kShpr3 = 0xe000ed20, kNvicEnable = 0xe000e100,
                   kNvicPend = 0xe000e200;

struct CoreTest : testing::Test {
  TestMachine test;
  Core& core = test.machine.core(0);

  void start(const std::vector<uint16_t>& code) {
    test.start(0, kCode, code, kStack);
    core.write_ppb(kVtor, kVectors);
  }
  void vector(unsigned exception, uint32_t handler) { test.set_word(kVectors + 4 * exception, handler | 1); }
  Stop run(Cycles limit = 10000) { return test.machine.run(limit); }
};

TEST_F(CoreTest, SvcStacksAndReturns) {
  vector(kSvc, kHandlers);
  test.put(kHandlers, {0x2407, 0x4770});    // movs r4,#7; bx lr
  start({0x2105, 0xdf01, 0x2209, 0xe7fe});  // movs r1,#5; svc 1; movs r2,#9; b .
  run();
  EXPECT_EQ(core.reg(4), 7u);
  EXPECT_EQ(core.reg(2), 9u);
  EXPECT_EQ(core.reg(13), kStack);
  EXPECT_EQ(test.word(kStack - 32 + 4), 5u) << "r1 in the frame";
  EXPECT_EQ(test.word(kStack - 32 + 24), kCode + 4) << "return address: behind the SVC";
}

TEST_F(CoreTest, InterruptEntryTakesFifteenCycles) {
  vector(kIrq0 + 5, kHandlers);
  test.put(kHandlers, {0xe7fe});
  start({0x46c0, 0x46c0, 0xe7fe});  // nop; nop; b .
  core.write_ppb(kNvicEnable, 1u << 5);
  const Cycles from = test.run_to(0, kCode + 2);
  core.write_ppb(kNvicPend, 1u << 5);
  EXPECT_EQ(test.run_to(0, kHandlers), from + kExceptionEntry);
}

TEST_F(CoreTest, ReturnTakesThirteenCycles) {
  vector(kIrq0 + 5, kHandlers);
  test.put(kHandlers, {0x4770});    // bx lr
  start({0x46c0, 0x46c0, 0xe7fe});  // nop; nop; b .
  core.write_ppb(kNvicEnable, 1u << 5);
  test.run_to(0, kCode + 2);
  core.write_ppb(kNvicPend, 1u << 5);
  const Cycles handler = test.run_to(0, kHandlers);
  EXPECT_EQ(test.run_to(0, kCode + 2), handler + 2 + kExceptionReturn);
}

TEST_F(CoreTest, TailChainingLeavesTheFrameWhereItIs) {
  for (const uint32_t control : {0u, 2u}) {  // on the main stack, on the process stack
    TestMachine own;
    Core& c = own.machine.core(0);
    own.set_word(kVectors + 4 * (kIrq0 + 1), kHandlers | 1);
    own.set_word(kVectors + 4 * (kIrq0 + 2), (kHandlers + 0x40) | 1);
    own.put(kHandlers, {0x4770});                 // bx lr
    own.put(kHandlers + 0x40, {0x4675, 0x4770});  // mov r5,lr; bx lr
    // msr psp,r1; msr control,r0; nop; nop; b .
    own.start(0, kCode, {0xf381, 0x8809, 0xf380, 0x8814, 0x46c0, 0x46c0, 0xe7fe}, kStack);
    c.write_ppb(kVtor, kVectors);
    c.write_ppb(kNvicEnable, 6);
    c.set_reg(0, control);
    c.set_reg(1, 0x20006000);
    own.run_to(0, kCode + 10);
    c.write_ppb(kNvicPend, 6);
    const Cycles first = own.run_to(0, kHandlers);
    const uint32_t sp = c.reg(13), psp = c.psp();
    // Entry less its stacking: the frame's words.
    EXPECT_EQ(own.run_to(0, kHandlers + 0x40), first + 2 + kExceptionEntry - 8);
    EXPECT_EQ(c.reg(13), sp);
    EXPECT_EQ(c.psp(), psp);
    own.run_to(0, kCode + 12);
    EXPECT_EQ(c.reg(5), control == 0 ? 0xfffffff9 : 0xfffffffd) << "where the chain returns to";
    EXPECT_EQ(c.reg(13), control == 0 ? kStack : 0x20006000);
    EXPECT_EQ(c.msp(), kStack);
  }
}

TEST_F(CoreTest, LateArrivalTakesTheEntryOver) {
  vector(kIrq0, kHandlers);
  vector(kIrq0 + 1, kHandlers + 0x40);
  test.put(kHandlers, {0x4770});
  test.put(kHandlers + 0x40, {0x3501, 0x4770});  // adds r5,#1; bx lr
  start({0x46c0, 0x46c0, 0xe7fe});
  core.write_ppb(kNvicEnable, 3);
  core.write_ppb(0xe000e400, 0xc000);  // IRQ 1 lowest
  const Cycles from = test.run_to(0, kCode + 2);
  core.write_ppb(kNvicPend, 2);
  test.machine.run(from + 5);
  core.write_ppb(kNvicPend, 1);
  EXPECT_EQ(test.run_to(0, kHandlers), from + kExceptionEntry) << "no later than without the other";
  EXPECT_EQ(test.run_to(0, kHandlers + 0x40), from + kExceptionEntry + 2 + kExceptionEntry - 8);
  test.run_to(0, kCode + 4);
  EXPECT_EQ(core.reg(5), 1u);
  EXPECT_EQ(core.reg(13), kStack);
}

TEST_F(CoreTest, IntervalsCoverAllOfACoresTime) {
  struct Sum final : Observer {
    void on_instruction(int core, uint32_t, Cycles start, Cycles end, const StallCycles&) override {
      pass(core, start, end);
    }
    void on_sleep(int core, uint32_t, Cycles start, Cycles end) override { pass(core, start, end); }
    void pass(int core, Cycles start, Cycles end) {
      if (core != 0) return;
      EXPECT_EQ(start, until);
      until = end;
    }
    Cycles until = 0;
  } sum;
  vector(kIrq0, kHandlers);
  test.put(kHandlers, {0x3501, 0x4770});            // adds r5,#1; bx lr
  start({0x46c0, 0xc80e, 0xbf30, 0x46c0, 0xe7fe});  // nop; ldm r0!,{r1-r3}; wfi; nop; b .
  test.start(1, 0x20040000, {0xe7fe}, 0x20040800);  // so that not everybody sleeps
  core.set_reg(0, 0x20001000);
  core.write_ppb(kNvicEnable, 1);
  test.machine.observe(&sum);
  const auto interrupt = [&](Cycles at) {
    test.machine.run(at);
    test.machine.arrive(at);
    core.set_irq(0, true, at);
    core.set_irq(0, false, at);
  };
  interrupt(test.run_to(0, kCode + 2) + 2);  // abandons LDM
  interrupt(1000);
  run(2000);
  EXPECT_EQ(core.reg(5), 2u);
  EXPECT_EQ(core.pc(), kCode + 8);
  EXPECT_GT(core.statistics(2000).sleeping, 800u);
  EXPECT_GE(sum.until, 1998u);
}

struct MultipleCase {
  const char* name;
  uint16_t code;
};
class CoreMultiples : public testing::TestWithParam<MultipleCase> {};

TEST_P(CoreMultiples, AreAbandonedForAnInterruptAndStartAgain) {
  constexpr uint32_t kData = 0x20001000, kSp = kData + 0x100, kWords = 7;
  constexpr uint16_t kPush = 0xb47f;
  const auto prepare = [&](TestMachine& test) {
    Core& core = test.machine.core(0);
    test.set_word(kVectors + 4 * kIrq0, kHandlers | 1);
    test.put(kHandlers, {0x4770});                                         // bx lr
    test.start(0, kCode, {0x46c0, GetParam().code, 0x46c0, 0xe7fe}, kSp);  // nop; it; nop; b .
    core.write_ppb(kVtor, kVectors);
    core.write_ppb(kNvicEnable, 1);
    for (uint32_t i = 0; i < 2 * kWords; ++i) {
      test.set_word(kData + 4 * i, 0x11 * i);
      test.set_word(kSp + 4 * i, 0x13 * i);
    }
    core.set_reg(0, kData);
    for (unsigned r = 1; r < 8; ++r) core.set_reg(r, 1000 + r);
  };
  TestMachine straight, broken;
  prepare(straight);
  prepare(broken);
  const Cycles begin = straight.run_to(0, kCode + 2);
  const Cycles whole = straight.run_to(0, kCode + 4) - begin;
  EXPECT_EQ(whole, 1u + kWords);

  constexpr Cycles kDone = 3;  // words, when the interrupt comes
  Core& core = broken.machine.core(0);
  broken.machine.run(begin + kDone);
  broken.machine.arrive(begin + kDone);
  core.set_irq(0, true, begin + kDone);
  core.set_irq(0, false, begin + kDone);
  EXPECT_EQ(broken.run_to(0, kHandlers), begin + kDone + kExceptionEntry);
  EXPECT_EQ(broken.word(core.reg(13) + 24), kCode + 2) << "returns to it";
  const Cycles again = broken.run_to(0, kCode + 2);
  EXPECT_EQ(broken.run_to(0, kCode + 4) - again, whole) << "all of it once more";
  for (unsigned r = 0; r < 15; ++r) EXPECT_EQ(core.reg(r), straight.machine.core(0).reg(r)) << "r" << r;
  for (uint32_t i = 0; i < kWords; ++i) {
    EXPECT_EQ(broken.word(kData + 4 * i), straight.word(kData + 4 * i)) << i;
    if (GetParam().code == kPush) {  // else the frame lies there
      EXPECT_EQ(broken.word(kSp - 4 * i - 4), straight.word(kSp - 4 * i - 4)) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, CoreMultiples,
                         testing::Values(MultipleCase{"ldm", 0xc8fe}, MultipleCase{"stm", 0xc0fe},
                                         MultipleCase{"push", 0xb47f}, MultipleCase{"pop", 0xbc7f}),
                         [](const auto& parameter) { return parameter.param.name; });

TEST_F(CoreTest, WhatAskedForTheBusIsFinishedBeforeAnInterrupt) {
  // Core 1's miss keeps the flash port; core 0's access waits for it when the interrupt comes.
  for (const uint16_t access : {uint16_t{0x6801}, uint16_t{0xc80e}}) {  // ldr r1,[r0]; ldm r0!,{r1-r3}
    Cycles first_word = 0;
    for (const bool interrupt : {false, true}) {
      TestMachine own;
      Core& c = own.machine.core(0);
      own.set_word(kVectors + 4 * kIrq0, kHandlers | 1);
      own.put(kHandlers, {0xe7fe});
      own.start(0, kCode, {0x46c0, access, 0xe7fe}, kStack);
      own.start(1, 0x20040000, {0x6801, 0xe7fe}, 0x20040800);
      c.write_ppb(kVtor, kVectors);
      c.write_ppb(kNvicEnable, 1);
      c.set_reg(0, kFlashBase + 0x1000);
      own.machine.core(1).set_reg(0, kFlashBase);
      if (!interrupt) {
        const Cycles end = own.run_to(0, kCode + 4), miss = own.machine.xip().miss_cycles();
        first_word = access == 0x6801 ? end : end - 1 - 2 * (miss + 1);  // LDM: two words less
      } else {
        own.machine.run(20);
        own.machine.arrive(20);
        c.set_irq(0, true, 20);
        EXPECT_EQ(own.run_to(0, kHandlers), first_word + kExceptionEntry);
      }
    }
  }
}

TEST_F(CoreTest, HigherPriorityPreemptsLowerWaits) {
  vector(kPendSv, kHandlers);
  vector(kIrq0, kHandlers + 0x40);
  // PendSV pends IRQ 0 (r0: NVIC_ISPR, r1: 1) and then counts in r5; IRQ 0 copies r5 to r6.
  test.put(kHandlers, {0x6001, 0xf3bf, 0x8f4f, 0x3501, 0x4770});  // str; dsb; adds r5,#1; bx lr
  test.put(kHandlers + 0x40, {0x002e, 0x3701, 0x4770});           // movs r6,r5; adds r7,#1; bx lr
  start({0x46c0, 0x46c0, 0x46c0, 0xe7fe});
  core.set_reg(0, kNvicPend);
  core.set_reg(1, 1);
  core.set_reg(6, 99);
  core.write_ppb(kNvicEnable, 1);
  core.write_ppb(kShpr3, 3u << 22);  // PendSV lowest
  core.write_ppb(kIcsr, 1u << 28);
  run();
  EXPECT_EQ(core.reg(7), 1u);
  EXPECT_EQ(core.reg(6), 0u) << "IRQ 0 preempted PendSV before it counted";
  EXPECT_EQ(core.reg(5), 1u);
}

TEST_F(CoreTest, PrimaskKeepsInterruptsOutButWakesWfi) {
  vector(kIrq0, kHandlers);
  test.put(kHandlers, {0x2401, 0x4770});
  start({0xb672, 0xbf30, 0x2503, 0xe7fe});          // cpsid i; wfi; movs r5,#3; b .
  test.start(1, 0x20040000, {0xe7fe}, 0x20040800);  // so that not everybody sleeps
  core.write_ppb(kNvicEnable, 1);
  run(1000);
  EXPECT_EQ(core.state(), Core::State::kWaitForInterrupt);
  test.machine.arrive(1000);
  core.set_irq(0, true, 1000);
  run(2000);
  EXPECT_EQ(core.reg(5), 3u);
  EXPECT_EQ(core.reg(4), 0u);
}

TEST_F(CoreTest, SevWakesTheOtherCore) {
  test.start(1, 0x20040000, {0xbf20, 0x2601, 0xe7fe}, 0x20040800);  // wfe; movs r6,#1; b .
  start({0x46c0, 0x46c0, 0x46c0, 0x46c0, 0x46c0, 0xbf40, 0xe7fe});  // nops; sev; b .
  run(1000);
  EXPECT_EQ(test.machine.core(1).reg(6), 1u);
  EXPECT_GT(test.machine.core(1).statistics(1000).sleeping, 0u);
}

TEST_F(CoreTest, StacksByProcessStackPointer) {
  vector(kSvc, kHandlers);
  test.put(kHandlers, {0x466c, 0x4675, 0x4770});  // mov r4,sp; mov r5,lr; bx lr
  // movs r0,#2; msr psp,r1; msr control,r0; svc 0; b .
  start({0x2002, 0xf381, 0x8809, 0xf380, 0x8814, 0xdf00, 0xe7fe});
  core.set_reg(1, 0x20006000);
  run();
  EXPECT_EQ(core.reg(4), kStack) << "the handler is on MSP";
  EXPECT_EQ(core.reg(5), 0xfffffffdu);
  EXPECT_EQ(core.psp(), 0x20006000u);
}

struct FaultCase {
  const char* name;
  std::vector<uint16_t> code;
  uint32_t r0;
  FaultKind kind;
  unsigned bytes;
  bool write;
};

class CoreFaults : public testing::TestWithParam<FaultCase> {};

TEST_P(CoreFaults, AreReported) {
  const FaultCase& c = GetParam();
  TestMachine test;
  test.start(0, kCode, c.code, kStack);
  test.machine.core(0).set_reg(0, c.r0);
  const Stop stop = test.machine.run(1000);
  ASSERT_EQ(stop.kind, StopKind::kFault);
  EXPECT_EQ(stop.fault->kind, c.kind);
  EXPECT_EQ(stop.fault->bytes, c.bytes);
  EXPECT_EQ(stop.fault->write, c.write);
  EXPECT_EQ(stop.fault->registers[0], c.r0);
  EXPECT_EQ(stop.fault->pc, kCode);
  if (c.bytes != 0) {
    EXPECT_EQ(stop.fault->address, c.r0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, CoreFaults,
    testing::Values(FaultCase{"unaligned_word_load", {0x6801}, 0x20001002, FaultKind::kUnaligned, 4, false},
                    FaultCase{
                        "unaligned_halfword_store", {0x8001}, 0x20001001, FaultKind::kUnaligned, 2, true},
                    FaultCase{"unaligned_ldm", {0xc802}, 0x20001002, FaultKind::kUnaligned, 4, false},
                    FaultCase{"unmapped_load", {0x6801}, 0x60000000, FaultKind::kUnmapped, 4, false},
                    FaultCase{"behind_sram", {0x6801}, 0x20042000, FaultKind::kUnmapped, 4, false},
                    FaultCase{"store_beside_rom", {0x6001}, 0x00004000, FaultKind::kUnmapped, 4, true},
                    FaultCase{"undefined", {0xde00}, 0, FaultKind::kUndefined, 0, false},
                    FaultCase{"undefined_32_bit", {0xf3b0, 0x8f00}, 0, FaultKind::kUndefined, 0, false},
                    FaultCase{"breakpoint", {0xbe01}, 0, FaultKind::kBreakpoint, 0, false},
                    FaultCase{"bx_to_arm_state", {0x4700}, 0x20001000, FaultKind::kArmState, 0, false}),
    [](const auto& parameter) { return parameter.param.name; });

TEST_F(CoreTest, StackUnderItsLimitIsAFault) {
  start({0xb4ff, 0xe7fd});  // push {r0-r7}; b back
  core.guard_stack({kStack - 100, kStack});
  const Stop stop = run();
  ASSERT_EQ(stop.kind, StopKind::kFault);
  EXPECT_EQ(stop.fault->kind, FaultKind::kStackLimit);
  EXPECT_EQ(stop.fault->registers[13], kStack - 128);
}

TEST_F(CoreTest, StackUnderItsLimitCanBeLetPass) {
  start({0xb082, 0x2507, 0xe7fe});  // sub sp,#8; movs r5,#7; b .
  core.guard_stack({kStack - 4, kStack});
  test.host.stop_at_stack_limit = false;
  EXPECT_EQ(run().kind, StopKind::kNone);
  EXPECT_EQ(test.host.stack_falls, 1);
  EXPECT_EQ(test.host.last_fall.registers[13], kStack - 8);
  EXPECT_EQ(core.reg(5), 7u);
}

TEST(Core, FaultsEnterHardFaultIfAskedTo) {
  TestMachine test({.stop_on_fault = false});
  test.set_word(kVectors + 4 * kHardFault, kHandlers | 1);
  test.put(kHandlers, {0x2507, 0xe7fe});  // movs r5,#7; b .
  test.start(0, kCode, {0x6801}, kStack);
  test.machine.core(0).write_ppb(kVtor, kVectors);
  test.machine.core(0).set_reg(0, 0x60000000);
  EXPECT_EQ(test.machine.run(1000).kind, StopKind::kNone);
  EXPECT_EQ(test.machine.core(0).reg(5), 7u);
}

TEST(Core, ImageInSramStartsWhereItSays) {
  // A vector table at 0x20000000, or code there and the entry's address in the file.
  const std::vector<uint8_t> vectors = {0, 0x10, 0, 0x20, 0x09, 0, 0, 0x20, 0x05, 0x25, 0xfe, 0xe7};
  const std::vector<uint8_t> code = {0x05, 0x25, 0xfe, 0xe7, 0, 0, 0, 0};  // movs r5,#5; b .
  for (const auto& [bytes, entry] : {std::pair{vectors, std::optional<uint32_t>{}},
                                     {vectors, std::optional<uint32_t>{kVectors + 9}},
                                     {code, std::optional<uint32_t>{kVectors + 1}}}) {
    TestHost host;
    Machine machine({}, host);
    Image image;
    image.segments.push_back({kVectors, bytes});
    image.entry = entry;
    EXPECT_TRUE(machine.load(image).empty());
    EXPECT_FALSE(machine.boot());
    machine.run(1000);
    EXPECT_EQ(machine.core(0).reg(5), 5u);
    EXPECT_EQ(machine.core(0).reg(13), entry == kVectors + 1 ? kSramBase + kSramBytes : 0x20001000u);
  }
}

TEST_F(CoreTest, SleepWithoutWakerStopsTheMachine) {
  start({0xbf30, 0xe7fe});
  EXPECT_EQ(run(kNever - 1).kind, StopKind::kAsleep);
}

}  // namespace
}  // namespace tandem::sim
