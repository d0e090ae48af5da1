#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "outcome.h"
#include "port/posix/posix_port.h"
#include "tandem/interpreter.h"

namespace tandem::cli {

/// A model file in memory, with what it takes to run it: the bytes aligned, an arena of exactly the planned
/// size.
class Session {
 public:
  /// Reads and checks a model. Problems name the file.
  static Outcome<std::unique_ptr<Session>> open(const std::filesystem::path& path);

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  /// What planning needs, or why it is refused.
  [[nodiscard]] Result<ArenaNeed> need(const Port& port) const;
  /// Plans into an arena of the size that makes it fastest, or of `arena_bytes`; may be called again for a
  /// fresh start. `port` stays in use.
  Status prepare(const Port& port, std::optional<size_t> arena_bytes = std::nullopt);
  [[nodiscard]] Interpreter& interpreter() { return interpreter_; }

  /// "person.tflite: op 7 CONV_2D "conv": ..."
  [[nodiscard]] std::string describe(const Status& status) const;

 private:
  std::string name_;
  std::vector<uint64_t> storage_;  // 8-aligned at least, as a model in flash is
  Model model_;
  std::vector<uint64_t> arena_;
  Interpreter interpreter_;
};

/// `status` as a sentence.
std::string sentence(const Status& status, const Model* model);

}  // namespace tandem::cli
