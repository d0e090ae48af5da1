#pragma once

#include <array>
#include <cstdint>

#include "bus.h"
#include "fault.h"
#include "observer.h"
#include "timing.h"

namespace tandem::sim {

class Machine;

/// Exception numbers [ARMv6-M ARM B1.5.2].
inline constexpr unsigned kNmi = 2, kHardFault = 3, kSvc = 11, kPendSv = 14, kSysTick = 15, kIrq0 = 16;

/// One Cortex-M0+: registers, exceptions, NVIC, SysTick, and the fetch and memory stages that decide what an
/// instruction costs. The instructions themselves are in instructions.h.
///
/// Time: `time()` is the cycle in which the next instruction starts, or in which the one in progress makes
/// its next bus access. A core may only touch the bus in cycles before its horizon, i.e. when no other master
/// can still ask for an earlier one; an access that finds itself later, or its port taken, leaves the
/// instruction where it is, and `run` comes back to it. So an instruction with several accesses can be parked
/// in between.
class Core {
 public:
  enum class State : uint8_t { kRunning, kWaitForEvent, kWaitForInterrupt, kHeld, kLockup };

  /// What a handler tells the run loop.
  enum class Flow : uint8_t {
    kNext,     ///< done: go on behind this halfword
    kWide,     ///< done: go on behind this 32-bit instruction
    kTaken,    ///< branched: branch() was called
    kAgain,    ///< parked: dispatch it again when time() comes
    kBetween,  ///< parked between two words of a multiple transfer, which an exception may abandon here
    kAside,    ///< left the stream (fault, exception, sleep); pc and time are set
  };

  Core(Machine& machine, int id);

  /// Runs until nothing of this core can happen before cycle `horizon`, or yield() is called. `tied`: other
  /// masters ask in the same cycle and haven't had theirs; an access that has to let one of them go first is
  /// put off, and the core returns without it.
  template <bool kObserved>
  void run(Cycles horizon, bool tied = false);
  /// Leave `run` before the next access: something changed for the other masters.
  void yield() { horizon_ = 0; }

  State state() const { return state_; }
  bool running() const { return state_ == State::kRunning; }
  /// The earliest cycle in which this core can touch the bus. A fetch that was asked for comes first, even if
  /// the core has gone to sleep since.
  Cycles next_access() const { return fetch_at_ != kNever || !running() ? fetch_at_ : time_; }
  /// Whether that access is a fetch; its port.
  bool fetches() const { return fetch_at_ != kNever; }
  PortId fetch_port() const { return Bus::port_of(fetch_word_); }
  Cycles time() const { return time_; }
  int id() const { return id_; }

  /// Reset: starts at the ROM's vectors at cycle `now`. Statistics go on counting.
  void reset(Cycles now);
  void hold(Cycles now);  ///< in reset until reset() is called
  /// Starts as a debugger would: from a vector table.
  void start(uint32_t vectors, Cycles now);
  void start_at(uint32_t pc, uint32_t sp, Cycles now);

  // ---- exceptions and events
  void set_irq(unsigned line, bool level, Cycles now);
  void set_event(Cycles now);  ///< SEV, by either core
  Cycles systick_event() const { return systick_event_; }
  void run_systick(Cycles now);

  // ---- private peripheral bus: NVIC, SysTick, SCB, MPU
  bool read_ppb(uint32_t address, uint32_t* value);
  bool write_ppb(uint32_t address, uint32_t value);

  // ---- for debuggers, reports and the ROM's high-level functions
  uint32_t reg(unsigned n) const { return n == 15 ? pc_ : r_[n]; }
  void set_reg(unsigned n, uint32_t value) { (n == 15 ? pc_ : r_[n]) = value; }
  uint32_t pc() const { return pc_; }
  uint32_t xpsr() const;
  void set_flags(uint32_t value);  ///< of an xPSR
  uint32_t msp() const { return control_ & 2 ? other_sp_ : r_[13]; }
  uint32_t psp() const { return control_ & 2 ? r_[13] : other_sp_; }
  uint32_t vtor() const { return vtor_; }
  /// Lets `cycles` pass, as a ROM function does.
  void spend(Cycles cycles) { time_ += cycles; }
  /// A taken branch that ends the instruction `cycles` after it began.
  void branch(uint32_t target, Cycles cycles);
  Fault describe(FaultKind kind, uint32_t address, unsigned bytes, bool write) const;

  /// The stack that MSP and PSP move in, for stack checks: a fall from inside [bottom, top] to below `bottom`
  /// is a fault. top == 0: no check.
  struct StackRange {
    uint32_t bottom = 0, top = 0;
  };
  void guard_stack(const StackRange& range) { stack_ = range; }

  struct Statistics {
    uint64_t instructions = 0;
    Cycles sleeping = 0, held = 0;
    StallCycles stalls{};
  };
  /// Up to cycle `now`.
  Statistics statistics(Cycles now) const;

 private:
  friend struct Instructions;

  /// One access of an instruction, and what became of it.
  enum class Beat : uint8_t {
    kDone,
    kSingleCycle,  ///< done through the single-cycle IO port: a single load or store takes 1 cycle less
    kLater,        ///< parked
    kBetween,      ///< parked with no access begun
    kFault,
  };
  static bool is_done(Beat beat) { return beat <= Beat::kSingleCycle; }
  template <unsigned kBytes>
  Beat load(uint32_t address, uint32_t* value);
  template <unsigned kBytes>
  Beat store(uint32_t address, uint32_t value);
  /// Whether an access goes to a peripheral in reset, where it has no effect; tells of it.
  bool passes_by_reset(uint32_t address, bool write);
  Beat load_elsewhere(uint32_t address, unsigned bytes, uint32_t* value);
  Beat store_elsewhere(uint32_t address, unsigned bytes, uint32_t value);
  /// Waits for the core's own bus port and for that one; true: the access happens now, at time().
  bool get_port(PortId id);
  bool wait_until(Cycles cycle, Stall cause);
  /// Puts the access off if it's another master's turn at this port, which is free.
  bool put_off(PortId id);
  /// Refused by a port: the cause, and the count of it.
  static Stall refusal(PortId id, Port& port);
  /// Waits until the outstanding fetch has left the core's bus port.
  bool port_is_mine() { return fetch_ready_ <= time_ + 1 || wait_for_fetch(fetch_ready_ - 1); }
  bool wait_for_fetch(Cycles cycle);
  void charge_fetch(Cycles cycles);

  void request_fetch(uint32_t word, Cycles at) {
    fetch_word_ = word;
    fetch_at_ = at;
  }
  void grant_fetch();
  bool fetch_opcode(uint16_t* opcode);
  bool find_window();
  template <bool kObserved>
  void after(Flow flow, uint32_t pc, Cycles cycles);

  Flow fault(FaultKind kind, uint32_t address, unsigned bytes = 0, bool write = false);
  Flow moved_stack(uint32_t old_sp);
  Flow sleep(State state);
  void wake(Cycles now);
  void reconsider(Cycles now);

  // Exceptions are entered and left by a sequence of accesses that can be parked like an instruction.
  enum class Sequence : uint8_t { kNone, kEntry, kReturn };
  bool take_pending();
  void begin_entry(unsigned exception, uint32_t return_address);
  Flow begin_return(uint32_t exc_return);
  /// Goes on with an exception's entry or return. False: parked.
  bool run_sequence();
  void finish_entry();
  void finish_return();
  void admit_late_arrival();
  void set_pending(unsigned exception, bool pending);
  int priority(unsigned exception) const;
  int execution_priority(bool with_primask) const;
  unsigned best_pending(int* priority) const;
  void lockup(FaultKind kind, uint32_t address, unsigned bytes = 0, bool write = false);

  uint32_t read_special(unsigned sysm) const;
  void write_special(unsigned sysm, uint32_t value);
  void schedule_systick();
  uint32_t systick_value() const;

  // Hot state first.
  Cycles time_ = 0;
  Cycles fetch_at_ = kNever;  ///< when the fetch not granted yet is asked for
  Cycles fetch_ready_ = 0;    ///< when the newest fetched word can be executed
  Cycles horizon_ = 0;
  uint32_t pc_ = 0;
  uint32_t fetch_word_ = 0;
  std::array<uint32_t, 16> r_{};
  // N is bit 31 of n_, Z is z_ == 0: most results are stored and never asked for.
  uint32_t n_ = 0, z_ = 1, c_ = 0, v_ = 0;
  const uint8_t* window_ = nullptr;  ///< the memory that instructions come from
  uint32_t window_base_ = 0, window_bytes_ = 0;
  uint8_t* sram_ = nullptr;
  Port* ports_ = nullptr;                ///< by PortId
  bool attention_ = false;               ///< an exception may be due, or a sequence is in progress
  bool tied_ = false;                    ///< see run()
  bool target_fetch_ = false;            ///< the fetch asked for is a branch's target
  Stall fetch_cause_ = Stall::kBusWait;  ///< what the newest fetch had to wait for, besides its own miss
  Cycles fetch_miss_ = 0;                ///< cycles of its own miss not charged yet
  uint8_t beat_ = 0;                     ///< accesses done by the multiple transfer in progress
  bool begun_ = false;                   ///< an instruction is parked that has to be finished first
  State state_ = State::kHeld;
  bool event_ = false;
  Sequence sequence_ = Sequence::kNone;
  int id_;
  Master master_;
  Machine& machine_;
  Bus& bus_;

  std::array<uint32_t, 9> beats_{};  ///< values of a multiple load or of an exception frame
  uint32_t sequence_base_ = 0;       ///< the frame's address
  unsigned sequence_exception_ = 0;
  uint32_t sequence_link_ = 0;  ///< the handler's EXC_RETURN
  unsigned sequence_beat_ = 0;
  Cycles accounted_ = 0;  ///< end of the last interval told to the observer
  Cycles asleep_since_ = 0, held_since_ = 0;

  uint32_t other_sp_ = 0;  ///< the stack pointer that isn't r13
  uint32_t primask_ = 0, control_ = 0, ipsr_ = 0;
  uint32_t vtor_ = 0, scr_ = 0, shpr2_ = 0, shpr3_ = 0;
  uint32_t irq_enabled_ = 0, irq_pending_ = 0, irq_level_ = 0;
  std::array<uint8_t, 32> irq_priority_{};
  uint64_t active_ = 0;   ///< bit n: exception n is active
  uint32_t pending_ = 0;  ///< bit n: system exception n is pending
  std::array<uint32_t, 5> mpu_{};
  uint32_t systick_control_ = 0, systick_reload_ = 0;
  Cycles systick_start_ = 0, systick_event_ = kNever;
  uint64_t systick_wraps_ = 0;
  StackRange stack_;
  Statistics statistics_;
};

}  // namespace tandem::sim
