#pragma once

#include <filesystem>
#include <vector>

namespace tandem::cli {

struct ConformOptions {
  std::vector<std::filesystem::path> folders;
  std::string only;  ///< cases whose id or operator contains this; empty: all
  uint32_t workers = 1;
  bool on_board = false;           ///< on a simulated RP2040, whose cores are the workers
  bool no_generated_code = false;  ///< of the board's kernels
  bool json = false;
};

/// Runs every case of reference-data folders through the public API, by the rules of their README; prints the
/// first differing element of each failure, counts by operator, and as last line `N passed, N failed, N
/// unsupported`. Returns the exit code: 0, or 1 if a case failed or a folder could not be read.
int conform(const ConformOptions& options);

}  // namespace tandem::cli
