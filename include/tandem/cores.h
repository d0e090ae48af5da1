#pragma once

#include "tandem/port.h"

// Both cores of an RP2040 (or RP2350). Core 0 runs interpreters; core 1 helps while the program lends it:
//
//   tandem::StopRequest stop;
//   void core1_entry() { tandem::serve(stop); }    // on core 1's own stack, parked in WFE between steps
//   ...
//   interpreter.prepare(*model, kOps, arena, tandem::two_cores());
//
// or, where core 1 has nothing else to do, lend_core1() in place of all that. One core is always enough:
// while nobody serves, core 0 does all the work, with the same result. Memory and SEV carry the work; the
// inter-core FIFO, interrupts and lock-out of core 1 stay the program's.
namespace tandem {

/// Asks a core to come back from serve(). May be cleared and used again.
class StopRequest {
 public:
  /// From the other core or an interrupt. The step in work is finished first.
  void request();
  void clear() { __atomic_store_n(&requested_, false, __ATOMIC_RELEASE); }
  // Not std::atomic, whose functions a build without optimization calls, in flash: a parked core asks this.
  [[nodiscard, gnu::always_inline]] bool requested() const {
    return __atomic_load_n(&requested_, __ATOMIC_ACQUIRE);
  }

 private:
  bool requested_ = false;
};

/// Lends the calling core, which is not the one that invokes interpreters, until `stop` is requested.
void serve(const StopRequest& stop);

/// From core 0: starts core 1, which must be in its reset state, on its default stack, and has it serve.
/// Under the Pico SDK it is a victim of multicore lock-outs too, so that core 0 may call flash_safe_execute;
/// the SDK refuses that while core 1 does not run, unless PICO_FLASH_ASSUME_CORE1_SAFE is 1. Does nothing if
/// core 1 is lent already.
void lend_core1();
/// Waits until core 1 has come back, and resets it: the program may launch it, or lend it again.
void take_core1_back();

/// The port of an interpreter that uses both cores. One core at a time may run interpreters on it.
const Port& two_cores();
/// The same clock, and core 0 alone.
const Port& one_core();

}  // namespace tandem
