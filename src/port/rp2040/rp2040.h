#pragma once

#include <cstdarg>
#include <cstdint>
#include <span>

// The RP2040 without an SDK: what firmware of this repository stands on. Start-up (startup.cc) brings memory
// and clocks up and calls main(); the functions here are what main may use. For cores and interpreters see
// tandem/cores.h.
namespace tandem::rp2040 {

/// Sets clk_sys to 125, 133 or 200 MHz, from the crystal, and the core voltage that goes with it: 1.10
/// V, 1.15 V for 200 MHz. Flash is read at half of clk_sys, which the second stage has set. Start-up has
/// called it with TANDEM_CLOCK_MHZ. False: another frequency; nothing was changed.
bool set_system_clock_mhz(uint32_t mhz);
uint32_t system_clock_hz();

/// Since start-up, by the TIMER.
uint64_t microseconds();

// ---- console: UART0, 115200 baud, GPIO 0 (out) and 1 (in)
void write(std::span<const char> text);
/// printf; one line of at most 250 characters, more are cut off.
[[gnu::format(printf, 1, 2)]] void print(const char* format, ...);
/// Waits until everything has left the chip.
void flush_console();

// ---- core 1
/// Starts core 1 in `entry` on `stack` (the scratch bank X if empty). It must be asleep in the ROM: it is
/// after power-on and after stop_core1. The inter-core FIFO is used for that and left empty.
void start_core1(void (*entry)(), std::span<uint32_t> stack = {});
/// Takes core 1 back by its power-on state machine, whatever it does, and waits until it sleeps in the ROM.
void stop_core1();

// ---- XIP cache, DMA
/// Empties the XIP cache; returns when that is done.
void flush_xip_cache();
/// Whether no DMA channel is busy and the XIP stream has ended.
bool bus_masters_idle();

/// A DMA channel, 0 to 11, that nobody has claimed; -1 if there is none. One core at a time may claim. The
/// first interpreter claims one and keeps it, to stream constants from flash while it infers.
int32_t claim_dma_channel();
/// Claims this one; false if somebody has.
bool claim_dma_channel(uint32_t channel);
void release_dma_channel(uint32_t channel);

struct XipCounters {
  uint32_t hits = 0;
  uint32_t accesses = 0;
};
XipCounters xip_counters();
void clear_xip_counters();

// ---- watchdog
/// Resets the chip unless it is called again within `milliseconds` (at most 8388).
void start_watchdog(uint32_t milliseconds);
/// Whether the watchdog was what reset the chip.
bool reset_by_watchdog();

// ---- memory
/// The striped banks' memory that the program leaves free.
std::span<uint8_t> free_memory();
/// Marks a core's unused stack, so that stack_used_bytes finds how deep it has been since.
void paint_stack(uint32_t core);
uint32_t stack_used_bytes(uint32_t core);
uint32_t stack_bytes(uint32_t core);

}  // namespace tandem::rp2040
