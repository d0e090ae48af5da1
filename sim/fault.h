#pragma once

#include <array>
#include <cstdint>

#include "timing.h"

namespace tandem::sim {

enum class FaultKind : uint8_t {
  kUnaligned,      ///< load or store at an address that isn't a multiple of its size
  kUnmapped,       ///< nothing answers there, or it can't be written
  kFetchUnmapped,  ///< instruction fetch from where no memory is
  kUndefined,      ///< undefined instruction
  kArmState,       ///< branch to an address without the Thumb bit
  kBreakpoint,     ///< BKPT other than semihosting
  kSvcPriority,    ///< SVC where its exception can't preempt
  kStackLimit,     ///< the stack pointer fell below its stack
  kStacking,       ///< an exception's frame could not be written or read
  kVector,         ///< bad exception vector
  kDmaRead,
  kDmaWrite,  ///< bus error of a DMA transfer
};

/// What a fault's reader needs: data only, the words are the program's around the simulator.
struct Fault {
  FaultKind kind{};
  int core = 0;  ///< -1: the DMA; `channel` says which
  unsigned channel = 0;
  Cycles cycle = 0;
  uint32_t pc = 0;       ///< of the instruction at fault
  uint16_t opcode = 0;   ///< its first halfword, 0 if it could not be fetched
  uint32_t address = 0;  ///< accessed, branched to, or the stack's limit
  unsigned bytes = 0;    ///< size of the access, 0 if it isn't one
  bool write = false;
  const char* block = nullptr;           ///< the peripheral, if it's held in reset
  std::array<uint32_t, 16> registers{};  ///< r0-r12, sp, lr, pc
  uint32_t xpsr = 0, msp = 0, psp = 0, primask = 0, control = 0;
};

}  // namespace tandem::sim
