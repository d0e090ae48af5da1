#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tandem::cli {

/// What a program did that was run to its end.
struct ChildResult {
  int code = -1;       ///< exit code; -1 if it could not be started or was ended by a signal
  std::string output;  ///< standard output and error, as they came
};

/// Runs `words[0]`, looked for in PATH, with the other words as arguments, in `folder`. Its standard input is
/// empty.
ChildResult run_child(std::vector<std::string> words, const std::filesystem::path& folder);

/// Whether PATH has a program of this name.
bool program_exists(const std::string& name);

}  // namespace tandem::cli
