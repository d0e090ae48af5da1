#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::sim {

/// Bytes and where they belong.
struct Segment {
  uint32_t address = 0;
  std::vector<uint8_t> bytes;
};

struct Symbol {
  uint32_t address = 0;  ///< without the Thumb bit
  uint32_t bytes = 0;    ///< 0: not known
  bool function = false;
  std::string name;
  bool absolute = false;     ///< a constant (.equ), or the linker script's: may be no address at all
  uint32_t section_end = 0;  ///< of the section that it is in; 0: not known
};

/// Firmware: what to load, and the names in it.
struct Image {
  std::vector<Segment> segments;
  std::vector<Symbol> symbols;    ///< by address; functions, labels and objects
  std::optional<uint32_t> entry;  ///< of an ELF file

  uint32_t lowest_address() const;
  /// The symbol of this name, or nothing.
  const Symbol* find(std::string_view name) const;
  /// The function that `address` lies in, or the label it follows, or nothing.
  const Symbol* function_at(uint32_t address) const;
};

enum class ImageFormat : uint8_t { kElf, kUf2, kBinary };
ImageFormat image_format(std::span<const uint8_t> file);

/// Reads ELF32 (little-endian Arm), UF2 or a flash image. Total: broken files give nothing and `error` says
/// why.
std::optional<Image> read_image(std::span<const uint8_t> file, std::string* error);

/// A boot ROM image: 16 KB of binary, or any text that holds it as words, 0x and eight digits.
std::optional<std::vector<uint8_t>> read_rom_image(std::span<const uint8_t> file, std::string* error);

}  // namespace tandem::sim
