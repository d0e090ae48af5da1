#pragma once

#include <chrono>
#include <cstdint>

namespace tandem::cli {

/// How far a long job is: a line on stderr, if that is a terminal and the job takes more than a moment. The
/// line is gone when the object is.
class ProgressBar {
 public:
  explicit ProgressBar(uint64_t total);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` of `total` are done. Cheap: draws ten times a second at most.
  void update(uint64_t done);

 private:
  using Clock = std::chrono::steady_clock;

  uint64_t total_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point next_;  // when to draw
};

}  // namespace tandem::cli
