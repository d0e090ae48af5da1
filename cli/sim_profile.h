#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "firmware_image.h"
#include "observer.h"

namespace tandem::cli {

/// Where the cycles went: counts for each instruction's address, per core.
class Profile final : public sim::Observer {
 public:
  struct Counts {
    uint64_t executions = 0;
    sim::Cycles cycles = 0;  ///< stalls included
    sim::StallCycles stalls{};

    Counts& operator+=(const Counts& other);
  };
  struct FunctionCounts {
    std::string name;
    Counts counts;
  };

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override;

  /// Functions of a core, by cycles, most first. Addresses without a symbol are named by their memory.
  std::vector<FunctionCounts> functions(int core, const sim::Image& image) const;

  /// The observer to hand everything on to, so that several can watch; may be null.
  sim::Observer* next = nullptr;

 private:
  struct PerCore {
    std::unordered_map<uint32_t, Counts> by_pc;
    sim::StallCycles seen{};
  };
  std::array<PerCore, 2> cores_;
};

/// Cycles between two program points: from each passage of `begin` to the next of `end`, on the same core.
class Marks final : public sim::Observer {
 public:
  Marks(uint32_t begin, uint32_t end) : begin_(begin), end_(end) {}

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override;

  struct Summary {
    uint64_t count = 0;
    sim::Cycles total = 0, least = sim::kNever, most = 0;
  };
  const Summary& summary() const { return summary_; }

 private:
  uint32_t begin_, end_;
  std::array<std::optional<sim::Cycles>, 2> began_;
  Summary summary_;
};

}  // namespace tandem::cli
