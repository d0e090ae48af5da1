#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "device.h"

namespace tandem::sim {

/// Registers that hold what was written, and do nothing else.
class RegisterFile : public Device {
 public:
  struct Register {
    uint32_t offset;
    uint32_t reset_value;
    uint32_t writable;
  };
  explicit RegisterFile(const std::vector<Register>& registers);

  bool read(uint32_t offset, Cycles now, uint32_t* value) override;
  bool write(uint32_t offset, const RegisterWrite& write, Cycles now) override;
  void reset(Cycles now) override;

 protected:
  uint32_t& at(uint32_t offset);

 private:
  struct Held {
    uint32_t offset = 0, value = 0, reset_value = 0, writable = 0;
  };
  Held* find(uint32_t offset);
  std::vector<Held> held_;
};

}  // namespace tandem::sim
