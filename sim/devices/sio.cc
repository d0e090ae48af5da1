#include "sio.h"

#include <algorithm>
#include <limits>

#include "core.h"
#include "machine.h"

// SIO registers, offsets from 0xd0000000 [DS 2.3.1.7].

namespace tandem::sim {

namespace {

constexpr uint32_t kBlockBytes = 0x200;
constexpr uint32_t kGpio = 0x10, kGpioEnd = 0x50, kFifoSt = 0x50, kFifoWr = 0x54, kFifoRd = 0x58,
                   kSpinlockSt = 0x5c;
constexpr uint32_t kDivUdividend = 0x60, kDivUdivisor = 0x64, kDivSdividend = 0x68, kDivSdivisor = 0x6c,
                   kDivQuotient = 0x70, kDivRemainder = 0x74, kDivCsr = 0x78;
constexpr uint32_t kInterp = 0x80, kInterpEnd = 0x100, kInterpBytes = 0x40;
constexpr uint32_t kSpinlocks = 0x100, kSpinlocksEnd = 0x180;
constexpr unsigned kIrqProc0 = 15;

// INTERPx_CTRL_LANEx fields.
constexpr uint32_t shift_of(uint32_t control) { return control & 31; }
constexpr uint32_t mask_lsb(uint32_t control) { return control >> 5 & 31; }
constexpr uint32_t mask_msb(uint32_t control) { return control >> 10 & 31; }
constexpr bool is_signed(uint32_t control) { return control >> 15 & 1; }
constexpr bool cross_input(uint32_t control) { return control >> 16 & 1; }
constexpr bool cross_result(uint32_t control) { return control >> 17 & 1; }
constexpr bool add_raw(uint32_t control) { return control >> 18 & 1; }
constexpr uint32_t force_msb(uint32_t control) { return control >> 19 & 3; }
constexpr bool blend_mode(uint32_t control) { return control >> 21 & 1; }  // interpolator 0, lane 0
constexpr bool clamp_mode(uint32_t control) { return control >> 22 & 1; }  // interpolator 1, lane 0

}  // namespace

void Sio::reset(Cycles now) {
  cores_ = {};
  shared_ = before_ = {};
  changed_at_ = kNever;
  for (const int core : {0, 1}) update_fifo_irq(core, now);
}

void Sio::divide(Divider& d, bool signed_division, Cycles now) {
  if (d.divisor == 0) {  // as the hardware defines it [DS 2.3.1.5]
    d.quotient = signed_division && static_cast<int32_t>(d.dividend) < 0 ? 1 : ~0u;
    d.remainder = d.dividend;
  } else if (!signed_division) {
    d.quotient = d.dividend / d.divisor;
    d.remainder = d.dividend % d.divisor;
  } else {
    const int64_t a = static_cast<int32_t>(d.dividend), b = static_cast<int32_t>(d.divisor);
    d.quotient = static_cast<uint32_t>(a / b);
    d.remainder = static_cast<uint32_t>(a % b);
  }
  d.ready_at = now + kDividerCycles;
  d.dirty = true;
}

/// [DS 2.3.1.6]: each lane is shifted, masked and sign-extended, then added to its base.
Sio::InterpolatorResults Sio::evaluate(const Interpolator& interpolator, int number) {
  InterpolatorResults r;
  for (uint32_t lane = 0; lane < 2; ++lane) {
    const uint32_t control = interpolator.control[lane];
    const uint32_t input = interpolator.accumulator[cross_input(control) ? lane ^ 1 : lane];
    const uint32_t shifted = input >> shift_of(control);
    const uint32_t lsb = mask_lsb(control), msb = mask_msb(control);
    const uint32_t below_msb = static_cast<uint32_t>((uint64_t{2} << msb) - 1);
    const uint32_t mask = msb < lsb ? 0 : below_msb & ~((1u << lsb) - 1);
    uint32_t masked = shifted & mask;
    r.overflow[lane] = (shifted & ~below_msb) != 0;
    if (is_signed(control) && (masked >> msb & 1)) masked |= ~below_msb;
    r.masked[lane] = masked;
    r.value[lane] = interpolator.base[lane] + (add_raw(control) ? input : masked);
  }
  r.value[2] = interpolator.base[2] + r.masked[0] + r.masked[1];
  if (number == 0 && blend_mode(interpolator.control[0])) {
    // Lane 1's low byte blends base 0 into base 1; result 0 is that fraction, result 2 leaves lane 1 out.
    const uint32_t alpha = r.masked[1] & 255;
    const bool wide_signed = is_signed(interpolator.control[1]);
    const auto extend = [&](uint32_t v) {
      return wide_signed ? int64_t{static_cast<int32_t>(v)} : int64_t{v};
    };
    const int64_t from = extend(interpolator.base[0]), to = extend(interpolator.base[1]);
    r.value[0] = alpha;
    r.value[1] = static_cast<uint32_t>(from + ((to - from) * int64_t{alpha} >> 8));
    r.value[2] = interpolator.base[2] + r.masked[0];
  }
  if (number == 1 && clamp_mode(interpolator.control[0])) {
    const uint32_t low = interpolator.base[0], high = interpolator.base[1], v = r.masked[0];
    if (is_signed(interpolator.control[0])) {
      const auto s = static_cast<int32_t>(v);
      r.value[0] = s < static_cast<int32_t>(low) ? low : s > static_cast<int32_t>(high) ? high : v;
    } else {
      r.value[0] = v < low ? low : v > high ? high : v;
    }
  }
  return r;
}

uint32_t Sio::read_interpolator(Interpolator& interpolator, int number, uint32_t offset) {
  const InterpolatorResults r = evaluate(interpolator, number);
  const auto with_forced_bits = [&](uint32_t lane) {
    return lane == 2 ? r.value[2] : r.value[lane] | force_msb(interpolator.control[lane]) << 28;
  };
  switch (offset) {
    case 0x00:
    case 0x04:
      return interpolator.accumulator[offset / 4];
    case 0x08:
    case 0x0c:
    case 0x10:
      return interpolator.base[(offset - 0x08) / 4];
    case 0x14:  // POP: read, and the results go back into the accumulators
    case 0x18:
    case 0x1c:
      for (uint32_t lane = 0; lane < 2; ++lane) {
        interpolator.accumulator[lane] = r.value[cross_result(interpolator.control[lane]) ? lane ^ 1 : lane];
      }
      return with_forced_bits((offset - 0x14) / 4);
    case 0x20:  // PEEK
    case 0x24:
    case 0x28:
      return with_forced_bits((offset - 0x20) / 4);
    case 0x2c:
      return interpolator.control[0] | (r.overflow[0] ? 1u << 23 : 0) | (r.overflow[1] ? 1u << 24 : 0) |
             (r.overflow[0] || r.overflow[1] ? 1u << 25 : 0);
    case 0x30:
      return interpolator.control[1];
    // The raw lanes: shifted and masked, nothing added.
    case 0x34:
      return r.masked[0];
    case 0x38:
      return r.masked[1];
    default:
      return 0;
  }
}

void Sio::write_interpolator(Interpolator& interpolator, int number, uint32_t offset, uint32_t value) {
  switch (offset) {
    case 0x00:
    case 0x04:
      interpolator.accumulator[offset / 4] = value;
      break;
    case 0x08:
    case 0x0c:
    case 0x10:
      interpolator.base[(offset - 0x08) / 4] = value;
      break;
    case 0x2c:
      interpolator.control[0] = value & (number == 0 ? 0x3fffff : 0x5fffff);
      break;
    case 0x30:
      interpolator.control[1] = value & 0x1fffff;
      break;
    case 0x34:
    case 0x38:
      interpolator.accumulator[(offset - 0x34) / 4] += value & 0xffffff;
      break;
    case 0x3c:  // both bases at once, sign-extended as their lanes are
      interpolator.base[0] = is_signed(interpolator.control[0])
                                 ? static_cast<uint32_t>(static_cast<int16_t>(value))
                                 : value & 0xffff;
      interpolator.base[1] = is_signed(interpolator.control[1])
                                 ? static_cast<uint32_t>(static_cast<int16_t>(value >> 16))
                                 : value >> 16;
      break;
    default:
      break;  // POP, PEEK: read only
  }
}

void Sio::update_fifo_irq(int core, Cycles now) {
  const PerCore& mine = cores_[static_cast<size_t>(core)];
  machine_.core(core).set_irq(
      kIrqProc0 + static_cast<unsigned>(core),
      shared_.queued[static_cast<size_t>(core)] != 0 || mine.write_overflow || mine.read_underflow, now);
}

uint32_t Sio::read_word(Core& core, uint32_t offset, bool* known) {
  const auto id = static_cast<size_t>(core.id());
  PerCore& mine = cores_[id];
  const Shared& shared = seen(core.time());
  Divider& divider = mine.divider;
  if (offset >= kSpinlocks && offset < kSpinlocksEnd) {  // reading claims it; 0: somebody has it
    const uint32_t bit = 1u << (offset - kSpinlocks) / 4;
    // Free at the cycle's start, and the other core hasn't claimed it in this one.
    if ((shared.spinlocks | shared_.spinlocks) & bit) return 0;
    change(core.time()).spinlocks |= bit;
    return bit;
  }
  if (offset >= kInterp && offset < kInterpEnd) {
    const uint32_t number = (offset - kInterp) / kInterpBytes;
    return read_interpolator(mine.interpolators[number], static_cast<int>(number), offset % kInterpBytes);
  }
  switch (offset) {
    case 0x00:
      return static_cast<uint32_t>(core.id());
    case 0x04:
      return shared.gpio[0] & shared.gpio[1];
    case 0x08:
      return (shared.gpio[2] & shared.gpio[3]) | 0x2;  // QSPI SS is pulled up: BOOTSEL isn't pressed
    case 0x10:
      return shared.gpio[0];
    case 0x20:
      return shared.gpio[1];
    case 0x30:
      return shared.gpio[2];
    case 0x40:
      return shared.gpio[3];
    case kFifoSt:
      return (shared.queued[id] != 0 ? 1u : 0) | (shared.queued[id ^ 1] < kFifoDepth ? 2u : 0) |
             (mine.write_overflow ? 4u : 0) | (mine.read_underflow ? 8u : 0);
    case kFifoRd: {
      uint32_t word = 0;
      if (shared.queued[id] == 0) {
        mine.read_underflow = true;
      } else {
        word = mine.inbox.pop();
        --change(core.time()).queued[id];
      }
      update_fifo_irq(core.id(), core.time());
      return word;
    }
    case kSpinlockSt:
      return shared.spinlocks;
    case kDivUdividend:
    case kDivSdividend:
      return divider.dividend;
    case kDivUdivisor:
    case kDivSdivisor:
      return divider.divisor;
    case kDivQuotient:
      divider.dirty = false;
      return divider.quotient;
    case kDivRemainder:
      return divider.remainder;
    case kDivCsr:
      return (core.time() >= divider.ready_at ? 1u : 0) | (divider.dirty ? 2u : 0);
    default:
      *known = false;
      return 0;
  }
}

bool Sio::write_word(Core& core, uint32_t offset, uint32_t value) {
  PerCore& mine = cores_[static_cast<size_t>(core.id())];
  const int other_id = core.id() ^ 1;
  PerCore& other = cores_[static_cast<size_t>(other_id)];
  Divider& divider = mine.divider;
  if (offset >= kSpinlocks && offset < kSpinlocksEnd) {
    change(core.time()).spinlocks &= ~(1u << (offset - kSpinlocks) / 4);
    return true;
  }
  if (offset >= kInterp && offset < kInterpEnd) {
    const uint32_t number = (offset - kInterp) / kInterpBytes;
    write_interpolator(mine.interpolators[number], static_cast<int>(number), offset % kInterpBytes, value);
    return true;
  }
  if (offset >= kGpio && offset < kGpioEnd) {  // each register, then set, clear, XOR
    uint32_t& reg = change(core.time()).gpio[(offset - kGpio) / 16];
    switch (offset & 15) {
      case 0:
        reg = value;
        break;
      case 4:
        reg |= value;
        break;
      case 8:
        reg &= ~value;
        break;
      default:
        reg ^= value;
        break;
    }
    return true;
  }
  switch (offset) {
    case kFifoSt:
      if (value & 4) mine.write_overflow = false;
      if (value & 8) mine.read_underflow = false;
      update_fifo_irq(core.id(), core.time());
      return true;
    case kFifoWr:
      if (seen(core.time()).queued[static_cast<size_t>(other_id)] == kFifoDepth) {
        mine.write_overflow = true;
        update_fifo_irq(core.id(), core.time());
      } else {
        other.inbox.push(value, change(core.time()).queued[static_cast<size_t>(other_id)]++);
        update_fifo_irq(other_id, core.time());
      }
      return true;
    case kDivUdividend:
    case kDivSdividend:
      divider.dividend = value;
      break;
    case kDivUdivisor:
    case kDivSdivisor:
      divider.divisor = value;
      break;
    case kDivQuotient:
    case kDivRemainder:  // restoring a saved result
      (offset == kDivQuotient ? divider.quotient : divider.remainder) = value;
      divider.dirty = true;
      divider.ready_at = core.time();
      return true;
    case 0x00:
    case 0x04:
    case 0x08:
    case kFifoRd:
    case kSpinlockSt:
    case kDivCsr:
      return true;  // read only
    default:
      return false;
  }
  divide(divider, offset == kDivSdividend || offset == kDivSdivisor, core.time());
  return true;
}

bool Sio::read(Core& core, uint32_t address, unsigned bytes, uint32_t* value) {
  const uint32_t offset = address - kSioBase;
  if (offset >= kBlockBytes) return false;
  bool known = true;
  const uint32_t word = read_word(core, offset & ~3u, &known);
  if (!known) machine_.warn(core.id(), address, false);
  *value = word >> 8 * (address & 3) & (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1);
  return true;
}

bool Sio::write(Core& core, uint32_t address, unsigned bytes, uint32_t value) {
  const uint32_t offset = address - kSioBase;
  if (offset >= kBlockBytes) return false;
  // Narrow writes are replicated over the word, as for all IO registers [DS 2.1.4].
  if (bytes == 1) value = (value & 0xff) * 0x01010101;
  if (bytes == 2) value = (value & 0xffff) * 0x00010001;
  if (!write_word(core, offset & ~3u, value)) machine_.warn(core.id(), address, true);
  return true;
}

}  // namespace tandem::sim
