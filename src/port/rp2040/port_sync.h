#pragma once

#include "port/rp2040/registers.h"

// What port/worker_pair.cc asks of the machine.
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

}  // namespace tandem::port
