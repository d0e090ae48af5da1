#include "kernels/arithmetic.h"

#include "base/placement.h"
#include "kernels/portable/add_levels.h"
#include "kernels/portable/requantizer.h"
#include "kernels/ref/element_wise.h"

// ADD, SUB and MUL of int8 and int16 without 64-bit products.
namespace tandem {
namespace {

using portable::LevelRequantizer;
using portable::Requantizer;
using portable::RequantizerTo;

// ---- ADD and SUB

template <class Element, bool kSubtracts>
KernelResult add(const AddParams& p, const Task& task) {
  const portable::Sum<Element> sum(p);
  return map_pairs<Element, Element>(p.operands, task,
                                     [&](Element a, Element b) { return sum.template of<kSubtracts>(a, b); });
}

TANDEM_HOT("add_s8_exact")
int32_t exact_sum(const AddParams& p, int8_t a, int8_t b) { return portable::exact_sum(p, a, b); }

TANDEM_HOT("add_s8_levels")
void add_run(const portable::LevelRun& run) { portable::add_levels(run, exact_sum); }

KernelResult add_by_levels(const AddParams& p, const Task& task) {
  return portable::add_by_levels(p, task, add_run);
}

// ---- MUL

template <class Element>
KernelResult multiply(const MulParams& p, const Task& task) {
  const int32_t a_zero_point = p.a_zero_point;
  const int32_t b_zero_point = p.b_zero_point;
  const RequantizerTo<Element> f(p.multiplier, p.out_zero_point, p.clamp);
  return map_pairs<Element, Element>(
      p.operands, task, [&](Element a, Element b) { return f((a - a_zero_point) * (b - b_zero_point)); });
}

TANDEM_HOT("mul_s8_exact")
int8_t exact_product(const MulParams& p, int32_t product) {
  return Requantizer(p.multiplier, p.out_zero_point, p.clamp)(product);
}

struct Factors {
  const int8_t* a;
  const int8_t* b;
};

TANDEM_HOT("mul_s8_levels")
void multiply_run(const MulParams& p, const Factors& in, int8_t* out, uint32_t count) {
  const LevelRequantizer f(p.level, p.clamp);
  const int32_t a_zero_point = p.a_zero_point;
  const int32_t b_zero_point = p.b_zero_point;
  const uint32_t a_stride = p.operands.inner.strides[0];
  const uint32_t b_stride = p.operands.inner.strides[1];
  const int8_t* a = in.a;
  const int8_t* b = in.b;
  for (const int8_t* const end = out + count; out != end; a += a_stride, b += b_stride) {
    const int32_t product = (*a - a_zero_point) * (*b - b_zero_point);
    *out++ = f(product, [&](int32_t x) { return exact_product(p, x); });
  }
}

KernelResult multiply_s8(const MulParams& p, const Task& task) {
  if (p.level.slack == 0) return multiply<int8_t>(p, task);
  const auto* a = task.in<int8_t>(p.operands.in[0]);
  const auto* b = task.in<int8_t>(p.operands.in[1]);
  auto* out = task.out<int8_t>(p.operands.out);
  for_each_run(p.operands, task, [&](uint32_t at, const uint32_t* first, uint32_t count) {
    multiply_run(p, {.a = a + first[0], .b = b + first[1]}, out + at, count);
  });
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(add_s16__portable, AddParams, (add<int16_t, false>))
TANDEM_DEFINE_KERNEL(add_s8__portable, AddParams, (add<int8_t, false>))
TANDEM_DEFINE_LARGE_KERNEL(add_s8__portable_levels, AddParams, add_by_levels)
TANDEM_DEFINE_KERNEL(mul_s16__portable, MulParams, multiply<int16_t>)
TANDEM_DEFINE_KERNEL(mul_s8__portable, MulParams, multiply_s8)
TANDEM_DEFINE_KERNEL(sub_s16__portable, AddParams, (add<int16_t, true>))
TANDEM_DEFINE_KERNEL(sub_s8__portable, AddParams, (add<int8_t, true>))

}  // namespace tandem
