#pragma once

#include <cstdint>

// Every number of the timing model that isn't a decoder row's cycle count, each with its source; the rules
// that use them are told in docs/rp2040_timing.md. Sources: [M0+] Cortex-M0+ Technical Reference Manual r0p1
// (ARM DDI 0484); [DS] RP2040 datasheet, section numbers as published; "assumed": no document says it.

namespace tandem::sim {

/// Time in clk_sys cycles since power-on.
using Cycles = uint64_t;
inline constexpr Cycles kNever = ~Cycles{0};

// ---- core
/// A fetched word can be executed this long after its address phase, if there are no wait states. [M0+] has a
/// two-stage pipeline; with this value the zero-wait cycle table of [M0+] comes out whatever the alignment.
inline constexpr Cycles kFetchLatency = 2;
/// From the interrupt to the first instruction of its handler, memory without wait states [M0+ 3.6, 15
/// cycles].
inline constexpr Cycles kExceptionEntry = 15;
/// From the end of the branch to EXC_RETURN to the start of the instruction returned to: assumed.
inline constexpr Cycles kExceptionReturn = 13;

// ---- bus
/// An APB transfer's data phase takes 3 cycles to read and 4 to write [DS 2.1.3], instead of 1.
inline constexpr Cycles kApbReadWait = 2;
inline constexpr Cycles kApbWriteWait = 3;
/// What a bus interposer's read-modify-write adds to an access [DS 2.1.2].
inline constexpr Cycles kInterposerWait = 2;

// ---- SIO
/// The divider calculates over the 8 cycles after an operand is written; the results can be read on the 9th
/// [DS 2.3.1.5].
inline constexpr Cycles kDividerCycles = 9;

// ---- DMA
/// From a channel's trigger to its first bus access: assumed.
inline constexpr Cycles kDmaStart = 3;

// ---- XIP
/// The flush zeroes one set's tags each cycle: 1024 sets [DS 2.6.3.2]. Readers wait until it's done.
inline constexpr Cycles kXipFlush = 1024;

enum class Replacement : uint8_t { kLru, kFifo, kRandom };

/// What the documents leave open. Nothing here was tuned on this project's own kernels.
struct FreeParameters {
  /// clk_sys cycles of an XIP miss beyond the serial clocks: chip select, FIFOs, bus hand-over. Fitted, one
  /// value for all, to per-layer times of the pico-tflmicro person detection benchmark on a real board; 5 to
  /// 12 keep its totals within 1.2 %.
  Cycles xip_miss_overhead = 10;
  /// Which way of a set makes room. Not documented; the three differ by less than 1.5 % on that benchmark.
  Replacement xip_replacement = Replacement::kLru;
  /// Cycles after a miss during which streaming does not start a transfer: "a brief cooldown (seven cycles)"
  /// [DS 2.6.3.4]. A parameter because it can't be seen from software what ends it.
  Cycles stream_cooldown = 7;
  /// From the event or interrupt that wakes a sleeping core to its next instruction: assumed.
  Cycles wake = 2;
};

}  // namespace tandem::sim
