#include "port/rp2040/port_sync.h"
#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

// Clocks, timer, watchdog, caches and stacks.

extern "C" {
extern uint32_t __StackTop[], __StackBottom[], __StackOneTop[], __StackOneBottom[];
extern uint8_t __ram_free_start[], __ram_free_end[];
int main();
void tandem_start();
}

namespace tandem::rp2040 {
namespace {

constexpr uint32_t kCrystalMhz = 12;
uint32_t clock_hz = 0;

void wait_for(uint32_t address, uint32_t bits) {
  while ((reg(address) & bits) != bits) {
  }
}

void release_reset(uint32_t blocks) {
  clear_bits(kResets, blocks);
  wait_for(kResetsDone, blocks);
}

// clk_sys = 12 MHz x feedback / (divider1 x divider2); the product with 12 MHz is 750 to 1600 [2.18.2].
struct ClockSetting {
  uint32_t mhz;
  uint32_t feedback;
  uint32_t divider1;
  uint32_t divider2;
  uint32_t voltage;  // VREG.VSEL [2.10.6]
};
constexpr uint32_t kVolts1_10 = 0xb;
constexpr uint32_t kVolts1_15 = 0xc;
constexpr ClockSetting kClockSettings[] = {
    {125, 125, 6, 2, kVolts1_10}, {133, 133, 6, 2, kVolts1_10}, {200, 100, 6, 1, kVolts1_15}};

void set_voltage(uint32_t vsel) {
  constexpr uint32_t kEnable = 1;
  constexpr uint32_t kRegulated = 1 << 12;
  reg(kVreg) = vsel << 4 | kEnable;
  wait_for(kVreg, kRegulated);
}

void start_crystal() {
  constexpr uint32_t kRange1To15Mhz = 0xaa0;
  constexpr uint32_t kEnable = 0xfab << 12;
  constexpr uint32_t kStable = 1U << 31;
  constexpr uint32_t kMilliseconds = 1;  // [2.16.3]: in units of 256 crystal cycles
  reg(kXoscControl) = kRange1To15Mhz;
  reg(kXoscStartup) = (kCrystalMhz * 1000 * kMilliseconds + 128) / 256;
  set_bits(kXoscControl, kEnable);
  wait_for(kXoscStatus, kStable);
}

void start_pll(const ClockSetting& setting) {
  constexpr uint32_t kPowerDown = 1;
  constexpr uint32_t kPostDividersDown = 1 << 3;
  constexpr uint32_t kOscillatorDown = 1 << 5;
  constexpr uint32_t kLock = 1U << 31;
  set_bits(kResets, kResetPllSys);
  release_reset(kResetPllSys);
  reg(kPllControl) = 1;  // the crystal undivided
  reg(kPllFeedback) = setting.feedback;
  clear_bits(kPllPower, kPowerDown | kOscillatorDown);
  wait_for(kPllControl, kLock);
  reg(kPllPostDividers) = setting.divider1 << 16 | setting.divider2 << 12;
  clear_bits(kPllPower, kPostDividersDown);
}

// clk_sys: from clk_ref, or from the PLL. The glitchless mux says when it has switched [2.15.3.2].
void system_from_reference() {
  clear_bits(kClockSysControl, 1);
  wait_for(kClockSysSelected, 1 << 0);
}
void system_from_pll() {
  clear_bits(kClockSysControl, 7 << 5);  // auxiliary source: the system PLL
  set_bits(kClockSysControl, 1);
  wait_for(kClockSysSelected, 1 << 1);
}

void start_console() {
  constexpr uint32_t kBaud = 115200;
  constexpr uint32_t kUartFunction = 2;
  constexpr uint32_t kFifos8Bits = 1 << 4 | 3 << 5;
  constexpr uint32_t kOnBothWays = 1 | 1 << 8 | 1 << 9;
  release_reset(kResetIoBank0 | kResetPadsBank0 | kResetUart0);
  // The divisor has 6 bits of fraction, and counts 16 times the baud rate [4.2.7.1].
  const uint32_t divisor = (clock_hz * 4 + kBaud / 2) / kBaud;
  reg(kUart0IntegerBaud) = divisor >> 6;
  reg(kUart0FractionalBaud) = divisor & 63;
  reg(kUart0Line) = kFifos8Bits;
  reg(kUart0Control) = kOnBothWays;
  reg(kGpio0Control) = kUartFunction;
  reg(kGpio1Control) = kUartFunction;
}

std::span<uint32_t> stack_of(uint32_t core) {
  uint32_t* const bottom = core == 0 ? __StackBottom : __StackOneBottom;
  return {bottom, core == 0 ? __StackTop : __StackOneTop};
}
constexpr uint32_t kUnusedStack = 0xa5a5a5a5;

}  // namespace

bool set_system_clock_mhz(uint32_t mhz) {
  for (const ClockSetting& setting : kClockSettings) {
    if (setting.mhz != mhz) continue;
    if (clock_hz != 0) flush_console();
    system_from_reference();
    set_voltage(setting.voltage);
    start_pll(setting);
    system_from_pll();
    reg(kClockPeriControl) = 1 << 11;  // from clk_sys
    clock_hz = mhz * 1'000'000;
    start_console();
    return true;
  }
  return false;
}

uint32_t system_clock_hz() { return clock_hz; }

uint64_t microseconds() {
  // The two halves are latched for one core only; reading them raw needs a second look instead [4.6.2].
  for (;;) {
    const uint32_t high = reg(kTimerRawHigh);
    const uint32_t low = reg(kTimerRawLow);
    if (reg(kTimerRawHigh) == high) return uint64_t{high} << 32 | low;
  }
}

void flush_xip_cache() {
  reg(kXipFlush) = 1;
  // A read waits until the flush is over [2.6.3.6].
  touch(kXipFlush);
}

bool bus_masters_idle() {
  for (uint32_t channel = 0; channel < kDmaChannels; ++channel) {
    if ((reg(kDma + channel * kDmaChannelStride + 0xc) & kDmaBusy) != 0) return false;
  }
  return reg(kXipStreamCount) == 0;
}

XipCounters xip_counters() { return {.hits = reg(kXipHits), .accesses = reg(kXipAccesses)}; }

void clear_xip_counters() {
  reg(kXipHits) = 0;
  reg(kXipAccesses) = 0;
}

void start_watchdog(uint32_t milliseconds) {
  constexpr uint32_t kEnable = 1 << 30;
  constexpr uint32_t kEverythingButOscillators = 0x1fffc;
  // It counts two down a tick (RP2040-E1).
  constexpr uint32_t kMaximum = 0xffffff;
  const uint32_t ticks = milliseconds > kMaximum / 2000 ? kMaximum : milliseconds * 2000;
  clear_bits(kWatchdogControl, kEnable);
  reg(kPsmWatchdogSelect) = kEverythingButOscillators;
  reg(kWatchdogLoad) = ticks;
  set_bits(kWatchdogControl, kEnable);
}

bool reset_by_watchdog() { return (reg(kWatchdogReason) & 3) != 0; }

std::span<uint8_t> free_memory() { return {__ram_free_start, __ram_free_end}; }

void paint_stack(uint32_t core) {
  uint32_t* end = stack_of(core).data() + stack_of(core).size();
  if (core == reg(kSioCpuid)) {
    uint32_t sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    constexpr uint32_t kOwnFrame = 32;
    end = reinterpret_cast<uint32_t*>(sp - kOwnFrame);
  }
  for (volatile uint32_t* word = stack_of(core).data(); word < end; word = word + 1) *word = kUnusedStack;
}

uint32_t stack_used_bytes(uint32_t core) {
  const std::span<uint32_t> stack = stack_of(core);
  uint32_t unused = 0;
  while (unused < stack.size() && stack[unused] == kUnusedStack) ++unused;
  return static_cast<uint32_t>(stack.size() - unused) * 4;
}

uint32_t stack_bytes(uint32_t core) { return static_cast<uint32_t>(stack_of(core).size_bytes()); }

}  // namespace tandem::rp2040

uint64_t tandem::port::ticks() { return rp2040::microseconds(); }

void tandem_start() {
  using namespace tandem::rp2040;
  paint_stack(0);
  start_crystal();
  reg(kClockRefControl) = 2;  // the crystal
  wait_for(kClockRefSelected, 1 << 2);
  // The watchdog's tick is what the TIMER counts [4.7.2].
  reg(kWatchdogTick) = 1 << 9 | kCrystalMhz;
  release_reset(kResetTimer | kResetDma);
  static_cast<void>(set_system_clock_mhz(TANDEM_CLOCK_MHZ));
  main();
}
