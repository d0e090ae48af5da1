#include "devices/devices.h"
#include "devices/register_file.h"
#include "machine.h"

// Pin control [DS 2.19]. Nothing is connected to the pins, so functions and pads only hold their settings;
// but flash code pulls the QSPI chip select by hand through IO_QSPI.

namespace tandem::sim {

namespace {

using Registers = std::vector<RegisterFile::Register>;

Registers io_registers(uint32_t pins, uint32_t interrupt_bytes) {
  Registers registers;
  for (uint32_t pin = 0; pin < pins; ++pin) {
    registers.push_back({pin * 8, 0, 0});                  // STATUS
    registers.push_back({pin * 8 + 4, 0x1f, 0x3003331f});  // CTRL: no function
  }
  // INTR, then for each core and the dormant wake-up INTE, INTF, INTS
  for (uint32_t at = pins * 8; at < pins * 8 + interrupt_bytes; at += 4) registers.push_back({at, 0, ~0u});
  return registers;
}

Registers pad_registers(uint32_t pads, uint32_t reset_value) {
  Registers registers{{0x00, 0, 1}};  // VOLTAGE_SELECT
  for (uint32_t pad = 0; pad < pads; ++pad) registers.push_back({4 + pad * 4, reset_value, 0xff});
  return registers;
}

class IoQspi final : public RegisterFile {
 public:
  explicit IoQspi(Machine& machine) : RegisterFile(io_registers(6, 7 * 4)), machine_(machine) {}
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override {
    constexpr uint32_t kSsCtrl = 0x0c, kOverrideLow = 2;
    const bool known = RegisterFile::write(offset, write, now);
    if (offset == kSsCtrl) {
      const uint32_t override_mode = at(kSsCtrl) >> 8 & 3;  // OUTOVER: normal, inverted, low, high
      machine_.xip().force_chip_select(override_mode >= kOverrideLow, override_mode == kOverrideLow);
    }
    return known;
  }

 private:
  Machine& machine_;
};

}  // namespace

std::unique_ptr<Device> make_io_bank0(Machine&, const DeviceSite&) {
  return std::make_unique<RegisterFile>(io_registers(30, 0xa0));
}
std::unique_ptr<Device> make_io_qspi(Machine& machine, const DeviceSite&) {
  return std::make_unique<IoQspi>(machine);
}
std::unique_ptr<Device> make_pads_bank0(Machine&, const DeviceSite&) {
  return std::make_unique<RegisterFile>(pad_registers(32, 0x56));
}
std::unique_ptr<Device> make_pads_qspi(Machine&, const DeviceSite&) {
  return std::make_unique<RegisterFile>(pad_registers(6, 0x52));
}

}  // namespace tandem::sim
