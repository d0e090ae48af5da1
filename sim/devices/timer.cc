#include <algorithm>
#include <array>

#include "devices/devices.h"
#include "machine.h"

// The 64-bit microsecond timer and its four alarms [DS 4.6.5].

namespace tandem::sim {

namespace {

constexpr unsigned kAlarms = 4;

class Timer final : public Device {
 public:
  Timer(Machine& machine, unsigned irq) : machine_(machine), irq_(irq) { due_.fill(kNever); }

  void reset(Cycles now) override {
    machine_.set_ticks(0, now);
    armed_ = raw_ = enabled_ = forced_ = 0;
    due_.fill(kNever);
    update_irqs();
  }
  bool read(uint32_t offset, Cycles now, uint32_t* value) override {
    const uint64_t ticks = machine_.ticks(now);
    const auto high = static_cast<uint32_t>(ticks >> 32), low = static_cast<uint32_t>(ticks);
    switch (offset) {
      case 0x00:
      case 0x04:
        *value = 0;
        return true;  // write only
      case 0x08:
        *value = latched_high_;
        return true;
      case 0x0c:
        latched_high_ = high;
        *value = low;
        return true;
      case 0x10:
      case 0x14:
      case 0x18:
      case 0x1c:
        *value = alarm_[(offset - 0x10) / 4];
        return true;
      case 0x20:
        *value = armed_;
        return true;
      case 0x24:
        *value = high;
        return true;
      case 0x28:
        *value = low;
        return true;
      case 0x2c:
        *value = debug_pause_;
        return true;
      case 0x30:
        *value = 0;
        return true;
      case 0x34:
        *value = raw_;
        return true;
      case 0x38:
        *value = enabled_;
        return true;
      case 0x3c:
        *value = forced_;
        return true;
      case 0x40:
        *value = (raw_ & enabled_) | forced_;
        return true;
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    switch (offset) {
      case 0x00:  // the new time takes effect with its high half, low first
        machine_.set_ticks(uint64_t{write.value} << 32 | new_low_, now);
        clocks_changed(now);
        return true;
      case 0x04:
        new_low_ = write.value;
        return true;
      case 0x10:
      case 0x14:
      case 0x18:
      case 0x1c: {
        const uint32_t i = (offset - 0x10) / 4;
        alarm_[i] = write.onto(alarm_[i]);
        armed_ |= 1u << i;
        schedule(i, now);
        return true;
      }
      case 0x20:  // writing 1 disarms
        armed_ &= ~write.value;
        clocks_changed(now);
        return true;
      case 0x2c:
        debug_pause_ = write.onto(debug_pause_) & 6;
        return true;
      case 0x30:
        return write.value == 0;  // PAUSE is not modelled
      case 0x34:
        raw_ &= ~write.value;
        break;
      case 0x38:
        enabled_ = write.onto(enabled_) & 15;
        break;
      case 0x3c:
        forced_ = write.onto(forced_) & 15;
        break;
      case 0x08:
      case 0x0c:
      case 0x24:
      case 0x28:
      case 0x40:
        return true;
      default:
        return false;
    }
    update_irqs();
    return true;
  }
  Cycles next_event() const override { return *std::min_element(due_.begin(), due_.end()); }
  void run_event(Cycles now) override {
    for (uint32_t i = 0; i < kAlarms; ++i) {
      if (due_[i] > now) continue;
      due_[i] = kNever;
      armed_ &= ~(1u << i);
      raw_ |= 1u << i;
    }
    update_irqs();
  }
  void clocks_changed(Cycles now) override {
    for (uint32_t i = 0; i < kAlarms; ++i) schedule(i, now);
  }

 private:
  /// An alarm goes off when the count's low half equals it: in the future, 2^32 us away if it's equal now.
  void schedule(uint32_t i, Cycles now) {
    if (!(armed_ >> i & 1)) {
      due_[i] = kNever;
      return;
    }
    const uint64_t ticks = machine_.ticks(now);
    const uint32_t distance = alarm_[i] - static_cast<uint32_t>(ticks);
    due_[i] = machine_.cycle_of_tick(ticks + (distance == 0 ? uint64_t{1} << 32 : distance));
  }
  void update_irqs() {
    for (unsigned i = 0; i < kAlarms; ++i)
      machine_.set_irq(irq_ + i, (((raw_ & enabled_) | forced_) >> i & 1) != 0);
  }

  Machine& machine_;
  unsigned irq_;
  std::array<uint32_t, kAlarms> alarm_{};
  std::array<Cycles, kAlarms> due_{};
  uint32_t armed_ = 0, raw_ = 0, enabled_ = 0, forced_ = 0, latched_high_ = 0, new_low_ = 0, debug_pause_ = 6;
};

}  // namespace

std::unique_ptr<Device> make_timer(Machine& machine, const DeviceSite& site) {
  return std::make_unique<Timer>(machine, static_cast<unsigned>(site.irq));
}

}  // namespace tandem::sim
