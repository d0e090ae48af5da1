#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "memory_map.h"
#include "observer.h"
#include "spi_flash.h"
#include "timing.h"

namespace tandem::sim {

/// The execute-in-place block [DS 2.6.3]: cache, streaming, and the synchronous serial interface (SSI) with
/// the flash chip behind it. Works out its state when asked: everything happens at the time of some access.
class Xip {
 public:
  Xip(std::vector<uint8_t>& flash, const FreeParameters& parameters);
  void reset();

  /// An access to the flash window in cycle `now`, port granted. Returns the cycle in which the data is
  /// there: `now` for a hit.
  struct Result {
    Cycles done = 0;
    bool miss = false;
  };
  Result access(uint32_t address, Cycles now) {
    ++accesses_;
    const uint32_t set = address >> 3 & (kSets - 1);
    const uint32_t tag = address >> 13 & kTagMask;
    const uint32_t alias = address >> 24 & 3;
    // Aliases [DS 2.6.3.1]: 0 cached; 1 no allocation; 2 no lookup; 3 neither.
    if (alias < 2 && (control_ & 1) && now >= flushed_at_) {
      const uint32_t half = 1u << (kValidShift + (address >> 2 & 1));
      for (uint32_t way = 0; way < 2; ++way) {
        const uint32_t line = lines_[set][way];
        if ((line & half) && (line & kTagMask) == tag) {
          recent_[set] = static_cast<uint8_t>(way);
          ++hits_;
          return {now, false};
        }
      }
    }
    return miss(address, now);
  }
  bool cache_enabled() const { return control_ & 1; }
  /// Whether a read of the flash window gets an answer: the SSI is on.
  bool configured() const { return ssi_enabled_ != 0; }
  /// A write to the window: deletes the matching line [DS 2.6.3.2].
  void invalidate(uint32_t address);

  bool read_control(uint32_t offset, Cycles now, uint32_t* value);
  bool write_control(uint32_t offset, uint32_t value, Cycles now);
  bool read_ssi(uint32_t offset, Cycles now, uint32_t* value);
  bool write_ssi(uint32_t offset, uint32_t value, Cycles now);
  /// The streaming FIFO, through either of its two addresses.
  uint32_t pop_stream(Cycles now);
  Cycles dreq_at(unsigned dreq, Cycles now);

  /// Chip select held by software: IO_QSPI overrides the SSI's (how the ROM's flash functions make long
  /// commands).
  void force_chip_select(bool forced, bool low);

  /// The state that boot2 for the W25Q080 leaves, for firmware that has none.
  void configure_as_boot2();
  /// Plain serial reads (command 03h), as the ROM's flash_enter_cmd_xip sets up.
  void configure_serial_read();
  void flush_cache(Cycles now);

  /// clk_sys cycles of one XIP miss under the present SSI registers [DS 4.10], overhead included.
  Cycles miss_cycles() const { return miss_cycles_; }

  uint64_t accesses() const { return accesses_; }
  uint64_t hits() const { return hits_; }
  uint64_t misses() const { return misses_; }
  uint64_t streamed() const { return streamed_; }
  SpiFlash& chip() { return chip_; }

 private:
  static constexpr uint32_t kSets = 1024;
  static constexpr uint32_t kTagMask = 0x7ff;  // 24 address bits less 13
  static constexpr uint32_t kValidShift = 30;  // two valid bits a line, one for each 32-bit half
  static constexpr size_t kSsiFifo = 16;

  Result miss(uint32_t address, Cycles now);
  void fill(uint32_t address, uint32_t set);
  void advance_stream(Cycles now);
  void update_timing();
  Cycles stream_start() const;
  uint32_t flash_word(uint32_t address) const;
  void start_bulk_read(uint32_t address, Cycles now);
  void drain_bulk(Cycles now);
  Cycles frame_cycles() const;

  std::vector<uint8_t>& flash_;
  const FreeParameters& parameters_;
  SpiFlash chip_;

  std::array<std::array<uint32_t, 2>, kSets> lines_{};
  std::array<uint8_t, kSets> recent_{}, next_victim_{};
  uint32_t random_ = 0x1234567;
  uint32_t control_ = 3;
  uint64_t accesses_ = 0, hits_ = 0, misses_ = 0, streamed_ = 0;
  uint64_t counted_accesses_ = 0, counted_hits_ = 0;  ///< where software cleared CTR_ACC and CTR_HIT
  Cycles flushed_at_ = 0;

  Cycles serial_free_ = 0;  ///< the serial engine ends its transfer
  Cycles last_miss_ = 0;    ///< end of the last miss: streaming cools down from there
  bool missed_ = false;

  uint32_t stream_address_ = 0, stream_left_ = 0;
  std::array<uint32_t, 2> stream_fifo_{};
  unsigned stream_count_ = 0;
  bool stream_busy_ = false;
  Cycles stream_done_ = 0, stream_room_ = 0;

  uint32_t ctrlr0_ = 0, ctrlr1_ = 0, ssi_enabled_ = 0, slave_ = 0, baud_ = 0, spi_ctrlr0_ = 0;
  uint32_t tx_threshold_ = 0, rx_threshold_ = 0, interrupt_mask_ = 0, dma_control_ = 0, dma_tx_level_ = 0,
           dma_rx_level_ = 0, sample_delay_ = 0, drive_edge_ = 0;
  Cycles miss_cycles_ = 0;
  struct Frame {
    uint32_t value;
    Cycles ready;
  };
  std::deque<Frame> receive_;
  uint32_t command_ = 0;
  bool have_command_ = false;
  bool cs_forced_ = false;
  uint32_t bulk_address_ = 0, bulk_left_ = 0;
  Cycles bulk_next_ = 0;
  bool overflow_ = false;
};

}  // namespace tandem::sim
