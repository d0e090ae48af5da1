#include "kernels/resource_variable.h"

#include <cstring>

namespace tandem {
namespace {

// Where the variable lies; null if the handle is none of a variable of this size.
uint8_t* find_variable(const VariableParams& p, const Task& task) {
  const auto handle = static_cast<uint32_t>(*task.in<int32_t>(p.handle));
  if (handle >= p.resources.count) return nullptr;
  const ResourcePlace& place = task.in<ResourcePlace>(p.resources.places)[handle];
  return place.bytes == p.bytes ? task.out<uint8_t>(place.data) : nullptr;
}

KernelResult read_variable(const VariableParams& p, const Task& task) {
  const uint8_t* const variable = find_variable(p, task);
  if (variable == nullptr) return KernelResult::kDataError;
  std::memcpy(task.out<uint8_t>(p.value), variable, p.bytes);
  return KernelResult::kOk;
}

KernelResult assign_variable(const VariableParams& p, const Task& task) {
  uint8_t* const variable = find_variable(p, task);
  if (variable == nullptr) return KernelResult::kDataError;
  if (p.bytes > 0) std::memcpy(variable, task.in<uint8_t>(p.value), p.bytes);
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(assign_variable__ref, VariableParams, assign_variable)
TANDEM_DEFINE_KERNEL(read_variable__ref, VariableParams, read_variable)

}  // namespace tandem
