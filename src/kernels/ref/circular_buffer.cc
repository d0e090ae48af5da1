#include "kernels/circular_buffer.h"

#include <cstring>

namespace tandem {
namespace {

KernelResult circular_buffer(const CircularBufferParams& p, const Task& task) {
  const uint32_t bytes = p.slots * p.slot_bytes;
  for (uint32_t batch = 0; batch < p.batches; ++batch) {
    int8_t* history = task.out<int8_t>(p.history) + batch * bytes;
    std::memmove(history, history + p.slot_bytes, bytes - p.slot_bytes);
    std::memcpy(history + bytes - p.slot_bytes, task.in<int8_t>(p.in) + batch * p.slot_bytes, p.slot_bytes);
  }
  auto& cycle = *task.out<uint32_t>(p.cycle);
  if (++cycle < p.cycles) return KernelResult::kNotYet;
  cycle = 0;
  if (p.out != p.history) {
    std::memcpy(task.out<int8_t>(p.out), task.in<int8_t>(p.history), size_t{p.batches} * bytes);
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(circular_buffer_s8__ref, CircularBufferParams, circular_buffer)

}  // namespace tandem
