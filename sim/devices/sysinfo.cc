#include "devices/devices.h"
#include "devices/register_file.h"
#include "machine.h"

// SYSINFO [DS 2.20], SYSCFG [DS 2.21], TBMAN [DS 2.22], VREG_AND_CHIP_RESET [DS 2.10.6]: as far as start-up
// code looks at them.

namespace tandem::sim {

namespace {

using Registers = std::vector<RegisterFile::Register>;

class Syscfg final : public RegisterFile {
 public:
  explicit Syscfg(Machine& machine)
      : RegisterFile(Registers{{0x00, 0, ~0u},
                               {0x04, 0, ~0u},
                               {0x08, 0x10000000, 0xff000000},
                               {0x0c, 0, 0x3fffffff},
                               {0x10, 0, 0x3f},
                               {0x14, 0x66, 0xff},
                               {0x18, 0, 0xff}}),
        machine_(machine) {}
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    constexpr uint32_t kNmiMaskEnd = 0x08;  // NMI masks are not modelled: say so
    if (offset < kNmiMaskEnd && write.value != 0) return false;
    return RegisterFile::write(offset, write, now);
  }

 private:
  Machine& machine_;
};

}  // namespace

std::unique_ptr<Device> make_sysinfo(Machine&, const DeviceSite&) {
  // Chip RP2040 B2; an ASIC, not an FPGA.
  return std::make_unique<RegisterFile>(
      Registers{{0x00, 0x20002927, 0}, {0x04, 2, 0}, {0x10, 0, 0}, {0x40, 0, 0}});
}

std::unique_ptr<Device> make_syscfg(Machine& machine, const DeviceSite&) {
  return std::make_unique<Syscfg>(machine);
}

std::unique_ptr<Device> make_tbman(Machine&, const DeviceSite&) {
  return std::make_unique<RegisterFile>(Registers{{0x00, 1, 0}});
}

std::unique_ptr<Device> make_vreg(Machine&, const DeviceSite&) {
  constexpr uint32_t kRegulated = 1u << 12, kHadPowerOn = 1u << 8;
  return std::make_unique<RegisterFile>(
      Registers{{0x00, 0xb1 | kRegulated, 0xf3}, {0x04, 0x91, 0xf1}, {0x08, kHadPowerOn, 0x01000000}});
}

}  // namespace tandem::sim
