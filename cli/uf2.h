#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware_image.h"
#include "outcome.h"

namespace tandem::cli {

/// A chip that takes firmware as UF2.
struct Uf2Family {
  std::string_view name;  ///< for a command line
  std::string_view chip;
  uint32_t id = 0;
  uint32_t flash_bytes = 0;   ///< of the window that flash is read through, from 0x10000000
  uint32_t sram_bytes = 0;    ///< from 0x20000000
  bool second_stage = false;  ///< flash begins with 252 bytes and their checksum
};
std::span<const Uf2Family> uf2_families();

/// An image as UF2: blocks of 512 bytes, each with 256 of the image, by address. Pages that the image leaves
/// out are zero where the chip's loader needs them.
Outcome<std::vector<uint8_t>> make_uf2(const sim::Image& image, const Uf2Family& family);

/// What a UF2 file holds, and all that is wrong with it.
struct Uf2Check {
  std::vector<std::string> problems;  ///< the first of each kind
  size_t blocks = 0;
  const Uf2Family* family = nullptr;
  uint32_t lowest = 0, end = 0;  ///< addresses
};
/// Total: any bytes.
Uf2Check check_uf2(std::span<const uint8_t> file);

struct Uf2Options {
  std::filesystem::path file;
  std::filesystem::path output;  ///< empty: the file's name with the ending .uf2
  std::string family = "rp2040";
  bool check = false;
};

/// Writes an ELF file as UF2, or checks a UF2 file. Returns 0 if that went well.
int uf2(const Uf2Options& options);

}  // namespace tandem::cli
