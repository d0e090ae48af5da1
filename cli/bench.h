#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tandem::cli {

struct BenchOptions {
  std::filesystem::path model;
  std::string board = "pico";
  std::optional<uint32_t> cores;  ///< 1 or 2; both if not given
  uint32_t clock_mhz = 125;
  std::string code = "flash";       ///< where code lies: "flash" or "sram"
  bool no_generated_code = false;   ///< leave out kernels that write code and run it
  std::vector<std::string> inputs;  ///< see benchmark_inputs
  bool bytes = false;               ///< of inputs that are files: the tensor's bytes as they are
  uint32_t rounds = 1;              ///< how often to run all inputs
  uint32_t arena_bytes = 0;         ///< 0: what leaves 72 KB free, or more if the model needs it
  bool json = false;
  std::filesystem::path trace;  ///< where to write Chrome's JSON trace; empty: nowhere
  std::filesystem::path svg;    ///< where to draw the timeline; empty: nowhere
  std::filesystem::path elf;    ///< where to keep the image; empty: nowhere
};

/// Runs a model in the benchmark firmware on the simulated board, and prints what it takes. Returns 0 if all
/// was measured and the outputs are the host's.
int bench(const BenchOptions& options);

}  // namespace tandem::cli
