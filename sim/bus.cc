#include "bus.h"

#include <cstring>

#include "machine.h"
#include "xip.h"

namespace tandem::sim {

namespace {

uint32_t replicated(uint32_t value, unsigned bytes) {
  if (bytes == 1) return (value & 0xff) * 0x01010101;
  if (bytes == 2) return (value & 0xffff) * 0x00010001;
  return value;
}

}  // namespace

Bus::Bus(Machine& machine, Xip& xip, std::vector<uint8_t>& flash)
    : machine_(machine),
      xip_(xip),
      flash_(flash),
      rom_(kRomBytes),
      sram_(kSramBytes),
      cache_sram_(kCacheBytes) {}

uint8_t* Bus::memory(uint32_t address, uint32_t* bytes_left) {
  const auto within = [&](std::vector<uint8_t>& memory, uint32_t offset) -> uint8_t* {
    if (offset >= memory.size()) return nullptr;
    *bytes_left = static_cast<uint32_t>(memory.size()) - offset;
    return memory.data() + offset;
  };
  switch (address >> 24) {
    case 0x00:
      return within(rom_, address);
    case 0x10:
    case 0x11:
    case 0x12:
    case 0x13:
      return within(flash_, address & (kFlashWindowBytes - 1));
    case 0x15:
      return within(cache_sram_, address - kCacheSramBase);
    case 0x20:
      return within(sram_, address - kSramBase);
    case 0x21: {
      const uint32_t offset = address - kSramPlainBase;
      if (offset >= kStripedBytes) return nullptr;
      const uint32_t bank = offset >> 16, word = (offset & 0xffff) >> 2;
      *bytes_left = 4 - (offset & 3);  // the bank's next word is 16 bytes on
      return sram_.data() + word * 16 + bank * 4 + (offset & 3);
    }
    default:
      return nullptr;
  }
}

/// The cache's memory is the program's only while there is no cache [DS 2.6.3.1].
bool Bus::answers(uint32_t address) const {
  return address >> 24 != kCacheSramBase >> 24 || !xip_.cache_enabled();
}

bool Bus::read(int core, uint32_t address, unsigned bytes, Cycles now, uint32_t* value) {
  uint32_t left = 0;
  if (const uint8_t* memory = this->memory(address, &left); memory != nullptr) {
    if (left < bytes || !answers(address)) return false;
    if (region(address) == kRegionXip && address < kXipCtrlBase && core >= 0 && !xip_.configured())
      return false;
    *value = 0;
    std::memcpy(value, memory, bytes);
    return true;
  }
  uint32_t word = 0;
  if (!read_io(core, address & ~3u, now, &word)) return false;
  *value = word >> 8 * (address & 3) & (bytes == 4 ? ~0u : (1u << 8 * bytes) - 1);
  return true;
}

bool Bus::write(int core, uint32_t address, unsigned bytes, Cycles now, uint32_t value) {
  uint32_t left = 0;
  if (uint8_t* memory = this->memory(address, &left); memory != nullptr) {
    if (left < bytes || !answers(address)) return false;
    if (region(address) == kRegionRom) return true;  // has no effect [DS 2.6.1]
    if (region(address) == kRegionXip && address < kXipCtrlBase) {
      xip_.invalidate(address);
      return true;
    }
    std::memcpy(memory, &value, bytes);
    return true;
  }
  return write_io(core, address & ~3u, now, replicated(value, bytes));
}

bool Bus::read_io(int core, uint32_t address, Cycles now, uint32_t* word) {
  bool known = false;
  if (address >> 16 == kXipCtrlBase >> 16) {
    known = xip_.read_control(address & 0xfff, now, word);
  } else if (address >> 16 == kSsiBase >> 16) {
    known = xip_.read_ssi(address & 0xfff, now, word);
  } else if (address >> 20 == kXipAuxBase >> 20) {
    *word = xip_.pop_stream(now);
    known = true;
  } else if (Device* device = machine_.device_at(address); device != nullptr) {
    known = device->read(address & ~(3u << kAliasShift) & (region(address) == kRegionApb ? 0x3fff : 0xfffff),
                         now, word);
  } else {
    return false;
  }
  if (!known) machine_.warn(core, address, false);
  return true;
}

bool Bus::write_io(int core, uint32_t address, Cycles now, uint32_t word) {
  const RegisterWrite write{word, static_cast<RegisterWrite::Kind>(address >> kAliasShift & 3)};
  bool known = false;
  if (address >> 16 == kXipCtrlBase >> 16) {
    uint32_t old = 0;
    const uint32_t offset = address & 0xfff;
    if (write.kind != RegisterWrite::Kind::kPlain) xip_.read_control(offset, now, &old);
    known = xip_.write_control(offset, write.onto(old), now);
  } else if (address >> 16 == kSsiBase >> 16) {
    uint32_t old = 0;
    const uint32_t offset = address & 0xfff;
    if (write.kind != RegisterWrite::Kind::kPlain) xip_.read_ssi(offset, now, &old);
    known = xip_.write_ssi(offset, write.onto(old), now);
  } else if (address >> 20 == kXipAuxBase >> 20) {
    known = true;
  } else if (Device* device = machine_.device_at(address); device != nullptr) {
    known = device->write(address & ~(3u << kAliasShift) & (region(address) == kRegionApb ? 0x3fff : 0xfffff),
                          write, now);
  } else {
    return false;
  }
  if (!known) machine_.warn(core, address, true);
  machine_.reschedule();
  return true;
}

}  // namespace tandem::sim
