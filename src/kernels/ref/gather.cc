#include "kernels/gather.h"

#include <cstring>

namespace tandem {
namespace {

// Calls move(row of x, row of y) for every row of the task.
template <class Move>
KernelResult gather_rows(const GatherParams& p, const Task& task, Move move) {
  const auto* indices = task.in<int32_t>(p.indices);
  const uint32_t end = p.rows.end(task);
  for (uint32_t y = p.rows.begin(task); y < end; ++y) {
    const uint32_t slice = y / p.lookups;  // of x, one for each b and o
    const uint32_t lookup = slice / p.outer * p.lookups + y % p.lookups;
    // Modulo 2^64: nonsense may wrap to a row that exists, but not to one outside.
    uint64_t row = 0;
    for (uint32_t k = 0; k < p.depth; ++k) {
      row += static_cast<uint64_t>(int64_t{indices[lookup * p.depth + k]}) * p.strides[k];
    }
    if (row >= p.extent) return KernelResult::kDataError;
    move(slice * p.extent + static_cast<uint32_t>(row), y);
  }
  return KernelResult::kOk;
}

KernelResult gather(const GatherParams& p, const Task& task) {
  const auto* in = task.in<uint8_t>(p.in);
  auto* out = task.out<uint8_t>(p.out);
  const uint32_t bytes = p.row_elements * p.element_bytes;
  return gather_rows(p, task, [&](uint32_t x, uint32_t y) {
    std::memcpy(out + size_t{y} * bytes, in + size_t{x} * bytes, bytes);
  });
}

KernelResult gather_s8_f32(const GatherParams& p, const Task& task) {
  const auto* in = task.in<int8_t>(p.in);
  auto* out = task.out<float>(p.out);
  return gather_rows(p, task, [&](uint32_t x, uint32_t y) {
    const int8_t* from = in + size_t{x} * p.row_elements;
    float* to = out + size_t{y} * p.row_elements;
    for (uint32_t i = 0; i < p.row_elements; ++i) to[i] = static_cast<float>(from[i]) * p.scale;
  });
}

}  // namespace

TANDEM_DEFINE_KERNEL(gather__ref, GatherParams, gather)
TANDEM_DEFINE_KERNEL(gather_s8_f32__ref, GatherParams, gather_s8_f32)

}  // namespace tandem
