#include <array>

#include "devices/devices.h"
#include "devices/register_file.h"
#include "machine.h"

// CLOCKS [DS 2.15.7], PLLs [DS 2.18.4], crystal oscillator [DS 2.16.7], ring oscillator [DS 2.17.8].

namespace tandem::sim {

namespace {

constexpr uint32_t kEnableCode = 0xfab, kDisableCode = 0xd1e;  // of both oscillators' CTRL
constexpr uint32_t kStable = 1u << 31, kEnabled = 1u << 12;

class ClocksDevice final : public Device {
 public:
  explicit ClocksDevice(Machine& machine) : machine_(machine) { reset(0); }

  void reset(Cycles now) override {
    registers_.fill(0);
    for (const uint32_t divider : {0x04, 0x10, 0x1c, 0x28, 0x34, 0x40, 0x58, 0x64, 0x70})
      registers_[divider / 4] = 0x100;
    for (const uint32_t enable : {0xa0, 0xa4, 0xa8, 0xac}) registers_[enable / 4] = ~0u;
    registers_[kResusCtrl / 4] = 0xff;
    apply(now);
  }
  bool read(uint32_t offset, Cycles, uint32_t* value) override {
    if (offset > kLast) return false;
    switch (offset) {
      case kRefSelected:
        *value = 1u << (registers_[kRefCtrl / 4] & 3);
        break;
      case kSysSelected:
        *value = 1u << (registers_[kSysCtrl / 4] & 1);
        break;
      case 0x08:
      case 0x14:
      case 0x20:
      case 0x2c:
      case 0x50:
      case 0x5c:
      case 0x68:
      case 0x74:
        *value = 1;
        break;  // without a glitchless mux there is one source
      case kFc0Status:
        *value = 1u << 4;
        break;  // DONE
      case kFc0Result:
        *value = static_cast<uint32_t>(measured_hz() / 1000) << 5;
        break;
      case kEnabled0:
      case kEnabled1:
        *value = ~0u;
        break;
      default:
        *value = registers_[offset / 4];
        break;
    }
    return true;
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    if (offset > kLast) return false;
    registers_[offset / 4] = write.onto(registers_[offset / 4]);
    apply(now);
    return true;
  }

 private:
  static constexpr uint32_t kRefCtrl = 0x30, kRefDiv = 0x34, kRefSelected = 0x38, kSysCtrl = 0x3c,
                            kSysDiv = 0x40, kSysSelected = 0x44, kPeriCtrl = 0x48, kResusCtrl = 0x78,
                            kFc0Src = 0x94, kFc0Status = 0x98, kFc0Result = 0x9c, kEnabled0 = 0xb0,
                            kEnabled1 = 0xb4, kLast = 0xc4;

  void apply(Cycles now) {
    ClockTree& tree = machine_.clock_tree();
    tree.ref_control = registers_[kRefCtrl / 4];
    tree.ref_divider = registers_[kRefDiv / 4];
    tree.sys_control = registers_[kSysCtrl / 4];
    tree.sys_divider = registers_[kSysDiv / 4];
    tree.peripheral_control = registers_[kPeriCtrl / 4];
    machine_.update_clocks(now);
  }
  /// The frequency counter's source.
  uint64_t measured_hz() const {
    const ClockTree& tree = machine_.clock_tree();
    switch (registers_[kFc0Src / 4]) {
      case 1:
        return tree.pll_hz(tree.plls[0]);
      case 2:
        return tree.pll_hz(tree.plls[1]);
      case 3:
      case 4:
        return tree.ring_hz;
      case 5:
        return tree.crystal_hz;
      case 8:
        return tree.ref_hz();
      case 9:
        return tree.sys_hz();
      case 10:
        return machine_.clocks().peripheral_hz;
      default:
        return 0;
    }
  }
  Machine& machine_;
  std::array<uint32_t, kLast / 4 + 1> registers_{};
};

class PllDevice final : public Device {
 public:
  PllDevice(Machine& machine, size_t number) : machine_(machine), number_(number) {}

  void reset(Cycles now) override {
    machine_.clock_tree().plls[number_] = {};
    machine_.update_clocks(now);
  }
  bool read(uint32_t offset, Cycles, uint32_t* value) override {
    const uint32_t* field = find(offset);
    if (field == nullptr) return false;
    const bool locked = machine_.clock_tree().pll_hz(machine_.clock_tree().plls[number_]) != 0;
    *value = *field | (offset == 0 && locked ? 1u << 31 : 0);  // locks at once: the time isn't specified
    return true;
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    constexpr uint32_t kWritable[4] = {0x13f, 0x2d, 0xfff, 0x77000};
    uint32_t* field = find(offset);
    if (field == nullptr) return false;
    *field = write.onto(*field) & kWritable[offset / 4];
    machine_.update_clocks(now);
    return true;
  }

 private:
  uint32_t* find(uint32_t offset) {
    ClockTree::Pll& pll = machine_.clock_tree().plls[number_];
    switch (offset) {
      case 0x00:
        return &pll.control;
      case 0x04:
        return &pll.power;
      case 0x08:
        return &pll.feedback;
      case 0x0c:
        return &pll.dividers;
      default:
        return nullptr;
    }
  }
  Machine& machine_;
  size_t number_;
};

class Xosc final : public Device {
 public:
  explicit Xosc(Machine& machine) : machine_(machine) {}

  bool read(uint32_t offset, Cycles now, uint32_t* value) override {
    switch (offset) {
      case 0x00:
        *value = control_;
        return true;
      case 0x04:
        *value = enabled() ? kEnabled | (now >= stable_at_ ? kStable : 0) : 0;
        return true;
      case 0x08:
        *value = 0x77616b65;
        return true;  // "wake": not dormant
      case 0x0c:
        *value = startup_;
        return true;
      case 0x1c:
        *value = 0;
        return true;  // COUNT has run down
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    switch (offset) {
      case 0x00: {
        const bool was = enabled();
        control_ = write.onto(control_) & 0xffffff;
        if (enabled() && !was) {
          // Stable after DELAY * 256 of its own cycles [DS 2.16.3].
          const uint64_t crystal_cycles = uint64_t{startup_ & 0x3fff} * 256 * (startup_ >> 20 & 1 ? 4 : 1);
          stable_at_ = now + crystal_cycles * machine_.clocks().sys_hz / machine_.clock_tree().crystal_hz;
        }
        return true;
      }
      case 0x0c:
        startup_ = write.onto(startup_) & 0x103fff;
        return true;
      case 0x1c:
        return true;
      default:
        return false;  // DORMANT is not modelled
    }
  }

 private:
  bool enabled() const { return control_ >> 12 == kEnableCode; }
  Machine& machine_;
  uint32_t control_ = 0, startup_ = 0xc4;
  Cycles stable_at_ = 0;
};

class Rosc final : public RegisterFile {
 public:
  Rosc()
      : RegisterFile({{0x00, 0xaa0, 0xffffff},
                      {0x04, 0, 0xffff7777},
                      {0x08, 0, 0xffff7777},
                      {kDiv, 0xaa0 + 16, 0xfff},
                      {0x14, 8, 0xf},
                      {kStatus, kStable | kEnabled, 0},
                      {kRandomBit, 0, 0},
                      {0x20, 0, 0xff}}) {}
  bool read(uint32_t offset, Cycles now, uint32_t* value) override {
    if (!RegisterFile::read(offset, now, value)) return false;
    if (offset == kRandomBit) {  // repeatable runs matter more than chance
      random_ = random_ >> 1 ^ (random_ & 1 ? 0xd0000001u : 0);
      *value = random_ & 1;
    }
    return true;
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    // Frequency and divider of the running oscillator are not modelled: its frequency isn't specified anyway.
    if (offset == 0x00 && write.value >> 12 == kDisableCode) at(kStatus) = 0;
    if (offset == 0x00 && write.value >> 12 == kEnableCode) at(kStatus) = kStable | kEnabled;
    return RegisterFile::write(offset, write, now);
  }

 private:
  static constexpr uint32_t kDiv = 0x10, kStatus = 0x18, kRandomBit = 0x1c;
  uint32_t random_ = 0x2468ace1;
};

}  // namespace

std::unique_ptr<Device> make_clocks(Machine& machine, const DeviceSite&) {
  return std::make_unique<ClocksDevice>(machine);
}
std::unique_ptr<Device> make_pll(Machine& machine, const DeviceSite& site) {
  constexpr uint32_t kPllUsbBase = 0x4002c000;
  return std::make_unique<PllDevice>(machine, site.base == kPllUsbBase ? 1 : 0);
}
std::unique_ptr<Device> make_xosc(Machine& machine, const DeviceSite&) {
  return std::make_unique<Xosc>(machine);
}
std::unique_ptr<Device> make_rosc(Machine&, const DeviceSite&) { return std::make_unique<Rosc>(); }

}  // namespace tandem::sim
