#include "machine.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "devices/devices.h"

namespace tandem::sim {

namespace {

constexpr size_t kDmaIndex = 2;  // after the two cores
constexpr uint32_t kDmaResetBit = 2;

constexpr uint32_t kClocksBase = 0x40008000;

constexpr DeviceSite kSites[] = {
#define TANDEM_DEVICE(name, base, reset_bit, irq, dreq, dreqs, make) \
  {#name, base, reset_bit, irq, dreq, dreqs},
#include "devices/devices.inc"
#undef TANDEM_DEVICE
};

using Wide = unsigned __int128;

}  // namespace

Machine::Machine(const Options& options, Host& host)
    : options_(options),
      host_(host),
      flash_(kFlashWindowBytes, 0xff),
      xip_(flash_, options_.parameters),
      bus_(*this, xip_, flash_),
      sio_(*this),
      dma_(*this),
      rom_(*this),
      semihosting_(*this) {
  for (int id = 0; id < 2; ++id) cores_[static_cast<size_t>(id)] = std::make_unique<Core>(*this, id);
  clock_tree_.crystal_hz = options.crystal_hz;
  clock_tree_.ring_hz = options.ring_oscillator_hz;
  clock_tree_.fixed_sys_hz = options.system_hz;
  clocks_ = clock_tree_.evaluate();
  add_devices();
  rom_.use_high_level();
}

Machine::~Machine() = default;

void Machine::add_devices() {
  const auto add = [&](const DeviceSite& site, std::unique_ptr<Device> device) {
    const uint32_t reset = site.reset_bit < 0 ? 0 : 1u << site.reset_bit;
    if (region(site.base) == kRegionApb) {
      apb_devices_[site.base >> 14 & 31] = device.get();
      apb_resets_[site.base >> 14 & 31] = reset;
    } else {
      ahb_devices_[site.base >> 20 & 7] = device.get();
      ahb_resets_[site.base >> 20 & 7] = reset;
    }
    for (unsigned i = 0; i < site.dreqs; ++i) dreq_device_[static_cast<size_t>(site.dreq) + i] = device.get();
    devices_.push_back({std::move(device), site.reset_bit});
  };
  const DeviceSite* site = kSites;
#define TANDEM_DEVICE(name, base, reset_bit, irq, dreq, dreqs, make) \
  add(*site, make(*this, *site));                                    \
  ++site;
#include "devices/devices.inc"
#undef TANDEM_DEVICE
  ahb_devices_[0] = &dma_;
  ahb_resets_[0] = 1u << kDmaResetBit;
  dma_.reset(0);
}

// ---- loading and starting
// ----------------------------------------------------------------------------------

std::vector<Segment> Machine::load(const Image& image) {
  std::vector<Segment> homeless;
  uint32_t lowest_sram = 0;
  for (const Segment& segment : image.segments) {
    uint32_t left = 0;
    uint8_t* memory = bus_.memory(segment.address, &left);
    if (memory == nullptr || region(segment.address) == kRegionRom || segment.bytes.size() > left) {
      homeless.push_back(segment);
      continue;
    }
    std::copy(segment.bytes.begin(), segment.bytes.end(), memory);
    if (region(segment.address) == kRegionSram && (lowest_sram == 0 || segment.address < lowest_sram)) {
      lowest_sram = segment.address;
    }
  }
  const bool in_flash = std::any_of(image.segments.begin(), image.segments.end(), [](const Segment& segment) {
    return region(segment.address) == kRegionXip;
  });
  sram_vectors_ = in_flash ? 0 : lowest_sram;
  entry_ = image.entry;
  return homeless;
}

void Machine::use_rom(std::span<const uint8_t> image) { rom_.use_image(image); }

void Machine::power_on() {
  sio_.reset(0);
  semihosting_.reset();
  stopped_ = false;
  stop_ = {};
  vectors_.reset();
  cores_[0]->reset(0);
  cores_[1]->reset(0);
}

void Machine::start(uint32_t vectors) {
  power_on();
  vectors_ = vectors;
  enter(0);
}

/// Core 0 begins, in the ROM or where boot() said.
void Machine::enter(Cycles now) {
  if (!vectors_) {
    cores_[0]->reset(now);
    return;
  }
  xip_.configure_as_boot2();
  reset_control_.held = 0;  // what never boots on a chip can't be asked to release its peripherals
  cores_[0]->start(*vectors_, now);
  uint32_t reset_handler = 0;
  bus_.read(-1, *vectors_ + 4, 4, now, &reset_handler);
  if (*vectors_ == sram_vectors_ && entry_ && (*entry_ & 1) && *entry_ != reset_handler) {
    cores_[0]->start_at(*entry_ & ~1u, kSramBase + kSramBytes, now);  // its code says where its vectors are
  }
}

bool Machine::boot() {
  uint32_t vectors = sram_vectors_;
  if (vectors == 0) {
    const std::span<const uint8_t> boot2(flash_.data(), kBoot2Bytes - 4);
    uint32_t checksum = 0, sp = 0, entry = 0, left = 0;
    std::memcpy(&checksum, flash_.data() + kBoot2Bytes - 4, 4);
    std::memcpy(&sp, flash_.data() + kBoot2Bytes, 4);
    std::memcpy(&entry, flash_.data() + kBoot2Bytes + 4, 4);
    const bool has_vectors = (entry & 1) && region(sp) == kRegionSram && bus_.memory(entry, &left) != nullptr;
    if (boot2_checksum(boot2) == checksum || !has_vectors) {
      power_on();
      return true;
    }
    vectors = kFlashVectors;
  }
  start(vectors);
  return false;
}

void Machine::stop(const Stop& why) {
  if (stopped_) return;
  stopped_ = true;
  stop_ = why;
  yield();
}

void Machine::reboot(const Reboot& how) {
  if (!reboot_) reboot_ = how;
  reschedule();
}

/// The watchdog resets the stages of the power-on state machine that PSM.WDSEL selects, and with each those
/// that come after it [DS 2.13.2]; and the blocks of RESETS.WDSEL.
void Machine::carry_out(const Reboot& how) {
  enum Stage : int { kClocks = 2, kResets = 3, kXip = 12, kSio = 14, kProc0 = 15, kProc1 = 16 };
  for (const auto& core : cores_) {
    if (core->running()) now_ = std::max(now_, core->time());
  }
  const Cycles now = now_;
  if (!host_.on_reboot(how, now)) {
    stop({StopKind::kReset, 0, std::nullopt});
    return;
  }
  reschedule();
  if (how.cause == Reboot::Cause::kCoreRequest) {
    core(how.core).hold(now);
    if (how.core == 0) {
      enter(now);
    } else {
      core(1).reset(now);
    }
    return;
  }
  const int first = std::countr_zero(reset_control_.watchdog_stages);  // 32: none
  reset_blocks(reset_control_.watchdog_blocks, now);
  if (first <= kClocks) apb_devices_[kClocksBase >> 14 & 31]->reset(now);
  if (first <= kResets) {
    reset_control_.held = ResetControl::kAllBlocks;
    reset_blocks(ResetControl::kAllBlocks, now);
  }
  if (first <= kXip) xip_.reset();
  if (first <= kSio) sio_.reset(now);
  if (first <= kProc1) core(1).hold(now);
  if (first <= kProc0) {
    core(0).hold(now);
    enter(now);
  }
  if (first <= kProc1) core(1).reset(now);
}

// ---- the loop
// ----------------------------------------------------------------------------------------------
//
// Masters reach the bus in cycle order. Each tells the earliest cycle in which it can next touch it; the
// earliest runs, and only up to the next one's cycle, so that whenever an access is made no other master can
// still ask for an earlier one. Ports then need no queue: who finds one taken asks again when it's free.
// Several masters asking in the same cycle: see defers.

void Machine::reschedule() {
  events_stale_ = true;
  dma_.wake();
  yield();
}

void Machine::refresh_events() {
  events_stale_ = false;
  next_event_ = std::min(cores_[0]->systick_event(), cores_[1]->systick_event());
  for (const Slot& slot : devices_) next_event_ = std::min(next_event_, slot.device->next_event());
}

void Machine::run_events(Cycles now) {
  arrive(now);
  for (auto& core : cores_) {
    if (core->systick_event() <= now) core->run_systick(now);
  }
  for (const Slot& slot : devices_) {
    if (slot.device->next_event() <= now) slot.device->run_event(now);
  }
  events_stale_ = true;
  dma_.wake();
}

Cycles Machine::next_access(size_t index) {
  if (index < kDmaIndex) return cores_[index]->next_access();
  return dma_.active() ? dma_.next_access() : kNever;
}

Master Machine::master_of(size_t index) const {
  if (index < kDmaIndex) return static_cast<Master>(index);
  return dma_.writing() ? Master::kDmaWrite : Master::kDmaRead;
}

/// BUS_PRIORITY's bits are 4 apart: PROC0 0, PROC1 4, DMA_R 8, DMA_W 12 [DS 2.1.5]. Equals go by turns, which
/// each port's arbiter keeps for itself [DS 2.1.1.1]: the master granted last comes last.
bool Machine::goes_before(Master a, Master b, PortId port) const {
  constexpr unsigned kMasters = 4;
  const auto number_a = static_cast<unsigned>(a), number_b = static_cast<unsigned>(b);
  const uint32_t priority_a = priorities_ >> 4 * number_a & 1, priority_b = priorities_ >> 4 * number_b & 1;
  if (priority_a != priority_b) return priority_a > priority_b;
  const unsigned first = static_cast<unsigned>(bus_.port(port).owner) + 1;
  return (number_a - first) % kMasters < (number_b - first) % kMasters;
}

bool Machine::defers(Master master, PortId port, Cycles now) {
  const size_t index = std::min(static_cast<size_t>(master), kDmaIndex);
  for (size_t i = 0; i <= kDmaIndex; ++i) {
    if (i == index || next_access(i) != now) continue;
    const bool may_ask = !wanted_[i] || *wanted_[i] == port;
    // A write that goes through lets the DMA read in the same cycle.
    if ((may_ask && goes_before(master_of(i), master, port)) ||
        (i == kDmaIndex && dma_.writing() && goes_before(Master::kDmaRead, master, port))) {
      wanted_[index] = port;
      return true;
    }
  }
  return false;
}

inline void Machine::run_core(Core& core, Cycles horizon, bool tied) {
  if (observer_ == nullptr) {
    core.run<false>(horizon, tied);
  } else {
    core.run<true>(horizon, tied);
  }
}

/// The loop for two cores and no DMA: the same rules, without looking for a third master each time.
template <bool kObserved>
void Machine::run_cores(Cycles until) {
  Core& core0 = *cores_[0];
  Core& core1 = *cores_[1];
  while (!stopped_ && !events_stale_) {
    const Cycles t0 = core0.next_access(), t1 = core1.next_access();
    if (t0 < t1) {
      if (t0 >= until) return;
      core0.run<kObserved>(std::min(t1, until));
    } else if (t1 < t0) {
      if (t1 >= until) return;
      core1.run<kObserved>(std::min(t0, until));
    } else {
      if (t0 >= until) return;
      // What a fetch asks for is known, and with it who goes first; no need to try and put off.
      if (const Core* fetching = core0.fetches() ? &core0 : core1.fetches() ? &core1 : nullptr) {
        const bool core1_first = goes_before(Master::kCore1, Master::kCore0, fetching->fetch_port());
        (core1_first ? core1 : core0).run<kObserved>(t0 + 1);
        continue;
      }
      core0.run<kObserved>(t0 + 1, true);
      wanted_[0].reset();
      if (core0.next_access() == t0 && !stopped_) core1.run<kObserved>(t0 + 1);
    }
  }
}

/// One step with the DMA among the masters.
void Machine::run_with_dma(Cycles until) {
  const std::array<Cycles, 3> times = {cores_[0]->next_access(), cores_[1]->next_access(),
                                       dma_.next_access()};
  const Cycles now = std::min({times[0], times[1], times[2]});
  if (now >= until) return;
  size_t chosen = times.size();
  unsigned contenders = 0;
  Cycles next = until;
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] != now) {
      next = std::min(next, times[i]);
      continue;
    }
    ++contenders;
    chosen = i;
  }
  if (contenders > 1) {
    run_tied(now);
  } else if (chosen == kDmaIndex) {
    dma_.step(now, false);
  } else {
    run_core(*cores_[chosen], next, false);
  }
}

/// Several masters ask in cycle `now`, and what for isn't known before they do. So each runs until it would
/// take a port at which another may have to go first, and puts that off; once all others have gone, or put
/// theirs off too, those left go in their ports' order.
void Machine::run_tied(Cycles now) {
  constexpr std::array<size_t, 3> kOrder = {kDmaIndex, 0, 1};
  wanted_ = {};
  while (!stopped_ && !events_stale_) {
    size_t chosen = kOrder.size();
    bool known = true;
    for (const size_t i : kOrder) {
      if (next_access(i) != now || !known) continue;
      if (!wanted_[i]) {
        known = false;
        chosen = i;
      } else if (chosen == kOrder.size() && std::none_of(kOrder.begin(), kOrder.end(), [&](size_t j) {
                   return j != i && next_access(j) == now && wanted_[j] == wanted_[i] &&
                          goes_before(master_of(j), master_of(i), *wanted_[i]);
                 })) {
        chosen = i;
      }
    }
    if (chosen == kOrder.size()) break;
    wanted_[chosen].reset();
    if (chosen == kDmaIndex) {
      dma_.step(now, !known);
    } else {
      run_core(*cores_[chosen], now + 1, !known);
    }
  }
  wanted_ = {};
}

Stop Machine::run(Cycles limit) {
  Core& core0 = *cores_[0];
  Core& core1 = *cores_[1];
  while (!stopped_) {
    if (reboot_) carry_out(*std::exchange(reboot_, std::nullopt));
    if (events_stale_) refresh_events();
    const Cycles until = std::min(next_event_, limit);
    if (dma_.active()) {
      run_with_dma(until);
    } else if (observer_ == nullptr) {
      run_cores<false>(until);
    } else {
      run_cores<true>(until);
    }
    if (stopped_ || events_stale_) continue;
    const Cycles first =
        std::min({core0.next_access(), core1.next_access(), dma_.active() ? dma_.next_access() : kNever});
    if (first < until) continue;
    if (first == kNever && next_event_ == kNever) {
      stop({StopKind::kAsleep, 0, std::nullopt});
    } else if (limit <= next_event_) {
      now_ = limit;
      return {};
    } else {
      run_events(next_event_);
    }
  }
  now_ = std::max({now_, core0.time(), core1.time()});
  return stop_;
}

// ---- for parts
// ---------------------------------------------------------------------------------------------

void Machine::update_clocks(Cycles now) {
  const Clocks changed = clock_tree_.evaluate();
  if (changed == clocks_) return;
  ticks_base_ = ticks(now);
  ticks_from_ = now;
  clocks_ = changed;
  for (const Slot& slot : devices_) slot.device->clocks_changed(now);
  reschedule();
}

uint64_t Machine::ticks(Cycles now) const {
  if (clocks_.tick_divider == 0 || now <= ticks_from_) return ticks_base_;
  const Wide scaled = Wide{now - ticks_from_} * clocks_.ref_hz;
  return ticks_base_ + static_cast<uint64_t>(scaled / (Wide{clocks_.sys_hz} * clocks_.tick_divider));
}

Cycles Machine::cycle_of_tick(uint64_t tick) const {
  if (clocks_.tick_divider == 0) return kNever;
  if (tick <= ticks_base_) return ticks_from_;
  const Wide scaled = Wide{tick - ticks_base_} * clocks_.sys_hz * clocks_.tick_divider;
  const Wide cycles = (scaled + clocks_.ref_hz - 1) / clocks_.ref_hz;
  return cycles > Wide{kNever - 1 - ticks_from_} ? kNever : ticks_from_ + static_cast<Cycles>(cycles);
}

void Machine::set_ticks(uint64_t ticks, Cycles now) {
  ticks_base_ = ticks;
  ticks_from_ = now;
}

void Machine::set_irq(unsigned line, bool level) {
  for (auto& core : cores_) core->set_irq(line, level, now_);
}

Device* Machine::device_at(uint32_t address) {
  if (region(address) == kRegionApb)
    return (address & 0x0fffffff) < 0x80000 ? apb_devices_[address >> 14 & 31] : nullptr;
  if (region(address) == kRegionAhb)
    return (address & 0x0fffffff) < 0x800000 ? ahb_devices_[address >> 20 & 7] : nullptr;
  return nullptr;
}

const char* Machine::held_block(uint32_t address) const {
  const uint32_t reset = region(address) == kRegionApb   ? apb_resets_[address >> 14 & 31]
                         : region(address) == kRegionAhb ? ahb_resets_[address >> 20 & 7]
                                                         : 0;
  if (!(reset & reset_control_.held)) return nullptr;
  for (const DeviceSite& site : kSites) {
    if (site.reset_bit >= 0 && reset == 1u << site.reset_bit) return site.name;
  }
  return "DMA";
}

Cycles Machine::dreq_at(unsigned dreq, Cycles now) {
  constexpr unsigned kXipFirst = 37, kXipLast = 39;
  if (dreq >= kXipFirst && dreq <= kXipLast) return xip_.dreq_at(dreq, now);
  Device* device = dreq_device_[dreq];
  return device == nullptr ? kNever : device->dreq_at(dreq, now);
}

void Machine::reset_blocks(uint32_t blocks, Cycles now) {
  for (const Slot& slot : devices_) {
    if (slot.reset_bit >= 0 && (blocks >> slot.reset_bit & 1)) slot.device->reset(now);
  }
  if (blocks >> kDmaResetBit & 1) dma_.reset(now);
}

void Machine::warn(int core, uint32_t address, bool write) {
  if (!warned_.insert(address & ~3u).second) return;
  host_.on_warning(
      {address, write, core, core < 0 ? 0 : cores_[static_cast<size_t>(core)]->pc(), held_block(address)});
}

}  // namespace tandem::sim
