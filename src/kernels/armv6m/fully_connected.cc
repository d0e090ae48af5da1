#include "kernels/portable/fully_connected.h"

// FULLY_CONNECTED of int8: four output channels at a time, or two, share the loads of the input, and inputs
// that are zero are left out. The loops are in fully_connected.S.
namespace tandem {

extern "C" {
// The first two rows only.
void tandem_fully_connected_two(portable::WeightRows<4>* rows);
void tandem_fully_connected_four(portable::WeightRows<4>* rows);
}
static_assert(sizeof(portable::WeightRows<4>) == 44);

namespace {

KernelResult fully_connected(const FullyConnectedParams& p, const Task& task) {
  return portable::fully_connected_by_rows<4>(p, task, [](portable::WeightRows<4>& rows, uint32_t count) {
    if (count > 2) {
      tandem_fully_connected_four(&rows);
    } else {
      tandem_fully_connected_two(&rows);
    }
  });
}

}  // namespace

TANDEM_DEFINE_KERNEL(fully_connected_s8__armv6m, FullyConnectedParams, fully_connected)

}  // namespace tandem
