#pragma once

#include <algorithm>

#include "kernels/element_wise.h"

// The loops of all element-wise ref kernels; what an operator adds is a function of one element each.
namespace tandem {

/// y[i] = f(x[i]) for the task's elements.
template <class In, class Out, class F>
KernelResult map_elements(const UnaryOperands& operands, const Task& task, F f) {
  const In* const in = task.in<In>(operands.in);
  Out* const out = task.out<Out>(operands.out);
  const uint32_t end = operands.elements.end(task);
  for (uint32_t i = operands.elements.begin(task); i < end; ++i) out[i] = f(in[i]);
  return KernelResult::kOk;
}

/// Calls run(at, first, count) for each stretch of the task's elements along the inner loop: `count` elements
/// of the output from index `at`; they meet those of input k from first[k] on, at strides inner.strides[k].
template <uint32_t kInputs, class Run>
void for_each_run(const BroadcastOperands<kInputs>& operands, const Task& task, Run run) {
  using Operands = BroadcastOperands<kInputs>;
  const uint32_t end = operands.elements.end(task);
  uint32_t at = operands.elements.begin(task);
  if (at >= end) return;
  const auto& inner = operands.inner;
  const auto* const outer = task.in<typename Operands::Loop>(operands.outer);

  // Where the loops stand at the first element. Divisions are slow on small cores: afterwards, loops count.
  uint32_t counters[Operands::kMaxOuterLoops] = {};
  uint32_t first[kInputs] = {};
  uint32_t row = at / inner.extent;
  uint32_t column = at % inner.extent;
  for (uint32_t i = 0; i < operands.outer_loops; ++i) {
    counters[i] = row % outer[i].extent;
    row /= outer[i].extent;
    for (uint32_t k = 0; k < kInputs; ++k) first[k] += counters[i] * outer[i].strides[k];
  }
  for (uint32_t k = 0; k < kInputs; ++k) first[k] += column * inner.strides[k];

  for (;;) {
    const uint32_t count = std::min(inner.extent - column, end - at);
    run(at, first, count);
    at += count;
    if (at >= end) return;
    for (uint32_t k = 0; k < kInputs; ++k) first[k] -= column * inner.strides[k];
    column = 0;
    for (uint32_t i = 0; i < operands.outer_loops; ++i) {
      for (uint32_t k = 0; k < kInputs; ++k) first[k] += outer[i].strides[k];
      if (++counters[i] < outer[i].extent) break;
      counters[i] = 0;
      for (uint32_t k = 0; k < kInputs; ++k) first[k] -= outer[i].extent * outer[i].strides[k];
    }
  }
}

/// y[i] = f(a[..], b[..]) for the task's elements.
template <class A, class Out, class B = A, class F>
KernelResult map_pairs(const BinaryOperands& operands, const Task& task, F f) {
  const A* const a = task.in<A>(operands.in[0]);
  const B* const b = task.in<B>(operands.in[1]);
  Out* const out = task.out<Out>(operands.out);
  const uint32_t a_stride = operands.inner.strides[0];
  const uint32_t b_stride = operands.inner.strides[1];
  for_each_run(operands, task, [=](uint32_t at, const uint32_t* first, uint32_t count) {
    const A* x = a + first[0];
    const B* y = b + first[1];
    for (uint32_t i = at; i < at + count; ++i, x += a_stride, y += b_stride) out[i] = f(*x, *y);
  });
  return KernelResult::kOk;
}

}  // namespace tandem
