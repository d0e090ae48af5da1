#include <array>

#include "devices/devices.h"
#include "machine.h"

// Bus priority and performance counters [DS 2.1.5].

namespace tandem::sim {

namespace {

/// The ports in the order of PERFSEL's values: each counts contested accesses (even) and all accesses (odd).
constexpr PortId kCounted[] = {PortId::kApb,   PortId::kAhb,   PortId::kSram5, PortId::kSram4, PortId::kSram3,
                               PortId::kSram2, PortId::kSram1, PortId::kSram0, PortId::kXip,   PortId::kRom};
constexpr uint32_t kNothing = 0x1f, kCounterMax = 0xffffff;

class Busctrl final : public Device {
 public:
  explicit Busctrl(Machine& machine) : machine_(machine) {}

  void reset(Cycles) override {
    priority_ = 0;
    machine_.set_priorities(0);
    counters_ = {};
  }
  bool read(uint32_t offset, Cycles, uint32_t* value) override {
    if (offset >= 0x08 && offset < 0x28) {
      const Counter& counter = counters_[(offset - 0x08) / 8];
      *value = offset & 4 ? counter.select : count(counter);
      return true;
    }
    switch (offset) {
      case 0x00:
        *value = priority_;
        return true;
      case 0x04:
        *value = 1;
        return true;  // PRIORITY_ACK
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles) override {
    if (offset >= 0x08 && offset < 0x28) {
      Counter& counter = counters_[(offset - 0x08) / 8];
      if (offset & 4) {
        const uint64_t so_far = count(counter);
        counter.select = write.onto(counter.select) & 31;
        counter.from = events(counter.select) - so_far;
      } else {
        counter.from = events(counter.select);  // any write clears
      }
      return true;
    }
    if (offset == 0x04) return true;
    if (offset != 0x00) return false;
    priority_ = write.onto(priority_) & 0x1111;
    machine_.set_priorities(priority_);
    return true;
  }

 private:
  struct Counter {
    uint32_t select = kNothing;
    uint64_t from = 0;  ///< events when it was cleared
  };
  uint64_t events(uint32_t select) const {
    if (select / 2 >= std::size(kCounted)) return 0;
    const Port& port = machine_.bus().port(kCounted[select / 2]);
    return select & 1 ? port.accesses : port.contested;
  }
  uint32_t count(const Counter& counter) const {
    const uint64_t n = events(counter.select) - counter.from;
    return n > kCounterMax ? kCounterMax : static_cast<uint32_t>(n);
  }
  Machine& machine_;
  uint32_t priority_ = 0;
  std::array<Counter, 4> counters_;
};

}  // namespace

std::unique_ptr<Device> make_busctrl(Machine& machine, const DeviceSite&) {
  return std::make_unique<Busctrl>(machine);
}

}  // namespace tandem::sim
