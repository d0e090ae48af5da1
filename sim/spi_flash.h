#pragma once

#include <cstdint>
#include <vector>

namespace tandem::sim {

/// A W25Q-like serial flash chip on one data line: identification, status registers, read, program, erase.
/// Its program and erase times are not modelled: the busy bit is never seen.
class SpiFlash {
 public:
  explicit SpiFlash(std::vector<uint8_t>& memory) : memory_(memory) {}

  void reset();
  void select(bool low);
  /// One byte in, one byte out.
  uint8_t transfer(uint8_t in);

 private:
  uint8_t respond(uint8_t in);
  void execute();

  std::vector<uint8_t>& memory_;
  bool selected_ = false;
  uint32_t position_ = 0;  ///< bytes since chip select
  uint8_t command_ = 0;
  uint32_t address_ = 0;
  std::vector<uint8_t> page_;
  bool write_enabled_ = false;
  uint8_t status_[2] = {0, 0x02};  ///< quad mode is enabled, as programmers leave it
};

}  // namespace tandem::sim
