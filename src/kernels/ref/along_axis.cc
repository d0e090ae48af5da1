#include "kernels/along_axis.h"

namespace tandem {
namespace {

// The lines of x; false if the axis comes at run time and there is none such.
bool resolve(const AxisOperands& operands, const Task& task, Lines& lines) {
  lines = operands.lines;
  const auto* axis = task.in<int32_t>(operands.axis);
  return axis == nullptr || find_lines(task.in<int32_t>(operands.dims), operands.rank, *axis, lines);
}

// `better(a, b)`: a takes b's place.
template <class Element, class Better>
KernelResult arg(const ArgParams& p, const Task& task, Better better) {
  Lines lines;
  const AxisOperands& o = p.operands;
  if (!resolve(o, task, lines) || lines.count() != o.blocks.count) return KernelResult::kDataError;
  const Element* const in = task.in<Element>(o.in);
  int32_t* const out = task.out<int32_t>(o.out);
  for (uint32_t line = o.blocks.begin(task); line < o.blocks.end(task); ++line) {
    const Element* const x = in + lines.first(line);
    uint32_t best = 0;
    for (uint32_t i = 1; i < lines.length; ++i) {
      if (better(x[i * lines.inner], x[best * lines.inner])) best = i;
    }
    out[line] = static_cast<int32_t>(best);
  }
  return KernelResult::kOk;
}

template <class Element>
KernelResult arg_max(const ArgParams& p, const Task& task) {
  return arg<Element>(p, task, [](Element a, Element b) { return a > b; });
}

template <class Element>
KernelResult arg_min(const ArgParams& p, const Task& task) {
  return arg<Element>(p, task, [](Element a, Element b) { return a < b; });
}

// y = finish(what `add` has made of `start` and the elements so far).
template <class Element, class Sum, class Add, class Finish>
KernelResult cumsum(const CumsumParams& p, const Task& task, Sum start, Add add, Finish finish) {
  Lines lines;
  const AxisOperands& o = p.operands;
  if (!resolve(o, task, lines)) return KernelResult::kDataError;
  const bool known = !o.axis.present();
  const uint32_t end = known ? o.blocks.end(task) : lines.count();
  for (uint32_t line = known ? o.blocks.begin(task) : 0; line < end; ++line) {
    const Element* const x = task.in<Element>(o.in) + lines.first(line);
    Element* const y = task.out<Element>(o.out) + lines.first(line);
    Sum sum = start;
    for (uint32_t i = 0; i < lines.length; ++i) {
      const uint32_t at = (p.reverse != 0 ? lines.length - 1 - i : i) * lines.inner;
      const Sum next = add(sum, x[at]);
      y[at] = finish(p.exclusive != 0 ? sum : next);
      sum = next;
    }
  }
  return KernelResult::kOk;
}

KernelResult cumsum_f32(const CumsumParams& p, const Task& task) {
  return cumsum<float>(
      p, task, 0.0F, [](float sum, float x) { return sum + x; }, [](float sum) { return sum; });
}

KernelResult cumsum_s8(const CumsumParams& p, const Task& task) {
  constexpr int32_t kOne = 1 << 19;
  return cumsum<int8_t>(
      p, task, -p.in_zero_point * kOne,
      [&](int32_t sum, int8_t x) { return wrapping_add(sum, (x - p.in_zero_point) * kOne); },
      [&](int32_t sum) {
        const int32_t y = wrapping_add(requantize(sum, p.multiplier), p.out_zero_point);
        return static_cast<int8_t>(kRangeOf<int8_t>.apply(y));
      });
}

}  // namespace

TANDEM_DEFINE_KERNEL(arg_max_f32__ref, ArgParams, arg_max<float>)
TANDEM_DEFINE_KERNEL(arg_max_s8__ref, ArgParams, arg_max<int8_t>)
TANDEM_DEFINE_KERNEL(arg_min_f32__ref, ArgParams, arg_min<float>)
TANDEM_DEFINE_KERNEL(arg_min_s8__ref, ArgParams, arg_min<int8_t>)
TANDEM_DEFINE_KERNEL(cumsum_f32__ref, CumsumParams, cumsum_f32)
TANDEM_DEFINE_KERNEL(cumsum_s8__ref, CumsumParams, cumsum_s8)

}  // namespace tandem
