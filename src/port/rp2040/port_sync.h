#pragma once

#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"
#include "tandem/port.h"

// What port/worker_pair.cc and port/lend_core1.cc ask of the machine.
namespace tandem::port {

/// The last spinlock; programs that use spinlocks of their own take others.
constexpr uint32_t kSpinlock = rp2040::kSioSpinlock + 4 * 31;

inline void prepare_lock() {}
inline void barrier() { __asm__ volatile("dmb" ::: "memory"); }
inline void lock() {
  while (rp2040::reg(kSpinlock) == 0) {
  }
  barrier();
}
inline void unlock() {
  barrier();
  rp2040::reg(kSpinlock) = 0;
}
inline void notify() {
  barrier();
  __asm__ volatile("sev" ::: "memory");
}
inline void wait() { __asm__ volatile("wfe" ::: "memory"); }

constexpr uint32_t kTicksPerSecond = 1'000'000;
uint64_t ticks();

inline void start_core1(void (*entry)()) { rp2040::start_core1(entry); }
inline void stop_core1() { rp2040::stop_core1(); }
inline void prepare_core1() {}

inline int32_t claim_stream_channel() { return rp2040::claim_dma_channel(); }
/// Constants that lie in flash (port/xip_stream.cc).
void start_stream(void* context, void* destination, const void* source, uint32_t bytes);
bool stream_ended(void* context, bool wait);
uint32_t stream_left(void* context);
constexpr Port::Stream kStream{.reach_begin = rp2040::kXipBegin,
                               .reach_end = rp2040::kXipEnd,
                               .start = start_stream,
                               .ended = stream_ended,
                               .left = stream_left};

}  // namespace tandem::port
