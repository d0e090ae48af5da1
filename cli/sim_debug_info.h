#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct Elf;  // of libelf

namespace tandem::cli {

/// What an ELF file tells about its code beyond symbols: source lines (DWARF), and where literals lie between
/// instructions (the Arm ABI's mapping symbols). Empty for other files and for ELF without it.
class DebugInfo {
 public:
  struct Line {
    uint32_t file = 0;  ///< for file()
    uint32_t line = 0;  ///< from 1
    bool operator==(const Line&) const = default;
  };

  DebugInfo() = default;
  explicit DebugInfo(std::span<const uint8_t> elf_file);

  std::optional<Line> line_at(uint32_t address) const;
  const std::string& file(uint32_t number) const { return files_[number]; }
  /// Whether literals are at `address`, and not instructions.
  bool is_data(uint32_t address) const;

 private:
  void read_lines(::Elf* elf);
  void read_mapping_symbols(::Elf* elf);

  struct Row {
    uint32_t begin = 0, end = 0;
    Line line;
  };
  struct Mapping {
    uint32_t address = 0;
    bool data = false;
  };
  std::vector<Row> rows_;          ///< by address, not overlapping
  std::vector<Mapping> mappings_;  ///< by address
  std::vector<std::string> files_;
};

}  // namespace tandem::cli
