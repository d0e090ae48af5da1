#include "sim_debug_info.h"

#include <elfutils/libdw.h>
#include <libelf.h>

#include <algorithm>
#include <map>
#include <memory>

#include "memory_map.h"

namespace tandem::cli {

namespace {

struct CloseElf {
  void operator()(Elf* elf) const { elf_end(elf); }
};
struct CloseDwarf {
  void operator()(Dwarf* dwarf) const { dwarf_end(dwarf); }
};

}  // namespace

DebugInfo::DebugInfo(std::span<const uint8_t> elf_file) {
  elf_version(EV_CURRENT);
  std::vector<char> copy(elf_file.begin(), elf_file.end());  // libelf wants it writable
  const std::unique_ptr<Elf, CloseElf> elf(elf_memory(copy.data(), copy.size()));
  if (elf == nullptr || elf_kind(elf.get()) != ELF_K_ELF) return;
  read_lines(elf.get());
  read_mapping_symbols(elf.get());
}

void DebugInfo::read_lines(Elf* elf) {
  const std::unique_ptr<Dwarf, CloseDwarf> dwarf(dwarf_begin_elf(elf, DWARF_C_READ, nullptr));
  if (dwarf == nullptr) return;
  std::map<std::string, uint32_t> numbers;
  const auto number_of = [&](const char* name) {
    const auto [entry, added] = numbers.try_emplace(name, static_cast<uint32_t>(files_.size()));
    if (added) files_.emplace_back(name);
    return entry->second;
  };

  Dwarf_Off offset = 0, next = 0;
  Dwarf_CU* unit = nullptr;
  Dwarf_Lines* lines = nullptr;
  size_t count = 0;
  while (dwarf_next_lines(dwarf.get(), offset, &next, &unit, nullptr, nullptr, &lines, &count) == 0) {
    offset = next;
    for (size_t i = 0; i + 1 < count; ++i) {
      Dwarf_Line* row = dwarf_onesrcline(lines, i);
      Dwarf_Addr begin = 0, end = 0;
      bool ended = false;
      int line = 0;
      if (dwarf_lineendsequence(row, &ended) != 0 || ended || dwarf_lineaddr(row, &begin) != 0 ||
          dwarf_lineaddr(dwarf_onesrcline(lines, i + 1), &end) != 0 || dwarf_lineno(row, &line) != 0) {
        continue;
      }
      // The linker moves the lines of what it dropped to address 0, where the ROM is.
      if (begin < sim::kRomBytes || end <= begin || end > UINT32_MAX || line <= 0) continue;
      const char* name = dwarf_linesrc(row, nullptr, nullptr);
      if (name == nullptr) continue;
      rows_.push_back({static_cast<uint32_t>(begin),
                       static_cast<uint32_t>(end),
                       {number_of(name), static_cast<uint32_t>(line)}});
    }
  }
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.begin < b.begin; });
}

void DebugInfo::read_mapping_symbols(Elf* elf) {
  for (Elf_Scn* section = elf_nextscn(elf, nullptr); section != nullptr;
       section = elf_nextscn(elf, section)) {
    const Elf32_Shdr* header = elf32_getshdr(section);
    if (header == nullptr || header->sh_type != SHT_SYMTAB) continue;
    const Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr || data->d_buf == nullptr) continue;
    const std::span symbols(static_cast<const Elf32_Sym*>(data->d_buf), data->d_size / sizeof(Elf32_Sym));
    for (const Elf32_Sym& symbol : symbols) {
      const char* name = elf_strptr(elf, header->sh_link, symbol.st_name);
      if (name == nullptr || name[0] != '$' || (name[1] != 'd' && name[1] != 't')) continue;
      mappings_.push_back({symbol.st_value, name[1] == 'd'});
    }
  }
  std::stable_sort(mappings_.begin(), mappings_.end(),
                   [](const Mapping& a, const Mapping& b) { return a.address < b.address; });
}

std::optional<DebugInfo::Line> DebugInfo::line_at(uint32_t address) const {
  auto after = std::upper_bound(rows_.begin(), rows_.end(), address,
                                [](uint32_t a, const Row& row) { return a < row.begin; });
  if (after == rows_.begin()) return std::nullopt;
  --after;
  if (address >= after->end) return std::nullopt;
  return after->line;
}

bool DebugInfo::is_data(uint32_t address) const {
  const auto after = std::upper_bound(mappings_.begin(), mappings_.end(), address,
                                      [](uint32_t a, const Mapping& m) { return a < m.address; });
  return after != mappings_.begin() && std::prev(after)->data;
}

}  // namespace tandem::cli
