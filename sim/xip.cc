#include "xip.h"

#include <algorithm>
#include <cstring>

namespace tandem::sim {

namespace {

// XIP_CTRL offsets [DS 2.6.3.6].
constexpr uint32_t kCtrl = 0x00, kFlush = 0x04, kStat = 0x08, kCtrHit = 0x0c, kCtrAcc = 0x10,
                   kStreamAddr = 0x14, kStreamCtr = 0x18, kStreamFifo = 0x1c;
// SSI offsets [DS 4.10.13].
constexpr uint32_t kCtrlr0 = 0x00, kCtrlr1 = 0x04, kSsienr = 0x08, kMwcr = 0x0c, kSer = 0x10, kBaudr = 0x14,
                   kTxftlr = 0x18, kRxftlr = 0x1c, kTxflr = 0x20, kRxflr = 0x24, kSr = 0x28, kImr = 0x2c,
                   kIsr = 0x30, kRisr = 0x34, kDmacr = 0x4c, kDmatdlr = 0x50, kDmardlr = 0x54, kIdr = 0x58,
                   kVersion = 0x5c, kDr0 = 0x60, kDrEnd = 0xf0, kRxSampleDly = 0xf0, kSpiCtrlr0 = 0xf4,
                   kTxdDriveEdge = 0xf8;
constexpr unsigned kDreqStream = 37, kDreqSsiTx = 38, kDreqSsiRx = 39;
constexpr uint32_t kEepromRead = 3;  // CTRLR0.TMOD
constexpr uint32_t kXipWordBits = 32;

constexpr uint32_t frame_bits(uint32_t ctrlr0) { return (ctrlr0 >> 16 & 31) + 1; }  // DFS_32
constexpr uint32_t transfer_mode(uint32_t ctrlr0) { return ctrlr0 >> 8 & 3; }       // TMOD
constexpr uint32_t lanes(uint32_t ctrlr0) {
  return 1u << std::min(ctrlr0 >> 21 & 3, 2u);
}  // SPI_FRF: 1, 2, 4
constexpr uint32_t transfer_type(uint32_t spi) { return spi & 3; }             // TRANS_TYPE
constexpr uint32_t address_bits(uint32_t spi) { return (spi >> 2 & 15) * 4; }  // ADDR_L
constexpr uint32_t instruction_bits(uint32_t spi) {                            // INST_L
  constexpr uint32_t kBits[4] = {0, 4, 8, 16};
  return kBits[spi >> 8 & 3];
}
constexpr uint32_t wait_cycles(uint32_t spi) { return spi >> 11 & 31; }

}  // namespace

Xip::Xip(std::vector<uint8_t>& flash, const FreeParameters& parameters)
    : flash_(flash), parameters_(parameters), chip_(flash) {
  reset();
}

void Xip::reset() {
  for (auto& set : lines_) set.fill(0);
  recent_.fill(0);
  next_victim_.fill(0);
  control_ = 3;
  flushed_at_ = serial_free_ = last_miss_ = 0;
  missed_ = false;
  stream_left_ = stream_count_ = 0;
  stream_busy_ = false;
  ctrlr0_ = ctrlr1_ = ssi_enabled_ = slave_ = baud_ = 0;
  spi_ctrlr0_ = 0x03000000;
  receive_.clear();
  have_command_ = overflow_ = false;
  bulk_left_ = 0;
  chip_.reset();
  update_timing();
}

// ---- cache
// -------------------------------------------------------------------------------------------------

/// The clocks of one XIP transfer as the SSI's registers say it [DS 4.10.9, 4.10.13]: instruction, address
/// with mode bits, wait, 32 data bits, each on its number of lanes; times the clock divider.
void Xip::update_timing() {
  const uint32_t wide = lanes(ctrlr0_);
  uint32_t instruction_lanes = 1, address_lanes = 1, wait = 0;
  if (wide > 1) {
    if (transfer_type(spi_ctrlr0_) >= 2) instruction_lanes = wide;
    if (transfer_type(spi_ctrlr0_) >= 1) address_lanes = wide;
    wait = wait_cycles(spi_ctrlr0_);
  }
  const uint32_t clocks = instruction_bits(spi_ctrlr0_) / instruction_lanes +
                          address_bits(spi_ctrlr0_) / address_lanes + wait + kXipWordBits / wide;
  miss_cycles_ = Cycles{clocks} * std::max(baud_, 2u) + parameters_.xip_miss_overhead;
}

Xip::Result Xip::miss(uint32_t address, Cycles now) {
  ++misses_;
  Cycles start = std::max(now, flushed_at_);
  advance_stream(start);  // what began before is not taken back
  start = std::max(start, serial_free_);
  const Cycles done = start + miss_cycles_;
  serial_free_ = last_miss_ = done;
  missed_ = true;
  const uint32_t alias = address >> 24 & 3;
  if ((alias == 0 || alias == 2) && (control_ & 1)) fill(address, address >> 3 & (kSets - 1));
  return {done, true};
}

/// A miss brings one 32-bit half of an 8-byte line: measured by a user of the chip
/// (raspberrypi/pico-feedback, issue 307); the datasheet gives the line's size alone.
void Xip::fill(uint32_t address, uint32_t set) {
  const uint32_t tag = address >> 13 & kTagMask;
  const uint32_t half = 1u << (kValidShift + (address >> 2 & 1));
  auto& ways = lines_[set];
  for (uint32_t way = 0; way < 2; ++way) {
    if (ways[way] >> kValidShift != 0 && (ways[way] & kTagMask) == tag) {
      ways[way] |= half;
      recent_[set] = static_cast<uint8_t>(way);
      return;
    }
  }
  uint32_t victim = 0;
  if (ways[0] >> kValidShift == 0) {
    victim = 0;
  } else if (ways[1] >> kValidShift == 0) {
    victim = 1;
  } else {
    switch (parameters_.xip_replacement) {
      case Replacement::kLru:
        victim = recent_[set] ^ 1u;
        break;
      case Replacement::kFifo:
        victim = next_victim_[set];
        break;
      case Replacement::kRandom:
        random_ = random_ >> 1 ^ (random_ & 1 ? 0xd0000001u : 0);
        victim = random_ & 1;
        break;
    }
  }
  next_victim_[set] = static_cast<uint8_t>(victim ^ 1);
  recent_[set] = static_cast<uint8_t>(victim);
  ways[victim] = half | tag;
}

void Xip::invalidate(uint32_t address) {
  const uint32_t tag = address >> 13 & kTagMask;
  for (uint32_t& line : lines_[address >> 3 & (kSets - 1)]) {
    if (line >> kValidShift != 0 && (line & kTagMask) == tag) line = 0;
  }
}

void Xip::flush_cache(Cycles now) {
  for (auto& set : lines_) set.fill(0);
  flushed_at_ = now + kXipFlush;
}

uint32_t Xip::flash_word(uint32_t address) const {
  uint32_t word = 0;
  std::memcpy(&word, flash_.data() + (address & (kFlashWindowBytes - 4)), sizeof word);
  return word;
}

// ---- streaming
// ---------------------------------------------------------------------------------------------

/// When the next streamed word's transfer could begin: there is room, the serial engine is free, and it has
/// been quiet for a while after the last miss. Misses go first: whoever asks in the same cycle wins.
Cycles Xip::stream_start() const {
  const Cycles cooled = missed_ ? last_miss_ + parameters_.stream_cooldown : 0;
  return std::max({stream_room_, serial_free_, cooled});
}

void Xip::advance_stream(Cycles now) {
  for (;;) {
    if (stream_busy_) {
      if (stream_done_ > now) return;
      stream_busy_ = false;
      stream_fifo_[stream_count_++] = flash_word(stream_address_);
      stream_address_ += 4;
      --stream_left_;
      ++streamed_;
      stream_room_ = stream_done_;
    }
    if (stream_left_ == 0 || stream_count_ == stream_fifo_.size()) return;
    const Cycles start = stream_start();
    if (start >= now) return;
    stream_busy_ = true;
    stream_done_ = serial_free_ = start + miss_cycles_;
  }
}

uint32_t Xip::pop_stream(Cycles now) {
  advance_stream(now);
  if (stream_count_ == 0) return 0;
  const uint32_t word = stream_fifo_[0];
  stream_fifo_[0] = stream_fifo_[1];
  --stream_count_;
  stream_room_ = std::max(stream_room_, now);
  return word;
}

Cycles Xip::dreq_at(unsigned dreq, Cycles now) {
  switch (dreq) {
    case kDreqStream:
      advance_stream(now);
      if (stream_count_ != 0) return now;
      if (stream_busy_) return stream_done_;
      return stream_left_ == 0 ? kNever : std::max(stream_start(), now) + miss_cycles_;
    case kDreqSsiTx:
      return (dma_control_ & 2) && ssi_enabled_ != 0 ? now : kNever;
    case kDreqSsiRx: {
      if (!(dma_control_ & 1)) return kNever;
      drain_bulk(now);
      const size_t wanted = dma_rx_level_ + 1;
      if (receive_.size() >= wanted) return std::max(now, receive_[wanted - 1].ready);
      const size_t missing = wanted - receive_.size();
      return bulk_left_ >= missing ? bulk_next_ + (missing - 1) * frame_cycles() : kNever;
    }
    default:
      return kNever;
  }
}

bool Xip::read_control(uint32_t offset, Cycles now, uint32_t* value) {
  constexpr uint64_t kSaturated = 0xffffffff;
  advance_stream(now);
  switch (offset) {
    case kCtrl:
      *value = control_;
      return true;
    case kFlush:
      *value = 0;
      return true;
    case kStat:
      *value = (flushed_at_ <= now ? 1u : 0) | (stream_count_ == 0 ? 2u : 0) |
               (stream_count_ == stream_fifo_.size() ? 4u : 0);
      return true;
    case kCtrHit:
      *value = static_cast<uint32_t>(std::min(hits_ - counted_hits_, kSaturated));
      return true;
    case kCtrAcc:
      *value = static_cast<uint32_t>(std::min(accesses_ - counted_accesses_, kSaturated));
      return true;
    case kStreamAddr:
      *value = stream_address_;
      return true;
    case kStreamCtr:
      *value = stream_left_;
      return true;
    case kStreamFifo:
      *value = pop_stream(now);
      return true;
    default:
      return false;
  }
}

bool Xip::write_control(uint32_t offset, uint32_t value, Cycles now) {
  advance_stream(now);
  switch (offset) {
    case kCtrl:
      control_ = value & 0xb;
      return true;
    case kFlush:
      if (value & 1) flush_cache(now);
      return true;
    case kCtrHit:
      counted_hits_ = hits_;
      return true;
    case kCtrAcc:
      counted_accesses_ = accesses_;
      return true;
    case kStreamAddr:
      stream_address_ = value & ~3u;
      return true;
    case kStreamCtr:  // a word under way is discarded; those in the FIFO stay [DS 2.6.3.6]
      stream_left_ = value & 0x3fffff;
      stream_busy_ = false;
      stream_room_ = now;
      return true;
    case kStat:
    case kStreamFifo:
      return true;
    default:
      return false;
  }
}

// ---- SSI: direct access
// ------------------------------------------------------------------------------------

Cycles Xip::frame_cycles() const {
  return Cycles{frame_bits(ctrlr0_)} / lanes(ctrlr0_) * std::max(baud_, 2u);
}

/// One command, CTRLR1.NDF + 1 words in one transfer: the first word costs what a miss does, each further one
/// its own clocks.
void Xip::start_bulk_read(uint32_t address, Cycles now) {
  advance_stream(now);
  bulk_address_ = address;
  bulk_left_ = (ctrlr1_ & 0xffff) + 1;
  bulk_next_ = std::max(now, serial_free_) + miss_cycles_;
  serial_free_ = bulk_next_ + (bulk_left_ - 1) * frame_cycles();
}

/// Words that have arrived go into the receive FIFO; what doesn't fit is lost, as on the chip.
void Xip::drain_bulk(Cycles now) {
  while (bulk_left_ != 0 && bulk_next_ <= now) {
    if (receive_.size() < kSsiFifo) {
      // The first byte on the wire is the most significant of the frame.
      receive_.push_back({__builtin_bswap32(flash_word(bulk_address_)), bulk_next_});
    } else {
      overflow_ = true;
    }
    bulk_address_ += 4;
    --bulk_left_;
    bulk_next_ += frame_cycles();
  }
}

void Xip::force_chip_select(bool forced, bool low) {
  cs_forced_ = forced;
  chip_.select(forced && low);
}

bool Xip::read_ssi(uint32_t offset, Cycles now, uint32_t* value) {
  drain_bulk(now);
  const auto arrived = static_cast<uint32_t>(std::count_if(
      receive_.begin(), receive_.end(), [&](const Frame& frame) { return frame.ready <= now; }));
  // Frames in the transmit FIFO or on the wire: each is answered by one received.
  const auto under_way = static_cast<uint32_t>(receive_.size()) - arrived;
  if (offset >= kDr0 && offset < kDrEnd) {
    *value = 0;
    if (arrived != 0) {
      *value = receive_.front().value;
      receive_.pop_front();
    }
    return true;
  }
  switch (offset) {
    case kCtrlr0:
      *value = ctrlr0_;
      return true;
    case kCtrlr1:
      *value = ctrlr1_;
      return true;
    case kSsienr:
      *value = ssi_enabled_;
      return true;
    case kSer:
      *value = slave_;
      return true;
    case kBaudr:
      *value = baud_;
      return true;
    case kTxftlr:
      *value = tx_threshold_;
      return true;
    case kRxftlr:
      *value = rx_threshold_;
      return true;
    case kTxflr:
      *value = under_way;
      return true;
    case kRxflr:
      *value = arrived;
      return true;
    case kSr:  // BUSY, transmit FIFO not full, empty; receive FIFO not empty, full
      *value = (serial_free_ > now ? 1u : 0) | (under_way < kSsiFifo ? 2u : 0) | (under_way == 0 ? 4u : 0) |
               (arrived != 0 ? 8u : 0) | (arrived == kSsiFifo ? 16u : 0);
      return true;
    case kImr:
      *value = interrupt_mask_;
      return true;
    case kIsr:
    case kRisr:
      *value = overflow_ ? 8 : 0;
      return true;
    case 0x38:
    case 0x3c:
    case 0x40:
    case 0x44:
    case 0x48:
      *value = overflow_ ? 1 : 0;
      overflow_ = false;
      return true;
    case kDmacr:
      *value = dma_control_;
      return true;
    case kDmatdlr:
      *value = dma_tx_level_;
      return true;
    case kDmardlr:
      *value = dma_rx_level_;
      return true;
    case kIdr:
      *value = 0x51535049;
      return true;
    case kVersion:
      *value = 0x3430312a;
      return true;
    case kRxSampleDly:
      *value = sample_delay_;
      return true;
    case kSpiCtrlr0:
      *value = spi_ctrlr0_;
      return true;
    case kTxdDriveEdge:
      *value = drive_edge_;
      return true;
    case kMwcr:
      *value = 0;
      return true;
    default:
      return false;
  }
}

bool Xip::write_ssi(uint32_t offset, uint32_t value, Cycles now) {
  drain_bulk(now);
  if (offset >= kDr0 && offset < kDrEnd) {
    if (!(ssi_enabled_ & 1)) return true;
    if (transfer_mode(ctrlr0_) == kEepromRead && lanes(ctrlr0_) > 1) {
      if (instruction_bits(spi_ctrlr0_) != 0 && !have_command_) {
        command_ = value;
        have_command_ = true;
        return true;
      }
      have_command_ = false;
      start_bulk_read(address_bits(spi_ctrlr0_) > 24 ? value >> 8 : value,
                      now);  // above 24 bits: mode bits behind
      return true;
    }
    // Both ways at once, one frame: the chip sees a new command if it was deselected in between, which the
    // SSI does when it runs dry.
    if (!cs_forced_ && serial_free_ <= now) {
      chip_.select(false);
      chip_.select(true);
    }
    uint32_t answer = 0;
    for (int bit = static_cast<int>(frame_bits(ctrlr0_)) - 8; bit >= 0; bit -= 8) {
      answer = answer << 8 | chip_.transfer(static_cast<uint8_t>(value >> bit));
    }
    serial_free_ = std::max(serial_free_, now) + Cycles{frame_bits(ctrlr0_)} * std::max(baud_, 2u);
    if (receive_.size() < kSsiFifo) {
      receive_.push_back({answer, serial_free_});
    } else {
      overflow_ = true;
    }
    return true;
  }
  switch (offset) {
    case kCtrlr0:
      ctrlr0_ = value;
      break;
    case kCtrlr1:
      ctrlr1_ = value;
      break;
    case kSsienr:
      ssi_enabled_ = value & 1;
      if (ssi_enabled_ == 0) {  // disabling empties the FIFOs
        receive_.clear();
        bulk_left_ = 0;
        have_command_ = false;
        if (!cs_forced_) chip_.select(false);
      }
      break;
    case kSer:
      slave_ = value & 1;
      break;
    case kBaudr:
      baud_ = value & 0xfffe;
      break;
    case kTxftlr:
      tx_threshold_ = value & 255;
      break;
    case kRxftlr:
      rx_threshold_ = value & 255;
      break;
    case kImr:
      interrupt_mask_ = value & 63;
      break;
    case kDmacr:
      dma_control_ = value & 3;
      break;
    case kDmatdlr:
      dma_tx_level_ = value & 255;
      break;
    case kDmardlr:
      dma_rx_level_ = value & 255;
      break;
    case kRxSampleDly:
      sample_delay_ = value & 255;
      break;
    case kSpiCtrlr0:
      spi_ctrlr0_ = value;
      break;
    case kTxdDriveEdge:
      drive_edge_ = value & 255;
      break;
    case kMwcr:
    case kTxflr:
    case kRxflr:
    case kSr:
      break;
    default:
      return false;
  }
  update_timing();
  return true;
}

/// Registers as boot2_w25q080 of the Pico SDK leaves them, clock divider 2: quad, continuous read, 8 address
/// and mode digits, 4 wait clocks.
void Xip::configure_as_boot2() {
  ctrlr0_ = 2u << 21 | 31u << 16 | kEepromRead << 8;
  ctrlr1_ = 0;
  spi_ctrlr0_ = 0xa0u << 24 | 4u << 11 | 0u << 8 | 8u << 2 | 2;
  baud_ = 2;
  sample_delay_ = 1;
  slave_ = ssi_enabled_ = 1;
  update_timing();
}

void Xip::configure_serial_read() {
  ctrlr0_ = 31u << 16 | kEepromRead << 8;
  ctrlr1_ = 0;
  spi_ctrlr0_ = 0x03u << 24 | 2u << 8 | 6u << 2;
  baud_ = 6;
  slave_ = ssi_enabled_ = 1;
  update_timing();
}

}  // namespace tandem::sim
