#include "semihosting.h"

#include <gtest/gtest.h>

#include "test_machine.h"

namespace tandem::sim {
namespace {

constexpr uint32_t kCode = 0x20000400, kStack = 0x20008000, kBlock = 0x20001000, kText = 0x20001100,
                   kBuffer = 0x20001200;

struct SemihostingTest : testing::Test {
  TestMachine test;

  /// Makes one call, with the words of its argument block; returns r0.
  uint32_t call(uint32_t operation, const std::vector<uint32_t>& words) {
    for (uint32_t i = 0; i < words.size(); ++i) test.set_word(kBlock + 4 * i, words[i]);
    return call_with(operation, kBlock);
  }
  uint32_t call_with(uint32_t operation, uint32_t argument) {
    test.put(kCode, {0xbeab, 0xe7fe});
    Core& core = test.machine.core(0);
    core.start_at(kCode, kStack, core.time());
    core.set_reg(0, operation);
    core.set_reg(1, argument);
    test.run_to(0, kCode + 2, core.time() + 1000);
    return core.reg(0);
  }
  void put_text(uint32_t address, const std::string& text) {
    for (uint32_t i = 0; i <= text.size(); ++i) {
      test.machine.bus().write(-1, address + i, 1, 0, static_cast<uint8_t>(text.c_str()[i]));
    }
  }
};

TEST_F(SemihostingTest, WritesToTheConsole) {
  put_text(kText, "text\n");
  call_with(0x04, kText);
  EXPECT_EQ(call(0x05, {1, kText, 2}), 0u) << "all written";
  call_with(0x03, kText);
  EXPECT_EQ(test.host.console, "text\ntet");
}

TEST_F(SemihostingTest, ReadsHostFilesThroughTheHost) {
  test.host.file_name = "input.bin";
  test.host.file = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  put_text(kText, "input.bin");
  const uint32_t handle = call(0x01, {kText, 1, 9});
  ASSERT_NE(handle, ~0u);
  EXPECT_EQ(call(0x0c, {handle}), 10u);
  EXPECT_EQ(call(0x06, {handle, kBuffer, 4}), 0u);
  EXPECT_EQ(test.word(kBuffer), 0x04030201u);
  EXPECT_EQ(call(0x0a, {handle, 8}), 0u);
  EXPECT_EQ(call(0x06, {handle, kBuffer, 4}), 2u) << "two bytes short";
  EXPECT_EQ(call(0x02, {handle}), 0u);
  EXPECT_EQ(call(0x0c, {handle}), ~0u) << "closed";
}

TEST_F(SemihostingTest, RefusesFilesThatTheHostDoesNotGive) {
  put_text(kText, "/etc/passwd");
  EXPECT_EQ(call(0x01, {kText, 0, 11}), ~0u);
  test.host.file_name = "input.bin";
  put_text(kText, "input.bin");
  EXPECT_EQ(call(0x01, {kText, 4, 9}), ~0u) << "to write";
}

TEST_F(SemihostingTest, TellsElapsedCycles) {
  const Cycles before = test.machine.core(0).time();
  call(0x30, {0, 0});
  EXPECT_GE(test.word(kBlock), before);
  EXPECT_LE(test.word(kBlock), before + 10);
}

TEST_F(SemihostingTest, ExitCodesArePassedOn) {
  call(0x20, {0x20026, 42});
  const Stop stop = test.machine.run(10000);
  EXPECT_EQ(stop.kind, StopKind::kExit);
  EXPECT_EQ(stop.exit_code, 42);
}

}  // namespace
}  // namespace tandem::sim
