#include "kernels/softmax.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/elementary.h"

namespace tandem {
namespace {

int32_t saturating_add(int32_t a, int32_t b) { return saturate_cast<int32_t>(int64_t{a} + b); }

// Σ e^((x − maximum) · multiplier), Q12.19: at least 1, the maximum's own.
int32_t sum_of_exps(const SoftmaxParams& p, const int8_t* in, int32_t maximum) {
  int32_t sum = 0;
  for (uint32_t c = 0; c < p.depth; ++c) {
    sum = saturating_add(sum, q::rescale<kSoftmaxSumIntegerBits, 0>(softmax_exp(p, in[c] - maximum)));
  }
  return sum;
}

template <class Out>
void softmax_row(const SoftmaxParams& p, const int8_t* in, Out* out) {
  constexpr Clamp kRange = kRangeOf<Out>;
  const int32_t maximum = *std::max_element(in, in + p.depth);
  const int32_t sum = sum_of_exps(p, in, maximum);
  const q::Reciprocal scale = q::reciprocal(sum, kSoftmaxSumIntegerBits);
  const int exponent = scale.exponent + 31 - static_cast<int>(sizeof(Out)) * 8;
  for (uint32_t c = 0; c < p.depth; ++c) {
    const int32_t difference = in[c] - maximum;
    int32_t y = kRange.min;
    if (difference >= p.diff_min) {
      const int32_t exp = softmax_exp(p, difference);
      // Beyond 31 bits (a sum of 512 or more, which the reference refuses while running) all round to 0.
      y = kRange.apply((exponent > 31 ? 0 : rdiv_pot(srdhm(scale.mantissa, exp), exponent)) + kRange.min);
    }
    out[c] = static_cast<Out>(y);
  }
}

void softmax_row(const SoftmaxParams& p, const int16_t* in, int16_t* out) {
  constexpr Clamp kRange = kRangeOf<int16_t>;
  const int32_t maximum = *std::max_element(in, in + p.depth);
  int32_t sum = 0;  // positive: the maximum's own e^0 is in it
  for (uint32_t c = 0; c < p.depth; ++c) {
    const int32_t steps = wrapping_add(requantize(in[c] - maximum, p.multiplier), kRange.max);
    out[c] = lut_lookup(static_cast<int16_t>(kRange.apply(steps)), kExpLut);
    sum = saturating_add(sum, out[c]);
  }
  // The sum is 2^point · (1 + x), x in [0, 1], and the table's argument 65536 · x - 32768.
  const int point = floor_log2(static_cast<uint32_t>(sum));
  const auto normalized = static_cast<int32_t>(((int64_t{sum} << (30 - point)) + (1 << 13)) >> 14);
  const int32_t argument = kRange.apply(normalized - (1 << 16) - (1 << 15));
  const int32_t reciprocal = lut_lookup(static_cast<int16_t>(argument), kOneOverOnePlusXLut);
  // The largest element alone gives e^0 = 32767, so point is at least 14.
  const int64_t half =
      int64_t{1} << (point - 1);  // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)
  for (uint32_t c = 0; c < p.depth; ++c) {
    const int64_t y = (int64_t{out[c]} * reciprocal + half) >> point;
    out[c] = static_cast<int16_t>(std::clamp<int64_t>(y, 0, kRange.max));
  }
}

void softmax_row(const SoftmaxParams& p, const float* in, float* out) {
  const float maximum = *std::max_element(in, in + p.depth);
  float sum = 0;
  for (uint32_t c = 0; c < p.depth; ++c) {
    out[c] = std::exp((in[c] - maximum) * p.beta);
    sum += out[c];
  }
  for (uint32_t c = 0; c < p.depth; ++c) out[c] /= sum;
}

template <class In, class Out>
KernelResult softmax(const SoftmaxParams& p, const Task& task) {
  for (uint32_t row = p.rows.begin(task); row < p.rows.end(task); ++row) {
    softmax_row(p, task.in<In>(p.in) + row * p.depth, task.out<Out>(p.out) + row * p.depth);
  }
  return KernelResult::kOk;
}

void log_softmax_row(const LogSoftmaxParams& p, const int8_t* in, int8_t* out) {
  constexpr int kOutputIntegerBits = 4;
  constexpr Clamp kRange = kRangeOf<int8_t>;
  const SoftmaxParams& s = p.softmax;
  const int32_t maximum = *std::max_element(in, in + s.depth);
  const int32_t log_sum =
      q::log_from_one<kSoftmaxInputIntegerBits, kSoftmaxSumIntegerBits>(sum_of_exps(s, in, maximum));
  // Down to where difference − log_sum still is a Q5.26 number.
  const int32_t least = std::max(
      s.diff_min - 1, requantize(wrapping_add(log_sum, std::numeric_limits<int32_t>::min()), p.divisor));
  for (uint32_t c = 0; c < s.depth; ++c) {
    const int32_t difference = in[c] - maximum;
    int32_t y = kRange.min;
    if (difference > least) {
      const int32_t log = wrapping_sub(scaled_softmax_difference(s, difference), log_sum);
      y = kRange.apply(rdiv_pot(log, 31 - kSoftmaxInputIntegerBits - kOutputIntegerBits) + kRange.max);
    }
    out[c] = static_cast<int8_t>(y);
  }
}

void log_softmax_row(const LogSoftmaxParams& p, const float* in, float* out) {
  const uint32_t depth = p.softmax.depth;
  const float maximum = *std::max_element(in, in + depth);
  float sum = 0;
  for (uint32_t c = 0; c < depth; ++c) sum += std::exp(in[c] - maximum);
  const float log_sum = std::log(sum);
  for (uint32_t c = 0; c < depth; ++c) out[c] = in[c] - maximum - log_sum;
}

template <class Element>
KernelResult log_softmax(const LogSoftmaxParams& p, const Task& task) {
  const SoftmaxParams& s = p.softmax;
  for (uint32_t row = s.rows.begin(task); row < s.rows.end(task); ++row) {
    log_softmax_row(p, task.in<Element>(s.in) + row * s.depth, task.out<Element>(s.out) + row * s.depth);
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(log_softmax_f32__ref, LogSoftmaxParams, log_softmax<float>)
TANDEM_DEFINE_KERNEL(log_softmax_s8__ref, LogSoftmaxParams, log_softmax<int8_t>)
TANDEM_DEFINE_KERNEL(softmax_s8__ref, SoftmaxParams, (softmax<int8_t, int8_t>))
TANDEM_DEFINE_KERNEL(softmax_s8_s16__ref, SoftmaxParams, (softmax<int8_t, int16_t>))
TANDEM_DEFINE_KERNEL(softmax_s16__ref, SoftmaxParams, (softmax<int16_t, int16_t>))
TANDEM_DEFINE_KERNEL(softmax_f32__ref, SoftmaxParams, (softmax<float, float>))

}  // namespace tandem
