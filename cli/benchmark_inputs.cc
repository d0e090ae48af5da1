#include "benchmark_inputs.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "file_bytes.h"
#include "input_source.h"
#include "reference_data.h"

namespace tandem::cli {
namespace {

namespace fs = std::filesystem;

fs::path reference_folder() {
  const char* shared = std::getenv("TANDEM_SHARED");
  return fs::path(shared != nullptr && *shared != '\0' ? shared : TANDEM_DEFAULT_SHARED) / "conformance";
}

// The reference data's line for a model file: of the same bytes, else of the same name.
std::optional<ModelInfo> find_model(const Session& session) {
  const Outcome<std::vector<ModelInfo>> models = read_models(reference_folder() / "models.jsonl");
  if (!models.ok()) return std::nullopt;
  const std::span<const uint8_t> bytes = session.model().bytes();
  for (const ModelInfo& info : *models) {
    if (!info.runs || info.bytes != bytes.size()) continue;
    const Outcome<std::vector<uint8_t>> file = read_file(info.file);
    if (file.ok() && std::ranges::equal(*file, bytes)) return info;
  }
  const std::string stem = fs::path(session.name()).stem().string();
  const auto named =
      std::ranges::find_if(*models, [&](const ModelInfo& m) { return m.runs && m.model == stem; });
  return named == models->end() ? std::nullopt : std::optional(*named);
}

// An invocation's input records as one stretch of bytes, in the order of the model's inputs; nothing if they
// are not inputs of this model.
std::optional<std::vector<uint8_t>> input_bytes(const IoFile& io, uint32_t invocation,
                                                const Interpreter& interpreter) {
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
    const auto record = std::ranges::find_if(io.records, [&](const Record& r) {
      return r.role == Record::Role::kInput && r.invocation == invocation && r.index == i;
    });
    if (record == io.records.end() || record->bytes.size() != interpreter.input(i).bytes.size()) {
      return std::nullopt;
    }
    bytes.insert(bytes.end(), record->bytes.begin(), record->bytes.end());
  }
  return bytes;
}

std::vector<BenchmarkInput> recorded(const ModelInfo& model, const Interpreter& interpreter) {
  std::vector<BenchmarkInput> inputs;
  const auto add = [&](const Outcome<IoFile>& io, uint32_t invocation, const std::string& name,
                       bool goes_on) {
    if (!io.ok() || invocation >= io->invocations) return;
    if (auto bytes = input_bytes(*io, invocation, interpreter)) {
      inputs.push_back({.name = name, .bytes = std::move(*bytes), .goes_on = goes_on});
    }
  };
  const fs::path folder = reference_folder() / "models";
  if (!model.stateful) {
    const Outcome<IoFile> io = read_io(folder / (model.model + ".sets.io"));
    for (uint32_t i = 0; i < model.sets.size(); ++i) add(io, i, model.sets[i], false);
    return inputs;
  }
  for (const std::string& set : model.sets) {
    const Outcome<IoFile> io = read_io(folder / (model.model + "." + set + ".io"));
    for (uint32_t i = 0; io.ok() && i < io->invocations; ++i) add(io, i, fmt::format("{}.{}", set, i), i > 0);
  }
  return inputs;
}

// "person" or one of a sequence, "seed1.3".
bool is_of_set(const std::string& name, std::string_view set) {
  return name.starts_with(set) && (name.size() == set.size() || name[set.size()] == '.');
}

bool is_chosen_by_default(const std::string& name) {
  return !is_of_set(name, "zp") && !name.ends_with("_m128");
}

Outcome<BenchmarkInput> loaded(const std::string& source, const Interpreter& interpreter, bool bytes) {
  const bool generated = is_generated(source);
  const bool random = source.starts_with("random:");
  std::vector<std::string> files;
  std::istringstream list(source);
  for (std::string file; std::getline(list, file, ',');) files.push_back(file);
  if (!generated && files.size() != interpreter.input_count()) {
    return problem("{}: names {} for {} of the model.", source, files.size(), interpreter.input_count());
  }
  std::error_code error;
  if (!generated && files.size() == 1 && !fs::exists(source, error)) {
    return problem("{} is neither a file nor a recorded input of this model (reference data: {}).", source,
                   reference_folder().string());
  }
  BenchmarkInput input{.name = generated ? source : fs::path(files.front()).stem().string(), .bytes = {}};
  std::ranges::replace_if(
      input.name, [](char c) { return c <= ' ' || c > '~'; }, '_');
  for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
    const TensorView tensor = interpreter.input(i);
    // Inputs of one model differ from each other.
    constexpr int kSeedDigits = 6;
    const std::string of_this =
        random && i > 0 ? source + std::string(kSeedDigits, '0') + std::to_string(i) : source;
    const Outcome<std::string> done =
        load_input({.source = generated ? of_this : files[i], .bytes = bytes}, tensor);
    if (!done.ok()) return problem("{}: {}", source, done.problem().sentence);
    input.bytes.insert(input.bytes.end(), tensor.bytes.begin(), tensor.bytes.end());
  }
  return input;
}

}  // namespace

Outcome<std::vector<BenchmarkInput>> benchmark_inputs(Session& session,
                                                      const std::vector<std::string>& sources, bool bytes) {
  const Interpreter& interpreter = session.interpreter();
  std::vector<BenchmarkInput> known;
  if (const std::optional<ModelInfo> model = find_model(session)) known = recorded(*model, interpreter);
  std::vector<std::string> wanted = sources;
  std::vector<BenchmarkInput> inputs;
  if (wanted.empty()) {
    std::ranges::copy_if(known, std::back_inserter(inputs),
                         [](const BenchmarkInput& input) { return is_chosen_by_default(input.name); });
    if (inputs.empty()) wanted = {"random:1", "random:2"};
  }
  for (const std::string& source : wanted) {
    const size_t before = inputs.size();
    std::ranges::copy_if(known, std::back_inserter(inputs),
                         [&](const BenchmarkInput& input) { return is_of_set(input.name, source); });
    if (inputs.size() > before) continue;
    const Outcome<BenchmarkInput> input = loaded(source, interpreter, bytes);
    if (!input.ok()) return input.problem();
    inputs.push_back(*input);
  }
  return inputs;
}

}  // namespace tandem::cli
