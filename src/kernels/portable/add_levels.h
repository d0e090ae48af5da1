#pragma once

#include "kernels/arithmetic.h"
#include "kernels/portable/requantizer.h"
#include "kernels/ref/element_wise.h"

// What kernels of ADD and SUB have around their loops.
namespace tandem::portable {

/// The contract as it stands.
template <class Element>
class Sum {
 public:
  explicit Sum(const AddParams& p)
      : of_a_(p.a_multiplier),
        of_b_(p.b_multiplier),
        f_(p.out_multiplier, p.out_zero_point, p.clamp),
        a_zero_point_(p.a_zero_point),
        b_zero_point_(p.b_zero_point) {}

  template <bool kSubtracts>
  [[gnu::always_inline]] inline Element of(Element a, Element b) const {
    constexpr int32_t kOne = 1 << kAddFractionBits<Element>;
    const int32_t x = of_a_((a - a_zero_point_) * kOne);
    const int32_t y = of_b_((b - b_zero_point_) * kOne);
    return f_(kSubtracts ? wrapping_sub(x, y) : wrapping_add(x, y));
  }

 private:
  Factor of_a_;
  Factor of_b_;
  RequantizerTo<Element> f_;
  int32_t a_zero_point_;
  int32_t b_zero_point_;
};

[[gnu::always_inline]] inline int32_t exact_sum(const AddParams& p, int8_t a, int8_t b) {
  const Sum<int8_t> sum(p);
  return p.subtracts ? sum.of<true>(a, b) : sum.of<false>(a, b);
}

/// out[i] = the level of a_table[a[i·a_stride]] + b_table[b[i·b_stride]], i ∈ [0, count), count ≥ 1.
struct LevelRun {
  const uint8_t* a;
  const uint8_t* b;
  int8_t* out;
  uint32_t count;
  const int32_t* a_table;
  const int32_t* b_table;
  uint32_t slack;  ///< at the top of a word, as the fraction of a sum is once its whole is shifted out
  int32_t limit;   ///< in steps: sums from here on, the slack past the last level, give `max`; below 0 `min`
  int32_t min;
  int32_t max;
  const AddParams* exact;
  uint32_t a_stride;
  uint32_t b_stride;
};
inline constexpr int kAddWholeBits = 32 - kAddLevelBits;

/// Computes a task's outputs by add(const LevelRun&).
template <class Add>
KernelResult add_by_levels(const AddParams& p, const Task& task, Add add) {
  const BinaryOperands& operands = p.operands;
  const auto* a = task.in<uint8_t>(operands.in[0]);
  const auto* b = task.in<uint8_t>(operands.in[1]);
  const auto* tables = task.in<int32_t>(p.tables);
  auto* out = task.out<int8_t>(operands.out);
  LevelRun run{.a = a,
               .b = b,
               .out = out,
               .count = 0,
               .a_table = tables,
               .b_table = tables + kAddLevelValues,
               .slack = p.slack << kAddWholeBits,
               .limit = ((p.clamp.max - p.clamp.min) << kAddLevelBits) + static_cast<int32_t>(p.slack),
               .min = p.clamp.min,
               .max = p.clamp.max,
               .exact = &p,
               .a_stride = operands.inner.strides[0],
               .b_stride = operands.inner.strides[1]};
  for_each_run(operands, task, [&](uint32_t at, const uint32_t* first, uint32_t count) {
    run.a = a + first[0];
    run.b = b + first[1];
    run.out = out + at;
    run.count = count;
    add(run);
  });
  return KernelResult::kOk;
}

/// The loop for any machine.
[[gnu::always_inline]] inline void add_levels(const LevelRun& run,
                                              int32_t (*exact)(const AddParams&, int8_t, int8_t)) {
  const uint8_t* a = run.a;
  const uint8_t* b = run.b;
  int8_t* out = run.out;
  for (const int8_t* const end = out + run.count; out != end; a += run.a_stride, b += run.b_stride) {
    const int32_t steps = run.a_table[*a] + run.b_table[*b];
    int32_t y = (steps >> kAddLevelBits) + run.min;
    if (steps < 0) {
      y = run.min;
    } else if (steps >= run.limit) {
      y = run.max;
    } else if (static_cast<uint32_t>(steps) << kAddWholeBits < run.slack) {
      y = exact(*run.exact, static_cast<int8_t>(*a), static_cast<int8_t>(*b));
    }
    *out++ = static_cast<int8_t>(y);
  }
}

}  // namespace tandem::portable
