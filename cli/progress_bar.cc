#include "progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace tandem::cli {
namespace {

constexpr std::chrono::milliseconds kMoment{700};
constexpr std::chrono::milliseconds kBetweenDraws{100};

}  // namespace

ProgressBar::ProgressBar(uint64_t total)
    : total_(total), terminal_(isatty(STDERR_FILENO) == 1), start_(Clock::now()), next_(start_ + kMoment) {}

ProgressBar::~ProgressBar() {
  constexpr const char* kEraseLine = "\r\033[K";
  if (drawn_) std::fputs(kEraseLine, stderr);
}

void ProgressBar::update(uint64_t done) {
  if (!terminal_ || done == 0) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + kBetweenDraws;
  drawn_ = true;
  constexpr size_t kWidth = 40;
  const double part = static_cast<double>(done) / static_cast<double>(total_);
  const double seconds = std::chrono::duration<double>(now - start_).count();
  fmt::print(stderr, "\r[{:<{}}] {}/{}, {:.0f} s left\033[K",
             std::string(static_cast<size_t>(part * kWidth), '#'), kWidth, done, total_,
             seconds * (1 - part) / part);
  std::fflush(stderr);
}

}  // namespace tandem::cli
