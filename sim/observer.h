#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "timing.h"

namespace tandem::sim {

/// Why a core lost cycles. Sleeping is counted apart: it is not a stall.
enum class Stall : uint8_t {
  kFlashMiss,  ///< this core's own miss: serial transfer from flash
  kOtherMiss,  ///< the XIP port was taken by another master's miss
  kBank,       ///< another master used the same SRAM bank
  kBusWait,    ///< APB wait states, and contention for ROM, XIP hits and peripherals
};
inline constexpr size_t kStallCauses = 4;
using StallCycles = std::array<Cycles, kStallCauses>;

enum class Master : uint8_t { kCore0, kCore1, kDmaRead, kDmaWrite };

/// Sees what the machine does; the run loop exists twice, so that nothing is paid when there is none. Times
/// never decrease within one core; the cores are interleaved in cycle order up to the length of one
/// instruction.
class Observer {
 public:
  Observer() = default;
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// An instruction at `pc` was executed. [start, end): since the core's previous instruction ended or it
  /// woke up, so that intervals cover all of a core's time awake. So what an exception's entry or return
  /// takes, and a multiple transfer abandoned for it, is part of the instruction after it. `stalls` counts
  /// since power-on.
  virtual void on_instruction(int /*core*/, uint32_t /*pc*/, Cycles /*start*/, Cycles /*end*/,
                              const StallCycles& /*stalls*/) {}
  /// An exception was entered (number, handler's address) or returned from (number of the exception left).
  virtual void on_exception(int /*core*/, unsigned /*number*/, bool /*entry*/, Cycles /*now*/) {}
  /// The core slept in WFE or WFI. `pc` is the instruction after it.
  virtual void on_sleep(int /*core*/, uint32_t /*pc*/, Cycles /*start*/, Cycles /*end*/) {}
  /// The core begins anew, whatever it was in.
  virtual void on_reset(int /*core*/, Cycles /*now*/) {}
  /// A DMA channel ran from its trigger to its last write.
  virtual void on_dma(unsigned /*channel*/, Cycles /*start*/, Cycles /*end*/, uint32_t /*transfers*/) {}
};

}  // namespace tandem::sim
