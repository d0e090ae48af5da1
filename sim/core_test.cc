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
