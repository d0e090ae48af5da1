#include "kernels/copy.h"

#include <cstring>

namespace tandem {
namespace {

KernelResult copy(const CopyParams& p, const Task& task) {
  if (p.bytes > 0) std::memcpy(task.out<uint8_t>(p.out), task.in<uint8_t>(p.in), p.bytes);
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(copy__ref, CopyParams, copy)

}  // namespace tandem
