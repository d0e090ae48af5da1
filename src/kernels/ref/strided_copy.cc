#include "kernels/strided_copy.h"

#include <cstring>

namespace tandem {
namespace {

uint32_t shift(Ref ref, const Task& task) { return ref.present() ? *task.in<uint32_t>(ref) : 0; }

// kRunBytes is the size of a run known to the compiler, which then needs no call for it; 0: p.run_bytes.
template <uint32_t kRunBytes>
void copy_runs(const StridedCopyParams& p, const Task& task) {
  const uint32_t bytes = kRunBytes != 0 ? kRunBytes : p.run_bytes;
  const uint8_t* const in = task.in<uint8_t>(p.in);
  uint8_t* const out = task.out<uint8_t>(p.out);
  const StridedDim* const dims = task.in<StridedDim>(p.dims);
  const uint32_t innermost = p.rank - 1;
  const StridedDim row = dims[innermost];
  const uint32_t end = p.runs.end(task);
  uint32_t run = p.runs.begin(task);

  uint32_t index[StridedCopyParams::kMaxDims];
  int64_t from = int64_t{p.in_start} + shift(p.in_shift, task);  // of the row's first run
  int64_t to = int64_t{p.out_start} + shift(p.out_shift, task);
  uint32_t rest = run;
  for (uint32_t d = p.rank; d-- > 0; rest /= dims[d].count) {
    index[d] = rest % dims[d].count;
    if (d == innermost) continue;
    from += int64_t{index[d]} * dims[d].in_stride;
    to += int64_t{index[d]} * dims[d].out_stride;
  }
  while (run < end) {
    const uint32_t first = index[innermost];
    const uint32_t count = std::min(row.count - first, end - run);
    if (kRunBytes == 1 && row.in_stride == 0 && row.out_stride == 1) {
      std::memset(out + to + first, in[from], count);
    } else {
      for (uint32_t i = first; i < first + count; ++i) {
        std::memcpy(out + (to + int64_t{i} * row.out_stride), in + (from + int64_t{i} * row.in_stride),
                    bytes);
      }
    }
    run += count;
    index[innermost] = 0;
    // On to the next row: one step along the innermost dimension that has one left.
    for (uint32_t d = innermost; d-- > 0;) {
      from += dims[d].in_stride;
      to += dims[d].out_stride;
      if (++index[d] < dims[d].count) break;
      index[d] = 0;
      from -= int64_t{dims[d].count} * dims[d].in_stride;
      to -= int64_t{dims[d].count} * dims[d].out_stride;
    }
  }
}

KernelResult strided_copy(const StridedCopyParams& p, const Task& task) {
  switch (p.run_bytes) {
    case 1:
      copy_runs<1>(p, task);
      break;
    case 2:
      copy_runs<2>(p, task);
      break;
    case 4:
      copy_runs<4>(p, task);
      break;
    default:
      copy_runs<0>(p, task);
      break;
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(strided_copy__ref, StridedCopyParams, strided_copy)

}  // namespace tandem
