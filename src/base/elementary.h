#pragma once

// Elementary functions in double precision with the same bits on every machine: only IEEE-754 additions,
// multiplications and divisions, no libm. Integer tables that need exp, log or sin are made from these, so
// that a plan made on a host and one made on a device agree.
//
// The same bits need the operations as written: compile with -ffp-contract=off and without -ffast-math. The
// tests compare run-time results with constant evaluation, which never contracts.
//
// All functions are total and constexpr. Errors are in units in the last place (ulp) of the result;
// elementary_test measures them against a wider type.

#include <array>
#include <bit>
#include <cfloat>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "base/fixed_point.h"

namespace tandem::elementary {

static_assert(std::numeric_limits<double>::is_iec559 && (FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16),
              "float and double operations must round to their own type");

// ---------------------------------------------------------------------------------------------------------
// Unevaluated sums: more than 53 bits from pairs of doubles

/// The number hi + lo, with |lo| small against |hi|.
struct Sum {
  double hi = 0;
  double lo = 0;
};

/// a + b without error (Knuth).
constexpr Sum exact_sum(double a, double b) {
  const double hi = a + b;
  const double b_part = hi - a;
  return {hi, (a - (hi - b_part)) + (b - b_part)};
}

/// a · b without error (Dekker, Veltkamp), for products and factors far from overflow and underflow.
constexpr Sum exact_product(double a, double b) {
  const auto upper_half = [](double x) {
    const double scaled = x * 0x1.0000002p27;
    return scaled - (scaled - x);
  };
  const double hi = a * b;
  const double a_hi = upper_half(a), a_lo = a - a_hi;
  const double b_hi = upper_half(b), b_lo = b - b_hi;
  return {hi, ((a_hi * b_hi - hi) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo};
}

/// n / d, one rounding plus about 2^-100.
constexpr double quotient(Sum n, Sum d) {
  const double q = n.hi / d.hi;
  const Sum back = exact_product(q, d.hi);
  return q + (((n.hi - back.hi) - back.lo) + (n.lo - q * d.lo)) / d.hi;
}

// ---------------------------------------------------------------------------------------------------------
// Powers of two and square root: exact or correctly rounded

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// 2^exponent for exponent in [-1022, 1023].
constexpr double pow2(int exponent) {
  return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52);
}

/// x · 2^exponent, rounded once if the result is subnormal and x is not. |exponent| <= 2044.
constexpr double scale_pow2(double x, int exponent) {
  if (exponent > 1023) return x * pow2(1023) * pow2(exponent - 1023);
  if (exponent < -1022) return x * pow2(exponent + 1022) * pow2(-1022);
  return x * pow2(exponent);
}

/// √x, correctly rounded; NaN for x < 0.
constexpr double sqrt(double x) {
  if (!(x > 0) || x == kInfinity) return x == 0 || x == kInfinity || x != x ? x : kNaN;
  const bool subnormal = x < pow2(-1022);
  const auto bits = std::bit_cast<uint64_t>(subnormal ? x * pow2(54) : x);
  int exponent = static_cast<int>(bits >> 52) - 1023 - (subnormal ? 54 : 0);
  uint64_t m = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;  // x = m · 2^(exponent - 52)
  if (exponent & 1) m <<= 1, --exponent;
  // Digit by digit, two bits of m a step: the 54 bits of the root of m · 2^54. The last is the rounding bit;
  // a root is never half way between two doubles.
  uint64_t root = 0, remainder = 0;
  for (int i = 0; i < 54; ++i) {
    remainder = remainder << 2 | (m >> 52 & 3);
    m = (m & ((uint64_t{1} << 52) - 1)) << 2;
    root <<= 1;
    const uint64_t trial = root << 1 | 1;
    if (remainder >= trial) remainder -= trial, root |= 1;
  }
  return scale_pow2(static_cast<double>((root + 1) >> 1), exponent / 2 - 52);
}

// ---------------------------------------------------------------------------------------------------------
// exp and what follows from it

namespace detail {

/// 1/n! for n in [0, 18]; 18! is an integer below 2^53, so each is rounded once.
inline constexpr std::array<double, 19> kInverseFactorial = [] {
  std::array<double, 19> inverse{1.0};
  double factorial = 1;
  for (size_t n = 1; n < inverse.size(); ++n) inverse[n] = 1 / (factorial *= static_cast<double>(n));
  return inverse;
}();

inline constexpr double kLn2Hi = 0x1.62e42fefa3p-1;  // 41 bits: its products with 12-bit integers are exact
inline constexpr double kLn2Lo = 0x1.3de6af278ece6p-42;

/// e^x = 2^exponent · (1 + expm1), expm1 = e^r - 1 with |r| < 0.35 and a relative error below 2^-57.
struct ExpParts {
  Sum expm1;
  int exponent = 0;
};

/// |x| <= 800, and 0 or not below 2^-54.
constexpr ExpParts exp_parts(double x) {
  const int exponent = round_to_int32(x * 0x1.71547652b82fep+0);  // x / ln 2
  const Sum r = exact_sum(x - exponent * kLn2Hi, -exponent * kLn2Lo);
  const Sum r2 = exact_product(r.hi, r.hi);
  double series = 0;  // 1/3! + r/4! + …
  for (size_t n = 14; n-- > 3;) series = series * r.hi + kInverseFactorial[n];
  const Sum leading = exact_sum(r.hi, r2.hi / 2);  // r + r²/2; what follows is below 0.0075
  return {exact_sum(leading.hi, leading.lo + (r.hi * r2.hi * series + r2.lo / 2 + (r.lo + r.lo * r.hi))),
          exponent};
}

constexpr Sum exp_sum(const ExpParts& e) {
  const Sum s = exact_sum(1, e.expm1.hi);
  const Sum rounded = exact_sum(s.hi, s.lo + e.expm1.lo);
  return {scale_pow2(rounded.hi, e.exponent), scale_pow2(rounded.lo, e.exponent)};
}

/// e^x - 1 with an error small against the result, however small that is.
constexpr Sum expm1_sum(const ExpParts& e) {
  if (e.exponent == 0) return e.expm1;
  const Sum s = exp_sum(e);
  const Sum minus_one = exact_sum(s.hi, -1);
  return {minus_one.hi, minus_one.lo + s.lo};
}

}  // namespace detail

/// e^x. Error below 0.6 ulp, 0.8 where the result is subnormal.
constexpr double exp(double x) {
  if (x != x) return x;
  if (x > 710) return kInfinity;
  if (x < -746) return 0;
  if (x > -0x1p-54 && x < 0x1p-54) return 1;
  return detail::exp_sum(detail::exp_parts(x)).hi;
}

/// e^x - 1. Error below 0.7 ulp.
constexpr double expm1(double x) {
  if (x != x || (x > -0x1p-54 && x < 0x1p-54)) return x;
  if (x > 700) return exp(x);  // minus 1 is far below an ulp, and parts of the sum could overflow
  if (x < -40) return -1;
  const Sum s = detail::expm1_sum(detail::exp_parts(x));
  return s.hi + s.lo;
}

/// 1 / (1 + e^-x). Error below 0.6 ulp, 0.8 where the result is subnormal.
constexpr double logistic(double x) {
  if (x != x) return x;
  if (x < -746) return 0;
  if (x > 40) return 1;
  if (x > -0x1p-54 && x < 0x1p-54) return 0.5;
  const Sum e = detail::exp_sum(detail::exp_parts(x < 0 ? x : -x));
  const Sum one_plus = exact_sum(1, e.hi);
  return quotient(x < 0 ? e : Sum{1, 0}, {one_plus.hi, one_plus.lo + e.lo});
}

/// tanh x = (e^2x - 1) / (e^2x + 1). Error below 0.7 ulp.
constexpr double tanh(double x) {
  const double magnitude = x < 0 ? -x : x;
  if (x != x || magnitude < 0x1p-28) return x;
  if (magnitude > 20) return x < 0 ? -1 : 1;
  const Sum n = detail::expm1_sum(detail::exp_parts(-2 * magnitude));
  const Sum plus_two = exact_sum(2, n.hi);
  const double minus_tanh = quotient(n, {plus_two.hi, plus_two.lo + n.lo});
  return x < 0 ? minus_tanh : -minus_tanh;
}

/// 1 - erf x = 2/√π · ∫ e^-t² dt from x to infinity. Absolute error below 2^-48; 0 and 2 beyond ±6.
constexpr double erfc(double x) {
  if (x != x) return x;
  if (x > 6) return 0;
  if (x < -6) return 2;
  // erf x = 2/√π · e^-x² · (x + 2x³/3 + 4x⁵/(3·5) + …): no term takes anything away from another.
  constexpr double kTwoOverRootPi = 0x1.20dd750429b6dp+0;
  const double x2 = x * x;
  double term = x;
  double sum = x;
  for (int n = 3; term * term > 0x1p-120 * sum * sum; n += 2) {
    term *= 2 * x2 / n;
    sum += term;
  }
  return 1 - kTwoOverRootPi * exp(-x2) * sum;
}

// ---------------------------------------------------------------------------------------------------------
// Logarithm

/// ln x; -infinity for 0, NaN for x < 0. Error below 0.7 ulp.
constexpr double log(double x) {
  if (!(x > 0) || x == kInfinity) return x == 0 ? -kInfinity : x == kInfinity || x != x ? x : kNaN;
  const bool subnormal = x < pow2(-1022);
  const auto bits = std::bit_cast<uint64_t>(subnormal ? x * pow2(54) : x);
  int exponent = static_cast<int>(bits >> 52) - 1023 - (subnormal ? 54 : 0);
  double m = std::bit_cast<double>((bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1023} << 52);
  if (m > 0x1.6a09e667f3bcdp+0) m /= 2, ++exponent;  // m in [√½, √2]
  // ln(1 + f) = 2 artanh s = f - f²/2 + s·(f²/2 + 2s²/3 + 2s⁴/5 + …) with s = f / (2 + f): the last product
  // is below 0.02, so its rounding errors hardly count.
  const double f = m - 1;
  const double s = f / (2 + f);
  const double s2 = s * s;
  double series = 0;  // 1/3 + s²/5 + s⁴/7 + …
  for (int n = 23; n >= 3; n -= 2) series = series * s2 + 1.0 / n;
  const Sum f2 = exact_product(f, f);
  const Sum linear = exact_sum(exponent * detail::kLn2Hi, f);
  const Sum quadratic = exact_sum(linear.hi, -f2.hi / 2);
  const double tail = s * (f2.hi / 2 + 2 * s2 * series) - f2.lo / 2 + exponent * detail::kLn2Lo;
  return quadratic.hi + (quadratic.lo + linear.lo + tail);
}

/// The exponent of the power of two that x > 0 is within 0.07 % of, nothing if there is none. TensorFlow Lite
/// takes such scales for powers of two: |log2 x - exponent| < 0.001.
constexpr std::optional<int32_t> exponent_if_pot(float x) {
  if (!(x > 0)) return std::nullopt;
  const double log2 = log(static_cast<double>(x)) * 0x1.71547652b82fep+0;
  const int32_t nearest = round_to_int32(log2);
  const double distance = log2 - nearest;
  if (distance <= -1e-3 || distance >= 1e-3) return std::nullopt;
  return nearest;
}

// ---------------------------------------------------------------------------------------------------------
// Sine and cosine

inline constexpr double kTrigonometricLimit = 0x1p20;

namespace detail {

/// x = quadrant · π/2 + r, |r| <= π/4 plus a rounding error; quadrant modulo 4.
struct Quadrant {
  Sum r;
  int quadrant = 0;
};

/// |x| <= 2^20.
constexpr Quadrant reduce_quadrant(double x) {
  // π/2 in parts of at most 33 bits, the last of 53: products of the first three with n < 2^20 are exact, and
  // 149 bits are enough for the closest that a double comes to a multiple of π/2.
  constexpr double kHalfPi[] = {0x1.921fb544p+0, 0x42d18469p-64, 0x898cc517p-96, 0x1.b839a252049c1p-104};
  const int n = round_to_int32(x * 0x1.45f306dc9c883p-1);  // x / (π/2)
  Sum r{x, 0};
  for (const double part : kHalfPi) {
    const Sum difference = exact_sum(r.hi, -n * part);
    r = exact_sum(difference.hi, difference.lo + r.lo);
  }
  return {r, n & 3};
}

constexpr double sin_near_zero(Sum r) {
  const double r2 = r.hi * r.hi;
  double series = 0;  // -1/3! + r²/5! - …
  for (size_t n = 19; n > 3;) n -= 2, series = (n % 4 == 3 ? -1 : 1) * kInverseFactorial[n] + series * r2;
  return r.hi + (r.hi * r2 * series + r.lo * (1 - r2 / 2));
}

constexpr double cos_near_zero(Sum r) {
  const Sum r2 = exact_product(r.hi, r.hi);
  double series = 0;  // 1/4! - r²/6! + …
  for (size_t n = 20; n > 4;) n -= 2, series = (n % 4 == 2 ? -1 : 1) * kInverseFactorial[n] + series * r2.hi;
  const Sum leading = exact_sum(1, -r2.hi / 2);
  return leading.hi + (leading.lo + (r2.hi * r2.hi * series - r2.lo / 2 - r.hi * r.lo));
}

constexpr double sin_of_quadrant(const Quadrant& q) {
  const double magnitude = q.quadrant & 1 ? cos_near_zero(q.r) : sin_near_zero(q.r);
  return q.quadrant & 2 ? -magnitude : magnitude;
}

}  // namespace detail

/// sin x for |x| <= 2^20, NaN beyond: tables have no larger angles. Error below 0.85 ulp.
constexpr double sin(double x) {
  if (!(x >= -kTrigonometricLimit && x <= kTrigonometricLimit)) return kNaN;
  return detail::sin_of_quadrant(detail::reduce_quadrant(x));
}

/// cos x for |x| <= 2^20, NaN beyond. Error below 0.85 ulp.
constexpr double cos(double x) {
  if (!(x >= -kTrigonometricLimit && x <= kTrigonometricLimit)) return kNaN;
  detail::Quadrant q = detail::reduce_quadrant(x);
  q.quadrant = (q.quadrant + 1) & 3;
  return detail::sin_of_quadrant(q);
}

}  // namespace tandem::elementary

namespace tandem {

// ---------------------------------------------------------------------------------------------------------
// Tables of the int16 kernels, in read-only memory and linked only where used

/// 65536 · logistic(i / 24), each sample moved by half the error of a straight line to the next; LOGISTIC and
/// TANH on int16 interpolate in it. The last entry is the value at which they saturate, 65535.
extern const std::array<uint16_t, 256> kSigmoidTable;

/// For lut_lookup: 2^15 · e^x, where v stands for x = 10 · (v - 32768) / 65536, from -10 to 0. SOFTMAX on
/// int16.
extern const std::array<int16_t, kLutSize> kExpLut;

/// For lut_lookup: 2^15 / (1 + x), where v stands for x = (v + 32768) / 65536, from 0 to 1. SOFTMAX on int16.
extern const std::array<int16_t, kLutSize> kOneOverOnePlusXLut;

void fill_exp_lut(std::span<int16_t, kLutSize> table);
void fill_one_over_one_plus_x_lut(std::span<int16_t, kLutSize> table);

}  // namespace tandem
