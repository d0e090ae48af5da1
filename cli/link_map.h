#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::cli {

/// A piece of an input file that the linker took, from GNU ld's map file.
struct LinkedPiece {
  std::string section;  ///< of the input file: ".text.main"; "*fill*" is alignment
  std::string file;     ///< "path/libtandem_exec.a(conv_2d.cc.obj)"
  uint32_t address = 0;
  uint32_t bytes = 0;
};

/// The pieces in the memory of a microcontroller; debug information and what was discarded are left out.
/// Lines that are not understood are passed over.
std::vector<LinkedPiece> parse_link_map(std::string_view map);

/// How much of a program one part of it is.
struct ModuleSize {
  std::string module;
  uint32_t text = 0, rodata = 0, data = 0, bss = 0;
  uint32_t code_in_sram = 0;  ///< of text and rodata

  [[nodiscard]] uint32_t total() const { return text + rodata + data + bss; }
};

/// Bytes of every module: those of the library by their folder in `source_root`/src, then the port, the
/// benchmark, libgcc, newlib; "model bytes" and "input bytes" are those that were linked in as they are, and
/// "alignment" is between the others. Modules without bytes are left out.
std::vector<ModuleSize> module_sizes(const std::vector<LinkedPiece>& pieces, const std::string& source_root);

}  // namespace tandem::cli
