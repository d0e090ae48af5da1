#include "core.h"

#include <cstring>
#include <utility>

#include "instructions.h"
#include "machine.h"

namespace tandem::sim {

namespace {

constexpr uint32_t kExcReturnHandler = 0xfffffff1, kExcReturnMsp = 0xfffffff9, kExcReturnPsp = 0xfffffffd;
constexpr unsigned kFrameWords = 8;
constexpr uint32_t kSleepOnExit = 1u << 1, kSevOnPend = 1u << 4;  // SCR
constexpr int kLowestPriority = 4;  // of a thread: below the four levels of exceptions

}  // namespace

const InstructionInfo& instruction_info(uint16_t halfword) {
  static const auto table = [] {
    std::array<InstructionInfo, std::size(kInstructions)> infos{};
    for (size_t i = 0; i < infos.size(); ++i) {
      infos[i] = {kInstructions[i].pattern, kInstructions[i].name, kInstructions[i].cycles};
    }
    return infos;
  }();
  return table[kDecoder.row[halfword]];
}

Core::Core(Machine& machine, int id)
    : sram_(machine.bus().sram()),
      ports_(&machine.bus().port(PortId::kSram0)),
      id_(id),
      master_(id == 0 ? Master::kCore0 : Master::kCore1),
      machine_(machine),
      bus_(machine.bus()) {}

// ---- memory stage
// ------------------------------------------------------------------------------------------

bool Core::wait_until(Cycles cycle, Stall cause) {
  statistics_.stalls[static_cast<size_t>(cause)] += cycle - time_;
  time_ = cycle;
  return time_ < horizon_;
}

void Core::charge_fetch(Cycles cycles) {
  const Cycles own = cycles < fetch_miss_ ? cycles : fetch_miss_;
  fetch_miss_ -= own;
  statistics_.stalls[static_cast<size_t>(Stall::kFlashMiss)] += own;
  statistics_.stalls[static_cast<size_t>(fetch_cause_)] += cycles - own;
}

bool Core::wait_for_fetch(Cycles cycle) {
  charge_fetch(cycle - time_);
  time_ = cycle;
  return time_ < horizon_;
}

Stall Core::refusal(PortId id, Port& port) {
  ++port.contested;
  if (id <= PortId::kSram5) return Stall::kBank;
  return port.slow ? Stall::kOtherMiss : Stall::kBusWait;
}

bool Core::put_off(PortId id) {
  if (!machine_.defers(master_, id, fetch_at_ != kNever ? fetch_at_ : time_)) return false;
  horizon_ = 0;
  return true;
}

[[gnu::always_inline]] inline bool Core::get_port(PortId id) {
  if (!port_is_mine()) return false;
  Port& port = ports_[static_cast<size_t>(id)];
  if (port.free_at > time_ && !wait_until(port.free_at, refusal(id, port))) return false;
  if (tied_ && put_off(id)) return false;
  port.take(master_, time_);
  return true;
}

template <unsigned kBytes>
inline Core::Beat Core::load(uint32_t address, uint32_t* value) {
  const uint32_t offset = address - kSramBase;
  if (offset < kSramBytes && address % kBytes == 0) [[likely]] {
    if (!get_port(Bus::sram_bank(offset))) return Beat::kLater;
    uint32_t loaded = 0;
    std::memcpy(&loaded, sram_ + offset, kBytes);
    *value = loaded;
    return Beat::kDone;
  }
  return load_elsewhere(address, kBytes, value);
}

template <unsigned kBytes>
inline Core::Beat Core::store(uint32_t address, uint32_t value) {
  const uint32_t offset = address - kSramBase;
  if (offset < kSramBytes && address % kBytes == 0) [[likely]] {
    if (!get_port(Bus::sram_bank(offset))) return Beat::kLater;
    std::memcpy(sram_ + offset, &value, kBytes);
    return Beat::kDone;
  }
  return store_elsewhere(address, kBytes, value);
}

/// What a peripheral in reset answers is not documented. The chip's ROM stores to one (SYSCFG), and every
/// program of the Pico SDK 2 to the USB block, and go on; so it has no effect here, and code outside the ROM
/// is told of.
bool Core::passes_by_reset(uint32_t address, bool write) {
  if (machine_.held_block(address) == nullptr) return false;
  if (pc_ >= kRomBytes) machine_.warn(id_, address, write);
  return true;
}

Core::Beat Core::load_elsewhere(uint32_t address, unsigned bytes, uint32_t* value) {
  if (address % bytes != 0) {
    fault(FaultKind::kUnaligned, address, bytes);
    return Beat::kFault;
  }
  bool ok = false;
  if (region(address) == kRegionSio) {
    machine_.arrive(time_);
    ok = machine_.sio().read(*this, address, bytes, value);
    if (ok) return Beat::kSingleCycle;
  } else if (region(address) == kRegionPpb) {
    if (!port_is_mine()) return Beat::kLater;
    uint32_t word = 0;
    ok = read_ppb(address & ~3u, &word);
    *value = word >> 8 * (address & 3) & (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1);
  } else {
    if (!get_port(Bus::port_of(address))) return Beat::kLater;
    const Cycles granted = time_;
    if (region(address) == kRegionXip && address < kXipCtrlBase) {
      const Xip::Result result = machine_.xip().access(address, time_);
      if (result.miss) {
        Port& port = bus_.port(PortId::kXip);
        port.free_at = result.done + 1;
        port.slow = true;
        wait_until(result.done, Stall::kFlashMiss);
      }
    } else if (const Cycles wait = Bus::wait_states(address, false); wait != 0) {
      bus_.port(Bus::port_of(address)).free_at = time_ + 1 + wait;
      wait_until(time_ + wait, Stall::kBusWait);
    }
    machine_.arrive(time_);
    if (passes_by_reset(address, false)) {
      ok = true;
      *value = 0;
    } else {
      ok = bus_.read(id_, address, bytes, time_, value);
    }
    if (!ok) time_ = granted;
  }
  if (ok) return Beat::kDone;
  fault(FaultKind::kUnmapped, address, bytes);
  return Beat::kFault;
}

Core::Beat Core::store_elsewhere(uint32_t address, unsigned bytes, uint32_t value) {
  if (address % bytes != 0) {
    fault(FaultKind::kUnaligned, address, bytes, true);
    return Beat::kFault;
  }
  bool ok = false;
  if (region(address) == kRegionSio) {
    machine_.arrive(time_);
    ok = machine_.sio().write(*this, address, bytes, value);
    if (ok) return Beat::kSingleCycle;
  } else if (region(address) == kRegionPpb) {
    if (!port_is_mine()) return Beat::kLater;
    machine_.arrive(time_);
    ok = bytes == 4 && write_ppb(address, value);
  } else {
    if (!get_port(Bus::port_of(address))) return Beat::kLater;
    if (const Cycles wait = Bus::wait_states(address, true); wait != 0) {
      bus_.port(Bus::port_of(address)).free_at = time_ + 1 + wait;
      wait_until(time_ + wait, Stall::kBusWait);
    }
    machine_.arrive(time_);
    ok = passes_by_reset(address, true) || bus_.write(id_, address, bytes, time_, value);
  }
  if (ok) return Beat::kDone;
  fault(FaultKind::kUnmapped, address, bytes, true);
  return Beat::kFault;
}

// ---- fetch stage
// -------------------------------------------------------------------------------------------
//
// The core has one bus port for fetches and data, and fetches a word (two halfwords) at a time
// [M0+ 2.1, 3.1]. The word after the current one is asked for in the last cycle of the first instruction
// executed in the current one; a taken branch asks for its target in its last but one cycle, once an
// outstanding fetch is in. With no wait states neither ever costs anything.

[[gnu::always_inline]] inline void Core::grant_fetch() {
  Cycles at = fetch_at_;
  Cycles ready = at + kFetchLatency;
  const uint32_t offset = fetch_word_ - kSramBase;
  const bool has_port = region(fetch_word_) <= kRegionSram;
  if (has_port) [[likely]] {
    const PortId id = offset < kSramBytes ? Bus::sram_bank(offset) : Bus::port_of(fetch_word_);
    Port& port = bus_.port(id);
    if (port.free_at > at) {
      fetch_cause_ = refusal(id, port);
      fetch_at_ = port.free_at;
      return;
    }
    if (tied_ && put_off(id)) return;
    port.take(master_, at);
    if (id == PortId::kXip && fetch_word_ < kXipCtrlBase) {
      const Xip::Result result = machine_.xip().access(fetch_word_, at);
      if (result.miss) {
        port.free_at = result.done + 1;
        port.slow = true;
        fetch_miss_ = result.done - at;
        ready = result.done + kFetchLatency;
      }
    }
  }
  fetch_at_ = kNever;
  fetch_ready_ = ready;
  if (!target_fetch_) return;
  target_fetch_ = false;
  if (ready > time_) {
    charge_fetch(ready - time_);
    time_ = ready;
  }
  fetch_ready_ = time_;
  if (pc_ & 2) request_fetch((pc_ & ~3u) + 4, time_ - 1);
}

void Core::branch(uint32_t target, Cycles cycles) {
  time_ += cycles;
  pc_ = target;
  Cycles at = time_ - kFetchLatency;
  if (fetch_ready_ > at + 1) at = fetch_ready_ - 1;
  target_fetch_ = true;
  fetch_miss_ = 0;
  request_fetch(target & ~3u, at);
}

bool Core::find_window() {
  uint32_t left = 0;
  const uint8_t* memory = bus_.memory(pc_, &left);
  if (memory == nullptr || left < 2) return false;
  const uint32_t begin = pc_ >> 24 <= 0x13 && region(pc_) == kRegionXip ? pc_ & 0xff000000 : pc_;
  window_ = memory - (pc_ - begin);
  window_base_ = begin;
  window_bytes_ = left + (pc_ - begin);
  if (pc_ < kRomBytes || (pc_ >= kSramBase && pc_ < kSramBase + kSramBytes)) {
    // From the memory's start, so that branches backwards stay inside.
    const uint32_t base = pc_ < kRomBytes ? 0 : kSramBase;
    window_ = memory - (pc_ - base);
    window_base_ = base;
    window_bytes_ = left + (pc_ - base);
  } else if (pc_ >= kSramPlainBase && region(pc_) == kRegionSram) {
    window_ = memory;
    window_base_ = pc_;
    window_bytes_ = 4 - (pc_ & 3);  // not contiguous here: one word at a time
  }
  return true;
}

inline bool Core::fetch_opcode(uint16_t* opcode) {
  uint32_t offset = pc_ - window_base_;
  if (offset + 1 >= window_bytes_ || offset >= window_bytes_) [[unlikely]] {
    if (!find_window()) return false;
    offset = pc_ - window_base_;
  }
  std::memcpy(opcode, window_ + offset, sizeof *opcode);
  return true;
}

// ---- the run loop
// ------------------------------------------------------------------------------------------

namespace {

/// One row's handler, known to the compiler, so that it is inlined.
template <size_t kRow>
inline Core::Flow dispatch_row(Core& core, uint32_t opcode, Cycles* cycles) {
  if constexpr (kRow < std::size(kInstructions)) {
    *cycles = kInstructions[kRow].cycles;
    return kInstructions[kRow].handler(core, opcode);
  } else {
    __builtin_unreachable();
  }
}

}  // namespace

template <bool kObserved>
inline void Core::after(Flow flow, uint32_t pc, Cycles cycles) {
  if (flow == Flow::kNext) [[likely]] {
    time_ += cycles;
    pc_ = pc + 2;
    // Entered a word: its successor is asked for in this instruction's last cycle.
    if (pc_ & 2) request_fetch((pc_ & ~3u) + 4, fetch_ready_ > time_ ? fetch_ready_ - 1 : time_ - 1);
  } else if (flow == Flow::kWide) {
    time_ += cycles;
    pc_ = pc + 4;
    if (pc_ & 2) {
      request_fetch((pc_ & ~3u) + 4, fetch_ready_ > time_ ? fetch_ready_ - 1 : time_ - 1);
    } else {
      request_fetch(pc_, time_ - kFetchLatency);
    }
  } else if (flow == Flow::kAgain || flow == Flow::kBetween) {
    begun_ = flow == Flow::kAgain;
    return;
  }
  ++statistics_.instructions;
  if constexpr (kObserved) {
    machine_.observer()->on_instruction(id_, pc, accounted_, time_, statistics_.stalls);
    accounted_ = time_;
  }
}

// Version 14 of clang-format doesn't settle on where these backslashes go.
// clang-format off
#define TANDEM_CASE(n)                              \
  case n:                                           \
    flow = dispatch_row<n>(*this, opcode, &cycles); \
    break;
#define TANDEM_CASES_10(n)                                              \
  TANDEM_CASE(n##0) TANDEM_CASE(n##1) TANDEM_CASE(n##2) TANDEM_CASE(n##3) \
  TANDEM_CASE(n##4) TANDEM_CASE(n##5) TANDEM_CASE(n##6) TANDEM_CASE(n##7) \
  TANDEM_CASE(n##8) TANDEM_CASE(n##9)
// clang-format on

template <bool kObserved>
void Core::run(Cycles horizon, bool tied) {
  static_assert(std::size(kInstructions) <= 120, "more rows: add cases below");
  horizon_ = horizon;
  tied_ = tied;
  bool begun = std::exchange(begun_, false);
  for (;;) {
    if (fetch_at_ != kNever) {
      if (fetch_at_ >= horizon_) return;
      grant_fetch();
      continue;
    }
    if (time_ >= horizon_ || !running()) return;
    if (attention_) [[unlikely]] {
      if (sequence_ != Sequence::kNone ? run_sequence() : !begun && take_pending()) continue;
      if (sequence_ != Sequence::kNone) return;
    }
    // The word at pc_ is needed now, unless it's the second halfword of one that is in already.
    if (!(pc_ & 2) && fetch_ready_ > time_) {
      if (!wait_for_fetch(fetch_ready_)) return;
    }
    uint16_t opcode = 0;
    const uint32_t pc = pc_;
    if (!fetch_opcode(&opcode)) [[unlikely]] {
      fault(FaultKind::kFetchUnmapped, pc_);
      continue;
    }
    Flow flow = Flow::kAside;
    Cycles cycles = 0;
    begun = false;
    switch (kDecoder.row[opcode]) {
      // clang-format off
      TANDEM_CASES_10() TANDEM_CASES_10(1) TANDEM_CASES_10(2) TANDEM_CASES_10(3)
      TANDEM_CASES_10(4) TANDEM_CASES_10(5) TANDEM_CASES_10(6) TANDEM_CASES_10(7)
      TANDEM_CASES_10(8) TANDEM_CASES_10(9) TANDEM_CASES_10(10) TANDEM_CASES_10(11)
          // clang-format on
          default : __builtin_unreachable();
    }
    after<kObserved>(flow, pc, cycles);
  }
}

#undef TANDEM_CASE
#undef TANDEM_CASES_10

template void Core::run<false>(Cycles, bool);
template void Core::run<true>(Cycles, bool);

// ---- start and stop
// ----------------------------------------------------------------------------------------

void Core::start_at(uint32_t pc, uint32_t sp, Cycles now) {
  if (state_ == State::kHeld && now > held_since_) statistics_.held += now - held_since_;
  const Cycles begin = now > time_ ? now : time_;
  r_ = {};
  r_[13] = sp;
  r_[14] = 0xffffffff;
  n_ = 0;
  z_ = 1;
  c_ = v_ = 0;
  time_ = accounted_ = begin;
  fetch_at_ = kNever;
  fetch_ready_ = begin;
  fetch_miss_ = 0;
  target_fetch_ = false;
  window_bytes_ = 0;
  attention_ = event_ = false;
  beat_ = 0;
  begun_ = false;
  sequence_ = Sequence::kNone;
  other_sp_ = primask_ = control_ = ipsr_ = vtor_ = scr_ = shpr2_ = shpr3_ = 0;
  irq_enabled_ = irq_pending_ = pending_ = 0;
  irq_priority_ = {};
  active_ = 0;
  mpu_ = {};
  systick_control_ = systick_reload_ = 0;
  systick_event_ = kNever;
  state_ = State::kRunning;
  if (machine_.observer() != nullptr) machine_.observer()->on_reset(id_, begin);
  branch(pc & ~1u, kFetchLatency);
  machine_.reschedule();
}

void Core::reset(Cycles now) {
  uint32_t sp = 0, pc = 0;
  bus_.read(-1, 0, 4, now, &sp);
  bus_.read(-1, 4, 4, now, &pc);
  start_at(pc, sp, now);
}

void Core::start(uint32_t vectors, Cycles now) {
  uint32_t sp = 0, pc = 0;
  bus_.read(-1, vectors, 4, now, &sp);
  bus_.read(-1, vectors + 4, 4, now, &pc);
  start_at(pc, sp, now);
  r_[14] = 0;
  vtor_ = vectors;
}

void Core::hold(Cycles now) {
  if (state_ == State::kHeld) return;
  if (!running() && now > asleep_since_) {
    statistics_.sleeping += now - asleep_since_;
    if (machine_.observer() != nullptr) machine_.observer()->on_sleep(id_, pc_, asleep_since_, now);
  }
  state_ = State::kHeld;
  held_since_ = now > time_ ? now : time_;
  fetch_at_ = kNever;
  systick_event_ = kNever;
  machine_.reschedule();
}

Core::Statistics Core::statistics(Cycles now) const {
  Statistics all = statistics_;
  if (state_ == State::kHeld && now > held_since_) all.held += now - held_since_;
  if (!running() && state_ != State::kHeld && now > asleep_since_) all.sleeping += now - asleep_since_;
  return all;
}

// ---- sleep and events
// --------------------------------------------------------------------------------------

Core::Flow Core::sleep(State state) {
  time_ += 2;  // WFE and WFI [M0+ table 3-1]
  pc_ += 2;
  if (pc_ & 2) request_fetch((pc_ & ~3u) + 4, fetch_ready_ > time_ ? fetch_ready_ - 1 : time_ - 1);
  state_ = state;
  asleep_since_ = time_;
  machine_.yield();
  reconsider(time_);
  return Flow::kAside;
}

void Core::wake(Cycles now) {
  const Cycles at = now + machine_.options().parameters.wake;
  if (at > time_) {
    statistics_.sleeping += at - time_;
    time_ = at;
  }
  if (machine_.observer() != nullptr) {
    if (time_ > asleep_since_) machine_.observer()->on_sleep(id_, pc_, asleep_since_, time_);
    accounted_ = time_;
  }
  state_ = State::kRunning;
  machine_.yield();
}

void Core::set_event(Cycles now) {
  if (state_ == State::kWaitForEvent) {
    wake(now);
  } else if (state_ != State::kHeld) {
    event_ = true;
  }
}

/// Something about exceptions changed: a sleeping core may have to wake [ARMv6-M ARM B1.5.18, B1.5.19].
void Core::reconsider(Cycles now) {
  irq_pending_ |= irq_level_ & ~static_cast<uint32_t>(active_ >> kIrq0);
  attention_ = true;
  if (state_ != State::kWaitForEvent && state_ != State::kWaitForInterrupt) return;
  int pending_priority = 0;
  const unsigned best = best_pending(&pending_priority);
  // PRIMASK doesn't keep WFI asleep; it does keep the exception from being taken, and WFE asleep.
  bool wakes = best != 0 && pending_priority < execution_priority(state_ == State::kWaitForEvent);
  if (state_ == State::kWaitForEvent && (scr_ & kSevOnPend) && irq_pending_ != 0) wakes = true;
  if (wakes) wake(now > time_ ? now : time_);
}

void Core::set_irq(unsigned line, bool level, Cycles now) {
  const uint32_t old = irq_level_;
  irq_level_ = level ? old | 1u << line : old & ~(1u << line);
  if (irq_level_ != old && state_ != State::kHeld) reconsider(now);
}

// ---- exceptions
// --------------------------------------------------------------------------------------------

int Core::priority(unsigned exception) const {
  switch (exception) {
    case kNmi:
      return -2;
    case kHardFault:
      return -1;
    case kSvc:
      return static_cast<int>(shpr2_ >> 30);
    case kPendSv:
      return static_cast<int>(shpr3_ >> 22 & 3);
    case kSysTick:
      return static_cast<int>(shpr3_ >> 30);
    default:
      return exception >= kIrq0 ? irq_priority_[exception - kIrq0] >> 6 : -3;
  }
}

int Core::execution_priority(bool with_primask) const {
  int best = kLowestPriority;
  for (uint64_t active = active_; active != 0; active &= active - 1) {
    const int p = priority(static_cast<unsigned>(std::countr_zero(active)));
    if (p < best) best = p;
  }
  return with_primask && primask_ != 0 && best > 0 ? 0 : best;
}

/// The pending exception of the highest priority, lowest number first; 0 if there is none.
unsigned Core::best_pending(int* best_priority) const {
  unsigned best = 0;
  for (uint64_t pending = pending_ | uint64_t{irq_pending_ & irq_enabled_} << kIrq0; pending != 0;
       pending &= pending - 1) {
    const auto exception = static_cast<unsigned>(std::countr_zero(pending));
    const int p = priority(exception);
    if (best == 0 || p < *best_priority) {
      best = exception;
      *best_priority = p;
    }
  }
  return best;
}

bool Core::take_pending() {
  attention_ = false;
  int pending_priority = 0;
  const unsigned exception = best_pending(&pending_priority);
  if (exception == 0 || pending_priority >= execution_priority(true)) return false;
  set_pending(exception, false);
  begin_entry(exception, pc_);
  return true;
}

void Core::set_pending(unsigned exception, bool pending) {
  uint32_t& word = exception < kIrq0 ? pending_ : irq_pending_;
  const uint32_t bit = 1u << (exception < kIrq0 ? exception : exception - kIrq0);
  word = pending ? word | bit : word & ~bit;
}

/// Pushes the frame of [ARMv6-M ARM B1.5.6]: r0-r3, r12, lr, return address, xPSR; then the vector is
/// fetched. A multiple transfer in progress is abandoned: it wrote no register yet, and returning to it
/// starts it again [M0+ 3.6.1].
void Core::begin_entry(unsigned exception, uint32_t return_address) {
  beat_ = 0;
  const uint32_t sp = r_[13];
  const uint32_t realigned = sp >> 2 & 1;
  sequence_base_ = (sp - 4 * kFrameWords) & ~7u;
  beats_ = {r_[0], r_[1], r_[2], r_[3], r_[12], r_[14], return_address, xpsr() | realigned << 9, 0};
  sequence_exception_ = exception;
  sequence_link_ = ipsr_ != 0 ? kExcReturnHandler : control_ & 2 ? kExcReturnPsp : kExcReturnMsp;
  sequence_ = Sequence::kEntry;
  sequence_beat_ = 0;
  attention_ = true;
}

/// Until its vector is read, an exception of higher priority takes the entry over [M0+ 3.6.1]; the one that
/// was being entered is pending again.
void Core::admit_late_arrival() {
  int late_priority = 0;
  const unsigned late = best_pending(&late_priority);
  if (late == 0 || late_priority >= priority(sequence_exception_)) return;
  set_pending(sequence_exception_, true);
  set_pending(late, false);
  sequence_exception_ = late;
}

Core::Flow Core::begin_return(uint32_t exc_return) {
  const unsigned left = ipsr_;
  active_ &= ~(uint64_t{1} << left);
  irq_pending_ |= irq_level_ & ~static_cast<uint32_t>(active_ >> kIrq0);
  if (machine_.observer() != nullptr) machine_.observer()->on_exception(id_, left, false, time_);
  attention_ = true;
  int next_priority = 0;
  if (const unsigned next = best_pending(&next_priority);
      next != 0 && next_priority < execution_priority(true)) {
    // Tail-chaining [M0+ 3.6.1]: the frame stays where it is, the next handler is entered at once.
    set_pending(next, false);
    sequence_exception_ = next;
    sequence_link_ = exc_return;
    sequence_base_ = r_[13];
    sequence_ = Sequence::kEntry;
    sequence_beat_ = kFrameWords;
    return Flow::kAside;
  }
  if ((exc_return & 15) == (kExcReturnPsp & 15)) {
    std::swap(r_[13], other_sp_);
    control_ |= 2;
  }
  sequence_base_ = r_[13];
  sequence_ = Sequence::kReturn;
  sequence_beat_ = 0;
  return Flow::kAside;
}

bool Core::run_sequence() {
  const unsigned words = sequence_ == Sequence::kEntry ? kFrameWords + 1 : kFrameWords;
  for (; sequence_beat_ < words; ++sequence_beat_) {
    if (time_ >= horizon_) return false;
    const uint32_t address = sequence_base_ + 4 * sequence_beat_;
    uint32_t& word = beats_[sequence_beat_];
    Beat beat = Beat::kDone;
    if (sequence_ == Sequence::kReturn) {
      beat = load<4>(address, &word);
    } else if (sequence_beat_ < kFrameWords) {
      beat = store<4>(address, word);
    } else {
      admit_late_arrival();
      beat = load<4>(vtor_ + 4 * sequence_exception_, &word);
    }
    if (beat == Beat::kLater) return false;
    if (!is_done(beat)) return true;
    ++time_;
  }
  if (sequence_ == Sequence::kEntry) {
    finish_entry();
  } else {
    finish_return();
  }
  return true;
}

void Core::finish_entry() {
  const unsigned exception = sequence_exception_;
  sequence_ = Sequence::kNone;
  const uint32_t old_sp = r_[13];
  const bool from_psp = (control_ & 2) && ipsr_ == 0;
  r_[14] = sequence_link_;
  r_[13] = sequence_base_;
  if (from_psp) std::swap(r_[13], other_sp_);  // handlers use MSP
  control_ &= ~2u;
  ipsr_ = exception;
  active_ |= uint64_t{1} << exception;
  event_ = true;
  const uint32_t handler = beats_[kFrameWords];
  if (!(handler & 1)) {
    lockup(FaultKind::kVector, handler);
    return;
  }
  branch(handler & ~1u, kExceptionEntry - kFrameWords - 1);
  if (machine_.observer() != nullptr) machine_.observer()->on_exception(id_, exception, true, time_);
  if (!from_psp) moved_stack(old_sp);
}

void Core::finish_return() {
  sequence_ = Sequence::kNone;
  for (unsigned i = 0; i < 4; ++i) r_[i] = beats_[i];
  r_[12] = beats_[4];
  r_[14] = beats_[5];
  const uint32_t frame_xpsr = beats_[7];
  set_flags(frame_xpsr);
  ipsr_ = frame_xpsr & 63;
  r_[13] = sequence_base_ + 4 * kFrameWords + (frame_xpsr >> 9 & 1 ? 4 : 0);
  event_ = true;
  branch(beats_[6] & ~1u, kExceptionReturn - kFrameWords);
  if ((scr_ & kSleepOnExit) && active_ == 0) {
    state_ = State::kWaitForInterrupt;
    asleep_since_ = time_;
    machine_.yield();
    reconsider(time_);
  }
}

// ---- faults
// ------------------------------------------------------------------------------------------------

Fault Core::describe(FaultKind kind, uint32_t address, unsigned bytes, bool write) const {
  Fault report;
  report.kind = kind;
  report.core = id_;
  report.cycle = time_;
  report.pc = pc_;
  const uint32_t offset = pc_ - window_base_;
  if (offset + 1 < window_bytes_) {
    report.opcode = static_cast<uint16_t>(window_[offset] | window_[offset + 1] << 8);
  }
  report.address = address;
  report.bytes = bytes;
  report.write = write;
  for (unsigned i = 0; i < 16; ++i) report.registers[i] = reg(i);
  report.xpsr = xpsr();
  report.msp = msp();
  report.psp = psp();
  report.primask = primask_;
  report.control = control_;
  return report;
}

Core::Flow Core::fault(FaultKind kind, uint32_t address, unsigned bytes, bool write) {
  beat_ = 0;
  if (sequence_ != Sequence::kNone) {
    sequence_ = Sequence::kNone;
    lockup(FaultKind::kStacking, address, bytes, write);
  } else if (machine_.options().stop_on_fault || execution_priority(false) <= priority(kHardFault)) {
    lockup(kind, address, bytes, write);
  } else {
    begin_entry(kHardFault, pc_);
  }
  return Flow::kAside;
}

void Core::lockup(FaultKind kind, uint32_t address, unsigned bytes, bool write) {
  machine_.stop({StopKind::kFault, 0, describe(kind, address, bytes, write)});
  state_ = State::kLockup;
  asleep_since_ = time_;
}

Core::Flow Core::moved_stack(uint32_t old_sp) {
  const bool fell =
      stack_.top != 0 && old_sp >= stack_.bottom && old_sp <= stack_.top && r_[13] < stack_.bottom;
  if (fell && machine_.host().on_stack_limit(describe(FaultKind::kStackLimit, stack_.bottom, 0, false)))
      [[unlikely]] {
    return fault(FaultKind::kStackLimit, stack_.bottom);
  }
  return Flow::kNext;
}

// ---- special registers
// -------------------------------------------------------------------------------------

uint32_t Core::xpsr() const {
  return (n_ & 1u << 31) | (z_ == 0 ? 1u << 30 : 0) | c_ << 29 | v_ << 28 | 1u << 24 | ipsr_;
}

void Core::set_flags(uint32_t value) {
  n_ = value;
  z_ = value >> 30 & 1 ? 0 : 1;
  c_ = value >> 29 & 1;
  v_ = value >> 28 & 1;
}

uint32_t Core::read_special(unsigned sysm) const {
  if (sysm < 8) {  // APSR, IAPSR, EAPSR, XPSR, -, IPSR, EPSR, IEPSR: EPSR reads as zero
    return (sysm & 1 ? ipsr_ : 0) | (sysm & 4 ? 0 : xpsr() & 0xf0000000);
  }
  switch (sysm) {
    case 8:
      return msp();
    case 9:
      return psp();
    case 16:
      return primask_;
    case 20:
      return control_;
    default:
      return 0;
  }
}

void Core::write_special(unsigned sysm, uint32_t value) {
  if (sysm < 4) {
    set_flags(value);
    return;
  }
  switch (sysm) {
    case 8:
      (control_ & 2 ? other_sp_ : r_[13]) = value & ~3u;
      break;
    case 9:
      (control_ & 2 ? r_[13] : other_sp_) = value & ~3u;
      break;
    case 16:
      primask_ = value & 1;
      attention_ = true;
      break;
    case 20:
      if (ipsr_ != 0) break;  // handlers use MSP; RP2040's cores have no unprivileged mode to enter either
      if ((control_ ^ value) & 2) std::swap(r_[13], other_sp_);
      control_ = value & 3;
      break;
    default:
      break;
  }
}

// ---- private peripheral bus [ARMv6-M ARM B3]
// ---------------------------------------------------------------

void Core::schedule_systick() {
  systick_event_ = kNever;
  if ((systick_control_ & 3) == 3 && systick_reload_ != 0) {
    const Cycles period = Cycles{systick_reload_} + 1;
    systick_event_ = systick_start_ + ((time_ - systick_start_) / period + 1) * period;
  }
  machine_.reschedule();
}

uint32_t Core::systick_value() const {
  if (!(systick_control_ & 1) || systick_reload_ == 0 || time_ == systick_start_) return 0;
  return systick_reload_ -
         static_cast<uint32_t>((time_ - systick_start_ - 1) % (Cycles{systick_reload_} + 1));
}

void Core::run_systick(Cycles now) {
  systick_event_ += Cycles{systick_reload_} + 1;
  pending_ |= 1u << kSysTick;
  reconsider(now);
}

bool Core::read_ppb(uint32_t address, uint32_t* value) {
  const uint32_t offset = address & 0xffff;
  if (address >> 16 != kPpbBase >> 16) return false;
  if (offset >= 0xe400 && offset < 0xe420) {
    std::memcpy(value, &irq_priority_[offset - 0xe400], 4);
    return true;
  }
  switch (offset) {
    case 0xe008:
      *value = 0;
      return true;  // ACTLR
    case 0xe010: {
      *value = systick_control_;
      if ((systick_control_ & 1) && systick_reload_ != 0) {  // COUNTFLAG: wrapped since last read
        const uint64_t wraps = (time_ - systick_start_) / (uint64_t{systick_reload_} + 1);
        if (wraps > systick_wraps_) *value |= 1u << 16;
        systick_wraps_ = wraps;
      }
      return true;
    }
    case 0xe014:
      *value = systick_reload_;
      return true;
    case 0xe018:
      *value = systick_value();
      return true;
    case 0xe01c:
      *value = 0xc0000000 | 9999;
      return true;
    case 0xe100:
    case 0xe180:
      *value = irq_enabled_;
      return true;
    case 0xe200:
    case 0xe280:
      *value = irq_pending_;
      return true;
    case 0xed00:
      *value = 0x410cc601;
      return true;  // CPUID: Cortex-M0+ r0p1
    case 0xed04: {
      int ignored = 0;
      *value = ipsr_ | best_pending(&ignored) << 12 | (irq_pending_ != 0 ? 1u << 22 : 0) |
               (pending_ >> kSysTick & 1) << 26 | (pending_ >> kPendSv & 1) << 28 |
               (pending_ >> kNmi & 1) << 31;
      return true;
    }
    case 0xed08:
      *value = vtor_;
      return true;
    case 0xed0c:
      *value = 0xfa050000;
      return true;
    case 0xed10:
      *value = scr_;
      return true;
    case 0xed14:
      *value = 0x208;
      return true;
    case 0xed1c:
      *value = shpr2_;
      return true;
    case 0xed20:
      *value = shpr3_;
      return true;
    case 0xed24:
      *value = (pending_ >> kSvc & 1) << 15;
      return true;
    case 0xed90:
      *value = 0x800;
      return true;  // MPU_TYPE: 8 regions
    case 0xed94:
    case 0xed98:
    case 0xed9c:
    case 0xeda0:
      *value = mpu_[(offset - 0xed94) / 4];
      return true;
    default:
      machine_.warn(id_, address, false);
      *value = 0;
      return true;
  }
}

bool Core::write_ppb(uint32_t address, uint32_t value) {
  const uint32_t offset = address & 0xffff;
  if (address >> 16 != kPpbBase >> 16) return false;
  if (offset >= 0xe400 && offset < 0xe420) {
    value &= 0xc0c0c0c0;
    std::memcpy(&irq_priority_[offset - 0xe400], &value, 4);
    reconsider(time_);
    return true;
  }
  switch (offset) {
    case 0xe008:
      break;
    case 0xe010:
      if ((value & 1) && !(systick_control_ & 1)) {
        systick_start_ = time_;
        systick_wraps_ = 0;
      }
      systick_control_ = value & 7;
      schedule_systick();
      break;
    case 0xe014:
      systick_reload_ = value & 0xffffff;
      schedule_systick();
      break;
    case 0xe018:
      systick_start_ = time_;
      systick_wraps_ = 0;
      schedule_systick();
      break;
    case 0xe100:
      irq_enabled_ |= value;
      break;
    case 0xe180:
      irq_enabled_ &= ~value;
      break;
    case 0xe200:
      irq_pending_ |= value;
      break;
    case 0xe280:
      irq_pending_ &= ~value;
      break;  // lines that are still high pend again below
    case 0xed04:
      if (value >> 31) pending_ |= 1u << kNmi;
      if (value >> 28 & 1) pending_ |= 1u << kPendSv;
      if (value >> 27 & 1) pending_ &= ~(1u << kPendSv);
      if (value >> 26 & 1) pending_ |= 1u << kSysTick;
      if (value >> 25 & 1) pending_ &= ~(1u << kSysTick);
      break;
    case 0xed08:
      vtor_ = value & 0xffffff00;
      break;
    case 0xed0c:
      if (value >> 16 == 0x05fa && (value & 4)) machine_.reboot({Reboot::Cause::kCoreRequest, id_});
      break;
    case 0xed10:
      scr_ = value & 0x16;
      break;
    case 0xed14:
      break;
    case 0xed1c:
      shpr2_ = value & 0xc0000000;
      break;
    case 0xed20:
      shpr3_ = value & 0xc0c00000;
      break;
    case 0xed24:
      break;
    case 0xed94:
      mpu_[0] = value;
      if (value & 1) machine_.warn(id_, address, true);  // regions are not checked
      break;
    case 0xed98:
    case 0xed9c:
    case 0xeda0:
      mpu_[(offset - 0xed94) / 4] = value;
      break;
    default:
      machine_.warn(id_, address, true);
      break;
  }
  reconsider(time_);
  return true;
}

}  // namespace tandem::sim
