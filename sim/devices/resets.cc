#include "devices/devices.h"
#include "machine.h"

// RESETS [DS 2.14.3] and the power-on state machine [DS 2.13.5].

namespace tandem::sim {

namespace {

class Resets final : public Device {
 public:
  explicit Resets(Machine& machine) : machine_(machine) {}
  bool read(uint32_t offset, Cycles, uint32_t* value) override {
    switch (offset) {
      case 0x00:
        *value = state().held;
        return true;
      case 0x04:
        *value = state().watchdog_blocks;
        return true;
      case 0x08:
        *value = ~state().held & kAll;
        return true;  // RESET_DONE: at once
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    switch (offset) {
      case 0x00: {
        const uint32_t old = state().held;
        state().held = write.onto(old) & kAll;
        machine_.reset_blocks(state().held & ~old, now);
        return true;
      }
      case 0x04:
        state().watchdog_blocks = write.onto(state().watchdog_blocks) & kAll;
        return true;
      case 0x08:
        return true;
      default:
        return false;
    }
  }

 private:
  static constexpr uint32_t kAll = ResetControl::kAllBlocks;
  ResetControl& state() { return machine_.reset_control(); }
  Machine& machine_;
};

class Psm final : public Device {
 public:
  explicit Psm(Machine& machine) : machine_(machine) {}
  bool read(uint32_t offset, Cycles, uint32_t* value) override {
    switch (offset) {
      case 0x00:
        *value = force_on_;
        return true;
      case 0x04:
        *value = force_off_;
        return true;
      case 0x08:
        *value = machine_.reset_control().watchdog_stages;
        return true;
      case 0x0c:
        *value = kAll & ~force_off_;
        return true;
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    switch (offset) {
      case 0x00:
        force_on_ = write.onto(force_on_) & kAll;
        return true;
      case 0x04: {
        const uint32_t old = force_off_;
        force_off_ = write.onto(force_off_) & kAll;
        const uint32_t off = force_off_ & ~old, on = old & ~force_off_;
        if (off & kProc1) machine_.core(1).hold(now);
        if (on & kProc1) machine_.core(1).reset(now);
        return (off & ~kProc1) == 0;  // the other blocks stay on: say so
      }
      case 0x08: {
        uint32_t& stages = machine_.reset_control().watchdog_stages;
        stages = write.onto(stages) & kAll;
        return true;
      }
      case 0x0c:
        return true;
      default:
        return false;
    }
  }

 private:
  static constexpr uint32_t kAll = 0x1ffff, kProc1 = 1u << 16;
  Machine& machine_;
  uint32_t force_on_ = 0, force_off_ = 0;
};

}  // namespace

std::unique_ptr<Device> make_resets(Machine& machine, const DeviceSite&) {
  return std::make_unique<Resets>(machine);
}
std::unique_ptr<Device> make_psm(Machine& machine, const DeviceSite&) {
  return std::make_unique<Psm>(machine);
}

}  // namespace tandem::sim
