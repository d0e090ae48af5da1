#pragma once

#include <cstdint>

#include "hardware/dma.h"
#include "hardware/sync.h"
#include "hardware/timer.h"
#include "pico/multicore.h"
#include "tandem/port.h"

// What port/worker_pair.cc and port/lend_core1.cc ask of the machine, on the Pico SDK. What a parked core
// calls is inlined at every optimization level, because out of line it would lie in flash.
namespace tandem::port {

/// Claimed by prepare_lock. On an RP2350 the SDK makes it a lock in memory.
extern spin_lock_t* pair_lock;
/// Claims the lock at the first call. Any core may call it at any time.
void prepare_lock();

[[gnu::always_inline]] inline void barrier() { __dmb(); }
// Interrupts stay on: no handler takes this lock, and whoever waits for it has a core of its own.
[[gnu::always_inline]] inline void lock() { spin_lock_unsafe_blocking(pair_lock); }
[[gnu::always_inline]] inline void unlock() { spin_unlock_unsafe(pair_lock); }
[[gnu::always_inline]] inline void notify() {
  __dmb();
  __sev();
}
[[gnu::always_inline]] inline void wait() { __wfe(); }

constexpr uint32_t kTicksPerSecond = 1'000'000;
inline uint64_t ticks() { return time_us_64(); }

#if PICO_RP2040
inline int32_t claim_stream_channel() { return dma_claim_unused_channel(false); }
/// Constants that lie in flash (port/xip_stream.cc).
void start_stream(void* context, void* destination, const void* source, uint32_t bytes);
bool stream_ended(void* context, bool wait);
uint32_t stream_left(void* context);
constexpr Port::Stream kStream{.reach_begin = XIP_MAIN_BASE,
                               .reach_end = XIP_CTRL_BASE,
                               .start = start_stream,
                               .ended = stream_ended,
                               .left = stream_left};
#else
// An RP2350 reads flash otherwise.
constexpr Port::Stream kStream{};
#endif

inline void start_core1(void (*entry)()) { multicore_launch_core1(entry); }
inline void stop_core1() { multicore_reset_core1(); }
/// First on core 1: lets core 0 write to flash by flash_safe_execute or under a multicore lock-out.
inline void prepare_core1() { multicore_lockout_victim_init(); }

}  // namespace tandem::port
