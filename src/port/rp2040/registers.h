#pragma once

#include <cstdint>

// The registers that this port touches, by their names in the RP2040 datasheet (section numbers as
// published).
namespace tandem::rp2040 {

// Inlined always: code in SRAM calls none that may lie in flash.
[[gnu::always_inline]] inline volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}
/// Reads a register for the effect of reading it.
inline void touch(uint32_t address) { [[maybe_unused]] const uint32_t value = reg(address); }
/// Atomic bit set and clear through a register's aliases [2.1.2].
inline void set_bits(uint32_t address, uint32_t bits) { reg(address + 0x2000) = bits; }
inline void clear_bits(uint32_t address, uint32_t bits) { reg(address + 0x3000) = bits; }

// ---- SIO [2.3.1]
constexpr uint32_t kSioCpuid = 0xd0000000;
constexpr uint32_t kSioFifoStatus = 0xd0000050;  // bit 0: can be read, bit 1: can be written
constexpr uint32_t kSioFifoWrite = 0xd0000054;
constexpr uint32_t kSioFifoRead = 0xd0000058;
constexpr uint32_t kSioSpinlock = 0xd0000100;  // + 4 x number; reading claims, 0 if taken; writing releases

// ---- resets [2.14], power-on state machine [2.13], voltage regulator [2.10]
constexpr uint32_t kResets = 0x4000c000;
constexpr uint32_t kResetsDone = 0x4000c008;
constexpr uint32_t kResetDma = 1 << 2;
constexpr uint32_t kResetIoBank0 = 1 << 5;
constexpr uint32_t kResetPadsBank0 = 1 << 8;
constexpr uint32_t kResetPllSys = 1 << 12;
constexpr uint32_t kResetTimer = 1 << 21;
constexpr uint32_t kResetUart0 = 1 << 22;
constexpr uint32_t kPsmForceOff = 0x40010004;
constexpr uint32_t kPsmProc1 = 1 << 16;
constexpr uint32_t kVreg = 0x40064000;

// ---- clocks [2.15], crystal [2.16], PLL [2.18]
constexpr uint32_t kXoscControl = 0x40024000;
constexpr uint32_t kXoscStatus = 0x40024004;
constexpr uint32_t kXoscStartup = 0x4002400c;
constexpr uint32_t kPllControl = 0x40028000;
constexpr uint32_t kPllPower = 0x40028004;
constexpr uint32_t kPllFeedback = 0x40028008;
constexpr uint32_t kPllPostDividers = 0x4002800c;
constexpr uint32_t kClockRefControl = 0x40008030;
constexpr uint32_t kClockRefSelected = 0x40008038;
constexpr uint32_t kClockSysControl = 0x4000803c;
constexpr uint32_t kClockSysSelected = 0x40008044;
constexpr uint32_t kClockPeriControl = 0x40008048;

// ---- timer [4.6], watchdog [4.7]
constexpr uint32_t kTimerRawHigh = 0x40054024;
constexpr uint32_t kTimerRawLow = 0x40054028;
constexpr uint32_t kWatchdogControl = 0x40058000;
constexpr uint32_t kWatchdogLoad = 0x40058004;
constexpr uint32_t kWatchdogReason = 0x40058008;
constexpr uint32_t kWatchdogTick = 0x4005802c;
constexpr uint32_t kPsmWatchdogSelect = 0x40010008;

// ---- UART0 [4.2] on GPIO 0 and 1 [2.19]
constexpr uint32_t kUart0Data = 0x40034000;
constexpr uint32_t kUart0Flags = 0x40034018;
constexpr uint32_t kUart0IntegerBaud = 0x40034024;
constexpr uint32_t kUart0FractionalBaud = 0x40034028;
constexpr uint32_t kUart0Line = 0x4003402c;
constexpr uint32_t kUart0Control = 0x40034030;
constexpr uint32_t kGpio0Control = 0x40014004;
constexpr uint32_t kGpio1Control = 0x4001400c;

// ---- XIP cache [2.6.3]
constexpr uint32_t kXipFlush = 0x14000004;
constexpr uint32_t kXipStatus = 0x14000008;
constexpr uint32_t kXipHits = 0x1400000c;
constexpr uint32_t kXipAccesses = 0x14000010;
constexpr uint32_t kXipStreamAddress = 0x14000014;
constexpr uint32_t kXipStreamCount = 0x14000018;  // words that are left
constexpr uint32_t kXipStreamFifo = 0x50400000;   // on a bus of its own, where cores that wait for flash
                                                  // are in nobody's way
constexpr uint32_t kXipStreamFifoEmpty = 1 << 1;  // of XIP_STAT
constexpr uint32_t kXipBegin = 0x10000000;
constexpr uint32_t kXipEnd = 0x14000000;

// ---- DMA [2.5]
constexpr uint32_t kDma = 0x50000000;
constexpr uint32_t kDmaChannels = 12;
constexpr uint32_t kDmaChannelStride = 0x40;
constexpr uint32_t kDmaBusy = 1 << 24;  // of a channel's CTRL
constexpr uint32_t kDmaRequestXipStream = 37;

// ---- Cortex-M0+ [2.4.8]
constexpr uint32_t kVectorTable = 0xe000ed08;

}  // namespace tandem::rp2040
