#include "devices/register_file.h"

#include <algorithm>

namespace tandem::sim {

RegisterFile::RegisterFile(const std::vector<Register>& registers) {
  for (const Register& r : registers) held_.push_back({r.offset, r.reset_value, r.reset_value, r.writable});
}

RegisterFile::Held* RegisterFile::find(uint32_t offset) {
  const auto found =
      std::find_if(held_.begin(), held_.end(), [&](const Held& h) { return h.offset == offset; });
  return found == held_.end() ? nullptr : &*found;
}

uint32_t& RegisterFile::at(uint32_t offset) { return find(offset)->value; }

bool RegisterFile::read(uint32_t offset, Cycles, uint32_t* value) {
  const Held* held = find(offset);
  if (held == nullptr) return false;
  *value = held->value;
  return true;
}

bool RegisterFile::write(uint32_t offset, const RegisterWrite& write, Cycles) {
  Held* held = find(offset);
  if (held == nullptr) return false;
  held->value = (held->value & ~held->writable) | (write.onto(held->value) & held->writable);
  return true;
}

void RegisterFile::reset(Cycles) {
  for (Held& held : held_) held.value = held.reset_value;
}

}  // namespace tandem::sim
