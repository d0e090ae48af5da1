#pragma once

#include <cstdint>
#include <filesystem>

namespace tandem::cli {

struct InspectOptions {
  std::filesystem::path model;
  bool json = false;
  bool arena = false;    ///< the memory map too
  bool tensors = false;  ///< the table of tensors too
  uint32_t workers = 1;  ///< that scratch memory is planned for
};

/// Prints what a model is made of and what it takes to run it. Returns the exit code: 1 if the model cannot
/// be run; what can be said about it is printed all the same, with all reasons.
int inspect(const InspectOptions& options);

}  // namespace tandem::cli
