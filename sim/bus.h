#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "memory_map.h"
#include "observer.h"
#include "timing.h"

namespace tandem::sim {

class Machine;
class Xip;

/// The crossbar's downstream ports [DS 2.1.1]. Each serves one access a cycle.
enum class PortId : uint8_t { kSram0, kSram1, kSram2, kSram3, kSram4, kSram5, kXip, kRom, kApb, kAhb };
inline constexpr size_t kPorts = 10;

/// Arbitration is this small because masters ask in cycle order (see Machine::run): a port is free from
/// `free_at` on, and who finds it taken asks again then, along with everyone else who wants it. Whose turn it
/// is among them, Machine::defers says.
struct Port {
  Cycles free_at = 0;
  Master owner = Master::kDmaWrite;  ///< of the last access; the turn is the next master's
  uint64_t accesses = 0;
  uint64_t contested =
      0;              ///< accesses that had to wait for another master's [DS 2.1.1.1, performance counters]
  bool slow = false;  ///< that access is an XIP miss

  void take(Master master, Cycles now) {
    free_at = now + 1;
    owner = master;
    slow = false;
    ++accesses;
  }
};

/// Memories and address decoding: what an access does, and which port it goes through. Memory contents are
/// little-endian, as are the hosts this runs on.
class Bus {
  static constexpr unsigned kAliasShift = 12;  ///< address bits 13:12 of a register [DS 2.1.2]
  static constexpr uint32_t kFirstInterposed = 0x34000 >> 14, kLastInterposed = 0x48000 >> 14;  // UART0-I2C1

 public:
  Bus(Machine& machine, Xip& xip, std::vector<uint8_t>& flash);

  Port& port(PortId id) { return ports_[static_cast<size_t>(id)]; }
  const Port& port(PortId id) const { return ports_[static_cast<size_t>(id)]; }

  /// The bank of an offset in SRAM: 256 KB striped by word over four banks, then two of 4 KB [DS 2.6.2].
  static constexpr PortId sram_bank(uint32_t offset) {
    if (offset < kStripedBytes) return static_cast<PortId>(offset >> 2 & 3);
    return offset < kStripedBytes + kScratchBytes ? PortId::kSram4 : PortId::kSram5;
  }
  /// The port of an address outside the processor (not SIO, not PPB). Unmapped ones go to the AHB splitter.
  static constexpr PortId port_of(uint32_t address) {
    switch (region(address)) {
      case kRegionSram:
        return address < kSramPlainBase ? sram_bank(address - kSramBase)
                                        : static_cast<PortId>(address >> 16 & 3);
      case kRegionXip:
        return PortId::kXip;
      case kRegionRom:
        return PortId::kRom;
      case kRegionApb:
        return PortId::kApb;
      default:
        return PortId::kAhb;
    }
  }

  /// The cycles beyond one that an access's data phase takes, those of an XIP miss not counted. I2C, UART,
  /// SPI and the SSI have their set, clear and XOR addresses by a bus interposer, which reads first
  /// [DS 2.1.2].
  static constexpr Cycles wait_states(uint32_t address, bool write) {
    const uint32_t block = address >> 14 & 31;  // on APB
    const bool apb = region(address) == kRegionApb;
    const bool interposed =
        apb ? block >= kFirstInterposed && block <= kLastInterposed : address >> 16 == kSsiBase >> 16;
    const Cycles wait = !apb ? 0 : write ? kApbWriteWait : kApbReadWait;
    return wait + (write && interposed && (address >> kAliasShift & 3) != 0 ? kInterposerWait : 0);
  }

  /// Reads or writes 1, 2 or 4 aligned bytes at cycle `now`, peripherals included. `core`: 0, 1, or -1 for
  /// the DMA and the host. False: nothing answers at that address.
  bool read(int core, uint32_t address, unsigned bytes, Cycles now, uint32_t* value);
  bool write(int core, uint32_t address, unsigned bytes, Cycles now, uint32_t value);

  /// The memory (ROM, flash, SRAM, cache as SRAM) that holds `address` and how many bytes of it follow, or
  /// null.
  uint8_t* memory(uint32_t address, uint32_t* bytes_left);

  uint8_t* sram() { return sram_.data(); }
  std::vector<uint8_t>& rom() { return rom_; }

 private:
  bool answers(uint32_t address) const;
  bool read_io(int core, uint32_t address, Cycles now, uint32_t* word);
  bool write_io(int core, uint32_t address, Cycles now, uint32_t word);

  Machine& machine_;
  Xip& xip_;
  std::array<Port, kPorts> ports_{};
  std::vector<uint8_t>& flash_;
  std::vector<uint8_t> rom_, sram_, cache_sram_;
};

}  // namespace tandem::sim
