#include "kernels/portable/fully_connected.h"

#include "kernels/portable/dot.h"
#include "kernels/portable/int4.h"

// FULLY_CONNECTED on any 32-bit machine: two output channels at a time share the loads of the input. Loops
// for other types than int8 lie in flash: programs that register the operator for all types have them too.
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

// ---- int4 weights

struct S8W4 : portable::FullyConnectedS8 {
  using Weight = Int4;
  using Row = portable::Int4Row;
  static Row row(const Weight* weights, uint32_t first) { return {weights, first}; }
};

KernelResult fully_connected_w4(const FullyConnectedParams& p, const Task& task) {
  return portable::fully_connected_by_rows<2, S8W4>(p, task, [](auto& r, uint32_t count) {
    if (count == 2 && r.rows[0].odd == r.rows[1].odd) {
      portable::dot_from_int4<2>(r.zero_point, r.x, r.rows, r.depth, r.sums);
    } else {
      for (uint32_t k = 0; k < count; ++k) {
        portable::dot_from_int4<1>(r.zero_point, r.x, r.rows + k, r.depth, r.sums + k);
      }
    }
  });
}

// ---- int16 activations

struct S16 {
  using Element = int16_t;
  using Weight = int8_t;
  using Row = const int8_t*;
  using Sum = int64_t;
  using Finish = portable::Requantizer64;
  static Row row(const Weight* weights, uint32_t first) { return weights + first; }
};
struct S16B32 : S16 {
  using Sum = int32_t;
  using Finish = portable::RequantizerTo<int16_t>;
};

template <class Types>
KernelResult fully_connected_s16(const FullyConnectedParams& p, const Task& task) {
  return portable::fully_connected_by_rows<2, Types>(p, task, [](auto& r, uint32_t) {
    portable::dot_from_s16(r.zero_point, r.x, r.rows[0], r.rows[1], r.depth, r.sums[0], r.sums[1]);
  });
}

}  // namespace

TANDEM_DEFINE_KERNEL(fully_connected_s16__portable, FullyConnectedParams, fully_connected_s16<S16>)
TANDEM_DEFINE_KERNEL(fully_connected_s16_b32__portable, FullyConnectedParams, fully_connected_s16<S16B32>)
TANDEM_DEFINE_KERNEL(fully_connected_s8__portable, FullyConnectedParams, fully_connected)
TANDEM_DEFINE_KERNEL(fully_connected_s8_w4__portable, FullyConnectedParams, fully_connected_w4)

}  // namespace tandem
