#include "sio.h"

#include <gtest/gtest.h>

#include "test_machine.h"

namespace tandem::sim {
namespace {

constexpr uint32_t kCode0 = 0x20040000, kCode1 = 0x20041000, kStack = 0x20030000;
constexpr uint32_t kGpioOut = kSioBase + 0x10, kFifoSt = kSioBase + 0x50, kFifoWr = kSioBase + 0x54,
                   kFifoRd = kSioBase + 0x58, kSpinlock = kSioBase + 0x100;
constexpr uint16_t kStore = 0x6001, kLoad = 0x6801, kLoadAgain = 0x6802, kStay = 0xe7fe;  // r1 or r2, at [r0]

/// Both cores' code in step, each in a bank of its own, r0 pointing into the SIO.
struct Pair : TestMachine {
  void run(uint32_t address0, const std::vector<uint16_t>& code0, uint32_t address1,
           const std::vector<uint16_t>& code1) {
    for (const int id : {0, 1}) {
      std::vector<uint16_t> code = id == 0 ? code0 : code1;
      code.push_back(kStay);
      start(id, id == 0 ? kCode0 : kCode1, code, kStack);
      machine.core(id).set_reg(0, id == 0 ? address0 : address1);
      machine.core(id).set_reg(1, 7);
    }
    machine.run(machine.now() + 100);
  }
  uint32_t reg(int id, unsigned n) { return machine.core(id).reg(n); }
};

TEST(Sio, WhatOneCoreStoresTheOtherSeesInTheNextCycle) {
  for (const int writer : {0, 1}) {
    SCOPED_TRACE(writer);
    Pair test;
    const std::vector<uint16_t> store = {kStore}, load = {kLoad, kLoadAgain};
    test.run(kGpioOut, writer == 0 ? store : load, kGpioOut, writer == 0 ? load : store);
    EXPECT_EQ(test.reg(writer ^ 1, 1), 0u) << "in the same one the old value";
    EXPECT_EQ(test.reg(writer ^ 1, 2), 7u);
  }
}

TEST(Sio, MailboxesHandOverInTheNextCycle) {
  for (const int writer : {0, 1}) {
    SCOPED_TRACE(writer);
    Pair test;
    const std::vector<uint16_t> store = {kStore}, load = {kLoad, kLoadAgain};
    if (writer == 0) {
      test.run(kFifoWr, store, kFifoSt, load);
    } else {
      test.run(kFifoSt, load, kFifoWr, store);
    }
    EXPECT_EQ(test.reg(writer ^ 1, 1) & 1, 0u);
    EXPECT_EQ(test.reg(writer ^ 1, 2) & 1, 1u);
    uint32_t word = 0;
    test.machine.sio().read(test.machine.core(writer ^ 1), kFifoRd, 4, &word);
    EXPECT_EQ(word, 7u);
  }
}

TEST(Sio, CoreZeroClaimsASpinlockFirst) {
  Pair test;
  test.run(kSpinlock, {kLoad}, kSpinlock, {kLoad});
  EXPECT_EQ(test.reg(0, 1), 1u);
  EXPECT_EQ(test.reg(1, 1), 0u);
}

TEST(Sio, ReleasedSpinlockCanBeClaimedInTheNextCycle) {
  Pair test;
  uint32_t ignored = 0;
  test.machine.sio().read(test.machine.core(0), kSpinlock, 4, &ignored);
  test.run(kSpinlock, {kStore}, kSpinlock, {kLoad, kLoadAgain});
  EXPECT_EQ(test.reg(1, 1), 0u);
  EXPECT_EQ(test.reg(1, 2), 1u);
}

}  // namespace
}  // namespace tandem::sim
