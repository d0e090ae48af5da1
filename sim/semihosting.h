#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandem::sim {

class Core;
class Machine;

/// Arm semihosting (BKPT 0xAB) [Semihosting for AArch32 and AArch64, 2.0]: console output, exit, reading host
/// files, clocks.
class Semihosting {
 public:
  explicit Semihosting(Machine& machine) : machine_(machine) {}
  void reset() { files_.clear(); }
  /// Does what r0 asks for with the arguments at r1, and leaves the answer in r0.
  void call(Core& core);

 private:
  struct File {
    bool console = false;
    std::vector<uint8_t> bytes;
    uint32_t position = 0;
  };
  uint32_t word(uint32_t address) const;
  uint32_t open(uint32_t arguments);
  uint32_t read(uint32_t arguments);
  File* file(uint32_t handle);

  Machine& machine_;
  std::vector<std::optional<File>> files_;
};

}  // namespace tandem::sim
