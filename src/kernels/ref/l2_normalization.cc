#include "kernels/l2_normalization.h"

#include <algorithm>
#include <cmath>

#include "base/fixed_point.h"

namespace tandem {
namespace {

void normalize_row(const L2NormalizationParams& p, const int8_t* in, int8_t* out) {
  constexpr int32_t kOutputFractionBits = 7;
  int64_t squares = 0;  // 32 bits would do for 2^15 elements only
  for (uint32_t c = 0; c < p.depth; ++c) {
    const int32_t x = in[c] - p.in_zero_point;
    squares += x * x;
  }
  QuantizedMultiplier factor = q::inverse_sqrt(squares);
  factor.shift += kOutputFractionBits;
  for (uint32_t c = 0; c < p.depth; ++c) {
    out[c] = static_cast<int8_t>(kRangeOf<int8_t>.apply(requantize(in[c] - p.in_zero_point, factor)));
  }
}

void normalize_row(const L2NormalizationParams& p, const float* in, float* out) {
  constexpr float kLeastNorm = 1e-6F;
  float squares = 0;
  for (uint32_t c = 0; c < p.depth; ++c) squares += in[c] * in[c];
  const float norm = std::max(std::sqrt(squares), kLeastNorm);
  for (uint32_t c = 0; c < p.depth; ++c) out[c] = in[c] / norm;
}

template <class Element>
KernelResult l2_normalization(const L2NormalizationParams& p, const Task& task) {
  for (uint32_t row = p.rows.begin(task); row < p.rows.end(task); ++row) {
    normalize_row(p, task.in<Element>(p.in) + row * p.depth, task.out<Element>(p.out) + row * p.depth);
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(l2_normalization_f32__ref, L2NormalizationParams, l2_normalization<float>)
TANDEM_DEFINE_KERNEL(l2_normalization_s8__ref, L2NormalizationParams, l2_normalization<int8_t>)

}  // namespace tandem
