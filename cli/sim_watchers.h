#pragma once

#include <array>
#include <vector>

#include "machine.h"

namespace tandem::cli {

/// Lets several observers watch one machine.
class Watchers final : public sim::Observer {
 public:
  void add(sim::Observer* watcher) { watchers_.push_back(watcher); }
  bool empty() const { return watchers_.empty(); }

  void on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                      const sim::StallCycles& stalls) override {
    for (sim::Observer* w : watchers_) w->on_instruction(core, pc, start, end, stalls);
  }
  void on_exception(int core, unsigned number, bool entry, sim::Cycles now) override {
    for (sim::Observer* w : watchers_) w->on_exception(core, number, entry, now);
  }
  void on_sleep(int core, uint32_t pc, sim::Cycles start, sim::Cycles end) override {
    slept_[static_cast<size_t>(core)] += end - start;
    for (sim::Observer* w : watchers_) w->on_sleep(core, pc, start, end);
  }
  void on_reset(int core, sim::Cycles now) override {
    for (sim::Observer* w : watchers_) w->on_reset(core, now);
  }
  void on_dma(unsigned channel, sim::Cycles start, sim::Cycles end, uint32_t transfers) override {
    for (sim::Observer* w : watchers_) w->on_dma(channel, start, end, transfers);
  }

  /// The machine tells of a sleep when it ends; tells of those that the run's end cut short.
  void finish(sim::Machine& machine) {
    const sim::Cycles now = machine.now();
    for (int id = 0; id < 2; ++id) {
      const sim::Cycles slept = machine.core(id).statistics(now).sleeping;
      const sim::Cycles told = slept_[static_cast<size_t>(id)];
      if (slept > told) on_sleep(id, machine.core(id).pc(), now - (slept - told), now);
    }
  }

 private:
  std::vector<sim::Observer*> watchers_;
  std::array<sim::Cycles, 2> slept_{};
};

}  // namespace tandem::cli
