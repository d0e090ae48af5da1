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
  /// How constants are streamed: not at all; by a thread of their own; or at the last moment, when somebody
  /// waits for them. There is nothing to win by it on a computer: it is for tests.
  enum class Streaming : uint8_t { kNone, kThread, kLate };

  /// `workers` in [1, Port::kMaxWorkers]; more are cut off.
  explicit PosixPort(uint32_t workers, Streaming streaming = Streaming::kNone);
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

  struct Copy {
    void* to = nullptr;
    const void* from = nullptr;
    size_t bytes = 0;
    size_t done = 0;
  };
  void start_copy(const Copy& copy);
  bool copy_ended(bool wait);
  uint32_t copy_left();
  void serve_copies();

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
  std::condition_variable copy_changed_;
  Copy copy_;  // under way if it has a destination
  Streaming streaming_;
  std::thread copier_;
};

}  // namespace tandem
