#include "kernels/comparison.h"

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

template <class Element>
constexpr ComparisonParams::Ordering ordering(Element a, Element b) {
  if (a < b) return ComparisonParams::kLess;
  if (a == b) return ComparisonParams::kEqual;
  return a > b ? ComparisonParams::kGreater : ComparisonParams::kUnordered;
}

template <class Element>
KernelResult compare(const ComparisonParams& p, const Task& task) {
  return map_pairs<Element, uint8_t>(p.operands, task, [&](Element a, Element b) {
    return static_cast<uint8_t>(p.relation >> ordering(a, b) & 1);
  });
}

template <class Element>
KernelResult compare_quantized(const ComparisonParams& p, const Task& task) {
  const auto scaled = [](int32_t x, QuantizedMultiplier m) {
    return requantize(x * (1 << ComparisonParams::kFractionBits), m);
  };
  return map_pairs<Element, uint8_t>(p.operands, task, [&](Element a, Element b) {
    const int32_t x = scaled(a - p.a_zero_point, p.a_multiplier);
    const int32_t y = scaled(b - p.b_zero_point, p.b_multiplier);
    return static_cast<uint8_t>(p.relation >> ordering(x, y) & 1);
  });
}

KernelResult logical(const LogicalParams& p, const Task& task) {
  return map_pairs<uint8_t, uint8_t>(p.operands, task, [&](uint8_t a, uint8_t b) {
    const int row = 2 * static_cast<int>(a != 0) + static_cast<int>(b != 0);
    return static_cast<uint8_t>(p.truth_table >> row & 1);
  });
}

}  // namespace

TANDEM_DEFINE_KERNEL(compare_f32__ref, ComparisonParams, compare<float>)
TANDEM_DEFINE_KERNEL(compare_s16__ref, ComparisonParams, compare_quantized<int16_t>)
TANDEM_DEFINE_KERNEL(compare_s32__ref, ComparisonParams, compare<int32_t>)
TANDEM_DEFINE_KERNEL(compare_s64__ref, ComparisonParams, compare<int64_t>)
TANDEM_DEFINE_KERNEL(compare_s8__ref, ComparisonParams, compare_quantized<int8_t>)
TANDEM_DEFINE_KERNEL(logical_bool__ref, LogicalParams, logical)

}  // namespace tandem
