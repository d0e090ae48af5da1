#include "benchmark_image.h"

#include <optional>
#include <sstream>
#include <string_view>

#include "child_process.h"
#include "device_build.h"
#include "file_bytes.h"

namespace tandem::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kSourceRoot = TANDEM_SOURCE_ROOT;

std::span<const uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// FNV-1a, 64 bits: tells contents apart that nobody made to look alike.
class ContentHash {
 public:
  void add(std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes) hash_ = (hash_ ^ byte) * 0x100000001b3;
    // So that contents do not run into each other.
    hash_ = (hash_ ^ bytes.size()) * 0x100000001b3;
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:016x}", hash_); }

 private:
  uint64_t hash_ = 0xcbf29ce484222325;
};

std::string cpp_literal(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += c >= ' ' && c <= '~' ? c : '?';
  }
  return literal + '"';
}

std::string config_source(const BenchmarkConfig& config) {
  std::ostringstream out;
  out << "#include \"benchmark.h\"\n\nextern \"C\" const uint8_t benchmark_model[], "
         "benchmark_inputs[];\n\nnamespace tandem::benchmark {\nnamespace {\n\n";
  const size_t input_bytes = config.inputs.empty() ? 0 : config.inputs.front().bytes.size();
  if (!config.ops.empty()) {
    out << "constexpr const OpDef* kOps[] = {";
    for (const std::string& op : config.ops) out << "&op::" << op << ", ";
    out << "};\n";
  }
  if (!config.inputs.empty()) {
    out << "constexpr Input kInputs[] = {\n";
    for (size_t i = 0; i < config.inputs.size(); ++i) {
      out << "    {" << cpp_literal(config.inputs[i].name) << ", benchmark_inputs + " << i * input_bytes
          << ", " << (config.inputs[i].goes_on ? "true" : "false") << "},\n";
    }
    out << "};\n";
  }
  out << "constexpr uint32_t kCores[] = {";
  for (const uint32_t cores : config.cores) out << cores << ", ";
  out << "};\n\n}  // namespace\n\nconstinit const Config kConfig = {.model_name = "
      << cpp_literal(config.model_name) << ",\n    .model = {benchmark_model, " << config.model.size()
      << "},\n    .ops = " << (config.ops.empty() ? "{}" : "kOps")
      << ",\n    .inputs = " << (config.inputs.empty() ? "{}" : "kInputs")
      << ",\n    .input_bytes = " << input_bytes
      << ",\n    .cores = kCores,\n    .clock_mhz = " << config.clock_mhz
      << ",\n    .rounds = " << config.rounds << ",\n    .arena_bytes = " << config.arena_bytes
      << "};\n\n}  // namespace tandem::benchmark\n";
  return out.str();
}

// The files lie beside it: an assembler's string can't hold every path.
constexpr const char* kDataSource =
    "  .section .model.data, \"a\"\n"
    "  .balign 16\n"
    "  .global benchmark_model, benchmark_inputs\n"
    "benchmark_model:\n"
    "  .incbin \"model.tflite\"\n"
    "  .section .model.inputs, \"a\"\n"
    "  .balign 16\n"
    "benchmark_inputs:\n"
    "  .incbin \"inputs.bin\"\n";

// Of everything that goes into the image, the files that the response file names included.
Outcome<std::string> content_key(const BenchmarkConfig& config, const std::string& source,
                                 std::span<const uint8_t> inputs, const fs::path& response_file) {
  ContentHash hash;
  hash.add(bytes_of(source));
  hash.add(config.model);
  hash.add(inputs);
  const Outcome<std::vector<uint8_t>> response = read_file(response_file);
  if (!response.ok()) return response.problem();
  hash.add(*response);
  std::istringstream lines(std::string(response->begin(), response->end()));
  const auto add_file = [&](const fs::path& path) -> std::optional<Problem> {
    const Outcome<std::vector<uint8_t>> file = read_file(path);
    if (!file.ok()) return file.problem();
    hash.add(*file);
    return std::nullopt;
  };
  for (std::string line; std::getline(lines, line);) {
    std::erase(line, '"');
    if (line.starts_with('/')) {
      if (auto wrong = add_file(line)) return *wrong;
    }
  }
  for (const char* script : {"memory.ld", "sections.ld", "flash.ld", "sram.ld"}) {
    if (auto wrong = add_file(kSourceRoot / "src/port/rp2040" / script)) return *wrong;
  }
  if (auto wrong = add_file(kSourceRoot / "firmware/benchmark/benchmark.h")) return *wrong;
  return hash.text();
}

// The linker's "region `FLASH' overflowed by 5144 bytes".
std::optional<Problem> overflow(const std::string& output, const BenchmarkConfig& config) {
  const size_t at = output.find("region `");
  const size_t over = output.find("' overflowed by ", at);
  if (at == std::string::npos || over == std::string::npos) return std::nullopt;
  const std::string region = output.substr(at + 8, over - at - 8);
  const std::string bytes = output.substr(over + 16, output.find(' ', over + 16) - over - 16);
  size_t input_bytes = 0;
  for (const BenchmarkInput& input : config.inputs) input_bytes += input.bytes.size();
  return problem(
      "does not fit: {} is {} bytes too small for the program, with a model of {} bytes and inputs "
      "of {}.",
      region, bytes, config.model.size(), input_bytes);
}

}  // namespace

Outcome<BenchmarkImage> build_benchmark_image(const BenchmarkConfig& config) {
  DeviceBuild build(config.kernels);
  if (auto wrong = build.bring_up_to_date("benchmark_parts")) return *wrong;

  const fs::path response_file =
      build.folder() / "firmware" / (config.code_in_sram ? "benchmark_sram.rsp" : "benchmark_flash.rsp");
  const std::string source = config_source(config);
  std::vector<uint8_t> inputs;
  for (const BenchmarkInput& input : config.inputs) {
    inputs.insert(inputs.end(), input.bytes.begin(), input.bytes.end());
  }
  const Outcome<std::string> key = content_key(config, source, inputs, response_file);
  if (!key.ok()) return key.problem();

  // A folder for each thing to measure, so that images of a library in work replace each other.
  ContentHash what;
  what.add(bytes_of(source));
  what.add(config.model);
  what.add(bytes_of(config.code_in_sram ? "sram" : "flash"));
  const fs::path folder = build.folder() / "bench" / what.text();
  const BenchmarkImage image{.elf = folder / "benchmark.elf", .map = folder / "benchmark.map"};
  const Outcome<std::vector<uint8_t>> known = read_file(folder / "key");
  if (known.ok() && std::string(known->begin(), known->end()) == *key && fs::exists(image.elf)) return image;

  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return problem("{}: {}", folder.string(), error.message());
  fs::remove(folder / "key", error);
  const std::pair<const char*, std::span<const uint8_t>> files[] = {{"config.cc", bytes_of(source)},
                                                                    {"data.S", bytes_of(kDataSource)},
                                                                    {"model.tflite", config.model},
                                                                    {"inputs.bin", inputs}};
  for (const auto& [name, bytes] : files) {
    if (auto wrong = write_file(folder / name, bytes)) return *wrong;
  }
  const ChildResult linked = run_child({kDeviceCompiler, "config.cc", "data.S", "@" + response_file.string(),
                                        "-Wl,-Map=benchmark.map", "-o", "benchmark.elf"},
                                       folder);
  if (linked.code != 0) {
    if (auto wrong = overflow(linked.output, config)) return *wrong;
    return problem("the image could not be linked:\n{}", last_lines(linked.output));
  }
  if (auto wrong = write_file(folder / "key", bytes_of(*key))) return *wrong;
  return image;
}

}  // namespace tandem::cli
