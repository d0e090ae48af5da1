#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "observer.h"
#include "sim_debug_info.h"
#include "sim_functions.h"

namespace tandem::cli {

/// The causes of sim::Stall, for people and for JSON.
inline constexpr std::array<const char*, sim::kStallCauses> kStallNames = {"flash miss", "other's miss",
                                                                           "bank conflict", "bus wait"};
inline constexpr std::array<const char*, sim::kStallCauses> kStallKeys = {"flash_miss", "other_miss",
                                                                          "bank_conflict", "bus_wait"};

/// Where the cycles went: counts for each instruction's address, per core. Entering an exception counts for
/// its handler's first instruction, returning from it for the instruction returned to.
class Profile final : public sim::Observer {
 public:
  struct Counts {
    uint64_t executions = 0;
    sim::Cycles cycles = 0;    ///< awake, stalls included
    sim::Cycles sleeping = 0;  ///< in WFE or WFI; not in `cycles`
    sim::StallCycles stalls{};

    Counts& operator+=(const Counts& other);
    bool operator==(const Counts&) const = default;
  };
  struct Row {
    std::string name;  ///< a function, or "file:line"
    Counts counts;
  };

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override;
  void on_sleep(int core, uint32_t pc, sim::Cycles start, sim::Cycles end) override;

  /// Functions of a core, by cycles awake, most first.
  std::vector<Row> functions(int core, FunctionIndex& index) const;
  /// The same for source lines. Code without line information isn't in it.
  std::vector<Row> lines(int core, const DebugInfo& debug) const;
  Counts at(int core, uint32_t pc) { return cores_[static_cast<size_t>(core)].by_pc[pc]; }
  Counts total(int core) const;

 private:
  struct PerCore {
    PerInstruction<Counts> by_pc;
    sim::StallCycles seen{};
  };
  std::array<PerCore, 2> cores_;
};

/// Cycles between two program points: from each passage of `begin` to the next of `end`, on the same core.
class Marks final : public sim::Observer {
 public:
  struct Region {
    int core = 0;
    sim::Cycles start = 0, end = 0;
  };
  struct Summary {
    uint64_t count = 0;
    sim::Cycles total = 0, least = sim::kNever, most = 0;
  };

  Marks(uint32_t begin, uint32_t end) : begin_(begin), end_(end) {}

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override;

  const Summary& summary() const { return summary_; }
  /// The first of them, up to a limit.
  const std::vector<Region>& regions() const { return regions_; }

 private:
  uint32_t begin_, end_;
  std::array<std::optional<sim::Cycles>, 2> began_;
  Summary summary_;
  std::vector<Region> regions_;
};

}  // namespace tandem::cli
