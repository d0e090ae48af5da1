#include "kernels/broadcast_args.h"

namespace tandem {
namespace {

template <class Dim>
KernelResult broadcast_args(const BroadcastArgsParams& p, const Task& task) {
  const auto* a = task.in<Dim>(p.a);
  const auto* b = task.in<Dim>(p.b);
  auto* out = task.out<Dim>(p.out);
  for (uint32_t i = 1; i <= p.out_rank; ++i) {
    const Dim of_a = i <= p.a_rank ? a[p.a_rank - i] : 1;
    const Dim of_b = i <= p.b_rank ? b[p.b_rank - i] : 1;
    if (of_a != of_b && of_a != 1 && of_b != 1) return KernelResult::kDataError;
    out[p.out_rank - i] = of_a == 1 ? of_b : of_a;
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(broadcast_args_s32__ref, BroadcastArgsParams, broadcast_args<int32_t>)
TANDEM_DEFINE_KERNEL(broadcast_args_s64__ref, BroadcastArgsParams, broadcast_args<int64_t>)

}  // namespace tandem
