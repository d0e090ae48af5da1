#pragma once

#include <cstdint>
#include <span>

namespace tandem::sim {

class Core;
class Machine;

/// The boot ROM [DS 2.8]: an image of the chip's, or high-level code (rom.S) whose UDF instructions end here.
/// Functions done here take a typical time, not the chip's to the cycle; with the image they run as they are.
class Rom {
 public:
  explicit Rom(Machine& machine) : machine_(machine) {}

  void use_high_level();
  void use_image(std::span<const uint8_t> image);
  bool high_level() const { return high_level_; }

  /// Executes `UDF #service` of the high-level ROM; the core branches. False: there is no such service.
  bool call(Core& core, unsigned service);

 private:
  bool boot(Core& core);
  bool watchdog_boot(Core& core);
  bool flash_service(Core& core, unsigned service);
  void spend_seconds(Core& core, double seconds);

  Machine& machine_;
  bool high_level_ = true;
};

/// The checksum of the second stage's first 252 bytes that stands in its last word [DS 2.8.1.3.1]: CRC-32
/// with polynomial 0x04c11db7, most significant bit first, initially all ones.
uint32_t boot2_checksum(std::span<const uint8_t> bytes);

}  // namespace tandem::sim
