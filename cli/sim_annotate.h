#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "machine.h"
#include "sim_debug_info.h"
#include "sim_profile.h"

namespace tandem::cli {

/// Addresses [begin, end) to disassemble, and what to call them.
struct CodeRange {
  std::string name;
  uint32_t begin = 0, end = 0;
};

/// `what`: a symbol or a C++ name, parameters or not (up to its size, or else up to the next symbol), or
/// BEGIN-END in hexadecimal, for code that was copied to where no symbol is. Nothing if it's neither.
std::optional<CodeRange> find_code(const sim::Image& image, std::string_view what);

struct CodeLine {
  uint32_t address = 0;
  unsigned bytes = 2;
  std::string text;  ///< an instruction, or literals as .word or .short
  bool data = false;
  std::optional<DebugInfo::Line> source;
};

/// Disassembles what the machine's memory holds now.
std::vector<CodeLine> disassemble(sim::Machine& machine, const CodeRange& range, const DebugInfo& debug);

/// The listing with executions, cycles and stalls of one core on each line, source lines between.
std::string annotate(const CodeRange& range, const std::vector<CodeLine>& code, int core, Profile& profile,
                     const DebugInfo& debug);

}  // namespace tandem::cli
