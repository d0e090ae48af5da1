#include "sim_annotate.h"

#include <capstone/capstone.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>

#include "memory_map.h"

namespace tandem::cli {

namespace {

constexpr uint32_t kMaxBytes = 256 * 1024;

std::optional<uint32_t> hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Disassembler {
 public:
  Disassembler() {
    const auto mode = static_cast<cs_mode>(CS_MODE_THUMB | CS_MODE_MCLASS);
    ok_ = cs_open(CS_ARCH_ARM, mode, &handle_) == CS_ERR_OK;
  }
  ~Disassembler() {
    if (ok_) cs_close(&handle_);
  }
  Disassembler(const Disassembler&) = delete;
  Disassembler& operator=(const Disassembler&) = delete;

  /// The instruction's bytes; 0 if there is none.
  unsigned decode(const uint8_t* code, uint32_t bytes, uint32_t address, std::string* text) const {
    cs_insn* instruction = nullptr;
    if (!ok_ || cs_disasm(handle_, code, bytes, address, 1, &instruction) != 1) return 0;
    *text = instruction->mnemonic;
    if (instruction->op_str[0] != 0) *text = fmt::format("{:<7} {}", *text, instruction->op_str);
    const unsigned used = instruction->size;
    cs_free(instruction, 1);
    return used;
  }

 private:
  csh handle_ = 0;
  bool ok_ = false;
};

/// Lines of source files, where they can be read.
class Sources {
 public:
  std::string line(const std::string& file, uint32_t number) {
    const auto [entry, added] = files_.try_emplace(file);
    if (added) {
      std::ifstream in(file);
      for (std::string text; std::getline(in, text);) entry->second.push_back(text);
    }
    return number <= entry->second.size() ? entry->second[number - 1] : "";
  }

 private:
  std::map<std::string, std::vector<std::string>> files_;
};

std::string blank_if_zero(uint64_t value) { return value == 0 ? "" : fmt::format("{}", value); }

std::string file_name(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

std::optional<CodeRange> find_code(const sim::Image& image, std::string_view what) {
  const sim::Symbol* symbol = image.find(what);
  for (auto s = image.symbols.begin(); symbol == nullptr && s != image.symbols.end(); ++s) {
    const std::string name = demangled(s->name);
    if (name.starts_with(what) && (name.size() == what.size() || name[what.size()] == '(')) symbol = &*s;
  }
  if (symbol != nullptr) {
    const uint32_t begin = symbol->address & ~1u;
    uint32_t end = begin + symbol->bytes;
    if (symbol->bytes == 0) {
      const auto next =
          std::upper_bound(image.symbols.begin(), image.symbols.end(), begin,
                           [](uint32_t a, const sim::Symbol& s) { return a < (s.address & ~1u); });
      end = next == image.symbols.end() ? begin + 2 : next->address & ~1u;
    }
    // A label without size may stand before a gap in the address space.
    return CodeRange{std::string(what), begin, std::min(end, begin + kMaxBytes)};
  }
  const size_t dash = what.find('-');
  if (dash == std::string::npos) return std::nullopt;
  const auto begin = hexadecimal(what.substr(0, dash)), end = hexadecimal(what.substr(dash + 1));
  if (!begin || !end || *end <= *begin || *end - *begin > kMaxBytes) return std::nullopt;
  return CodeRange{std::string(what), *begin & ~1u, *end};
}

std::vector<CodeLine> disassemble(sim::Machine& machine, const CodeRange& range, const DebugInfo& debug) {
  const Disassembler disassembler;
  std::vector<CodeLine> code;
  for (uint32_t at = range.begin; at < range.end;) {
    uint32_t left = 0;
    const uint8_t* memory = machine.bus().memory(at, &left);
    if (memory == nullptr || left < 2) break;
    left = std::min(left, range.end - at);
    CodeLine line{.address = at, .source = debug.line_at(at)};
    line.data = debug.is_data(at);
    line.bytes = line.data ? 0 : disassembler.decode(memory, left, at, &line.text);
    if (line.bytes == 0) {
      line.bytes = line.data && at % 4 == 0 && left >= 4 ? 4 : 2;
      uint32_t value = 0;
      for (unsigned i = 0; i < line.bytes; ++i) value |= uint32_t{memory[i]} << 8 * i;
      line.text =
          line.bytes == 4 ? fmt::format(".word   0x{:08x}", value) : fmt::format(".short  0x{:04x}", value);
    }
    at += line.bytes;
    code.push_back(std::move(line));
  }
  return code;
}

std::string annotate(const CodeRange& range, const std::vector<CodeLine>& code, int core, Profile& profile,
                     const DebugInfo& debug) {
  Profile::Counts total;
  for (const CodeLine& line : code) total += profile.at(core, line.address);
  std::string out = fmt::format("simulated: core {}, {}: {} instructions, {} cycles awake, {} asleep\n", core,
                                range.name, total.executions, total.cycles, total.sleeping);
  out += fmt::format("{:>12} {:>12} {:>6} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "executions", "cycles",
                     "each", "flash miss", "other's", "bank", "bus wait", "sleeping");
  Sources sources;
  std::optional<DebugInfo::Line> shown;
  for (const CodeLine& line : code) {
    if (line.source && line.source != shown) {
      const std::string& path = debug.file(line.source->file);
      out += fmt::format("{:>88}{}:{}  {}\n", "", file_name(path), line.source->line,
                         sources.line(path, line.source->line));
      shown = line.source;
    }
    const Profile::Counts c = profile.at(core, line.address);
    const std::string each =
        c.executions == 0
            ? ""
            : fmt::format("{:.2f}", static_cast<double>(c.cycles) / static_cast<double>(c.executions));
    out += fmt::format("{:>12} {:>12} {:>6} {:>10} {:>10} {:>10} {:>10} {:>10}  {:08x}  {}\n",
                       blank_if_zero(c.executions), blank_if_zero(c.cycles), each, blank_if_zero(c.stalls[0]),
                       blank_if_zero(c.stalls[1]), blank_if_zero(c.stalls[2]), blank_if_zero(c.stalls[3]),
                       blank_if_zero(c.sleeping), line.address, line.text);
  }
  return out;
}

}  // namespace tandem::cli
