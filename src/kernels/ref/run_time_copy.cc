#include "kernels/run_time_copy.h"

#include <algorithm>

namespace tandem {
namespace {

KernelResult slice_bounds(const SliceBoundsParams& p, const Task& task) {
  const auto* whole = task.in<StridedDim>(p.dims);
  auto* dims = task.out<StridedDim>(p.copy.dims);
  uint32_t shift = 0;
  uint32_t elements = 1;
  for (uint32_t d = p.rank; d-- > 0;) {
    const int64_t extent = whole[d].count;
    const int64_t begin = p.begins.get(task, d);
    if (begin < 0 || begin > extent) return KernelResult::kDataError;
    const int64_t given = p.sizes.get(task, d);
    const int64_t size = given == -1 ? extent - begin : given;
    if (size < 0 || size > extent - begin) return KernelResult::kDataError;
    dims[d] = {.count = static_cast<uint32_t>(size),
               .in_stride = whole[d].in_stride,
               .out_stride = static_cast<int32_t>(elements * p.element_bytes)};
    elements *= static_cast<uint32_t>(size);
    shift += static_cast<uint32_t>(begin) * static_cast<uint32_t>(whole[d].in_stride);
  }
  *task.out<uint32_t>(p.copy.shift) = shift;
  return elements == p.elements ? KernelResult::kOk : KernelResult::kDataError;
}

KernelResult reversal(const ReversalParams& p, const Task& task) {
  const AxisRun run = run_of_axes(p.axis_count, p.rank, [&](uint32_t i) { return p.axes.get(task, i); });
  if (!run.usable) return KernelResult::kDataError;
  const auto* dims = task.in<StridedDim>(p.dims);
  auto* reversed = task.out<StridedDim>(p.copy.dims);
  uint32_t shift = 0;
  for (uint32_t d = 0; d < p.rank; ++d) {
    reversed[d] = dims[d];
    if ((run.axes >> d & 1) == 0) continue;
    reversed[d].in_stride = -dims[d].in_stride;
    shift += (dims[d].count - 1) * static_cast<uint32_t>(dims[d].in_stride);
  }
  *task.out<uint32_t>(p.copy.shift) = shift;
  return KernelResult::kOk;
}

KernelResult clamped_start(const ClampedStartParams& p, const Task& task) {
  const auto* dims = task.in<ClampedStartParams::Dim>(p.dims);
  uint32_t shift = 0;
  for (uint32_t d = 0; d < p.rank; ++d) {
    const auto start = std::clamp<int64_t>(p.starts.get(task, d), 0, dims[d].room);
    shift += static_cast<uint32_t>(start) * dims[d].stride;
  }
  *task.out<uint32_t>(p.shift) = shift;
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(clamped_start__ref, ClampedStartParams, clamped_start)
TANDEM_DEFINE_KERNEL(reversal__ref, ReversalParams, reversal)
TANDEM_DEFINE_KERNEL(slice_bounds__ref, SliceBoundsParams, slice_bounds)

}  // namespace tandem
