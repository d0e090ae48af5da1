#pragma once

#include <cstdint>
#include <memory>

#include "device.h"

namespace tandem::sim {

class Machine;

/// What a line of devices.inc says.
struct DeviceSite {
  const char* name;
  uint32_t base;
  int reset_bit;   ///< in RESETS.RESET [DS 2.14.3]; -1: none
  int irq;         ///< first interrupt line [DS 2.3.2]; -1: none
  int dreq;        ///< first data request [DS 2.5.3.1]; -1: none
  unsigned dreqs;  ///< how many
};

#define TANDEM_DEVICE(name, base, reset_bit, irq, dreq, dreqs, make) \
  std::unique_ptr<Device> make(Machine& machine, const DeviceSite& site);
#include "devices.inc"
#undef TANDEM_DEVICE

}  // namespace tandem::sim
