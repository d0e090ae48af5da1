#include "link_map.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

namespace tandem::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kFlash = 0x10000000, kSram = 0x20000000, kSramEnd = 0x20042000;

std::string_view next_word(std::string_view& line) {
  const size_t begin = std::min(line.find_first_not_of(' '), line.size());
  const size_t end = std::min(line.find(' ', begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

std::optional<uint32_t> hexadecimal(std::string_view word) {
  uint32_t value = 0;
  if (!word.starts_with("0x")) return std::nullopt;
  const auto [end, error] = std::from_chars(word.data() + 2, word.data() + word.size(), value, 16);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// Source files of the library by name, and the folder of src/ that they are in. An archive's members have
// lost theirs; no two files of one archive have the same name.
class Folders {
 public:
  explicit Folders(const fs::path& source) {
    add("libtandem_exec.a", source, {"base", "kernels", "exec", "api"});
    add("libtandem_planner.a", source, {"model", "ops", "plan", "api"});
  }
  [[nodiscard]] std::string of(const std::string& archive, const std::string& member) const {
    const auto found = folders_.find(archive + "/" + member);
    return found == folders_.end() ? archive : found->second;
  }

 private:
  void add(const std::string& archive, const fs::path& source, const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) {
      std::error_code error;
      for (fs::recursive_directory_iterator at(source / folder, error), end; !error && at != end;
           at.increment(error)) {
        folders_[archive + "/" + at->path().filename().string() + ".obj"] = folder;
      }
    }
  }
  std::map<std::string, std::string> folders_;
};

std::string module_of(const LinkedPiece& piece, const Folders& folders) {
  if (piece.section == "*fill*") return "alignment";
  if (piece.section == ".model.inputs") return "input bytes";
  if (piece.section.starts_with(".model")) return "model bytes";
  const size_t member_at = piece.file.find('(');
  if (member_at == std::string::npos) {
    return piece.file.find("tandem_rp2040_start") != std::string::npos ? "port" : "benchmark";
  }
  const std::string archive = fs::path(piece.file.substr(0, member_at)).filename().string();
  const std::string member = piece.file.substr(member_at + 1, piece.file.size() - member_at - 2);
  if (archive == "libtandem_rp2040.a") return "port";
  if (archive == "libgcc.a") return "libgcc";
  if (!archive.starts_with("libtandem")) return "newlib";
  return folders.of(archive, member);
}

}  // namespace

std::vector<LinkedPiece> parse_link_map(std::string_view map) {
  std::vector<LinkedPiece> pieces;
  constexpr std::string_view kStart = "Linker script and memory map";
  const size_t start = map.find(kStart);
  map.remove_prefix(start == std::string_view::npos ? map.size() : start + kStart.size());
  std::string section;  // of a name so long that the rest stands in the next line
  while (!map.empty()) {
    const size_t length = std::min(map.find('\n'), map.size());
    std::string_view line = map.substr(0, length);
    map.remove_prefix(std::min(length + 1, map.size()));
    const bool begins_piece =
        line.size() > 1 && line[0] == ' ' && (line[1] == '.' || line[1] == '*' || line[1] == 'C');
    const bool continues = !section.empty() && line.starts_with("  ");
    if (!begins_piece && !continues) {
      section.clear();
      continue;
    }
    if (begins_piece) section = next_word(line);
    const std::string_view address_word = next_word(line);
    if (begins_piece && address_word.empty()) continue;
    const std::optional<uint32_t> address = hexadecimal(address_word), bytes = hexadecimal(next_word(line));
    if (address && bytes && *bytes > 0 && *address >= kFlash && *address < kSramEnd) {
      const size_t file = std::min(line.find_first_not_of(' '), line.size());
      pieces.push_back(
          {.section = section, .file = std::string(line.substr(file)), .address = *address, .bytes = *bytes});
    }
    section.clear();
  }
  return pieces;
}

std::vector<ModuleSize> module_sizes(const std::vector<LinkedPiece>& pieces, const std::string& source_root) {
  const Folders folders(fs::path(source_root) / "src");
  std::vector<ModuleSize> sizes;
  for (const char* module : {"base", "model", "ops", "plan", "kernels", "exec", "api", "port", "benchmark",
                             "libgcc", "newlib", "alignment", "model bytes", "input bytes"}) {
    sizes.push_back({.module = module});
  }
  for (const LinkedPiece& piece : pieces) {
    std::string module = module_of(piece, folders);
    auto size = std::ranges::find(sizes, module, &ModuleSize::module);
    if (size == sizes.end()) size = sizes.insert(sizes.end(), {.module = module});
    const std::string& section = piece.section;
    if (section.starts_with(".bss") || section.starts_with(".uninitialized") || section == "COMMON") {
      size->bss += piece.bytes;
    } else if (section.starts_with(".data")) {
      size->data += piece.bytes;
    } else {
      (section.starts_with(".rodata") || section.starts_with(".model") ? size->rodata : size->text) +=
          piece.bytes;
      if (piece.address >= kSram) size->code_in_sram += piece.bytes;
    }
  }
  std::erase_if(sizes, [](const ModuleSize& size) { return size.total() == 0; });
  return sizes;
}

}  // namespace tandem::cli
