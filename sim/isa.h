#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// How a table of encodings such as "0100001101mmmddd" becomes a dispatch table, and the proof that it is one.
// The table itself stands in instructions.h.

namespace tandem::sim {

inline constexpr size_t kHalfwords = 65536;

/// A decoded pattern: a halfword h matches if (h & fixed) == value. 16 characters, most significant first;
/// '0' and '1' must match, any other character names an operand's bit.
struct Encoding {
  uint16_t fixed = 0;
  uint16_t value = 0;
};

constexpr Encoding encoding(std::string_view pattern) {
  Encoding e;
  for (const char c : pattern) {
    e.fixed = static_cast<uint16_t>(e.fixed << 1 | (c == '0' || c == '1' ? 1 : 0));
    e.value = static_cast<uint16_t>(e.value << 1 | (c == '1' ? 1 : 0));
  }
  return e;
}

/// Which row each halfword belongs to.
struct Decoder {
  std::array<uint8_t, kHalfwords> row{};
  bool complete = false;    ///< every halfword has a row
  bool ambiguous = false;   ///< some halfword has two
  bool well_formed = true;  ///< every pattern has 16 characters
};

/// Expands patterns. Walks only the halfwords of each row, so that the compiler can do it: 65536 steps in
/// all.
template <typename Row>
constexpr Decoder make_decoder(std::span<const Row> rows) {
  constexpr uint8_t kNone = 255;
  Decoder decoder;
  decoder.row.fill(kNone);
  size_t covered = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].pattern.size() != 16) decoder.well_formed = false;
    const Encoding e = encoding(rows[i].pattern);
    const uint32_t operands = static_cast<uint16_t>(~e.fixed);
    uint32_t bits = operands;  // every subset of the operand bits, from all of them down to none
    for (;;) {
      uint8_t& row = decoder.row[e.value | bits];
      if (row != kNone) decoder.ambiguous = true;
      row = static_cast<uint8_t>(i);
      ++covered;
      if (bits == 0) break;
      bits = (bits - 1) & operands;
    }
  }
  decoder.complete = !decoder.ambiguous && covered == kHalfwords;
  return decoder;
}

/// Names and cycles of the decoder's rows, for tests and listings.
struct InstructionInfo {
  std::string_view pattern;
  std::string_view name;
  uint8_t
      cycles;  ///< without stalls; multiple transfers and taken branches add their own, see instructions.h
};
const InstructionInfo& instruction_info(uint16_t halfword);

}  // namespace tandem::sim
