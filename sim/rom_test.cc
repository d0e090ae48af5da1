#include "rom.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "test_machine.h"

namespace tandem::sim {
namespace {

constexpr uint32_t kReturn = 0x20000401, kStack = 0x20008000;

struct RomTest : testing::Test {
  TestMachine test;
  Core& core = test.machine.core(0);

  /// The function that a table of the ROM names: as programs look it up.
  uint32_t find(uint32_t table_pointer, const char* code) {
    uint32_t table = 0;
    test.machine.bus().read(-1, table_pointer, 2, 0, &table);
    for (;; table += 4) {
      uint32_t key = 0, value = 0;
      test.machine.bus().read(-1, table, 2, 0, &key);
      test.machine.bus().read(-1, table + 2, 2, 0, &value);
      if (key == 0) return 0;
      if (key == static_cast<uint32_t>(code[0] | code[1] << 8)) return value;
    }
  }
  void call(uint32_t function, uint32_t a, uint32_t b = 0, uint32_t c = 0, uint32_t d = 0) {
    test.put(kReturn & ~1u, {0xe7fe});
    core.start_at(function & ~1u, kStack, core.time());
    core.set_reg(14, kReturn);
    core.set_reg(0, a);
    core.set_reg(1, b);
    core.set_reg(2, c);
    core.set_reg(3, d);
    ASSERT_NE(test.run_to(0, kReturn & ~1u, core.time() + 1000000), kNever);
  }
  void soft_float(const char* table, uint32_t offset, uint32_t a, uint32_t b = 0, uint32_t c = 0,
                  uint32_t d = 0) {
    call(test.word(find(0x16, table) + offset), a, b, c, d);
  }
  static uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }
};

TEST_F(RomTest, ChecksumIsTheOneOfKnownBoot2s) {
  // CRC-32/MPEG-2's check value.
  const std::vector<uint8_t> digits = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};
  EXPECT_EQ(boot2_checksum(digits), 0x0376e6e7u);
}

TEST_F(RomTest, MemoryFunctions) {
  for (uint32_t i = 0; i < 16; ++i) test.machine.bus().write(-1, 0x20001000 + i, 1, 0, i + 1);
  call(find(0x14, "MC"), 0x20002001, 0x20001000, 7);
  EXPECT_EQ(test.word(0x20002004), 0x07060504u & 0xffffffffu);
  EXPECT_EQ(core.reg(0), 0x20002001u);
  call(find(0x14, "MS"), 0x20002000, 0x5a, 9);
  EXPECT_EQ(test.word(0x20002004), 0x5a5a5a5au);
}

TEST_F(RomTest, BitFunctions) {
  call(find(0x14, "P3"), 0xf0f0f001);
  EXPECT_EQ(core.reg(0), 13u);
  call(find(0x14, "R3"), 0x00000003);
  EXPECT_EQ(core.reg(0), 0xc0000000u);
  call(find(0x14, "L3"), 0x00008000);
  EXPECT_EQ(core.reg(0), 16u);
  call(find(0x14, "T3"), 0);
  EXPECT_EQ(core.reg(0), 32u);
}

TEST_F(RomTest, FloatTable) {
  soft_float("SF", 0x00, bits(1.5f), bits(2.25f));
  EXPECT_EQ(core.reg(0), bits(3.75f));
  soft_float("SF", 0x0c, bits(1.0f), bits(3.0f));
  EXPECT_EQ(core.reg(0), bits(1.0f / 3.0f));
  soft_float("SF", 0x1c, bits(-1.5f));
  EXPECT_EQ(static_cast<int32_t>(core.reg(0)), -2) << "rounds down";
  soft_float("SF", 0x1c, bits(1e20f));
  EXPECT_EQ(core.reg(0), 0x7fffffffu) << "keeps to the range";
  soft_float("SF", 0x34, 0xffffffff);
  EXPECT_EQ(core.reg(0), bits(4294967296.0f));
  soft_float("SF", 0x7c, bits(0.1f));
  EXPECT_EQ(core.reg(0) | uint64_t{core.reg(1)} << 32, std::bit_cast<uint64_t>(double{0.1f}));
}

TEST_F(RomTest, DoubleTable) {
  const auto third = std::bit_cast<uint64_t>(1.0 / 3.0), two = std::bit_cast<uint64_t>(2.0);
  soft_float("SD", 0x08, static_cast<uint32_t>(third), static_cast<uint32_t>(third >> 32),
             static_cast<uint32_t>(two), static_cast<uint32_t>(two >> 32));
  EXPECT_EQ(core.reg(0) | uint64_t{core.reg(1)} << 32, std::bit_cast<uint64_t>(2.0 / 3.0));
}

TEST_F(RomTest, FlashFunctions) {
  call(find(0x14, "RE"), 0x1000, 0x1000, 4096, 0x20);
  EXPECT_EQ(test.word(kFlashBase + 0x1000), ~0u);
  test.set_word(0x20003000, 0xcafe1234);
  call(find(0x14, "RP"), 0x1000, 0x20003000, 256);
  EXPECT_EQ(test.word(kFlashBase + 0x1000), 0xcafe1234u);
}

TEST(Boot, SecondStageIsCheckedAndEntered) {
  TestMachine test;
  Image image;
  Segment boot2{kFlashBase, std::vector<uint8_t>(kBoot2Bytes)};
  boot2.bytes[0] = 0xfe;  // b .
  boot2.bytes[1] = 0xe7;
  const uint32_t checksum = boot2_checksum({boot2.bytes.data(), kBoot2Bytes - 4});
  std::memcpy(&boot2.bytes[kBoot2Bytes - 4], &checksum, 4);
  image.segments.push_back(boot2);
  test.machine.load(image);
  EXPECT_TRUE(test.machine.boot());
  test.machine.run(1000);
  EXPECT_EQ(test.machine.core(0).pc(), kBoot2Address);
  EXPECT_EQ(test.machine.core(0).reg(14), 0u);
}

TEST(Boot, BadChecksumWithoutVectorsDoesNotBoot) {
  TestMachine test;
  EXPECT_TRUE(test.machine.boot());
  EXPECT_EQ(test.machine.run(1000).kind, StopKind::kNotBootable);
}

}  // namespace
}  // namespace tandem::sim
