#include "kernels/indexed_copy.h"

#include <cstring>

namespace tandem {
namespace {

KernelResult indexed_copy(const IndexedCopyParams& p, const Task& task) {
  const auto* in = task.in<uint8_t>(p.in);
  auto* out = task.out<uint8_t>(p.out);
  const auto* dims = task.in<IndexedDim>(p.dims);
  const uint32_t end = p.runs.end(task);
  uint32_t run = p.runs.begin(task);

  uint32_t index[IndexedCopyParams::kMaxDims];
  const uint32_t* offsets[IndexedCopyParams::kMaxDims];
  offsets[0] = task.in<uint32_t>(p.offsets);
  for (uint32_t d = 1; d < p.rank; ++d) offsets[d] = offsets[d - 1] + dims[d - 1].count;
  uint32_t rest = run;
  for (uint32_t d = p.rank; d-- > 0; rest /= dims[d].count) index[d] = rest % dims[d].count;

  const uint32_t innermost = p.rank - 1;
  while (run < end) {
    uint32_t row = 0;
    for (uint32_t d = 0; d < innermost; ++d) row += offsets[d][index[d]];
    const uint32_t first = index[innermost];
    const uint32_t count = std::min(dims[innermost].count - first, end - run);
    for (uint32_t i = first; i < first + count; ++i, ++run) {
      const uint32_t indexed = row + offsets[innermost][i];
      const uint32_t in_order = run * p.run_bytes;
      std::memcpy(out + (p.scatter != 0 ? indexed : in_order), in + (p.scatter != 0 ? in_order : indexed),
                  p.run_bytes);
    }
    index[innermost] = 0;
    for (uint32_t d = innermost; d-- > 0;) {
      if (++index[d] < dims[d].count) break;
      index[d] = 0;
    }
  }
  return KernelResult::kOk;
}

KernelResult mirror_offsets(const MirrorOffsetsParams& p, const Task& task) {
  const std::span dims(task.in<IndexedDim>(p.dims), p.rank);
  const auto margin = [&](uint32_t d) {
    return Margin{.before = p.paddings.get(task, 2 * d), .after = p.paddings.get(task, 2 * d + 1)};
  };
  for (uint32_t d = 0; d < p.rank; ++d) {
    if (!mirror_fits(dims[d], margin(d), p.edge)) return KernelResult::kDataError;
  }
  write_mirror_offsets(dims, p.edge, margin, task.out<uint32_t>(p.offsets));
  return KernelResult::kOk;
}

KernelResult block_offsets(const BlockOffsetsParams& p, const Task& task) {
  const std::span dims(task.in<IndexedDim>(p.dims), p.rank);
  Blocking blocking[BlockOffsetsParams::kMaxDims - 1];
  for (uint32_t d = 0; d + 1 < p.rank; ++d) {
    blocking[d] = {.block = p.blocks.get(task, d),
                   .margin = {.before = p.margins.get(task, 2 * d), .after = p.margins.get(task, 2 * d + 1)}};
  }
  if (misfit(dims, blocking) != kBlocksFit) return KernelResult::kDataError;
  write_block_offsets(dims, blocking, task.out<uint32_t>(p.offsets));
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(block_offsets__ref, BlockOffsetsParams, block_offsets)
TANDEM_DEFINE_KERNEL(indexed_copy__ref, IndexedCopyParams, indexed_copy)
TANDEM_DEFINE_KERNEL(mirror_offsets__ref, MirrorOffsetsParams, mirror_offsets)

}  // namespace tandem
