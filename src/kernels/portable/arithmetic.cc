#include "kernels/arithmetic.h"

#include "base/placement.h"
#include "kernels/portable/requantizer.h"
#include "kernels/ref/element_wise.h"

// ADD and SUB of int8: what an input adds to the sum depends on its 256 values only, and is looked up.
namespace tandem {
namespace {

using portable::Requantizer;

struct Operand {
  const int8_t* values;
  uint32_t stride;
  const int32_t* table;  // of the value 0
};

TANDEM_HOT("add_s8_tables")
void add_run(const Operand& a, const Operand& b, const Requantizer& f, int8_t* out, uint32_t count) {
  const int8_t* x = a.values;
  const int8_t* y = b.values;
  for (const int8_t* const end = out + count; out != end; x += a.stride, y += b.stride) {
    *out++ = f(wrapping_add(a.table[*x], b.table[*y]));
  }
}

KernelResult add(const AddParams& p, const Task& task) {
  constexpr uint32_t kValues = 256;
  const BinaryOperands& operands = p.operands;
  const auto* in = task.in<int8_t>(operands.in[0]);
  const auto* other = task.in<int8_t>(operands.in[1]);
  const auto* tables = task.in<int32_t>(p.tables) + kValues / 2;
  auto* out = task.out<int8_t>(operands.out);
  const Requantizer f(p.out_multiplier, p.out_zero_point, p.clamp);
  for_each_run(operands, task, [&](uint32_t at, const uint32_t* first, uint32_t count) {
    add_run({in + first[0], operands.inner.strides[0], tables},
            {other + first[1], operands.inner.strides[1], tables + kValues}, f, out + at, count);
  });
  return KernelResult::kOk;
}

}  // namespace

// SUB has what it takes away in its table.
TANDEM_DEFINE_LARGE_KERNEL(add_s8__portable, AddParams, add)

}  // namespace tandem
