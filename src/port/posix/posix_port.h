#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tandem/port.h"

namespace tandem {

/// Workers as POSIX threads: the calling thread is worker 0, the others wait for work. Host tools and tests
/// only. One thread at a time may run interpreters on it.
class PosixPort {
 public:
  /// `workers` in [1, Port::kMaxWorkers]; more are cut off.
  explicit PosixPort(uint32_t workers);
  ~PosixPort();
  PosixPort(const PosixPort&) = delete;
  PosixPort& operator=(const PosixPort&) = delete;

  /// Valid as long as this object.
  [[nodiscard]] const Port& port() const { return port_; }

 private:
  struct Job {
    uint32_t units = 0;
    Port::Work work = nullptr;
    void* arg = nullptr;
  };

  void parallel_for(const Job& job);
  void serve(uint32_t worker);
  void take_units(const Job& job, uint32_t worker);

  Port port_;
  std::atomic<uint32_t> next_{0};  // the shared counter of the job in work
  std::mutex mutex_;               // guards everything below
  std::condition_variable start_;
  std::condition_variable finished_;
  Job job_;
  uint64_t generation_ = 0;  // jobs so far
  uint32_t busy_ = 0;        // helpers that have not finished the job
  bool stop_ = false;
  std::vector<std::thread> helpers_;
};

}  // namespace tandem
