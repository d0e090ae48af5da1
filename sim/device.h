#pragma once

#include <cstdint>

#include "timing.h"

namespace tandem::sim {

/// A register write, with what the address alias made of it [DS 2.1.2]: +0x1000 XOR, +0x2000 set, +0x3000
/// clear.
struct RegisterWrite {
  enum class Kind : uint8_t { kPlain, kXor, kSet, kClear };
  uint32_t value = 0;
  Kind kind = Kind::kPlain;

  /// The register's new value, given its old one.
  uint32_t onto(uint32_t old) const {
    switch (kind) {
      case Kind::kPlain:
        return value;
      case Kind::kXor:
        return old ^ value;
      case Kind::kSet:
        return old | value;
      case Kind::kClear:
        return old & ~value;
    }
    return value;
  }
};

/// A peripheral behind the APB or AHB-Lite bridge. One file and one line in devices/devices.inc each.
class Device {
 public:
  Device() = default;
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  /// Register at `offset` (a multiple of 4, aliases removed). False: there is no such register.
  virtual bool read(uint32_t offset, Cycles now, uint32_t* value) = 0;
  virtual bool write(uint32_t offset, const RegisterWrite& write, Cycles now) = 0;

  /// Back to the state after reset.
  virtual void reset(Cycles /*now*/) {}

  /// When the device next has to act by itself; the machine calls run_event then. After a write the machine
  /// asks again; other changes are told by Machine::reschedule.
  virtual Cycles next_event() const { return kNever; }
  virtual void run_event(Cycles /*now*/) {}

  /// The clock tree changed: rates in clk_sys cycles are to be worked out again.
  virtual void clocks_changed(Cycles /*now*/) {}

  /// The first cycle >= now at which data request `dreq` [DS 2.5.3] is up, kNever if only something else's
  /// doing can raise it.
  virtual Cycles dreq_at(unsigned /*dreq*/, Cycles /*now*/) { return kNever; }
};

}  // namespace tandem::sim
