#include "kernels/select.h"

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

template <class Element>
void select_elements(const BroadcastOperands<3>& operands, const Task& task) {
  const auto* const conditions = task.in<uint8_t>(operands.in[0]);
  const auto* const a = task.in<Element>(operands.in[1]);
  const auto* const b = task.in<Element>(operands.in[2]);
  auto* const out = task.out<Element>(operands.out);
  const auto& strides = operands.inner.strides;
  for_each_run(operands, task, [=, &strides](uint32_t at, const uint32_t* first, uint32_t count) {
    const uint8_t* condition = conditions + first[0];
    const Element* x = a + first[1];
    const Element* y = b + first[2];
    for (uint32_t i = at; i < at + count; ++i) {
      out[i] = *condition != 0 ? *x : *y;
      condition += strides[0];
      x += strides[1];
      y += strides[2];
    }
  });
}

KernelResult select(const SelectParams& p, const Task& task) {
  if (p.element_bytes == 1) select_elements<uint8_t>(p.operands, task);
  if (p.element_bytes == 2) select_elements<uint16_t>(p.operands, task);
  if (p.element_bytes == 4) select_elements<uint32_t>(p.operands, task);
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(select__ref, SelectParams, select)

}  // namespace tandem
