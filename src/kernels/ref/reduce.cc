#include "kernels/reduce.h"

#include <type_traits>

namespace tandem {
namespace {

// Nested loops over some of a tensor's dimensions, innermost first. Neighbouring dimensions are one loop.
struct Loops {
  struct Loop {
    uint32_t count = 1;
    uint32_t stride = 0;
  };
  Loop loops[ReduceParams::kMaxRank];
  uint32_t depth = 0;
  uint32_t iterations = 1;

  void add(uint32_t count, uint32_t stride) {
    iterations *= count;
    if (count == 1) return;
    if (depth > 0 && loops[depth - 1].count * loops[depth - 1].stride == stride) {
      loops[depth - 1].count *= count;
    } else {
      loops[depth++] = {count, stride};
    }
  }
  // Where iteration i, of the loops in row-major order, is.
  [[nodiscard]] uint32_t position(uint32_t i) const {
    uint32_t at = 0;
    for (uint32_t d = 0; d < depth; ++d) {
      at += i % loops[d].count * loops[d].stride;
      i /= loops[d].count;
    }
    return at;
  }
};

// The dimensions that stay and those that are reduced.
struct Reduction {
  Loops kept;
  Loops reduced;
};

// False if the axes, where they come at run time, do not fit the tensors.
bool resolve(const ReduceParams& p, const Task& task, Reduction& reduction) {
  uint32_t axes = p.axes;
  if (const auto* values = task.in<int32_t>(p.axis_values)) {
    for (uint32_t i = 0; i < p.axis_count; ++i) {
      if (!add_axis(values[i], p.rank, axes)) return false;
    }
  }
  const auto* dims = task.in<int32_t>(p.dims);
  uint32_t stride = 1;
  for (uint32_t d = p.rank; d-- > 0;) {
    const auto count = static_cast<uint32_t>(dims[d]);
    (axes >> d & 1 ? reduction.reduced : reduction.kept).add(count, stride);
    stride *= count;
  }
  return reduction.kept.iterations == p.outputs.count;
}

// Σ of the reduced elements: visits them in row-major order, which is the order of rounding for floats.
template <class Element, class Sum, class Add>
Sum reduce(const Element* x, const Loops& loops, Sum sum, Add add) {
  const Loops::Loop inner = loops.depth > 0 ? loops.loops[0] : Loops::Loop{};
  for (uint32_t i = 0; i < loops.iterations; i += inner.count) {
    const Element* run = x + loops.position(i);
    for (uint32_t k = 0; k < inner.count; ++k) sum = add(sum, run[k * inner.stride]);
  }
  return sum;
}

template <class Element>
KernelResult mean(const ReduceParams& p, const Task& task) {
  Reduction reduction;
  if (!resolve(p, task, reduction)) return KernelResult::kDataError;
  const auto* in = task.in<Element>(p.in);
  auto* out = task.out<Element>(p.out);
  const uint32_t n = reduction.reduced.iterations;
  [[maybe_unused]] const QuantizedMultiplier factor = n == 0 ? p.factor : divide_multiplier(p.factor, n);
  for (uint32_t i = p.outputs.begin(task); i < p.outputs.end(task); ++i) {
    if (n == 0) {
      out[i] = Element{0};
      continue;
    }
    const Element* x = in + reduction.kept.position(i);
    if constexpr (std::is_same_v<Element, float>) {
      const float sum = reduce(x, reduction.reduced, 0.0F, [](float a, float b) { return a + b; });
      out[i] = sum / static_cast<float>(n);
    } else {
      const int32_t sum = reduce(x, reduction.reduced, int32_t{0},
                                 [&](int32_t a, Element b) { return wrapping_add(a, b - p.in_zero_point); });
      const int32_t y = wrapping_add(requantize(sum, factor), p.out_zero_point);
      out[i] = static_cast<Element>(kRangeOf<Element>.apply(y));
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(mean_s8__ref, ReduceParams, mean<int8_t>)
TANDEM_DEFINE_KERNEL(mean_s16__ref, ReduceParams, mean<int16_t>)
TANDEM_DEFINE_KERNEL(mean_f32__ref, ReduceParams, mean<float>)

}  // namespace tandem
