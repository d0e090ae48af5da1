// What every reference model needs, next to what TensorFlow Lite Micro needs:
//   arena_table [--check]   --check: exit 1 if Tandem needs more than TFLM + 256 bytes anywhere
// Built for 64 bits and for 32 (preset host-m32); compared with TFLM's figure for the same word size.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tandem/interpreter.h"

namespace {

// Everything a program has to provide beyond the model: the library has no static buffers.
constexpr size_t kInterpreterBytes = sizeof(tandem::Interpreter);
constexpr size_t kAllowance = 256;
constexpr const char* kFigure = sizeof(void*) == 8 ? "arena_used_bytes" : "arena_used_bytes_32bit";

std::vector<uint64_t> read_aligned(const std::string& path, size_t& size) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<uint64_t> words((bytes.size() + 7) / 8);
  if (!bytes.empty()) std::memcpy(words.data(), bytes.data(), bytes.size());
  size = bytes.size();
  return words;
}

std::string sentence(const tandem::Status& status, const tandem::Model* model) {
  std::vector<char> text(512);
  return {text.data(), tandem::describe(status, model, text)};
}

enum class Row { kFits, kTooLarge, kSkipped };

// One line of the table.
Row print_row(const std::string& folder, const nlohmann::json& entry) {
  const std::string name = entry["model"];
  size_t size = 0;
  const std::vector<uint64_t> words = read_aligned(folder + "/" + entry["file"].get<std::string>(), size);
  const tandem::Result<tandem::Model> model =
      tandem::Model::load({reinterpret_cast<const uint8_t*>(words.data()), size});
  if (!model.ok()) {
    std::printf("%-28s %s\n", name.c_str(), sentence(model.status(), nullptr).c_str());
    return Row::kTooLarge;
  }
  std::vector<uint8_t> workspace(tandem::workspace_bytes(*model).value());
  const tandem::Result<tandem::ArenaNeed> need = tandem::arena_need(*model, tandem::all_ops(), workspace);
  if (!need.ok()) {
    std::printf("%-28s %s\n", name.c_str(), sentence(need.status(), &*model).c_str());
    return Row::kSkipped;
  }
  const auto tflm = entry[kFigure].get<size_t>();
  const size_t total = need->arena_bytes + kInterpreterBytes;
  const bool fits = total <= tflm + kAllowance;
  std::printf("%-28s %8zu %8zu %8zu %8zu %8zu %+8ld%s\n", name.c_str(), need->lower_bound, need->tensor_bytes,
              need->plan_bytes, total, tflm, static_cast<long>(total) - static_cast<long>(tflm),
              fits ? "" : "  TOO LARGE");
  return fits ? Row::kFits : Row::kTooLarge;
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc > 1 && std::string(argv[1]) == "--check";
  const char* given = std::getenv("TANDEM_SHARED");
  const std::string shared = given != nullptr && *given != '\0' ? given : TANDEM_DEFAULT_SHARED;
  std::ifstream list(shared + "/conformance/models.jsonl");
  if (!list) {
    std::printf("skipped: no reference data\n");
    return EXIT_SUCCESS;
  }
  std::printf(
      "%zu-bit, one worker, smallest arena; bytes. total = plan + max(tensors, workspace) + %zu of "
      "Interpreter\n",
      sizeof(void*) * 8, kInterpreterBytes);
  std::printf("%-28s %8s %8s %8s %8s %8s %8s\n", "model", "bound", "tensors", "plan", "total", "TFLM",
              "diff");
  unsigned too_large = 0;
  unsigned fits = 0;
  unsigned skipped = 0;
  for (std::string line; std::getline(list, line);) {
    const auto entry = nlohmann::json::parse(line);
    if (!entry.contains("file")) continue;
    const Row row = print_row(shared, entry);
    ++(row == Row::kFits ? fits : row == Row::kTooLarge ? too_large : skipped);
  }
  std::printf("%u within TFLM + %zu bytes, %u too large, %u with operators Tandem does not have\n", fits,
              kAllowance, too_large, skipped);
  return check && too_large > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
