#include <algorithm>
#include <deque>

#include "devices/devices.h"
#include "machine.h"

// UARTs, a PL011 each [DS 4.2.8]. They send; nothing is ever received, except what loopback brings.

namespace tandem::sim {

namespace {

constexpr uint32_t kDr = 0x00, kRsr = 0x04, kFr = 0x18, kIlpr = 0x20, kIbrd = 0x24, kFbrd = 0x28,
                   kLcrH = 0x2c, kCr = 0x30, kIfls = 0x34, kImsc = 0x38, kRis = 0x3c, kMis = 0x40,
                   kIcr = 0x44, kDmacr = 0x48, kPeriphId = 0xfe0;
constexpr uint32_t kUartEnable = 1u << 0, kLoopback = 1u << 7, kTransmitEnable = 1u << 8;
constexpr uint32_t kFifoEnable = 1u << 4;
constexpr uint32_t kTransmitInterrupt = 1u << 5, kReceiveInterrupt = 1u << 4;
constexpr size_t kFifoDepth = 32;

class Uart final : public Device {
 public:
  Uart(Machine& machine, const DeviceSite& site)
      : machine_(machine),
        irq_(static_cast<unsigned>(site.irq)),
        transmit_dreq_(static_cast<unsigned>(site.dreq)) {}

  void reset(Cycles) override {
    integer_ = fraction_ = line_ = mask_ = dma_ = raw_ = low_power_ = 0;
    control_ = 0x300;
    levels_ = 0x12;
    pending_.clear();
    received_.clear();
    update_irq();
  }
  bool read(uint32_t offset, Cycles now, uint32_t* value) override {
    constexpr uint8_t kIds[8] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    settle(now);
    if (offset >= kPeriphId && offset < 0x1000) {
      *value = kIds[(offset - kPeriphId) / 4];
      return true;
    }
    switch (offset) {
      case kDr:
        *value = 0;
        if (!received_.empty()) {
          *value = received_.front();
          received_.pop_front();
        }
        update_irq();
        return true;
      case kRsr:
        *value = 0;
        return true;
      case kFr:
        *value = (waiting() >= depth() ? 1u << 5 : 0) | (waiting() == 0 ? 1u << 7 : 0) |
                 (pending_.empty() ? 0 : 1u << 3) | (received_.empty() ? 1u << 4 : 0);
        return true;
      case kIlpr:
        *value = low_power_;
        return true;
      case kIbrd:
        *value = integer_;
        return true;
      case kFbrd:
        *value = fraction_;
        return true;
      case kLcrH:
        *value = line_;
        return true;
      case kCr:
        *value = control_;
        return true;
      case kIfls:
        *value = levels_;
        return true;
      case kImsc:
        *value = mask_;
        return true;
      case kRis:
        *value = raw();
        return true;
      case kMis:
        *value = raw() & mask_;
        return true;
      case kDmacr:
        *value = dma_;
        return true;
      default:
        return false;
    }
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    settle(now);
    switch (offset) {
      case kDr:
        send(static_cast<uint8_t>(write.value), now);
        break;
      case kRsr:
        break;
      case kIlpr:
        low_power_ = write.onto(low_power_) & 0xff;
        break;
      case kIbrd:
        integer_ = write.onto(integer_) & 0xffff;
        break;
      case kFbrd:
        fraction_ = write.onto(fraction_) & 63;
        break;
      case kLcrH:
        line_ = write.onto(line_) & 0xff;
        break;
      case kCr:
        control_ = write.onto(control_) & 0xff87;
        break;
      case kIfls:
        levels_ = write.onto(levels_) & 0x3f;
        break;
      case kImsc:
        mask_ = write.onto(mask_) & 0x7ff;
        break;
      case kIcr:
        raw_ &= ~write.value;
        break;
      case kDmacr:
        dma_ = write.onto(dma_) & 7;
        break;
      case kFr:
      case kRis:
      case kMis:
        break;
      default:
        return false;
    }
    update_irq();
    return true;
  }
  Cycles next_event() const override {
    // The transmit interrupt comes when the FIFO has run down to its level.
    if (!(mask_ & kTransmitInterrupt) || waiting() <= transmit_level()) return kNever;
    return pending_[pending_.size() - 1 - transmit_level()] - frame_;
  }
  void run_event(Cycles now) override {
    settle(now);
    update_irq();
  }
  Cycles dreq_at(unsigned dreq, Cycles now) override {
    settle(now);
    if (dreq != transmit_dreq_) return (dma_ & 1) && !received_.empty() ? now : kNever;
    if (!(dma_ & 2)) return kNever;
    if (waiting() < depth()) return now;
    return std::max(now, pending_[pending_.size() - depth()] - frame_);
  }

 private:
  size_t depth() const { return line_ & kFifoEnable ? kFifoDepth : 1; }
  /// Bytes in the FIFO: the oldest pending one is in the shift register.
  size_t waiting() const { return pending_.empty() ? 0 : pending_.size() - 1; }
  size_t transmit_level() const {
    constexpr size_t kEighths[8] = {1, 2, 4, 6, 7, 7, 7, 7};
    return line_ & kFifoEnable ? kFifoDepth * kEighths[levels_ & 7] / 8 : 0;
  }
  /// clk_sys cycles of one character: start, 5 to 8 data bits, parity, 1 or 2 stop bits, 16 baud ticks each.
  Cycles frame_cycles() const {
    const uint64_t bits = 1 + 5 + (line_ >> 5 & 3) + (line_ >> 1 & 1) + (line_ >> 3 & 1 ? 2 : 1);
    const uint64_t divider64 = uint64_t{integer_} * 64 + fraction_;
    const Clocks& clocks = machine_.clocks();
    if (clocks.peripheral_hz == 0) return 0;
    return bits * 16 * divider64 * clocks.sys_hz / (64 * clocks.peripheral_hz);
  }
  void settle(Cycles now) {
    const bool busy = waiting() > transmit_level();
    while (!pending_.empty() && pending_.front() <= now) pending_.pop_front();
    if (busy && waiting() <= transmit_level()) raw_ |= kTransmitInterrupt;
  }
  void send(uint8_t byte, Cycles now) {
    if (!(control_ & kUartEnable) || !(control_ & kTransmitEnable)) return;
    if (waiting() >= depth()) return;  // lost, as on the chip
    if (control_ & kLoopback) {
      if (received_.size() < depth()) received_.push_back(byte);
    } else {
      machine_.console(byte, now);
    }
    frame_ = machine_.options().instant_uart ? 0 : frame_cycles();
    if (frame_ == 0) {
      raw_ |= kTransmitInterrupt;
      return;
    }
    pending_.push_back((pending_.empty() ? now : pending_.back()) + frame_);
    if (waiting() > transmit_level()) raw_ &= ~kTransmitInterrupt;
  }
  uint32_t raw() const { return raw_ | (received_.empty() ? 0 : kReceiveInterrupt); }
  void update_irq() { machine_.set_irq(irq_, (raw() & mask_) != 0); }

  Machine& machine_;
  unsigned irq_, transmit_dreq_;
  uint32_t integer_ = 0, fraction_ = 0, line_ = 0, control_ = 0x300, levels_ = 0x12, mask_ = 0, raw_ = 0,
           dma_ = 0, low_power_ = 0;
  Cycles frame_ = 0;
  std::deque<Cycles> pending_;    ///< when each byte not sent yet will have left
  std::deque<uint8_t> received_;  ///< by loopback
};

}  // namespace

std::unique_ptr<Device> make_uart(Machine& machine, const DeviceSite& site) {
  return std::make_unique<Uart>(machine, site);
}

}  // namespace tandem::sim
