#include "firmware_image.h"

#include <gtest/gtest.h>

#include <cstring>

#include "memory_map.h"

namespace tandem::sim {
namespace {

class Bytes {
 public:
  explicit Bytes(size_t count) : bytes_(count) {}
  Bytes& u8(size_t at, uint8_t value) {
    bytes_[at] = value;
    return *this;
  }
  Bytes& u16(size_t at, uint16_t value) { return put(at, value); }
  Bytes& u32(size_t at, uint32_t value) { return put(at, value); }
  operator std::span<const uint8_t>() const { return bytes_; }
  std::vector<uint8_t>& vector() { return bytes_; }

 private:
  template <typename T>
  Bytes& put(size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof value);
    return *this;
  }
  std::vector<uint8_t> bytes_;
};

/// An ELF file with one segment of 4 bytes at 100 for 0x20000000, and no sections.
Bytes small_elf() {
  Bytes file(104);
  file.u32(0, 0x464c457f)
      .u8(4, 1)
      .u8(5, 1)
      .u16(18, 40)
      .u32(24, 0x20000001)
      .u32(28, 52)
      .u16(42, 32)
      .u16(44, 1);
  file.u32(52, 1).u32(56, 100).u32(64, 0x20000000).u32(68, 4);
  return file.u32(100, 0x12345678);
}

TEST(FirmwareImage, ElfSegmentsGoToTheirPhysicalAddress) {
  std::string error;
  const auto image = read_image(small_elf(), &error);
  ASSERT_TRUE(image) << error;
  ASSERT_EQ(image->segments.size(), 1u);
  EXPECT_EQ(image->segments[0].address, 0x20000000u);
  EXPECT_EQ(image->segments[0].bytes, (std::vector<uint8_t>{0x78, 0x56, 0x34, 0x12}));
  EXPECT_EQ(image->entry, 0x20000001u);
}

TEST(FirmwareImage, EveryCutOfAnElfFileIsHandled) {
  const Bytes whole = small_elf();
  const std::span<const uint8_t> bytes = whole;
  for (size_t count = 4; count < bytes.size(); ++count) {
    std::string error;
    EXPECT_FALSE(read_image(bytes.first(count), &error)) << count << " bytes";
    EXPECT_FALSE(error.empty()) << count << " bytes";
  }
}

TEST(FirmwareImage, WildOffsetsAreRefusedOrHarmless) {
  for (size_t at = 16; at < 84; at += 2) {
    Bytes file = small_elf();
    file.u16(at, 0xffff);
    std::string error;
    read_image(file, &error);  // nothing to expect but that it comes back
  }
}

TEST(FirmwareImage, Uf2BlocksJoin) {
  Bytes file(1024);
  for (uint32_t block = 0; block < 2; ++block) {
    const size_t at = 512 * block;
    file.u32(at, 0x0a324655).u32(at + 4, 0x9e5d5157).u32(at + 12, kFlashBase + 256 * block).u32(at + 16, 256);
    file.u8(at + 32, static_cast<uint8_t>(block + 1));
  }
  std::string error;
  const auto image = read_image(file, &error);
  ASSERT_TRUE(image) << error;
  ASSERT_EQ(image->segments.size(), 1u);
  EXPECT_EQ(image->segments[0].bytes.size(), 512u);
  EXPECT_EQ(image->segments[0].bytes[256], 2);
}

TEST(FirmwareImage, Uf2BlockTooLongIsRefused) {
  Bytes file(512);
  file.u32(0, 0x0a324655).u32(4, 0x9e5d5157).u32(12, kFlashBase).u32(16, 477);
  std::string error;
  EXPECT_FALSE(read_image(file, &error));
}

TEST(FirmwareImage, AnythingElseIsAFlashImage) {
  std::string error;
  const auto image = read_image(Bytes(8), &error);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->segments[0].address, kFlashBase);
  EXPECT_FALSE(read_image({}, &error)) << "an empty file holds nothing";
}

TEST(FirmwareImage, FunctionsAreFoundBehindLabels) {
  Image image;
  image.symbols = {{0x100, 0x40, true, "outer"}, {0x110, 0, false, "label"}, {0x200, 0, false, "alone"}};
  EXPECT_EQ(image.function_at(0x120)->name, "outer");
  EXPECT_EQ(image.function_at(0x208)->name, "alone");
  EXPECT_EQ(image.function_at(0x10), nullptr);
}

TEST(FirmwareImage, CodeBehindASectionIsNoneOfItsFunctions) {
  Image image;
  image.symbols = {{0x100, 0, true, "last", false, 0x180}, {0x110, 0, false, "label", false, 0x180}};
  EXPECT_EQ(image.function_at(0x17e)->name, "last");
  EXPECT_EQ(image.function_at(0x180), nullptr);
}

TEST(FirmwareImage, ConstantsAreFoundByNameButAreNoLabels) {
  // Two symbols without type and size, at 4: one of a section, one absolute; `.equ COUNT, 4` is such a one.
  constexpr uint32_t kNames = 0xa0, kTable = 0xb0, kSections = 0xe0;
  for (const uint16_t section : {uint16_t{1}, uint16_t{0xfff1}}) {
    Bytes file = small_elf();
    file.vector().resize(kSections + 3 * 40);
    file.u32(32, kSections).u16(46, 40).u16(48, 3);
    const char name[] = "COUNT";
    for (size_t i = 0; i < sizeof name; ++i) file.u8(kNames + 1 + i, static_cast<uint8_t>(name[i]));
    file.u32(kSections + 40 + 4, 2).u32(kSections + 40 + 16, kTable).u32(kSections + 40 + 20, 16);
    file.u32(kSections + 40 + 24, 2);
    file.u32(kSections + 80 + 16, kNames).u32(kSections + 80 + 20, 16);
    file.u32(kTable, 1).u32(kTable + 4, 4).u16(kTable + 14, section);
    std::string error;
    const auto image = read_image(file, &error);
    ASSERT_TRUE(image) << error;
    ASSERT_NE(image->find("COUNT"), nullptr);
    EXPECT_EQ(image->function_at(0x100) != nullptr, section == 1);
  }
}

TEST(RomImage, IsSixteenKilobytesOrAsManyWords) {
  std::string error;
  EXPECT_TRUE(read_rom_image(Bytes(kRomBytes), &error));
  EXPECT_FALSE(read_rom_image(Bytes(kRomBytes - 1), &error));
  std::string words = "// words\n";
  for (uint32_t i = 0; i < kRomBytes / 4; ++i) words += "0x000000ff, ";
  const auto* bytes = reinterpret_cast<const uint8_t*>(words.data());
  const auto rom = read_rom_image({bytes, words.size()}, &error);
  ASSERT_TRUE(rom) << error;
  EXPECT_EQ((*rom)[4], 0xff);
}

}  // namespace
}  // namespace tandem::sim
