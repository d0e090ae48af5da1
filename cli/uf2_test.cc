#include "uf2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "test_command.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Uf2Family& rp2040() { return uf2_families()[0]; }
const Uf2Family& rp2350() { return uf2_families()[1]; }

uint32_t word(const std::vector<uint8_t>& bytes, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}
void set_word(std::vector<uint8_t>& bytes, size_t at, uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// 252 zeros have this checksum: by another implementation (Python's binascii.crc32 on mirrored bits).
constexpr uint32_t kCrcOfZeros = 0x7065399a;
sim::Segment second_stage() {
  sim::Segment segment{.address = 0x10000000, .bytes = std::vector<uint8_t>(256)};
  set_word(segment.bytes, 252, kCrcOfZeros);
  return segment;
}
sim::Segment filled(uint32_t address, size_t bytes, uint8_t fill) {
  return {.address = address, .bytes = std::vector<uint8_t>(bytes, fill)};
}
sim::Image image_of(std::vector<sim::Segment> segments) {
  sim::Image image;
  image.segments = std::move(segments);
  return image;
}
// 16 pages to fill a sector, and 3 of the next.
std::vector<uint8_t> good_file() {
  const auto file = make_uf2(image_of({second_stage(), filled(0x10000100, 18 * 256, 7)}), rp2040());
  EXPECT_TRUE(file.ok());
  return file.ok() ? *file : std::vector<uint8_t>{};
}
std::string first_problem(const std::vector<uint8_t>& file) {
  const Uf2Check check = check_uf2(file);
  return check.problems.empty() ? "" : check.problems.front();
}

TEST(Uf2, every_field_of_a_block_is_what_the_format_says) {
  const std::vector<uint8_t> file = good_file();
  ASSERT_EQ(file.size(), 19U * 512);
  for (uint32_t i = 0; i < 19; ++i) {
    const size_t block = i * size_t{512};
    EXPECT_EQ(word(file, block), 0x0a324655U);
    EXPECT_EQ(word(file, block + 4), 0x9e5d5157U);
    EXPECT_EQ(word(file, block + 8), 0x2000U);
    EXPECT_EQ(word(file, block + 12), 0x10000000 + 256 * i);
    EXPECT_EQ(word(file, block + 16), 256U);
    EXPECT_EQ(word(file, block + 20), i);
    EXPECT_EQ(word(file, block + 24), 19U);
    EXPECT_EQ(word(file, block + 28), 0xe48bff56U);
    EXPECT_EQ(file[block + 32], i > 0 ? 7 : 0);
    for (size_t at = 32 + 256; at < 508; ++at) EXPECT_EQ(file[block + at], 0);
    EXPECT_EQ(word(file, block + 508), 0x0ab16f30U);
  }
  const Uf2Check check = check_uf2(file);
  EXPECT_THAT(check.problems, IsEmpty());
  EXPECT_EQ(check.blocks, 19U);
  EXPECT_EQ(check.family, &rp2040());
  EXPECT_EQ(check.end, 0x10001300U);
}

TEST(Uf2, is_read_back_as_it_was) {
  const auto file =
      make_uf2(image_of({second_stage(), filled(0x10000180, 100, 1), filled(0x10003010, 5, 2)}), rp2040());
  ASSERT_TRUE(file.ok());
  std::string error;
  const auto image = sim::read_image(*file, &error);
  ASSERT_TRUE(image) << error;
  // Sector 0 is whole; of the last one there is what is needed; untouched ones are left out.
  ASSERT_EQ(image->segments.size(), 2U);
  EXPECT_EQ(image->segments[0].address, 0x10000000U);
  EXPECT_EQ(image->segments[0].bytes.size(), 4096U);
  EXPECT_EQ(image->segments[0].bytes[0x180], 1);
  EXPECT_EQ(image->segments[0].bytes[0x17f], 0);
  EXPECT_EQ(image->segments[1].address, 0x10003000U);
  EXPECT_EQ(image->segments[1].bytes.size(), 256U);
  EXPECT_EQ(image->segments[1].bytes[0x14], 2);
  EXPECT_THAT(check_uf2(*file).problems, IsEmpty());
}

TEST(Uf2, sram_images_and_the_rp2350_need_no_second_stage) {
  const auto sram = make_uf2(image_of({filled(0x20000000, 300, 1)}), rp2040());
  ASSERT_TRUE(sram.ok());
  EXPECT_THAT(check_uf2(*sram).problems, IsEmpty());
  const auto other = make_uf2(image_of({filled(0x10000000, 300, 1)}), rp2350());
  ASSERT_TRUE(other.ok());
  const Uf2Check check = check_uf2(*other);
  EXPECT_THAT(check.problems, IsEmpty());
  EXPECT_EQ(check.family, &rp2350());
}

TEST(Uf2, images_that_a_board_could_not_start_are_refused) {
  const auto sentence = [](std::vector<sim::Segment> segments) {
    const auto file = make_uf2(image_of(std::move(segments)), rp2040());
    return file.ok() ? "" : file.problem().sentence;
  };
  EXPECT_THAT(sentence({}), HasSubstr("nothing to load"));
  EXPECT_THAT(sentence({filled(0x10000000, 256, 1)}), HasSubstr("checksum at 0x100000fc is 01010101"));
  EXPECT_THAT(sentence({filled(0x10001000, 256, 1)}), HasSubstr("nothing at 0x10000000"));
  EXPECT_THAT(sentence({second_stage(), filled(0x10ffff80, 256, 1)}), HasSubstr("neither in the flash nor"));
  EXPECT_THAT(sentence({second_stage(), filled(0x20000000, 4, 1)}), HasSubstr("to flash and to SRAM"));
  EXPECT_THAT(sentence({second_stage(), filled(0x100000f0, 64, 1)}), HasSubstr("overlap"));
  EXPECT_THAT(sentence({filled(0xffffff00, 256, 1)}), HasSubstr("neither"));
}

TEST(Uf2, each_thing_that_can_be_wrong_is_said) {
  struct Damage {
    const char* what;
    size_t block, at;
    uint32_t value;
    const char* sentence;
  };
  constexpr Damage kDamages[] = {
      {"first magic", 3, 0, 1, "block 3 has magic numbers 00000001"},
      {"second magic", 3, 4, 1, "block 3 has magic numbers"},
      {"last magic", 18, 508, 1, "block 18 has magic numbers"},
      {"no family", 3, 8, 0, "block 3 says no family"},
      {"not for flash", 3, 8, 0x2001, "not for a chip's memory"},
      {"unaligned", 18, 12, 0x10001210, "no multiple of 256"},
      {"twice", 18, 12, 0x10000300, "block 18 goes to 0x10000300, like one before it"},
      {"outside", 18, 12, 0x30000000, "neither flash nor SRAM"},
      {"mixed", 18, 12, 0x20000000, "to flash and to SRAM"},
      {"payload", 3, 16, 476, "block 3 holds 476 bytes"},
      {"number", 3, 20, 4, "block 3 has the number 4"},
      {"total", 3, 24, 18, "block 3 says that there are 18 blocks; there are 19"},
      {"family", 3, 28, 0x12345678, "family 12345678"},
      {"families", 3, 28, 0xe48bff59, "block 3 is for RP2350"},
      {"second stage", 0, 32, 0x55, "checksum at 0x100000fc is"},
      {"its checksum", 0, 32 + 252, 0x55, "checksum at 0x100000fc is 00000055"},
  };
  for (const Damage& damage : kDamages) {
    std::vector<uint8_t> file = good_file();
    set_word(file, damage.block * 512 + damage.at, damage.value);
    EXPECT_THAT(check_uf2(file).problems, testing::Contains(HasSubstr(damage.sentence))) << damage.what;
  }
  std::vector<uint8_t> file = good_file();
  file.resize(file.size() - 1);
  EXPECT_THAT(first_problem(file), HasSubstr("it has 9727 bytes"));
  EXPECT_THAT(first_problem({}), HasSubstr("it has 0 bytes"));
}

TEST(Uf2, a_sector_with_a_hole_would_not_be_erased) {
  // Page 5 of the first sector goes away; the numbers are right again.
  std::vector<uint8_t> file = good_file();
  file.erase(file.begin() + 5 * 512, file.begin() + 6 * 512);
  for (uint32_t i = 0; i < 18; ++i) {
    set_word(file, i * size_t{512} + 20, i);
    set_word(file, i * size_t{512} + 24, 18);
  }
  EXPECT_THAT(check_uf2(file).problems, ElementsAre(HasSubstr("lacks its page 0x10000500")));
}

TEST(Uf2, any_bytes_are_safe) {
  for_damaged_copies(good_file(), 64,
                     [](std::span<const uint8_t> bytes) { static_cast<void>(check_uf2(bytes)); });
}

TEST(Uf2, the_command_checks_and_says_what_is_wrong) {
  const TemporaryFolder folder;
  std::vector<uint8_t> file = good_file();
  const std::string path = folder.add("a.uf2", file);
  const CommandResult good = run_tandem({"uf2", "--check", path});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(
      good.out,
      HasSubstr("19 blocks for RP2040, 0x10000000 to 0x10001300, the second stage's checksum is right"));
  set_word(file, 20, 9);
  const CommandResult bad = run_tandem({"uf2", "--check", folder.add("b.uf2", file)});
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.err, HasSubstr("b.uf2: block 0 has the number 9"));
  const CommandResult no_elf = run_tandem({"uf2", path});
  EXPECT_EQ(no_elf.code, 1);
  EXPECT_THAT(no_elf.err, HasSubstr("is no ELF file"));
  EXPECT_EQ(run_tandem({"uf2", path, "--family", "avr"}).code, 2);
  EXPECT_EQ(run_tandem({"uf2", "nowhere.elf"}).code, 1);
}

}  // namespace
}  // namespace tandem::cli
