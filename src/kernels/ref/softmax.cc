#include "kernels/softmax.h"

#include <algorithm>
#include <limits>

namespace tandem {
namespace {

constexpr int kInputIntegerBits = 5;
constexpr int kSumIntegerBits = 12;

// e^(difference · multiplier), Q0.31; the difference is ≥ diff_min, so the shift loses nothing.
int32_t exp_of_difference(int32_t difference, QuantizedMultiplier m) {
  return q::exp_of_negative<kInputIntegerBits>(srdhm(wrapping_shift_left(difference, m.shift), m.multiplier));
}

template <class Out>
KernelResult softmax_s8(const SoftmaxParams& p, const Task& task) {
  constexpr Clamp kRange = kRangeOf<Out>;
  for (uint32_t row = task.begin; row < task.end && row < p.rows; ++row) {
    const int8_t* in = task.in<int8_t>(p.in) + row * static_cast<uint32_t>(p.depth);
    Out* out = task.out<Out>(p.out) + row * static_cast<uint32_t>(p.depth);
    int32_t maximum = std::numeric_limits<int8_t>::min();
    for (int32_t c = 0; c < p.depth; ++c) maximum = std::max<int32_t>(maximum, in[c]);
    int32_t sum = 0;
    for (int32_t c = 0; c < p.depth; ++c) {
      const int32_t difference = in[c] - maximum;
      if (difference < p.diff_min) continue;
      const int32_t exp = q::rescale<kSumIntegerBits, 0>(exp_of_difference(difference, p.multiplier));
      sum = exp > std::numeric_limits<int32_t>::max() - sum ? std::numeric_limits<int32_t>::max() : sum + exp;
    }
    const q::Reciprocal scale = q::reciprocal(sum, kSumIntegerBits);
    const int exponent = scale.exponent + 31 - static_cast<int>(sizeof(Out)) * 8;
    for (int32_t c = 0; c < p.depth; ++c) {
      const int32_t difference = in[c] - maximum;
      int32_t y = kRange.min;
      if (difference >= p.diff_min) {
        const int32_t exp = exp_of_difference(difference, p.multiplier);
        // Beyond 31 bits (a sum of 512 or more, which the reference refuses while running) all round to 0.
        y = kRange.apply((exponent > 31 ? 0 : rdiv_pot(srdhm(scale.mantissa, exp), exponent)) + kRange.min);
      }
      out[c] = static_cast<Out>(y);
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(softmax_s8__ref, SoftmaxParams, softmax_s8<int8_t>)

}  // namespace tandem
