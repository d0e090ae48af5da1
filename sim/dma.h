#pragma once

#include <array>
#include <cstdint>

#include "device.h"
#include "timing.h"

namespace tandem::sim {

class Machine;

/// The DMA controller [DS 2.5]: 12 channels over one read and one write master. One element at a time is
/// read; its write overlaps the next one's read.
class Dma final : public Device {
 public:
  explicit Dma(Machine& machine) : machine_(machine) {}

  bool read(uint32_t offset, Cycles now, uint32_t* value) override;
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override;
  void reset(Cycles now) override;
  Cycles dreq_at(unsigned dreq, Cycles now) override;

  /// When either master next touches the bus; kNever while no channel can go on.
  Cycles next_access();
  bool writing() const { return write_pending_; }
  /// Makes the access that was due in cycle next_access(), or finds its port taken. `tied`: as Core::run.
  void step(Cycles now, bool tied);
  bool active() const { return active_ != 0 || write_pending_; }
  /// A data request may have changed.
  void wake() { next_read_known_ = false; }

  uint64_t transfers() const { return transfers_; }

 private:
  static constexpr unsigned kChannels = 12;
  struct Channel {
    uint32_t read_address = 0, write_address = 0, count = 0, reload = 0, control = 0;
    bool busy = false;
    Cycles triggered = 0;  ///< for the observer
    Cycles pace_from = 0;  ///< pacing timers: element number paced_ is due at pace_from + paced_ * Y / X
    uint64_t paced = 0;
  };

  void trigger(unsigned number, Cycles now);
  void abort(uint32_t numbers);
  Cycles ready_at(const Channel& channel, Cycles now);
  void start_read(unsigned number, Cycles now, bool tied);
  void finish_write(Cycles now, bool tied);
  void fail(unsigned number, bool write, uint32_t address, Cycles now);
  void update_irqs(Cycles now);
  void sniff(uint32_t value, unsigned bytes);
  uint32_t& channel_register(Channel& channel, uint32_t offset);

  Machine& machine_;
  std::array<Channel, kChannels> channels_;
  uint32_t active_ = 0;   ///< channels with transfers left
  unsigned turn_ = 0;     ///< round robin among ready channels
  Cycles read_from_ = 0;  ///< the read master is free from here on
  Cycles next_read_ = kNever;
  bool next_read_known_ = false;
  // The element between the masters.
  bool write_pending_ = false;
  Cycles write_at_ = 0;
  Cycles read_granted_ = 0;
  unsigned write_channel_ = 0;
  uint32_t write_value_ = 0;
  uint32_t raw_interrupts_ = 0;
  std::array<uint32_t, 2> interrupt_enable_{}, interrupt_force_{};
  std::array<uint32_t, 4> timers_{};
  uint32_t sniff_control_ = 0, sniff_data_ = 0;
  uint64_t transfers_ = 0;
};

}  // namespace tandem::sim
