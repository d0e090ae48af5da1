#pragma once

#include <atomic>

#include "tandem/port.h"

// Both cores of an RP2040 (or RP2350). Core 0 runs interpreters; core 1 helps while the program lends it:
//
//   tandem::StopRequest stop;
//   void core1_entry() { tandem::serve(stop); }    // on core 1's own stack, parked in WFE between steps
//   ...
//   interpreter.prepare(*model, kOps, arena, tandem::two_cores());
//
// One core is always enough: while nobody serves, core 0 does all the work, with the same result. Memory and
// SEV carry the work; the inter-core FIFO, interrupts and lock-out of core 1 stay the program's.
namespace tandem {

/// Asks a core to come back from serve(). May be cleared and used again.
class StopRequest {
 public:
  /// From the other core or an interrupt. The step in work is finished first.
  void request();
  void clear() { requested_.store(false, std::memory_order_release); }
  [[nodiscard]] bool requested() const { return requested_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> requested_{false};
};

/// Lends the calling core, which is not the one that invokes interpreters, until `stop` is requested.
void serve(const StopRequest& stop);

/// The port of an interpreter that uses both cores. One core at a time may run interpreters on it.
const Port& two_cores();
/// The same clock, and core 0 alone.
const Port& one_core();

}  // namespace tandem
