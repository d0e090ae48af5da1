#include "dma.h"

#include <algorithm>
#include <bit>

#include "machine.h"

// DMA registers, offsets from 0x50000000 [DS 2.5.7].

namespace tandem::sim {

namespace {

constexpr uint32_t kEnable = 1u << 0, kHighPriority = 1u << 1, kIncrementRead = 1u << 4,
                   kIncrementWrite = 1u << 5, kRingWrite = 1u << 10, kQuiet = 1u << 21, kByteSwap = 1u << 22,
                   kSniffEnable = 1u << 23, kBusy = 1u << 24, kWriteError = 1u << 29, kReadError = 1u << 30,
                   kAhbError = 1u << 31;
constexpr uint32_t kControlMask = 0x00ffffff;
constexpr unsigned element_bytes(uint32_t control) { return 1u << std::min(control >> 2 & 3, 2u); }
constexpr unsigned ring_bits(uint32_t control) { return control >> 6 & 15; }
constexpr unsigned chain_to(uint32_t control) { return control >> 11 & 15; }
constexpr unsigned request_of(uint32_t control) { return control >> 15 & 63; }
constexpr unsigned kFirstTimer = 59, kPermanent = 63;
constexpr unsigned kIrq0Line = 11;

/// The four aliases order the same four registers differently; the last of each triggers [DS 2.5.2.1].
enum Register : uint8_t { kRead, kWrite, kCount, kControl };
constexpr Register kAliases[16] = {kRead,    kWrite, kCount, kControl, kControl, kRead,  kWrite, kCount,
                                   kControl, kCount, kRead,  kWrite,   kControl, kWrite, kCount, kRead};

uint32_t advance(uint32_t address, unsigned bytes, unsigned ring) {
  const uint32_t next = address + bytes;
  if (ring == 0) return next;
  const uint32_t mask = (1u << ring) - 1;
  return (address & ~mask) | (next & mask);
}

uint32_t reversed(uint32_t value) {
  uint32_t out = 0;
  for (int i = 0; i < 32; ++i) out = out << 1 | (value >> i & 1);
  return out;
}

}  // namespace

void Dma::reset(Cycles now) {
  channels_ = {};
  active_ = 0;
  write_pending_ = false;
  next_read_known_ = false;
  raw_interrupts_ = 0;
  interrupt_enable_ = interrupt_force_ = {};
  timers_ = {};
  sniff_control_ = sniff_data_ = 0;
  for (unsigned i = 0; i < kChannels; ++i) channels_[i].control = i << 11;  // CHAIN_TO itself: none
  update_irqs(now);
}

// ---- transfers
// ---------------------------------------------------------------------------------------------

void Dma::trigger(unsigned number, Cycles now) {
  Channel& channel = channels_[number];
  if (!(channel.control & kEnable) || channel.busy) return;
  channel.count = channel.reload;
  if (channel.count == 0) return;
  channel.busy = true;
  channel.triggered = channel.pace_from = now;
  channel.paced = 0;
  if (!active()) read_from_ = now + kDmaStart;
  active_ |= 1u << number;
  next_read_known_ = false;
  machine_.yield();
}

void Dma::abort(uint32_t numbers) {
  for (unsigned i = 0; i < kChannels; ++i) {
    if (!(numbers >> i & 1)) continue;
    channels_[i].busy = false;
    channels_[i].count = 0;
    active_ &= ~(1u << i);
    if (write_pending_ && write_channel_ == i) write_pending_ = false;
  }
  next_read_known_ = false;
}

/// When the channel's next element may be read; kNever if that is up to something else.
Cycles Dma::ready_at(const Channel& channel, Cycles now) {
  const unsigned request = request_of(channel.control);
  if (request == kPermanent) return now;
  if (request >= kFirstTimer) {
    // The timer passes X elements every Y cycles [DS 2.5.3.2].
    const uint32_t x = timers_[request - kFirstTimer] >> 16, y = timers_[request - kFirstTimer] & 0xffff;
    if (x == 0) return kNever;
    return std::max(now, channel.pace_from + (channel.paced + 1) * y / x);
  }
  return machine_.dreq_at(request, now);
}

Cycles Dma::next_access() {
  if (write_pending_) return write_at_;
  if (!next_read_known_) {
    next_read_ = kNever;
    for (uint32_t left = active_; left != 0; left &= left - 1) {
      next_read_ = std::min(next_read_,
                            ready_at(channels_[static_cast<unsigned>(std::countr_zero(left))], read_from_));
    }
    next_read_known_ = true;
  }
  return next_read_;
}

void Dma::step(Cycles now, bool tied) {
  if (write_pending_) {
    finish_write(now, tied);
    return;
  }
  // High-priority channels go first, the others by turns [DS 2.5.1.3]. What was expected to be ready may not
  // be: a stream loses its turn at the flash to a cache miss.
  for (const bool high : {true, false}) {
    for (unsigned k = 0; k < kChannels; ++k) {
      const unsigned i = (turn_ + k) % kChannels;
      if (!(active_ >> i & 1) || ((channels_[i].control & kHighPriority) != 0) != high) continue;
      if (ready_at(channels_[i], now) > now) continue;
      start_read(i, now, tied);
      return;
    }
  }
  read_from_ = now;
  next_read_known_ = false;
}

void Dma::start_read(unsigned number, Cycles now, bool tied) {
  Channel& channel = channels_[number];
  const PortId id = Bus::port_of(channel.read_address);
  Port& port = machine_.bus().port(id);
  if (port.free_at > now) {
    ++port.contested;
    read_from_ = port.free_at;
    next_read_known_ = false;
    return;
  }
  if (tied && machine_.defers(Master::kDmaRead, id, now)) return;
  port.take(Master::kDmaRead, now);
  const unsigned bytes = element_bytes(channel.control);
  uint32_t value = 0;
  Cycles done = now;
  if (region(channel.read_address) == kRegionXip && channel.read_address < kXipCtrlBase) {
    const Xip::Result result = machine_.xip().access(channel.read_address, now);
    done = result.done;
    if (result.miss) {
      port.free_at = done + 1;
      port.slow = true;
    }
  } else {
    done = now + Bus::wait_states(channel.read_address, false);
    port.free_at = done + 1;
  }
  machine_.arrive(done);
  if (machine_.held_block(channel.read_address) != nullptr ||
      !machine_.bus().read(-1, channel.read_address, bytes, done, &value)) {
    fail(number, false, channel.read_address, now);
    return;
  }
  turn_ = number + 1;
  if (channel.control & kByteSwap) {
    if (bytes == 4) value = __builtin_bswap32(value);
    if (bytes == 2) value = __builtin_bswap16(static_cast<uint16_t>(value));
  }
  if (channel.control & kIncrementRead) {
    channel.read_address =
        advance(channel.read_address, bytes, channel.control & kRingWrite ? 0 : ring_bits(channel.control));
  }
  ++channel.paced;
  write_pending_ = true;
  read_granted_ = done;
  write_at_ = done + 1;
  write_channel_ = number;
  write_value_ = value;
}

void Dma::finish_write(Cycles now, bool tied) {
  Channel& channel = channels_[write_channel_];
  const PortId id = Bus::port_of(channel.write_address);
  Port& port = machine_.bus().port(id);
  if (port.free_at > now) {
    ++port.contested;
    write_at_ = port.free_at;
    return;
  }
  if (tied && machine_.defers(Master::kDmaWrite, id, now)) return;
  port.take(Master::kDmaWrite, now);
  const unsigned bytes = element_bytes(channel.control);
  const Cycles done = now + Bus::wait_states(channel.write_address, true);
  port.free_at = done + 1;
  const uint32_t address = channel.write_address;
  write_pending_ = false;
  next_read_known_ = false;
  read_from_ = std::max(read_granted_ + 1, done);
  if (channel.control & kIncrementWrite) {
    channel.write_address =
        advance(address, bytes, channel.control & kRingWrite ? ring_bits(channel.control) : 0);
  }
  if ((channel.control & kSniffEnable) && (sniff_control_ & 1) &&
      (sniff_control_ >> 1 & 15) == write_channel_) {
    sniff(write_value_, bytes);
  }
  ++transfers_;
  machine_.arrive(done);
  // The write may be to the DMA's own registers: count down first, so that a channel that is reprogrammed by
  // its last element starts anew.
  const bool last = --channel.count == 0;
  const unsigned number = write_channel_;
  if (last) {
    channel.busy = false;
    active_ &= ~(1u << number);
  }
  if (machine_.held_block(address) != nullptr ||
      !machine_.bus().write(-1, address, bytes, done, write_value_)) {
    fail(number, true, address, now);
    return;
  }
  if (!last) return;
  if (machine_.observer() != nullptr)
    machine_.observer()->on_dma(number, channel.triggered, done, channel.reload);
  if (!(channel.control & kQuiet)) {
    raw_interrupts_ |= 1u << number;
    update_irqs(done);
  }
  const unsigned next = chain_to(channel.control);
  if (next != number && next < kChannels) trigger(next, done);
}

void Dma::fail(unsigned number, bool write, uint32_t address, Cycles now) {
  channels_[number].control |= kAhbError | (write ? kWriteError : kReadError);
  abort(1u << number);
  if (!machine_.options().stop_on_fault) return;
  Fault fault;
  fault.kind = write ? FaultKind::kDmaWrite : FaultKind::kDmaRead;
  fault.core = -1;
  fault.channel = number;
  fault.cycle = now;
  fault.address = address;
  fault.bytes = element_bytes(channels_[number].control);
  fault.write = write;
  fault.block = machine_.held_block(address);
  machine_.stop({StopKind::kFault, 0, fault});
}

/// The sniffer's checksums [DS 2.5.5.2].
void Dma::sniff(uint32_t value, unsigned bytes) {
  const uint32_t mode = sniff_control_ >> 5 & 15;
  const uint32_t narrow = bytes == 4 ? value : value & ((1u << 8 * bytes) - 1);
  if (mode == 0xf) {
    sniff_data_ += narrow;
    return;
  }
  if (mode == 0xe) {
    sniff_data_ ^= static_cast<uint32_t>(std::popcount(narrow) & 1);
    return;
  }
  const bool wide = mode < 2, reflected = mode & 1;
  const uint32_t polynomial = wide ? 0x04c11db7 : 0x10210000;
  uint32_t state = wide ? sniff_data_ : sniff_data_ << 16;
  for (unsigned i = 0; i < bytes; ++i) {
    uint32_t byte = narrow >> 8 * i & 255;
    if (reflected) byte = reversed(byte) >> 24;
    state ^= byte << 24;
    for (int bit = 0; bit < 8; ++bit) state = state & 1u << 31 ? state << 1 ^ polynomial : state << 1;
  }
  sniff_data_ = wide ? state : state >> 16;
}

void Dma::update_irqs(Cycles) {
  for (unsigned k = 0; k < 2; ++k) {
    machine_.set_irq(kIrq0Line + k, ((raw_interrupts_ & interrupt_enable_[k]) | interrupt_force_[k]) != 0);
  }
}

// ---- registers
// ---------------------------------------------------------------------------------------------

uint32_t& Dma::channel_register(Channel& channel, uint32_t offset) {
  switch (kAliases[offset / 4 & 15]) {
    case kRead:
      return channel.read_address;
    case kWrite:
      return channel.write_address;
    case kCount:
      return channel.count;
    case kControl:
      break;
  }
  return channel.control;
}

bool Dma::read(uint32_t offset, Cycles, uint32_t* value) {
  if (offset < 0x300) {
    Channel& channel = channels_[offset / 0x40];
    *value = channel_register(channel, offset);
    if (kAliases[offset / 4 & 15] == kControl && channel.busy) *value |= kBusy;
    return true;
  }
  if (offset >= 0x800 && offset < 0xb00) {  // debug: DREQ counter (not modelled: 0), reload value
    *value = offset & 4 ? channels_[(offset - 0x800) / 0x40].reload : 0;
    return (offset & 0x3f) < 8;
  }
  switch (offset) {
    case 0x400:
    case 0x410:
      *value = raw_interrupts_;
      return true;
    case 0x404:
      *value = interrupt_enable_[0];
      return true;
    case 0x408:
      *value = interrupt_force_[0];
      return true;
    case 0x40c:
      *value = (raw_interrupts_ & interrupt_enable_[0]) | interrupt_force_[0];
      return true;
    case 0x414:
      *value = interrupt_enable_[1];
      return true;
    case 0x418:
      *value = interrupt_force_[1];
      return true;
    case 0x41c:
      *value = (raw_interrupts_ & interrupt_enable_[1]) | interrupt_force_[1];
      return true;
    case 0x420:
    case 0x424:
    case 0x428:
    case 0x42c:
      *value = timers_[(offset - 0x420) / 4];
      return true;
    case 0x430:
      *value = 0;
      return true;
    case 0x434:
      *value = sniff_control_;
      return true;
    case 0x438:
      *value = sniff_data_;
      if (sniff_control_ >> 10 & 1) *value = reversed(*value);
      if (sniff_control_ >> 11 & 1) *value = ~*value;
      return true;
    case 0x440:  // FIFO levels: elements pass at once
    case 0x444:
      *value = 0;
      return true;
    case 0x448:
      *value = kChannels;
      return true;
    default:
      return false;
  }
}

bool Dma::write(uint32_t offset, const RegisterWrite& write, Cycles now) {
  next_read_known_ = false;
  machine_.yield();
  if (offset < 0x300) {
    const uint32_t number = offset / 0x40;
    Channel& channel = channels_[number];
    switch (kAliases[offset / 4 & 15]) {
      case kRead:
        channel.read_address = write.onto(channel.read_address);
        break;
      case kWrite:
        channel.write_address = write.onto(channel.write_address);
        break;
      case kCount:
        channel.reload = write.onto(channel.reload);
        if (!channel.busy) channel.count = channel.reload;
        break;
      case kControl: {
        const uint32_t errors = channel.control & (kWriteError | kReadError);
        const uint32_t value = write.onto(channel.control);
        channel.control = (value & kControlMask) | (errors & ~write.value);
        if (channel.control & (kWriteError | kReadError)) channel.control |= kAhbError;
        break;
      }
    }
    // A zero written to a trigger register is a null trigger: an interrupt for a quiet channel [DS 2.5.2.3].
    if ((offset & 15) == 12) {
      if (write.value != 0) {
        trigger(number, now);
      } else if (channel.control & kQuiet) {
        raw_interrupts_ |= 1u << number;
        update_irqs(now);
      }
    }
    return true;
  }
  switch (offset) {
    case 0x400:
    case 0x40c:
    case 0x410:
    case 0x41c:
      raw_interrupts_ &= ~write.value;
      break;
    case 0x404:
      interrupt_enable_[0] = write.onto(interrupt_enable_[0]) & 0xffff;
      break;
    case 0x408:
      interrupt_force_[0] = write.onto(interrupt_force_[0]) & 0xffff;
      break;
    case 0x414:
      interrupt_enable_[1] = write.onto(interrupt_enable_[1]) & 0xffff;
      break;
    case 0x418:
      interrupt_force_[1] = write.onto(interrupt_force_[1]) & 0xffff;
      break;
    case 0x420:
    case 0x424:
    case 0x428:
    case 0x42c: {
      uint32_t& timer = timers_[(offset - 0x420) / 4];
      timer = write.onto(timer);
      break;
    }
    case 0x430:
      for (unsigned i = 0; i < kChannels; ++i) {
        if (write.value >> i & 1) trigger(i, now);
      }
      break;
    case 0x434:
      sniff_control_ = write.onto(sniff_control_) & 0xfff;
      break;
    case 0x438:
      sniff_data_ = write.onto(sniff_data_);
      break;
    case 0x444:
      abort(write.value);
      break;
    default:
      return offset >= 0x800 && offset < 0xb00;
  }
  update_irqs(now);
  return true;
}

Cycles Dma::dreq_at(unsigned, Cycles) { return kNever; }

}  // namespace tandem::sim
