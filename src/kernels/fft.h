#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// Discrete Fourier transform of real signals, and back. N = length, even; n = N/2; per row:
///   forward  X[k] = s · Σ_j x[j] · e^(−2πi·jk/N),  k ∈ [0, n];  x[j] = 0 from in_length on
///   inverse  x[j] = s · Σ_k X[k] · e^(+2πi·jk/N) with X[N − k] = conj X[k],  j ∈ [0, N)
/// Layout   real rows of in_length (forward) or N (inverse) elements; complex rows of n + 1, or in_length
///          (inverse), pairs (re, im).
/// Method   pairs of reals as complex numbers, a transform of n points in stages of `radices` (product n, the
///          first is the last one run), and one pass that separates the two halves. The same radices, order
///          of operations and roundings as in the reference, so that integers have the same bits.
/// Integers Q15 (s16) or Q31 (s32): every product is rounded to nearest, ties up; before a stage of radix p
///          all inputs are multiplied by ⌊max/p⌋, before the separating pass by ⌊max/2⌋, after a forward one
///          sums are halved, rounding down. So s = 1/N forward and 1/N inverse. Sums wrap.
/// Float    s = 1 forward, 1/N inverse.
/// Tables   twiddles[k] = e^(∓2πi·k/n), k < n; separating[k] = e^(∓πi·((k+1)/n + 1/2)), k < n/2; upper signs
///          forward.
/// Units    rows.
struct FftParams {
  static constexpr uint32_t kMaxRadices = 20;  ///< 3^18 > 2^28

  Ref in;
  Ref out;
  Ref twiddles;
  Ref separating;
  Scratch scratch;  ///< a complex for each point of the largest radix above 5; absent if there is none
  uint32_t length = 0;
  uint32_t in_length = 0;
  uint32_t radix_count = 0;
  uint32_t radices[kMaxRadices] = {};
};

/// Scales a signal up so that its largest magnitude just fits 16 bits, as far as that is a power of two:
///   y[i] = x[i] · 2^s (wrapping), s = max(0, 15 − bits of max_i |x[i]|), or 0 if all are 0
/// Magnitudes are int16 too: |−32768| counts as −32768, less than any other, so that what stands before such
/// a sample does not matter. As in TensorFlow Lite Micro.
/// Units    one, because all depends on the largest.
struct FftAutoScaleParams {
  Ref in;
  Ref out;
  Ref scale_bits;  ///< int32, one: s
  uint32_t count = 0;
};

}  // namespace tandem
