#pragma once

#include <array>
#include <cstdint>

#include "timing.h"

namespace tandem::sim {

/// Clock frequencies in use.
struct Clocks {
  uint64_t sys_hz = 0, ref_hz = 0, peripheral_hz = 0;
  uint32_t tick_divider = 0;  ///< clk_ref cycles per timer tick; 0: stopped [DS 4.7.2]
  bool operator==(const Clocks&) const = default;
};

/// What the registers of CLOCKS, PLLs, oscillators and WATCHDOG.TICK say about frequencies
/// [DS 2.15-2.18, 4.7.2]. Each device keeps its own fields here; glitch-free switching takes no time.
struct ClockTree {
  uint64_t crystal_hz = 0, ring_hz = 0;
  uint64_t fixed_sys_hz = 0;  ///< the user's choice; 0: by registers
  struct Pll {
    uint32_t control = 1, power = 0x2d, feedback = 0, dividers = 0x77000;
  };
  std::array<Pll, 2> plls;  ///< system, USB
  uint32_t ref_control = 0, ref_divider = 1u << 8;
  uint32_t sys_control = 0, sys_divider = 1u << 8;
  uint32_t peripheral_control = 0;
  uint32_t tick = 0;  ///< WATCHDOG.TICK

  uint64_t pll_hz(const Pll& pll) const {
    if (pll.power & 0x21) return 0;               // PD or VCOPD
    if (pll.control >> 8 & 1) return crystal_hz;  // bypass
    const uint64_t reference = pll.control & 63 ? pll.control & 63 : 1;
    const uint64_t first = pll.dividers >> 16 & 7, second = pll.dividers >> 12 & 7;
    if (first == 0 || second == 0) return 0;
    return crystal_hz * (pll.feedback & 0xfff) / (reference * first * second);
  }
  uint64_t ref_hz() const {
    const uint64_t sources[4] = {ring_hz, pll_hz(plls[1]), crystal_hz, ring_hz};
    const uint64_t divider = ref_divider >> 8 & 3 ? ref_divider >> 8 & 3 : 4;
    return sources[ref_control & 3] / divider;
  }
  uint64_t sys_hz() const {
    if (!(sys_control & 1)) return ref_hz();
    const uint64_t sources[8] = {pll_hz(plls[0]), pll_hz(plls[1]), ring_hz, crystal_hz, 0, 0, 0, 0};
    // 24.8 fixed point; 0 means 2^16
    const uint64_t divider = sys_divider >> 8 ? sys_divider : uint64_t{1} << 24;
    return sources[sys_control >> 5 & 7] * 256 / divider;
  }
  Clocks evaluate() const {
    constexpr uint64_t kStopped = 1;  // a clock without source: keeps the arithmetic defined
    Clocks clocks;
    clocks.ref_hz = ref_hz() ? ref_hz() : kStopped;
    clocks.sys_hz = sys_hz() ? sys_hz() : kStopped;
    if (fixed_sys_hz != 0) clocks.sys_hz = fixed_sys_hz;
    const uint64_t aux[8] = {clocks.sys_hz, pll_hz(plls[0]), pll_hz(plls[1]), ring_hz, crystal_hz, 0, 0, 0};
    clocks.peripheral_hz = peripheral_control >> 11 & 1 ? aux[peripheral_control >> 5 & 7] : 0;
    if (tick >> 9 & 1) clocks.tick_divider = tick & 0x1ff ? tick & 0x1ff : 0x200;
    return clocks;
  }
};

}  // namespace tandem::sim
