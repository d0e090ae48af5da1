#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "machine.h"
#include "outcome.h"

namespace tandem::cli {

/// What one step of one inference took, in clk_sys cycles.
struct StepCycles {
  sim::Cycles cycles = 0;             ///< from its entry on core 0 to its return
  std::array<sim::Cycles, 2> busy{};  ///< working on units; an undivided step is work of core 0 alone
  bool divided = false;               ///< over both cores
  sim::Cycles hand_over = 0;          ///< of a divided one: before the first and after the last unit
  sim::Cycles helper_late = 0;  ///< from its entry until core 1 begins; 0 if core 1 came too late to help
  std::array<sim::StallCycles, 2> stalls{};  ///< of each core
};

/// One inference, measured between the labels tandem_invoke_begin and tandem_invoke_end on core 0.
struct Inference {
  sim::Cycles cycles = 0;
  std::vector<StepCycles> steps;
  sim::StallCycles stalls{};  ///< of core 0
  // What the firmware tells of it.
  std::string input;
  uint64_t timer_us = 0;
  uint64_t xip_hits = 0, xip_accesses = 0;
  std::vector<std::string> outputs;  ///< bytes in hexadecimal; "-" alone: the model waits for more inputs
};

/// What the firmware says and the simulator sees of all runs on one number of cores.
struct CoreRun {
  struct Arena {
    uint64_t needed = 0;  ///< the planner's workspace included
    uint64_t given = 0;
    uint64_t plan = 0, variables = 0, tensors = 0, workspace = 0;
    uint64_t resident = 0;  ///< weights that stay in the arena
  };
  struct TimedStep {
    int op = 0;
    uint32_t units = 0;
    uint64_t timer_us = 0;
  };
  uint32_t cores = 0;
  std::optional<Arena> arena;
  uint64_t load_us = 0, prepare_us = 0;
  uint32_t prepare_stack_bytes = 0;
  std::array<uint32_t, 2> stack_bytes{};
  std::vector<Inference> inferences;
  std::vector<TimedStep> timed_steps;  ///< of a further run, by the firmware's own timer
  std::string checksum;
  std::string error;  ///< what it could not do; empty if nothing
};

struct BenchmarkRun {
  uint64_t clock_hz = 0;
  std::array<uint32_t, 2> stack_bytes{};  ///< reserved for each core
  std::vector<CoreRun> runs;
  std::string error;    ///< what concerns all runs
  std::string console;  ///< all that the firmware wrote
  bool ended = false;   ///< it came to its END
  double host_seconds = 0;
};

/// Pictures of one inference; empty paths: none.
struct BenchmarkPictures {
  std::filesystem::path trace;  ///< Chrome's JSON trace
  std::filesystem::path svg;    ///< both cores' timeline
  size_t inference = 0;         ///< of which: counted over all numbers of cores
  std::string title;
};

/// Boots a benchmark image on a simulated RP2040 and measures it. Outcomes that the firmware reports are in
/// the result; a Problem is what keeps it from running, or from being drawn.
Outcome<BenchmarkRun> run_benchmark_image(const std::filesystem::path& elf,
                                          const BenchmarkPictures& pictures);

}  // namespace tandem::cli
