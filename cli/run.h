#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "input_source.h"

namespace tandem::cli {

struct RunOptions {
  std::filesystem::path model;
  /// One for each model input, in their order; or "NAME=FILE", "INDEX=FILE".
  std::vector<std::string> inputs{};
  InputSpec how;                       ///< for all inputs; without `source`
  std::filesystem::path show_input{};  ///< picture of the input to write; several get .0, .1, ...
  std::filesystem::path labels{};
  std::optional<size_t> top;  ///< how many scores to list; by default 5 if there are labels, else none
  std::filesystem::path output{};
  bool json = false;
  bool profile = false;
  uint32_t workers = 1;
  uint64_t repeat = 1;
  std::optional<size_t> arena_bytes;
  std::filesystem::path preprocess{};  ///< a model that makes the model's input from sound; see listen.h
  int hop = 0;                         ///< samples between two pieces of the sound; 0: 20 ms
  double threshold = 0.7;              ///< the score that counts as heard
  double average_ms = 250;             ///< of sound over which scores are averaged before
};

/// Runs a model once, or several times on the same inputs, and prints the outputs of the last invocation.
/// Returns the exit code: 1 if anything was refused or the model gave no outputs.
int run(const RunOptions& options);

}  // namespace tandem::cli
