#include "firmware_image.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include "memory_map.h"

namespace tandem::sim {

namespace {

// Little-endian values of a hostile file: where it ends, they are nothing.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint32_t u16(uint64_t at) const { return read<uint16_t>(at); }
  uint32_t u32(uint64_t at) const { return read<uint32_t>(at); }
  bool has(uint64_t at, uint64_t count) const { return at <= bytes_.size() && count <= bytes_.size() - at; }
  std::span<const uint8_t> at(uint64_t offset, uint64_t count) const { return bytes_.subspan(offset, count); }
  std::string text(uint64_t at, uint64_t end) const {
    end = std::min<uint64_t>(end, bytes_.size());
    std::string out;
    for (; at < end && bytes_[at] != 0; ++at) out += static_cast<char>(bytes_[at]);
    return out;
  }

 private:
  template <typename T>
  T read(uint64_t at) const {
    T value = 0;
    if (has(at, sizeof value)) std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }
  std::span<const uint8_t> bytes_;
};

constexpr uint32_t kUf2Magic0 = 0x0a324655, kUf2Magic1 = 0x9e5d5157, kUf2Block = 512, kUf2Payload = 476;

std::optional<Image> read_elf(const Reader& file, std::string* error) {
  constexpr uint32_t kArm = 40, kLoad = 1, kSymbolTable = 2, kUndefinedSection = 0, kFirstReserved = 0xff00;
  constexpr uint32_t kNoType = 0, kObject = 1, kFunction = 2;
  if (file.u16(4) != 0x0101 || file.u16(18) != kArm) {
    *error = "is an ELF file, but not for a 32-bit little-endian Arm";
    return std::nullopt;
  }
  Image image;
  image.entry = file.u32(24);
  for (uint32_t i = 0; i < file.u16(44); ++i) {
    const uint64_t header = uint64_t{file.u32(28)} + uint64_t{i} * file.u16(42);
    const uint32_t offset = file.u32(header + 4), address = file.u32(header + 12),
                   bytes = file.u32(header + 16);
    if (file.u32(header) != kLoad || bytes == 0) continue;
    if (!file.has(offset, bytes)) {
      *error = "is an ELF file with a segment outside of it";
      return std::nullopt;
    }
    const auto content = file.at(offset, bytes);
    image.segments.push_back({address, {content.begin(), content.end()}});
  }
  const uint64_t sections = file.u32(32);
  const uint32_t section_bytes = file.u16(46);
  for (uint32_t i = 0; i < file.u16(48); ++i) {
    const uint64_t header = sections + uint64_t{i} * section_bytes;
    if (file.u32(header + 4) != kSymbolTable) continue;
    const uint64_t table = file.u32(header + 16), bytes = file.u32(header + 20);
    const uint64_t strings = sections + uint64_t{file.u32(header + 24)} * section_bytes;
    const uint64_t names = file.u32(strings + 16), names_end = names + file.u32(strings + 20);
    for (uint64_t at = table; at + 16 <= table + bytes && file.has(at, 16); at += 16) {
      const uint32_t type = file.u16(at + 12) & 15, section = file.u16(at + 14);
      if (section == kUndefinedSection || (type != kNoType && type != kObject && type != kFunction)) continue;
      if (section >= kFirstReserved && type != kNoType) continue;
      std::string name = file.text(names + file.u32(at), names_end);
      if (name.empty() || name[0] == '$') continue;  // mapping symbols: $t, $d
      const uint32_t value = file.u32(at + 4);
      const bool function = type == kFunction;
      uint32_t section_end = 0;
      if (section < kFirstReserved) {
        const uint64_t of_symbol = sections + uint64_t{section} * section_bytes;
        constexpr uint32_t kAllocated = 2;
        if ((file.u32(of_symbol + 8) & kAllocated) != 0) {
          section_end = file.u32(of_symbol + 12) + file.u32(of_symbol + 20);
        }
      }
      image.symbols.push_back({function ? value & ~1u : value, file.u32(at + 8), function, std::move(name),
                               section >= kFirstReserved, section_end});
    }
  }
  std::stable_sort(image.symbols.begin(), image.symbols.end(),
                   [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
  return image;
}

std::optional<Image> read_uf2(const Reader& file, size_t bytes, std::string* error) {
  Image image;
  for (uint64_t at = 0; at + kUf2Block <= bytes; at += kUf2Block) {
    if (file.u32(at) != kUf2Magic0 || file.u32(at + 4) != kUf2Magic1) continue;
    const uint32_t address = file.u32(at + 12), count = file.u32(at + 16);
    if (count > kUf2Payload) {
      *error = "is a UF2 file with a block longer than 476 bytes";
      return std::nullopt;
    }
    const auto content = file.at(at + 32, count);
    if (!image.segments.empty() &&
        image.segments.back().address + image.segments.back().bytes.size() == address) {
      image.segments.back().bytes.insert(image.segments.back().bytes.end(), content.begin(), content.end());
    } else {
      image.segments.push_back({address, {content.begin(), content.end()}});
    }
  }
  return image;
}

}  // namespace

uint32_t Image::lowest_address() const {
  uint32_t lowest = ~0u;
  for (const Segment& segment : segments) lowest = std::min(lowest, segment.address);
  return lowest;
}

const Symbol* Image::find(std::string_view name) const {
  const auto found =
      std::find_if(symbols.begin(), symbols.end(), [&](const Symbol& s) { return s.name == name; });
  return found == symbols.end() ? nullptr : &*found;
}

const Symbol* Image::function_at(uint32_t address) const {
  constexpr int kNestedLabels = 32;  // how many labels inside a function to look past
  auto after = std::upper_bound(symbols.begin(), symbols.end(), address,
                                [](uint32_t a, const Symbol& s) { return a < s.address; });
  const Symbol* label = nullptr;
  for (int back = 0; after != symbols.begin() && back < kNestedLabels; ++back) {
    --after;
    // What a program writes behind its sections is none of their functions.
    if (after->section_end != 0 && address >= after->section_end) continue;
    if (after->function && (after->bytes == 0 || address - after->address < after->bytes)) return &*after;
    if (label == nullptr && after->bytes == 0 && !after->absolute &&
        region(after->address) == region(address))
      label = &*after;
  }
  return label;
}

ImageFormat image_format(std::span<const uint8_t> file) {
  const Reader reader(file);
  if (reader.u32(0) == 0x464c457f) return ImageFormat::kElf;
  return reader.u32(0) == kUf2Magic0 && reader.u32(4) == kUf2Magic1 ? ImageFormat::kUf2
                                                                    : ImageFormat::kBinary;
}

std::optional<Image> read_image(std::span<const uint8_t> file, std::string* error) {
  const Reader reader(file);
  std::optional<Image> image;
  switch (image_format(file)) {
    case ImageFormat::kElf:
      image = read_elf(reader, error);
      break;
    case ImageFormat::kUf2:
      image = read_uf2(reader, file.size(), error);
      break;
    case ImageFormat::kBinary:
      image = Image{};
      if (!file.empty()) image->segments.push_back({kFlashBase, {file.begin(), file.end()}});
      break;
  }
  if (image && image->segments.empty()) {
    *error = "holds nothing to load";
    return std::nullopt;
  }
  return image;
}

std::optional<std::vector<uint8_t>> read_rom_image(std::span<const uint8_t> file, std::string* error) {
  const bool text =
      std::none_of(file.begin(), file.begin() + static_cast<ptrdiff_t>(std::min<size_t>(file.size(), 64)),
                   [](uint8_t byte) { return byte == 0 || byte > 126; });
  std::vector<uint8_t> rom;
  if (!text) {
    rom.assign(file.begin(), file.end());
  } else {
    const std::string_view words(reinterpret_cast<const char*>(file.data()), file.size());
    for (size_t at = words.find("0x"); at != std::string_view::npos && rom.size() < kRomBytes;
         at = words.find("0x", at + 2)) {
      uint32_t word = 0;
      const char* begin = words.data() + at + 2;
      const char* end = words.data() + std::min(words.size(), at + 10);
      if (std::from_chars(begin, end, word, 16).ptr != begin + 8) continue;
      for (int i = 0; i < 4; ++i) rom.push_back(static_cast<uint8_t>(word >> 8 * i));
    }
  }
  if (rom.size() != kRomBytes) {
    *error = "is no boot ROM image: 16384 bytes, or as many as words of 0x and eight digits";
    return std::nullopt;
  }
  return rom;
}

}  // namespace tandem::sim
