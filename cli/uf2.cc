#include "uf2.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "file_bytes.h"

namespace tandem::cli {
namespace {

constexpr uint32_t kMagic0 = 0x0a324655, kMagic1 = 0x9e5d5157, kMagicEnd = 0x0ab16f30;
constexpr uint32_t kNotMainFlash = 0x1, kFileContainer = 0x1000, kHasFamily = 0x2000;
constexpr uint32_t kBlockBytes = 512, kPageBytes = 256, kSectorBytes = 4096;
constexpr uint32_t kFlash = 0x10000000, kSram = 0x20000000;
constexpr uint32_t kSecondStageBytes = 252;

constexpr Uf2Family kFamilies[] = {
    {"rp2040", "RP2040", 0xe48bff56, 16 << 20, 264 << 10, true},
    {"rp2350", "RP2350 (Arm, secure)", 0xe48bff59, 32 << 20, 520 << 10, false},
};

/// A block as it lies in the file, but for the payload; little-endian, as this machine is.
struct Header {
  uint32_t magic0 = kMagic0, magic1 = kMagic1;
  uint32_t flags = kHasFamily;
  uint32_t address = 0;
  uint32_t payload_bytes = kPageBytes;
  uint32_t number = 0, total = 0;
  uint32_t family = 0;
};
constexpr size_t kPayloadAt = sizeof(Header), kMagicEndAt = kBlockBytes - 4;

using Page = std::array<uint8_t, kPageBytes>;

bool in_flash(uint32_t address, const Uf2Family& family) {
  return address >= kFlash && address - kFlash < family.flash_bytes;
}
bool in_sram(uint32_t address, const Uf2Family& family) {
  return address >= kSram && address - kSram < family.sram_bytes;
}

// As the RP2040's ROM takes it [RP2040 datasheet 2.8.1.3.1]: not reflected, not inverted at the end.
uint32_t second_stage_crc(std::span<const uint8_t> bytes) {
  uint32_t crc = ~0U;
  for (const uint8_t byte : bytes) {
    crc ^= static_cast<uint32_t>(byte) << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc << 1 ^ ((crc >> 31) != 0 ? 0x04c11db7U : 0U);
  }
  return crc;
}

std::optional<std::string> second_stage_problem(std::span<const uint8_t> page) {
  uint32_t stored = 0;
  std::memcpy(&stored, page.data() + kSecondStageBytes, sizeof stored);
  const uint32_t wanted = second_stage_crc(page.first(kSecondStageBytes));
  if (stored == wanted) return std::nullopt;
  return fmt::format(
      "the second stage's checksum at 0x100000fc is {:08x}, its bytes have {:08x}: the ROM would not "
      "start it",
      stored, wanted);
}

// Notes the first problem of each kind.
class Problems {
 public:
  template <class... Args>
  void add(const char* kind, fmt::format_string<Args...> format, Args&&... args) {
    if (kinds_.insert(kind).second) sentences_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(sentences_); }

 private:
  std::set<std::string> kinds_;
  std::vector<std::string> sentences_;
};

void check_addresses(const Uf2Family& family, const std::map<uint32_t, size_t>& blocks,
                     std::span<const uint8_t> file, Problems& problems) {
  const uint32_t last_sector = blocks.rbegin()->first / kSectorBytes;
  bool flash = false, sram = false;
  for (const auto& [address, block] : blocks) {
    flash |= in_flash(address, family);
    sram |= in_sram(address, family);
    if (!in_flash(address, family) && !in_sram(address, family)) {
      problems.add("place", "block {} goes to 0x{:08x}, where {} has neither flash nor SRAM", block, address,
                   family.chip);
    }
    // The RP2040's ROM counts blocks to know when a new sector begins, and has to be erased.
    const uint32_t before = address - kPageBytes;
    if (family.second_stage && in_flash(address, family) && address % kSectorBytes != 0 &&
        !blocks.contains(before)) {
      problems.add("sector",
                   "the sector of 0x{:08x} lacks its page 0x{:08x}: the ROM would not erase it in time",
                   address, before);
    }
    if (family.second_stage && in_flash(address, family) && address / kSectorBytes != last_sector &&
        (address + kPageBytes) % kSectorBytes != 0 && !blocks.contains(address + kPageBytes)) {
      problems.add("sector",
                   "the sector of 0x{:08x} lacks its page 0x{:08x}: the ROM would not erase the next in time",
                   address, address + kPageBytes);
    }
  }
  if (flash && sram) problems.add("mixed", "it goes to flash and to SRAM; the ROM takes one of them");
  if (!flash || !family.second_stage) return;
  const auto first = blocks.find(kFlash);
  if (first == blocks.end()) {
    return problems.add("second stage",
                        "nothing goes to 0x10000000, where the ROM looks for the second stage");
  }
  const auto wrong = second_stage_problem(file.subspan(first->second * kBlockBytes + kPayloadAt, kPageBytes));
  if (wrong) problems.add("second stage", "{}", *wrong);
}

}  // namespace

std::span<const Uf2Family> uf2_families() { return kFamilies; }

Outcome<std::vector<uint8_t>> make_uf2(const sim::Image& image, const Uf2Family& family) {
  std::map<uint32_t, Page> pages;
  std::map<uint32_t, uint32_t> taken;  // by address: the end
  for (const sim::Segment& segment : image.segments) {
    const auto bytes = static_cast<uint32_t>(segment.bytes.size());
    const uint32_t end = segment.address + bytes;
    const bool fits = (in_flash(segment.address, family) && in_flash(end - 1, family)) ||
                      (in_sram(segment.address, family) && in_sram(end - 1, family));
    if (!fits || end < segment.address) {
      return problem("{} bytes at 0x{:08x} are neither in the flash nor in the SRAM of {}", bytes,
                     segment.address, family.chip);
    }
    const auto after = taken.lower_bound(segment.address);
    if ((after != taken.end() && after->first < end) ||
        (after != taken.begin() && std::prev(after)->second > segment.address)) {
      return problem("two segments overlap at 0x{:08x}", segment.address);
    }
    taken[segment.address] = end;
    for (uint32_t i = 0; i < bytes; ++i) {
      const uint32_t address = segment.address + i;
      pages[address - address % kPageBytes][address % kPageBytes] = segment.bytes[i];
    }
  }
  if (pages.empty()) return problem("holds nothing to load");
  if (in_flash(pages.begin()->first, family) && !in_flash(pages.rbegin()->first, family)) {
    return problem("is loaded to flash and to SRAM; the ROM takes one of them");
  }
  // The RP2040's ROM erases a sector at every sixteenth block, whatever that block's address: so all sectors
  // but the last have to be whole, and none may begin late.
  if (in_flash(pages.begin()->first, family)) {
    std::set<uint32_t> sectors;
    for (const auto& [address, page] : pages) sectors.insert(address / kSectorBytes);
    const uint32_t last = pages.rbegin()->first;
    for (const uint32_t sector : sectors) {
      for (uint32_t at = sector * kSectorBytes; at < (sector + 1) * kSectorBytes && at < last;
           at += kPageBytes) {
        pages.try_emplace(at, Page{});
      }
    }
    if (family.second_stage) {
      if (pages.begin()->first != kFlash) return problem("has nothing at 0x10000000, where the ROM starts");
      if (auto wrong = second_stage_problem(pages.begin()->second)) return Problem{*wrong};
    }
  }

  std::vector<uint8_t> file(pages.size() * kBlockBytes);
  Header header{.total = static_cast<uint32_t>(pages.size()), .family = family.id};
  uint8_t* block = file.data();
  for (const auto& [address, page] : pages) {
    header.address = address;
    std::memcpy(block, &header, sizeof header);
    std::memcpy(block + kPayloadAt, page.data(), page.size());
    std::memcpy(block + kMagicEndAt, &kMagicEnd, sizeof kMagicEnd);
    ++header.number;
    block += kBlockBytes;
  }
  return file;
}

Uf2Check check_uf2(std::span<const uint8_t> file) {
  Uf2Check check{.blocks = file.size() / kBlockBytes};
  Problems problems;
  if (file.empty() || file.size() % kBlockBytes != 0) {
    problems.add("size", "it has {} bytes; blocks have 512", file.size());
  }
  std::map<uint32_t, size_t> blocks;  // by address
  for (size_t i = 0; i < check.blocks; ++i) {
    const std::span<const uint8_t> block = file.subspan(i * kBlockBytes, kBlockBytes);
    Header header;
    uint32_t magic_end = 0;
    std::memcpy(&header, block.data(), sizeof header);
    std::memcpy(&magic_end, block.data() + kMagicEndAt, sizeof magic_end);
    if (header.magic0 != kMagic0 || header.magic1 != kMagic1 || magic_end != kMagicEnd) {
      problems.add("magic", "block {} has magic numbers {:08x} {:08x} {:08x}, want {:08x} {:08x} {:08x}", i,
                   header.magic0, header.magic1, magic_end, kMagic0, kMagic1, kMagicEnd);
      continue;
    }
    if ((header.flags & kHasFamily) == 0)
      problems.add("flag", "block {} says no family (flags {:08x})", i, header.flags);
    if ((header.flags & (kNotMainFlash | kFileContainer)) != 0) {
      problems.add("other use", "block {} is not for a chip's memory (flags {:08x})", i, header.flags);
    }
    if (header.payload_bytes != kPageBytes) {
      problems.add("payload", "block {} holds {} bytes, want {}", i, header.payload_bytes, kPageBytes);
    }
    if (header.number != i) problems.add("number", "block {} has the number {}", i, header.number);
    if (header.total != check.blocks) {
      problems.add("total", "block {} says that there are {} blocks; there are {}", i, header.total,
                   check.blocks);
    }
    if (header.address % kPageBytes != 0) {
      problems.add("aligned", "block {} goes to 0x{:08x}, no multiple of 256", i, header.address);
    }
    const auto* family = std::ranges::find(kFamilies, header.family, &Uf2Family::id);
    if (family == std::end(kFamilies)) {
      problems.add("family", "block {} is for the family {:08x}, which is neither RP2040 nor RP2350", i,
                   header.family);
      continue;
    }
    if (check.family == nullptr) check.family = family;
    if (check.family != family) {
      problems.add("families", "block {} is for {}, those before it for {}", i, family->chip,
                   check.family->chip);
    }
    const auto next = blocks.upper_bound(header.address);
    const bool overlaps = (next != blocks.end() && next->first - header.address < kPageBytes) ||
                          (next != blocks.begin() && header.address - std::prev(next)->first < kPageBytes);
    if (overlaps) problems.add("overlap", "block {} goes to 0x{:08x}, like one before it", i, header.address);
    blocks.try_emplace(header.address, i);
  }
  if (!blocks.empty()) {
    check.lowest = blocks.begin()->first;
    check.end = blocks.rbegin()->first + kPageBytes;
    check_addresses(*check.family, blocks, file, problems);
  }
  check.problems = problems.take();
  return check;
}

int uf2(const Uf2Options& options) {
  const auto complain = [&](std::string_view sentence) {
    fmt::print(stderr, "tandem uf2: {}: {}\n", options.file.string(), sentence);
    return EXIT_FAILURE;
  };
  const Outcome<std::vector<uint8_t>> file = read_file(options.file);
  if (!file.ok()) {
    fmt::print(stderr, "tandem uf2: {}\n", file.problem().sentence);
    return EXIT_FAILURE;
  }
  if (options.check) {
    const Uf2Check check = check_uf2(*file);
    for (const std::string& sentence : check.problems) complain(sentence);
    if (!check.problems.empty()) return EXIT_FAILURE;
    fmt::print(
        "{}: {} blocks for {}, 0x{:08x} to 0x{:08x}{}\n", options.file.string(), check.blocks,
        check.family->chip, check.lowest, check.end,
        check.family->second_stage && check.lowest == kFlash ? ", the second stage's checksum is right" : "");
    return EXIT_SUCCESS;
  }

  const auto* family = std::ranges::find(kFamilies, options.family, &Uf2Family::name);
  if (family == std::end(kFamilies)) return complain("the family is rp2040 or rp2350");
  if (sim::image_format(*file) != sim::ImageFormat::kElf) return complain("is no ELF file");
  std::string error;
  const std::optional<sim::Image> image = sim::read_image(*file, &error);
  if (!image) return complain(error);
  const Outcome<std::vector<uint8_t>> made = make_uf2(*image, *family);
  if (!made.ok()) return complain(made.problem().sentence);
  std::filesystem::path output = options.output;
  if (output.empty()) output = std::filesystem::path(options.file).replace_extension(".uf2");
  if (const auto wrong = write_file(output, *made)) {
    fmt::print(stderr, "tandem uf2: {}\n", wrong->sentence);
    return EXIT_FAILURE;
  }
  fmt::print("wrote {}: {} blocks for {}\n", output.string(), made->size() / kBlockBytes, family->chip);
  return EXIT_SUCCESS;
}

}  // namespace tandem::cli
