#include "kernels/reduce.h"

#include <limits>

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

// y = finish(all elements of x that meet there, combined with `start`), for the task's outputs. Visits
// elements in row-major order, which is the order of rounding for floats.
template <class Element, class Value, class Combine, class Finish>
KernelResult reduce_each(const ReduceParams& p, const Task& task, const Reduction& reduction, Value start,
                         Combine combine, Finish finish) {
  const auto* in = task.in<Element>(p.in);
  auto* out = task.out<Element>(p.out);
  const Loops& loops = reduction.reduced;
  const Loops::Loop inner = loops.depth > 0 ? loops.loops[0] : Loops::Loop{};
  for (uint32_t i = p.outputs.begin(task); i < p.outputs.end(task); ++i) {
    const Element* x = in + reduction.kept.position(i);
    Value value = start;
    for (uint32_t k = 0; k < loops.iterations; k += inner.count) {
      const Element* run = x + loops.position(k);
      for (uint32_t j = 0; j < inner.count; ++j) value = combine(value, run[j * inner.stride]);
    }
    out[i] = finish(value);
  }
  return KernelResult::kOk;
}

// The same where what is combined is the output.
template <class Element, class Combine>
KernelResult reduce(const ReduceParams& p, const Task& task, Element start, Combine combine) {
  Reduction reduction;
  if (!resolve(p, task, reduction)) return KernelResult::kDataError;
  return reduce_each<Element>(p, task, reduction, start, combine, [](Element value) { return value; });
}

enum class Total { kSum, kMean };

template <class Element, Total kTotal>
KernelResult total(const ReduceParams& p, const Task& task) {
  Reduction reduction;
  if (!resolve(p, task, reduction)) return KernelResult::kDataError;
  const uint32_t n = reduction.reduced.iterations;
  QuantizedMultiplier factor = p.factor;
  if (kTotal == Total::kMean && n > 0) factor = divide_multiplier(factor, n);
  return reduce_each<Element>(
      p, task, reduction, int32_t{0},
      [&](int32_t sum, Element x) { return wrapping_add(sum, x - p.in_zero_point); },
      [&](int32_t sum) {
        if (n == 0) return Element{0};
        return static_cast<Element>(
            kRangeOf<Element>.apply(wrapping_add(requantize(sum, factor), p.out_zero_point)));
      });
}

template <Total kTotal>
KernelResult total_f32(const ReduceParams& p, const Task& task) {
  Reduction reduction;
  if (!resolve(p, task, reduction)) return KernelResult::kDataError;
  const uint32_t n = reduction.reduced.iterations;
  return reduce_each<float>(
      p, task, reduction, 0.0F, [](float sum, float x) { return sum + x; },
      [n](float sum) { return kTotal == Total::kSum || n == 0 ? sum : sum / static_cast<float>(n); });
}

template <class Element>
KernelResult maximum(const ReduceParams& p, const Task& task) {
  return reduce(p, task, std::numeric_limits<Element>::lowest(),
                [](Element a, Element b) { return b > a ? b : a; });
}

template <class Element>
KernelResult minimum(const ReduceParams& p, const Task& task) {
  return reduce(p, task, std::numeric_limits<Element>::max(),
                [](Element a, Element b) { return b < a ? b : a; });
}

KernelResult all(const ReduceParams& p, const Task& task) {
  return reduce(p, task, uint8_t{1},
                [](uint8_t a, uint8_t b) { return static_cast<uint8_t>(b != 0 ? a : 0); });
}

}  // namespace

TANDEM_DEFINE_KERNEL(mean_f32__ref, ReduceParams, total_f32<Total::kMean>)
TANDEM_DEFINE_KERNEL(mean_s16__ref, ReduceParams, (total<int16_t, Total::kMean>))
TANDEM_DEFINE_KERNEL(mean_s8__ref, ReduceParams, (total<int8_t, Total::kMean>))
TANDEM_DEFINE_KERNEL(reduce_all_bool__ref, ReduceParams, all)
TANDEM_DEFINE_KERNEL(reduce_max_f32__ref, ReduceParams, maximum<float>)
TANDEM_DEFINE_KERNEL(reduce_max_s8__ref, ReduceParams, maximum<int8_t>)
TANDEM_DEFINE_KERNEL(reduce_min_f32__ref, ReduceParams, minimum<float>)
TANDEM_DEFINE_KERNEL(reduce_min_s8__ref, ReduceParams, minimum<int8_t>)
TANDEM_DEFINE_KERNEL(sum_f32__ref, ReduceParams, total_f32<Total::kSum>)
TANDEM_DEFINE_KERNEL(sum_s16__ref, ReduceParams, (total<int16_t, Total::kSum>))
TANDEM_DEFINE_KERNEL(sum_s8__ref, ReduceParams, (total<int8_t, Total::kSum>))

}  // namespace tandem
