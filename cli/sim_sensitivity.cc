#include "sim_sensitivity.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace tandem::cli {

std::vector<Variation> vary_parameters(const SimOptions& options, const Firmware& firmware,
                                       const std::optional<std::pair<uint32_t, uint32_t>>& marks) {
  std::vector<Variation> variations;
  const auto vary = [&](const char* name, const char* key, auto change) {
    Variation variation{.name = name, .key = key};
    change(variation.parameters);
    variations.push_back(std::move(variation));
  };
  using sim::FreeParameters;
  vary("flash miss overhead 5 cycles", "miss_overhead_5", [](FreeParameters& p) { p.xip_miss_overhead = 5; });
  vary("flash miss overhead 12 cycles", "miss_overhead_12",
       [](FreeParameters& p) { p.xip_miss_overhead = 12; });
  vary("replacement FIFO", "replacement_fifo",
       [](FreeParameters& p) { p.xip_replacement = sim::Replacement::kFifo; });
  vary("replacement random", "replacement_random",
       [](FreeParameters& p) { p.xip_replacement = sim::Replacement::kRandom; });
  vary("no stream cooldown", "stream_cooldown_0", [](FreeParameters& p) { p.stream_cooldown = 0; });

  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < variations.size(); i = next++) {
      Variation& variation = variations[i];
      FirmwareRun run(options, firmware, variation.parameters, true);
      if (marks) {
        Marks counted(marks->first, marks->second);
        run.run(&counted);
        variation.marks = counted.summary();
      } else {
        run.run(nullptr);
      }
      variation.cycles = run.machine().now();
      variation.ended = run.reason();
    }
  };
  std::vector<std::thread> workers;
  const size_t processors = std::max(1u, std::thread::hardware_concurrency());
  for (size_t i = 0; i < std::min(processors, variations.size()); ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  return variations;
}

}  // namespace tandem::cli
