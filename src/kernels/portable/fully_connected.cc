#include "kernels/portable/fully_connected.h"

#include "kernels/portable/dot.h"

// FULLY_CONNECTED of int8 on any 32-bit machine: two output channels at a time share the loads of the input.
namespace tandem {
namespace {

TANDEM_HOT("fully_connected_s8_pair")
void multiply(portable::WeightRows<2>& r, uint32_t) {
  portable::Sums sums;
  portable::dot_from(r.zero_point, r.x, r.rows[0], r.rows[1], r.depth, sums);
  r.sums[0] = sums.a;
  r.sums[1] = sums.b;
}

KernelResult fully_connected(const FullyConnectedParams& p, const Task& task) {
  return portable::fully_connected_by_rows<2>(p, task, multiply);
}

}  // namespace

TANDEM_DEFINE_KERNEL(fully_connected_s8__portable, FullyConnectedParams, fully_connected)

}  // namespace tandem
