#include "port/posix/posix_port.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace tandem {

PosixPort::PosixPort(uint32_t workers, Streaming streaming) : streaming_(streaming) {
  port_.workers = std::clamp<uint32_t>(workers, 1, Port::kMaxWorkers);
  port_.context = this;
  port_.parallel_for = [](void* self, uint32_t units, Port::Work work, void* arg) {
    static_cast<PosixPort*>(self)->parallel_for({.units = units, .work = work, .arg = arg});
  };
  port_.ticks = [](void*) {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     std::chrono::steady_clock::now().time_since_epoch())
                                     .count());
  };
  port_.ticks_per_second = 1'000'000'000;
  for (uint32_t i = 1; i < port_.workers; ++i) helpers_.emplace_back([this, i] { serve(i); });
  if (streaming == Streaming::kNone) return;
  port_.stream = {
      .reach_begin = 0,
      .reach_end = UINTPTR_MAX,
      .start =
          [](void* self, void* destination, const void* source, uint32_t bytes) {
            static_cast<PosixPort*>(self)->start_copy({destination, source, bytes, 0});
          },
      .ended = [](void* self, bool wait) { return static_cast<PosixPort*>(self)->copy_ended(wait); },
      .left = [](void* self) { return static_cast<PosixPort*>(self)->copy_left(); }};
  if (streaming == Streaming::kThread) copier_ = std::thread([this] { serve_copies(); });
}

PosixPort::~PosixPort() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  start_.notify_all();
  copy_changed_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
  if (copier_.joinable()) copier_.join();
}

void PosixPort::start_copy(const Copy& copy) {
  {
    const std::lock_guard lock(mutex_);
    copy_ = copy;
  }
  copy_changed_.notify_all();
}

bool PosixPort::copy_ended(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait && streaming_ == Streaming::kLate) {
    std::memcpy(copy_.to, copy_.from, copy_.bytes);
    copy_ = {};
  }
  if (wait) copy_changed_.wait(lock, [this] { return copy_.to == nullptr; });
  return copy_.to == nullptr;
}

// kLate: who asks for more gets a little more.
uint32_t PosixPort::copy_left() {
  const std::lock_guard lock(mutex_);
  if (copy_.to == nullptr) return 0;
  if (streaming_ == Streaming::kLate) {
    constexpr size_t kLittle = 100;
    const size_t more = std::min(kLittle, copy_.bytes - copy_.done);
    std::memcpy(static_cast<uint8_t*>(copy_.to) + copy_.done,
                static_cast<const uint8_t*>(copy_.from) + copy_.done, more);
    copy_.done += more;
  }
  return static_cast<uint32_t>(copy_.bytes - copy_.done);
}

void PosixPort::serve_copies() {
  std::unique_lock lock(mutex_);
  for (;;) {
    copy_changed_.wait(lock, [this] { return stop_ || copy_.to != nullptr; });
    if (stop_) return;
    const Copy copy = copy_;
    lock.unlock();
    std::memcpy(copy.to, copy.from, copy.bytes);
    lock.lock();
    copy_ = {};
    copy_changed_.notify_all();
  }
}

void PosixPort::take_units(const Job& job, uint32_t worker) {
  for (uint32_t unit = next_.fetch_add(1); unit < job.units; unit = next_.fetch_add(1)) {
    job.work(job.arg, worker, unit, unit + 1);
  }
}

void PosixPort::parallel_for(const Job& job) {
  {
    const std::lock_guard lock(mutex_);
    job_ = job;
    next_ = 0;
    busy_ = static_cast<uint32_t>(helpers_.size());
    ++generation_;
  }
  start_.notify_all();
  take_units(job, 0);
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [this] { return busy_ == 0; });
}

void PosixPort::serve(uint32_t worker) {
  uint64_t done = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    start_.wait(lock, [&] { return stop_ || generation_ != done; });
    if (stop_) return;
    done = generation_;
    const Job job = job_;
    lock.unlock();
    take_units(job, worker);
    lock.lock();
    if (--busy_ == 0) finished_.notify_one();
  }
}

}  // namespace tandem
