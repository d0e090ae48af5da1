#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "observer.h"
#include "sim_functions.h"

namespace tandem::cli {

/// How each core spent its time, in at most a thousand bins of equal length, however long the run: when they
/// are full, pairs become one.
class Occupancy final : public sim::Observer {
 public:
  struct Bin {
    std::vector<std::pair<uint32_t, sim::Cycles>> functions;  ///< cycles awake
    sim::Cycles sleeping = 0;
    sim::StallCycles stalls{};
  };

  explicit Occupancy(FunctionIndex& functions) : index_(functions) {}

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override;
  void on_sleep(int core, uint32_t pc, sim::Cycles start, sim::Cycles end) override;
  /// Counts what is still open. Call once, at the end.
  void finish();

  const std::vector<Bin>& bins(int core) const { return cores_[static_cast<size_t>(core)].bins; }
  sim::Cycles bin_cycles() const { return width_; }
  const FunctionIndex& index() const { return index_; }

 private:
  static constexpr size_t kMaxBins = 1000;

  /// The time since the core last changed its function or bin.
  struct Open {
    uint32_t function = 0;
    sim::Cycles start = 0, end = 0, bin_end = 0;
    sim::StallCycles stalls_before{}, stalls{};
  };
  struct PerCore {
    std::vector<Bin> bins;
    Open open;
  };

  void close(PerCore& core);
  void make_room(sim::Cycles end);
  template <class Add>
  void spread(PerCore& core, sim::Cycles start, sim::Cycles end, Add add);

  FunctionIndex& index_;
  std::array<PerCore, 2> cores_;
  sim::Cycles width_ = 64;
};

/// The picture: for both cores the share of functions and of sleep over time, and below it that of stalls.
std::string draw_timeline(const Occupancy& occupancy, sim::Cycles end, uint64_t clock_hz,
                          const std::string& title);

}  // namespace tandem::cli
