#pragma once

#include "kernels/blocks.h"
#include "kernels/kernel.h"

// The steps of a speech front end on samples, spectra and filter banks.
namespace tandem {

/// y[r, i] = clamp(⌊x[r, i] · w[i] / 2^shift⌋), all int16. Needs shift < 32.
/// Units   blocks of elements of x.
struct SignalWindowParams {
  Ref in;
  Ref weights;
  Ref out;
  Blocks elements;
  uint32_t window_size = 1;
  uint32_t shift = 0;
};

/// y[k] = re² + im² for k ∈ [start, end), else 0: int16 pairs to uint32.
/// Units   one.
struct EnergyParams {
  Ref in;
  Ref out;
  uint32_t count = 0;
  uint32_t start = 0;
  uint32_t end = 0;
};

/// Triangular filters that overlap by half: a filter rises over one band of the spectrum by `weights` and
/// falls over the next by `unweights` (1 − weight):
///   y[c] = Σ_j unweights[b(c) + j] · x[f(c) + j] + Σ_j weights[b(c+1) + j] · x[f(c+1) + j],
/// j ∈ [0, widths[·]); f = frequency_starts, b = weight_starts, all modulo 2^64.
/// Layout  x uint32[bins], weights and unweights int16[weight_count], f, b, widths int16[channels + 1], y
///         uint64[channels].
/// Errors  a band that leaves the spectrum or the weights is a data error; a negative width is no band.
/// Units   blocks of channels.
struct FilterBankParams {
  Ref in;
  Ref weights;
  Ref unweights;
  Ref frequency_starts;
  Ref weight_starts;
  Ref widths;
  Ref out;
  Blocks channels;
  uint32_t bins = 0;
  uint32_t weight_count = 0;
};

/// y = min(round(scale · ln(x · 2^correction_bits)), 32767), the product wrapping; 0 where that is 0 or 1.
/// Method  log2 with 16 fraction bits: a straight line from power to power of 2, plus `table`, 128 samples of
///         2^16 · (log2(1 + i/128) − i/128). As in the reference, what is added between two samples is a
///         128th of what a straight line would be.
/// Needs   correction_bits < 32. Products wrap at 32 bits.
/// Units   blocks of elements.
struct FilterBankLogParams {
  Ref in;
  Ref out;
  Ref table;  ///< uint16[129]
  Blocks elements;
  uint32_t scale = 0;
  uint32_t correction_bits = 0;
};

/// y = √x rounded to nearest, then shifted right by *shift: uint64 to uint32. Roots round to at most 2^32 −
/// 1, those of x < 2^32 to at most 2^16 − 1. Errors  a shift outside of [0, 31] is a data error. Units blocks
/// of elements.
struct SquareRootParams {
  Ref in;
  Ref shift;  ///< int32, one
  Ref out;
  Blocks elements;
};

/// Subtracts what is always there. For channel c, with its estimate n and x' = x · 2^smoothing_bits:
///   n ← (x' · a + n · b) / 2^bits
///   y = max((x' − min(n, x')) / 2^smoothing_bits, x · least_remaining / 2^bits); with clamping, n ← min(n,
///   x')
/// a = smoothing[c odd], b = one_minus_smoothing[c odd]; all uint32, divisions round down, sums of products
/// are 64 bits and wrap. `noise` is n as it is then.
/// Needs   smoothing_bits < 32, bits < 64.
/// State   estimate: uint32[channels]
/// Units   blocks of channels.
struct SpectralSubtractionParams {
  Ref in;
  Ref out;
  Ref noise;
  Ref estimate;
  Blocks channels;
  uint32_t smoothing[2] = {};
  uint32_t one_minus_smoothing[2] = {};
  uint32_t least_remaining = 0;
  uint32_t smoothing_bits = 0;
  uint32_t bits = 0;
  uint32_t clamping = 0;
};

/// Per-channel amplitude normalization: s = x · gain(noise) / 2^shift, y = 2^6 · shrink(s / 2^12) with
/// shrink(v) = v²/4 below 2, else v − 1.
/// Method  gain is a parabola a piece, one for each bit length of the noise, of three int16 of `table` each:
///         pieces of n bits start at 4n − 6; 0, 1 and 2 have a value each.
/// Needs   shift < 64. Products wrap at 64 bits, s and y at 32.
/// Errors  a noise whose piece the table does not have is a data error.
/// Units   blocks of elements.
struct PcanParams {
  Ref in;
  Ref noise;
  Ref table;
  Ref out;
  Blocks elements;
  uint32_t table_size = 0;
  uint32_t shift = 0;
};

}  // namespace tandem
