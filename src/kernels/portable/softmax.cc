#include "kernels/softmax.h"

#include <algorithm>

// SOFTMAX of int8: a row's exponentials are computed once, or looked up where a table of all is worth its
// memory. In flash: of short rows, which most are, it counts how little code has to be fetched.
namespace tandem {
namespace {

// y of an exponential: e^d / Σ, rounded.
template <class Out>
Out share(int32_t exp, const q::Reciprocal& scale) {
  constexpr Clamp kRange = kRangeOf<Out>;
  const int exponent = scale.exponent + 31 - static_cast<int>(sizeof(Out)) * 8;
  // Beyond 31 bits, as of a sum of 512 or more, all round to 0.
  const int32_t y = exponent > 31 ? 0 : rdiv_pot(srdhm(scale.mantissa, exp), exponent);
  return static_cast<Out>(kRange.apply(y + kRange.min));
}

template <class Out>
void softmax_row(const SoftmaxParams& p, const Task& task, const int8_t* in, Out* out) {
  const auto* const table = task.in<int32_t>(p.exps);
  int32_t* const exps = table == nullptr ? task.scratch<int32_t>(p.row_exps) : nullptr;
  const int32_t maximum = *std::max_element(in, in + p.depth);
  int32_t sum = 0;  // Q12.19
  for (uint32_t c = 0; c < p.depth; ++c) {
    const int32_t below = maximum - in[c];
    const int32_t exp = table != nullptr ? table[below] : softmax_exp(p, -below);
    if (table == nullptr) exps[c] = exp;
    sum = wrapping_add(sum, q::rescale<kSoftmaxSumIntegerBits, 0>(exp));
    if (sum < 0) sum = INT32_MAX;  // saturates: no exponential is negative
  }
  const q::Reciprocal scale = q::reciprocal(sum, kSoftmaxSumIntegerBits);
  for (uint32_t c = 0; c < p.depth; ++c) {
    out[c] = share<Out>(table != nullptr ? table[maximum - in[c]] : exps[c], scale);
  }
}

template <class Out>
KernelResult softmax(const SoftmaxParams& p, const Task& task) {
  for (uint32_t row = p.rows.begin(task); row < p.rows.end(task); ++row) {
    softmax_row(p, task, task.in<int8_t>(p.in) + row * p.depth, task.out<Out>(p.out) + row * p.depth);
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(softmax_s8__portable, SoftmaxParams, softmax<int8_t>)
TANDEM_DEFINE_KERNEL(softmax_s8_s16__portable, SoftmaxParams, softmax<int16_t>)

}  // namespace tandem
