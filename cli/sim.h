#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tandem::cli {

struct SimOptions {
  std::filesystem::path firmware;
  std::filesystem::path bootrom;  ///< empty: the high-level ROM
  uint64_t max_cycles = 0;        ///< 0: no limit
  double timeout_seconds = 0;     ///< of the host's time; 0: no limit
  std::string stop_on;            ///< end when the console shows this
  unsigned max_reboots = 3;       ///< end when the firmware asks for one more
  double clock_mhz = 0;           ///< 0: what the clock registers say
  std::string marks;              ///< BEGIN,END: names of symbols
  std::filesystem::path files;    ///< the folder whose files firmware may read; empty: none
  bool stack_limit = false;       ///< a stack under its limit is a fault; else it is told once
  bool instant_uart = false;
  bool json = false;
  bool profile = false;
  size_t top = 20;              ///< lines of the profile for each core
  std::string annotate;         ///< a function, or BEGIN-END in hexadecimal; empty: nothing
  std::filesystem::path trace;  ///< where to write Chrome's JSON trace; empty: nowhere
  std::filesystem::path svg;    ///< where to draw the timeline; empty: nowhere
  bool sensitivity = false;     ///< run again under other values of the timing model's free parameters
};

/// Runs firmware on a simulated RP2040: its console to stdout, statistics to stderr (with `json`: as JSON,
/// instead of text). Returns the firmware's own exit code; 0 when `stop_on` was seen; 1 after a fault, at a
/// limit, or when a file can't be used.
int simulate(const SimOptions& options);

}  // namespace tandem::cli
