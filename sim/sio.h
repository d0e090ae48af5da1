#pragma once

#include <array>
#include <cstdint>

#include "timing.h"

namespace tandem::sim {

class Core;
class Machine;

/// The single-cycle IO block [DS 2.3.1]: CPUID, GPIO, mailbox FIFOs, spinlocks, and for each core a divider
/// and two interpolators. No bus port: both cores may use it in the
/// same cycle, in which core 0 comes first [DS 2.3.1.2, 2.3.1.3].
class Sio {
 public:
  explicit Sio(Machine& machine) : machine_(machine) {}
  void reset(Cycles now);

  /// `bytes`-wide access by a core; false: outside the block's addresses.
  bool read(Core& core, uint32_t address, unsigned bytes, uint32_t* value);
  bool write(Core& core, uint32_t address, unsigned bytes, uint32_t value);

 private:
  static constexpr unsigned kFifoDepth = 8;
  struct Fifo {  ///< towards one core
    std::array<uint32_t, kFifoDepth> words{};
    unsigned first = 0;
    void push(uint32_t word, unsigned count) { words[(first + count) % kFifoDepth] = word; }
    uint32_t pop() {
      const uint32_t word = words[first];
      first = (first + 1) % kFifoDepth;
      return word;
    }
  };
  struct Divider {
    uint32_t dividend = 0, divisor = 0, quotient = 0, remainder = 0;
    bool dirty = false;
    Cycles ready_at = 0;
  };
  struct Interpolator {
    std::array<uint32_t, 2> accumulator{}, control{};
    std::array<uint32_t, 3> base{};
  };
  struct InterpolatorResults {
    std::array<uint32_t, 3> value{};   ///< results 0, 1, 2
    std::array<uint32_t, 2> masked{};  ///< shifted, masked, sign-extended lanes, before the base is added
    std::array<bool, 2> overflow{};
  };
  /// What both cores see. Registers are clocked: what one stores in a cycle the other sees in the next.
  struct Shared {
    std::array<uint32_t, 4> gpio{};  ///< OUT, OE, HI_OUT, HI_OE
    uint32_t spinlocks = 0;
    std::array<unsigned, 2> queued{};  ///< words in each core's inbox
  };
  struct PerCore {
    Fifo inbox;
    bool write_overflow = false, read_underflow = false;
    Divider divider;
    std::array<Interpolator, 2> interpolators;
  };

  /// The state that an access in cycle `now` sees.
  const Shared& seen(Cycles now) const { return now == changed_at_ ? before_ : shared_; }
  /// To be called before shared_ is changed in cycle `now`.
  Shared& change(Cycles now) {
    if (now != changed_at_) before_ = shared_;
    changed_at_ = now;
    return shared_;
  }
  uint32_t read_word(Core& core, uint32_t offset, bool* known);
  bool write_word(Core& core, uint32_t offset, uint32_t value);
  static void divide(Divider& d, bool signed_division, Cycles now);
  static InterpolatorResults evaluate(const Interpolator& interpolator, int number);
  static uint32_t read_interpolator(Interpolator& interpolator, int number, uint32_t offset);
  static void write_interpolator(Interpolator& interpolator, int number, uint32_t offset, uint32_t value);
  void update_fifo_irq(int core, Cycles now);

  Machine& machine_;
  std::array<PerCore, 2> cores_;
  Shared shared_;
  Shared before_;  ///< at the start of cycle changed_at_
  Cycles changed_at_ = kNever;
};

}  // namespace tandem::sim
