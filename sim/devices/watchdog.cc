#include <array>

#include "devices/devices.h"
#include "machine.h"

// Watchdog, its scratch registers, and the tick that the timer counts [DS 4.7.6].

namespace tandem::sim {

namespace {

constexpr uint32_t kTrigger = 1u << 31, kEnable = 1u << 30, kTimeMask = 0xffffff, kControlReset = 0x07000000;
constexpr uint32_t kTimer = 1u << 0, kForced = 1u << 1;  // REASON

class Watchdog final : public Device {
 public:
  explicit Watchdog(Machine& machine) : machine_(machine) {}

  bool read(uint32_t offset, Cycles now, uint32_t* value) override {
    if (offset >= 0x0c && offset < 0x2c) {
      *value = scratch_[(offset - 0x0c) / 4];
      return true;
    }
    switch (offset) {
      case 0x00:
        *value = (control_ & ~kTimeMask) | remaining(now);
        return true;
      case 0x04:
        *value = 0;
        return true;
      case 0x08:
        *value = reason_;
        return true;
      case 0x2c: {
        const uint32_t tick = machine_.clock_tree().tick;
        *value = tick | (tick >> 9 & 1) << 10;  // RUNNING
        return true;
      }
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    if (offset >= 0x0c && offset < 0x2c) {
      uint32_t& scratch = scratch_[(offset - 0x0c) / 4];
      scratch = write.onto(scratch);
      return true;
    }
    switch (offset) {
      case 0x00: {
        const uint32_t left = remaining(now);
        control_ = write.onto(control_) & 0x47000000;
        load(left, now);
        if (write.onto(0) & kTrigger) fire(kForced, Reboot::Cause::kWatchdogForced);
        return true;
      }
      case 0x04:
        load(write.value & kTimeMask, now);
        return true;
      case 0x08:
        return true;
      case 0x2c:
        machine_.clock_tree().tick = write.onto(machine_.clock_tree().tick) & 0x3ff;
        machine_.update_clocks(now);
        return true;
      default:
        return false;
    }
  }
  Cycles next_event() const override { return control_ & kEnable ? expires_ : kNever; }
  void run_event(Cycles) override { fire(kTimer, Reboot::Cause::kWatchdogTimer); }

 private:
  /// The counter loses two each tick: erratum RP2040-E1.
  void load(uint32_t count, Cycles now) {
    loaded_at_ = now;
    loaded_ = count;
    expires_ = count == 0 ? kNever : machine_.cycle_of_tick(machine_.ticks(now) + (count + 1) / 2);
  }
  /// Scratch registers and REASON are kept, nothing else: the firmware that comes up need not know of it.
  void fire(uint32_t reason, Reboot::Cause cause) {
    reason_ = reason;
    control_ = kControlReset;
    loaded_ = 0;
    expires_ = kNever;
    machine_.reboot({cause, 0});
  }
  uint32_t remaining(Cycles now) const {
    if (!(control_ & kEnable)) return loaded_;
    const uint64_t gone = 2 * (machine_.ticks(now) - machine_.ticks(loaded_at_));
    return gone > loaded_ ? 0 : loaded_ - static_cast<uint32_t>(gone);
  }
  Machine& machine_;
  uint32_t control_ = kControlReset, loaded_ = 0, reason_ = 0;
  Cycles loaded_at_ = 0, expires_ = kNever;
  std::array<uint32_t, 8> scratch_{};
};

}  // namespace

std::unique_ptr<Device> make_watchdog(Machine& machine, const DeviceSite&) {
  return std::make_unique<Watchdog>(machine);
}

}  // namespace tandem::sim
