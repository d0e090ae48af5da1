#include <map>

#include "devices/devices.h"

// Blocks that are not modelled yet: their registers read back what was written, and every one touched is
// told.

namespace tandem::sim {

namespace {

class Unmodelled final : public Device {
 public:
  void reset(Cycles) override { registers_.clear(); }
  bool read(uint32_t offset, Cycles, uint32_t* value) override {
    const auto found = registers_.find(offset);
    *value = found == registers_.end() ? 0 : found->second;
    return false;
  }
  bool write(uint32_t offset, const RegisterWrite& write, Cycles) override {
    uint32_t& value = registers_[offset];
    value = write.onto(value);
    return false;
  }

 private:
  std::map<uint32_t, uint32_t> registers_;
};

}  // namespace

std::unique_ptr<Device> make_unmodelled(Machine&, const DeviceSite&) {
  return std::make_unique<Unmodelled>();
}

}  // namespace tandem::sim
