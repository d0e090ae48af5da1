#pragma once

#include <string>
#include <vector>

namespace tandem::cli {

/// What a run of the `tandem` command did.
struct CommandResult {
  int code = -1;  ///< exit code; -1 if it was ended by a signal
  std::string out;
  std::string err;
};

/// Runs the command of this build and waits for it. Its standard input is empty.
CommandResult run_tandem(const std::vector<std::string>& arguments);
/// With standard output written to the file `out_path`; `out` stays empty.
CommandResult run_tandem_into(const std::string& out_path, const std::vector<std::string>& arguments);

/// A model that this project makes: "sine_int8.tflite".
std::string project_model(const std::string& name);

}  // namespace tandem::cli
