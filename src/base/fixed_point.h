#pragma once

// The only place where rounding is defined. Every integer kernel, plan-time constant and fast variant rounds
// through these functions or is tested against them.
//
// Formats: Qm.n is an int32 with m integer bits, n = 31 - m fractional bits and the sign, standing for
// raw · 2^-n in [-2^m, 2^m). So Q0.31 is [-1, 1), and "one" in Q0.31 is its largest value, 1 - 2^-31.
//
// Everything here is total: no argument within the stated range has undefined behaviour, and where TensorFlow
// Lite relies on 32-bit arithmetic wrapping, the same wrapped bits come out.

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "tandem/status.h"

namespace tandem {

// ---------------------------------------------------------------------------------------------------------
// Integers

/// x brought into the range of To, which must lie within that of From.
template <std::integral To, std::signed_integral From>
constexpr To saturate_cast(From x) {
  static_assert(sizeof(To) < sizeof(From) || std::same_as<To, From>);
  return static_cast<To>(
      std::clamp(x, From{std::numeric_limits<To>::min()}, From{std::numeric_limits<To>::max()}));
}

/// Two's complement arithmetic modulo 2^32.
constexpr int32_t wrapping_add(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
constexpr int32_t wrapping_sub(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b));
}
constexpr int32_t wrapping_mul(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
}
constexpr int32_t wrapping_shift_left(int32_t x, int bits) {
  return bits > 31 ? 0 : static_cast<int32_t>(static_cast<uint32_t>(x) << bits);
}

/// ⌊log2 x⌋ for x > 0.
constexpr int floor_log2(uint32_t x) { return 31 - std::countl_zero(x); }

// TFLite rounds twice, with different ties: srdhm breaks them upward, rdiv_pot away from zero.
// Merging the two shifts is faster and WRONG by one for some inputs; the assertions pin both.

/// Saturating rounding doubling high multiply: a·b / 2^31, ties upward. In Q formats: Qm · Qn = Q(m+n).
/// Only INT32_MIN² leaves the range of int32; it gives INT32_MAX.
/// Without 64-bit products, for which small cores call their compiler's library, and a function of its own:
/// what rounds a few times in an inference takes longer to be fetched than to run. With a = a1·2^16 + a0 and
/// b alike (a1, b1 signed, the others not), a·b = h·2^32 + q·2^16 + (what is below 2^16 and cannot carry):
///   m = a0·b1 + ⌊a0·b0 / 2^16⌋,   h = a1·b1 + ⌊m / 2^16⌋,   q = a1·b0 + m mod 2^16;   |m|, |q| < 2^31 −
///   2^14.
[[gnu::noinline]] constexpr int32_t srdhm(int32_t a, int32_t b) {
  if (a == b && a == std::numeric_limits<int32_t>::min()) return std::numeric_limits<int32_t>::max();
  const int32_t a1 = a >> 16;
  const int32_t b1 = b >> 16;
  const int32_t a0 = a & 0xffff;
  const int32_t b0 = b & 0xffff;
  const uint32_t low = static_cast<uint32_t>(a0) * static_cast<uint32_t>(b0) >> 16;
  const int32_t m = a0 * b1 + static_cast<int32_t>(low);
  const int32_t h = a1 * b1 + (m >> 16);
  const int32_t q = a1 * b0 + (m & 0xffff);
  return wrapping_add(wrapping_add(h, h), (q + (1 << 14)) >> 15);
}
static_assert(srdhm(-3, 1 << 30) == -1);  // -1.5 -> -1
static_assert(srdhm(-1, 1 << 30) == 0);   // -0.5 -> 0
static_assert(srdhm(3, 1 << 30) == 2);    //  1.5 -> 2
static_assert(srdhm(INT32_MIN, INT32_MIN) == INT32_MAX);
static_assert(srdhm(INT32_MIN, INT32_MAX) == -INT32_MAX);

/// x / 2^exponent, ties away from zero. exponent in [0, 31].
constexpr int32_t rdiv_pot(int32_t x, int exponent) {
  // Rounding the magnitude half up is rounding x half away from zero, and 2^31 + 2^30 still fits 32 bits.
  const uint32_t sign = x < 0 ? ~uint32_t{0} : 0;
  const uint32_t magnitude = (static_cast<uint32_t>(x) ^ sign) - sign;
  const uint32_t half = (uint32_t{1} << exponent) >> 1;
  return static_cast<int32_t>((((magnitude + half) >> exponent) ^ sign) - sign);
}
static_assert(rdiv_pot(-3, 1) == -2);  // -1.5 -> -2
static_assert(rdiv_pot(3, 1) == 2);    //  1.5 -> 2
static_assert(rdiv_pot(-1, 1) == -1);  // -0.5 -> -1
static_assert(rdiv_pot(-5, 2) == -1 && rdiv_pot(-7, 2) == -2);
static_assert(rdiv_pot(INT32_MIN, 0) == INT32_MIN && rdiv_pot(INT32_MIN, 31) == -1);
static_assert(rdiv_pot(INT32_MAX, 31) == 1 && rdiv_pot((1 << 30) - 1, 31) == 0);

/// x · 2^bits, saturating. bits in [0, 31].
constexpr int32_t saturating_shift_left(int32_t x, int bits) {
  return saturate_cast<int32_t>(int64_t{x} * (int64_t{1} << bits));
}
static_assert(saturating_shift_left(-1, 31) == INT32_MIN && saturating_shift_left(1, 31) == INT32_MAX);

/// x · 2^exponent: saturating to the left, rounded as rdiv_pot to the right. exponent in [-31, 31].
constexpr int32_t multiply_by_pot(int32_t x, int exponent) {
  return exponent >= 0 ? saturating_shift_left(x, exponent) : rdiv_pot(x, -exponent);
}

/// (a + b) / 2, ties away from zero.
constexpr int32_t rounding_half_sum(int32_t a, int32_t b) {
  const int64_t sum = int64_t{a} + b;
  return static_cast<int32_t>((sum + (sum >= 0 ? 1 : -1)) / 2);
}
static_assert(rounding_half_sum(-1, 0) == -1 && rounding_half_sum(1, 0) == 1);

// ---------------------------------------------------------------------------------------------------------
// Floating point to integer

/// The nearest int32, ties away from zero; saturating; 0 for NaN.
template <std::floating_point F>
constexpr int32_t round_to_int32(F x) {
  constexpr F kLimit = F{1 << 30} * 2;
  if (x != x) return 0;
  if (x >= kLimit) return std::numeric_limits<int32_t>::max();
  if (x <= -kLimit) return std::numeric_limits<int32_t>::min();
  const auto whole = static_cast<int32_t>(x);
  const F fraction = x - static_cast<F>(whole);  // exact: both have the same sign and x's exponent or less
  if (fraction >= F{0.5}) return saturate_cast<int32_t>(int64_t{whole} + 1);
  if (fraction <= F{-0.5}) return saturate_cast<int32_t>(int64_t{whole} - 1);
  return whole;
}
static_assert(round_to_int32(2.5f) == 3 && round_to_int32(-2.5f) == -3 && round_to_int32(-0.5) == -1);
static_assert(round_to_int32(0.49999997f) == 0 && round_to_int32(8388609.0f) == 8388609);
static_assert(round_to_int32(2147483647.5) == INT32_MAX && round_to_int32(-1e30f) == INT32_MIN);

/// x without its fraction; saturating; 0 for NaN.
template <std::signed_integral To, std::floating_point F>
constexpr To truncate_to(F x) {
  constexpr F kLimit = F{To{1} << (std::numeric_limits<To>::digits - 1)} * 2;
  if (x != x) return 0;
  if (x >= kLimit) return std::numeric_limits<To>::max();
  if (x <= -kLimit) return std::numeric_limits<To>::min();
  return static_cast<To>(x);
}
template <std::floating_point F>
constexpr int32_t truncate_to_int32(F x) {
  return truncate_to<int32_t>(x);
}
static_assert(truncate_to<int64_t>(-0x1p63f) == INT64_MIN && truncate_to<int64_t>(1e30) == INT64_MAX);

// ---------------------------------------------------------------------------------------------------------
// Requantization: multiplying integers by a real number

/// The real number multiplier · 2^(shift - 31): multiplier is Q0.31, a positive shift goes left.
struct QuantizedMultiplier {
  int32_t multiplier = 0;
  int32_t shift = 0;
  constexpr bool operator==(const QuantizedMultiplier&) const = default;
};

/// `real` with 31 significant bits, ties away from zero; |multiplier| >= 2^30 unless `real` is 0.
/// Below about 2^-32 everything is 0, as in TensorFlow Lite. Always gives shift in [-31, 31]: from 2^31
/// upwards, infinity included, the result is the largest multiplier; NaN gives 0.
constexpr QuantizedMultiplier quantize_multiplier(double real) {
  const auto bits = std::bit_cast<uint64_t>(real);
  const bool negative = bits >> 63 != 0;
  const auto exponent = static_cast<int32_t>(bits >> 52 & 0x7ff);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  if (exponent == 0x7ff && fraction != 0) return {};
  int32_t shift = exponent - 1022;  // |real| = significand · 2^(shift - 53), significand in [2^52, 2^53)
  if (shift < -32) return {};       // subnormals too
  const uint64_t significand = fraction | uint64_t{1} << 52;
  auto magnitude = static_cast<int64_t>((significand + (uint64_t{1} << 21)) >> 22);  // 31 bits, half up
  if (magnitude == int64_t{1} << 31 && !negative) {  // -2^31 is a Q0.31 number and stays
    magnitude >>= 1;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 31) return {negative ? INT32_MIN : INT32_MAX, 31};
  return {static_cast<int32_t>(negative ? -magnitude : magnitude), shift};
}
static_assert(quantize_multiplier(1.0) == QuantizedMultiplier{1 << 30, 1});
static_assert(quantize_multiplier(0.75) == QuantizedMultiplier{3 << 29, 0});
static_assert(quantize_multiplier(-0.75) == QuantizedMultiplier{-(3 << 29), 0});
static_assert(quantize_multiplier(0.0) == QuantizedMultiplier{0, 0});
static_assert(quantize_multiplier(0.9999999999) == QuantizedMultiplier{1 << 30, 1});
static_assert(quantize_multiplier(0x1p-32) == QuantizedMultiplier{1 << 30, -31});
static_assert(quantize_multiplier(0x1.8p-33) == QuantizedMultiplier{0, 0});
static_assert(quantize_multiplier(0.5 + 0x1p-32) == QuantizedMultiplier{(1 << 30) + 1, 0});  // a tie

/// x · m in int32, rounded twice: srdhm, then rdiv_pot. m.shift in [-31, 31].
/// A left shift comes first and wraps modulo 2^32; callers that must not lose bits bound x · 2^shift.
constexpr int32_t requantize(int32_t x, QuantizedMultiplier m) {
  const int left = m.shift > 0 ? m.shift : 0;
  const int right = m.shift > 0 ? 0 : -m.shift;
  return rdiv_pot(srdhm(wrapping_shift_left(x, left), m.multiplier), right);
}
static_assert(requantize(-3, {1 << 30, 0}) == -1);      // one rounding, ties upward
static_assert(requantize(-3, {1 << 30, -1}) == -1);     // -0.75: -1.5 -> -1, then -0.5 -> -1
static_assert(requantize(3, {1 << 30, -1}) == 1);       //  0.75:  1.5 ->  2, then  1.0
static_assert(requantize(5, {1 << 30, -2}) == 1);       //  0.625: 2.5 -> 3, then 0.75 -> 1
static_assert(requantize(1 << 30, {1 << 30, 2}) == 0);  // 2^32 wraps to 0

/// m / n for n in [1, 2^31): with as many significant bits as a shift of -31 or more leaves, truncated.
/// m.multiplier >= 0, m.shift in [-31, 31].
constexpr QuantizedMultiplier divide_multiplier(QuantizedMultiplier m, uint32_t n) {
  const int32_t shift = std::min<int32_t>(floor_log2(n), 31 + m.shift);
  return {static_cast<int32_t>((int64_t{m.multiplier} << shift) / n), m.shift - shift};
}
static_assert(divide_multiplier({1 << 30, 1}, 4) == QuantizedMultiplier{1 << 30, -1});
static_assert(divide_multiplier({1 << 30, 1}, 3) == QuantizedMultiplier{715827882, 0});
static_assert(divide_multiplier({1 << 30, -31}, 4) == QuantizedMultiplier{1 << 28, -31});

/// The largest shift requantize64 takes; planners refuse models that need more.
inline constexpr int32_t kRequantize64MaxShift = 14;

/// The multiplier of m rounded to 15 bits, Q0.15, ties upward; m.multiplier >= 0.
constexpr int32_t multiplier_q15(QuantizedMultiplier m) {
  return m.multiplier < 0x7fff0000 ? (m.multiplier + (1 << 15)) >> 16 : 0x7fff;
}

/// x · m for the 64-bit accumulators of int16 activations: the multiplier is first rounded to 15 bits, then
/// the product once, ties upward. m.multiplier >= 0, m.shift in [-31, 14]. Exact for x in [-2^47, 2^47);
/// beyond that the product, and a result outside int32 always, wraps.
constexpr int32_t requantize64(int64_t x, QuantizedMultiplier m) {
  const int32_t multiplier = multiplier_q15(m);
  const int right = 15 - m.shift;
  const uint64_t half = uint64_t{1} << (right - 1);
  const uint64_t product = static_cast<uint64_t>(x) * static_cast<uint64_t>(multiplier) + half;
  return static_cast<int32_t>(static_cast<int64_t>(product) >> right);
}
static_assert(requantize64(3, {1 << 30, 0}) == 2);               //  1.5 -> 2
static_assert(requantize64(-3, {1 << 30, 0}) == -1);             // -1.5 -> -1
static_assert(requantize64(0x10000, {INT32_MAX, 0}) == 0xfffe);  // the multiplier is 0x7fff / 0x8000
static_assert(requantize64((int64_t{1} << 47) - 1, {INT32_MAX, -31}) == 65534);

/// The largest |x| whose product with a multiplier of shift `left_shift` still fits Q`integer_bits`:
/// ⌊(2^integer_bits - 1) · 2^(31 - integer_bits) / 2^left_shift⌋. integer_bits in [0, 30].
constexpr int32_t input_radius(int integer_bits, int left_shift) {
  const int64_t largest = ((int64_t{1} << integer_bits) - 1) << (31 - integer_bits);
  if (left_shift > 31) return 0;
  return left_shift >= 0 ? static_cast<int32_t>(largest >> left_shift) : std::numeric_limits<int32_t>::max();
}
static_assert(input_radius(4, 27) == 15 && input_radius(5, 23) == 248);

// ---------------------------------------------------------------------------------------------------------
// Tables with interpolation

inline constexpr size_t kLutSize = 513;

/// The function sampled in `table`, at `x`: its high 9 bits pick a segment, its low 7 interpolate linearly,
/// ties upward.
constexpr int16_t lut_lookup(int16_t x, std::span<const int16_t, kLutSize> table) {
  const size_t segment = static_cast<size_t>(x >> 7) + 256;  // modulo: x >> 7 may be negative
  const auto slope = static_cast<int16_t>(table[segment + 1] - table[segment]);
  return static_cast<int16_t>(table[segment] + ((slope * (x & 0x7f) + 64) >> 7));
}

// ---------------------------------------------------------------------------------------------------------
// Fused activations

/// Numbered as ActivationFunctionType of the TensorFlow Lite schema.
enum class Activation : uint8_t {
  kNone = 0,
  kRelu = 1,
  kReluN1To1 = 2,
  kRelu6 = 3,
  kTanh = 4,
  kSignBit = 5,
};

/// The values an element may take: min <= x <= max.
template <class T>
struct Bounds {
  T min = std::numeric_limits<T>::lowest();
  T max = std::numeric_limits<T>::max();

  constexpr T apply(T x) const { return std::min(std::max(x, min), max); }
  constexpr bool operator==(const Bounds&) const = default;
};
using Clamp = Bounds<int32_t>;
using ClampF32 = Bounds<float>;

/// All values of a narrower integer type T, as the bounds of its int32 intermediate.
template <std::integral T>
inline constexpr Clamp kRangeOf{std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};

/// Bounds of an activation on real values: float tensors and integers without quantization.
/// kTanh and kSignBit are not clamps; like kNone they bound nothing, so operators refuse them beforehand.
template <class T>
constexpr Bounds<T> activation_bounds(Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return {.min = T{0}};
    case Activation::kReluN1To1:
      return {.min = T{-1}, .max = T{1}};
    case Activation::kRelu6:
      return {.min = T{0}, .max = T{6}};
    default:
      return {};
  }
}

/// Bounds of real values as bounds of quantized ones (real = scale · (q - zero_point)) within `range`,
/// rounded as TensorFlow Lite does: real / scale in float, ties away from zero. Errors: kOutputQuantization
/// when a bound has no int32 value (scale not positive or below about 2^-29).
constexpr Result<Clamp> quantize_bounds(const ClampF32& real, float scale, int32_t zero_point, Clamp range) {
  const auto quantize = [&](float bound, int32_t& quantized) {
    if (!(scale > 0)) return false;
    const float steps = bound / scale;
    if (!(steps >= -0x1p31f && steps < 0x1p31f)) return false;
    quantized = saturate_cast<int32_t>(int64_t{zero_point} + round_to_int32(steps));
    return true;
  };
  constexpr ClampF32 kUnbounded;
  int32_t bound = 0;
  if (real.min > kUnbounded.min) {
    if (!quantize(real.min, bound)) return Code::kOutputQuantization;
    range.min = std::max(range.min, bound);
  }
  if (real.max < kUnbounded.max) {
    if (!quantize(real.max, bound)) return Code::kOutputQuantization;
    range.max = std::min(range.max, bound);
  }
  return range;
}

/// The same of a fused activation.
constexpr Result<Clamp> activation_clamp(Activation activation, float scale, int32_t zero_point,
                                         Clamp range) {
  return quantize_bounds(activation_bounds<float>(activation), scale, zero_point, range);
}

// ---------------------------------------------------------------------------------------------------------
// Fixed-point functions with the bits of TensorFlow Lite's reference kernels (gemmlowp's algorithms)

namespace q {

/// 1 in Qm.(31-m); in Q0.31 the nearest there is.
template <int kIntegerBits>
inline constexpr int32_t kOne = kIntegerBits == 0 ? INT32_MAX : int32_t{1} << ((31 - kIntegerBits) & 31);

/// Q`kFrom` to Q`kTo`: saturating or rounding as multiply_by_pot.
template <int kTo, int kFrom>
constexpr int32_t rescale(int32_t x) {
  return multiply_by_pot(x, kFrom - kTo);
}

inline constexpr int32_t kThird = 715827883;
inline constexpr int32_t kExpOfMinusEighth = 1895147668;
inline constexpr int32_t kExpOfMinusPowers[] = {1672461947, 1302514674, 790015084, 290630308,
                                                39332535,   720401,     242};  ///< e^-(2^k), k = -2 … 4

/// e^x for x in [-1/4, 0), Q0.31 to Q0.31: the Taylor series of degree 4 around -1/8.
constexpr int32_t exp_above_minus_quarter(int32_t x) {
  const int32_t y = x + (1 << 28);
  const int32_t y2 = srdhm(y, y);
  const int32_t y3 = srdhm(y2, y);
  const int32_t y4 = srdhm(y2, y2);
  const int32_t cubic_and_quartic = srdhm(rdiv_pot(y4, 2) + y3, kThird);  // 2 · (y³/6 + y⁴/24)
  return kExpOfMinusEighth + srdhm(kExpOfMinusEighth, y + rdiv_pot(cubic_and_quartic + y2, 1));
}

/// e^x for x <= 0, Qm to Q0.31, m = kIntegerBits in [0, 5]. Error below 493 · 2^-31.
/// x is a remainder in [-1/4, 0) minus powers of two from 1/4 up: one multiplication for each power there is.
template <int kIntegerBits>
constexpr int32_t exp_of_negative(int32_t x) {
  static_assert(kIntegerBits >= 0 && kIntegerBits <= 5);
  constexpr int kFractionBits = 31 - kIntegerBits;
  constexpr int32_t kQuarter = int32_t{1} << (kFractionBits - 2);
  if (x == 0) return kOne<0>;
  const int32_t remainder = (x & (kQuarter - 1)) - kQuarter;
  const int32_t powers = wrapping_sub(remainder, x);
  int32_t result = exp_above_minus_quarter(rescale<0, kIntegerBits>(remainder));
  for (int k = -2; k < kIntegerBits; ++k) {
    if (powers >> (kFractionBits + k) & 1) result = srdhm(result, kExpOfMinusPowers[k + 2]);
  }
  return result;
}
static_assert(exp_of_negative<5>(0) == INT32_MAX);

/// 2 / (1 + x) for x in [0, 1], Q0.31 to Q2.29: three steps of Newton-Raphson for the reciprocal of
/// d = (1 + x) / 2 in [1/2, 1], from the linear approximation 48/17 - 32/17 · d.
constexpr int32_t two_over_one_plus_x(int32_t x) {
  constexpr int32_t k48Over17 = 1515870810;
  constexpr int32_t k32Over17 = 1010580540;
  const int32_t d = rounding_half_sum(x, kOne<0>);
  int32_t reciprocal = k48Over17 + srdhm(d, -k32Over17);
  for (int i = 0; i < 3; ++i) {
    const int32_t error = kOne<2> - srdhm(d, reciprocal);
    reciprocal += rescale<2, 4>(srdhm(reciprocal, error));
  }
  return reciprocal;
}

/// 1 / (1 + x) for x in [0, 1], Q0.31 to Q0.31. Error below 7 · 2^-31.
constexpr int32_t one_over_one_plus_x(int32_t x) { return rescale<0, 1>(two_over_one_plus_x(x)); }

/// (1 - x) / (1 + x) for x in [0, 1], Q0.31 to Q0.31.
constexpr int32_t one_minus_x_over_one_plus_x(int32_t x) {
  return rescale<0, 2>(two_over_one_plus_x(x) - kOne<2>);
}

/// 1 / (1 + e^-x), Qm to Q0.31, m = kIntegerBits in [0, 5]. Error below 152 · 2^-31.
template <int kIntegerBits>
constexpr int32_t logistic(int32_t x) {
  if (x == 0) return 1 << 30;
  const int32_t minus_magnitude = x > 0 ? -x : x;
  const int32_t of_magnitude = one_over_one_plus_x(exp_of_negative<kIntegerBits>(minus_magnitude));
  return x > 0 ? of_magnitude : kOne<0> - of_magnitude;
}

/// tanh x = (1 - e^-2x) / (1 + e^-2x), Qm to Q0.31, m = kIntegerBits in [0, 4]. Error below 307 · 2^-31.
template <int kIntegerBits>
constexpr int32_t tanh(int32_t x) {
  if (x == 0) return 0;
  const int32_t minus_magnitude = x > 0 ? -x : x;
  // Reading the same bits as Q(m+1) doubles the value.
  const int32_t of_magnitude =
      one_minus_x_over_one_plus_x(exp_of_negative<kIntegerBits + 1>(minus_magnitude));
  return x > 0 ? of_magnitude : -of_magnitude;
}

/// ln x for x >= 1, Q`kFrom` to Q`kTo`. Error below 0.00001.
/// x is 2^e · r with r around 2^(-1/4), within a factor of 2^(1/4): of two such, from x's leading bit and
/// from that of x · 2^(-1/2), the smaller r. ln r is a Padé approximation around 2^(-1/4).
template <int kTo, int kFrom>
constexpr int32_t log_from_one(int32_t x) {
  constexpr int kSum = kTo + 1;  // a bit more, because e · ln 2 alone can be too large for kTo
  constexpr int32_t kExponentOne = int32_t{1} << (31 - kSum);
  constexpr int32_t kLn2 = 1488522236;
  constexpr int32_t kSqrtHalf = 1518500250;
  constexpr int32_t kFourthRootHalf = 1805811301;

  const int headroom = std::countl_zero(static_cast<uint32_t>(x)) - 1;
  const int32_t r = saturating_shift_left(srdhm(saturating_shift_left(x, headroom), kSqrtHalf), 1);
  const int32_t e = (kFrom - headroom - 1) * kExponentOne + kExponentOne / 4;
  const int other_headroom = std::countl_zero(static_cast<uint32_t>(srdhm(x, kSqrtHalf))) - 1;
  const int32_t other_r = saturating_shift_left(x, other_headroom);
  const int32_t other_e = (kFrom - other_headroom) * kExponentOne - kExponentOne / 4;

  const int32_t nearer = std::min(r, other_r);
  const int32_t mean = rounding_half_sum(nearer, kFourthRootHalf);
  const int32_t d = 2 * (nearer - kFourthRootHalf);
  const int32_t d2 = srdhm(d, d);
  const int32_t numerator = srdhm(d, nearer) + srdhm(srdhm(d, d2), 117049297);
  const int32_t denominator_minus_one =
      srdhm(mean, 1057819769 + d + srdhm(127690142, d2)) + srdhm(638450708, d);
  const int32_t log_r = srdhm(rescale<kSum, 0>(numerator), one_over_one_plus_x(denominator_minus_one));
  return rescale<kTo, kSum>(srdhm(std::max(e, other_e), kLn2) + log_r);
}

/// 1 / √x for x >= 0, the largest Q0.31 for 0 and 1; shift <= 0. Five steps of Newton-Raphson from 1: within
/// 2e-6 of the result.
constexpr QuantizedMultiplier inverse_sqrt(int64_t x) {
  if (x <= 1) return {kOne<0>, 0};
  int shift = -11;
  for (; x >= 1 << 29; x /= 4) --shift;
  const int pairs = (std::countl_zero(static_cast<uint32_t>(x)) - 1) / 2 - 1;
  shift += pairs;
  const auto normalized = static_cast<int32_t>(x << (2 * pairs));  // [1/2, 2) in Q2.29: [1/4, 1) in Q3.28
  const int32_t half = rdiv_pot(normalized >> 1, 1);
  constexpr int32_t kThreeHalves = 3 << 27;
  constexpr int32_t kSqrtHalf = 1518500250;
  int32_t y = kOne<3>;
  for (int i = 0; i < 5; ++i) {
    const int32_t y3 = rescale<3, 9>(srdhm(srdhm(y, y), y));
    y = rescale<3, 6>(srdhm(kThreeHalves, y) - srdhm(half, y3));
  }
  y = srdhm(y, kSqrtHalf);
  return shift > 0 ? QuantizedMultiplier{y << shift, 0} : QuantizedMultiplier{y, shift};
}

/// The real number `mantissa` (Q0.31) · 2^-exponent.
struct Reciprocal {
  int32_t mantissa = 0;
  int32_t exponent = 0;
};

/// 1 / x for x > 0 in Qm, m = integer_bits: mantissa in [1/2, 1] · 2^-exponent.
constexpr Reciprocal reciprocal(int32_t x, int integer_bits) {
  const int headroom = std::countl_zero(static_cast<uint32_t>(x));
  const uint32_t normalized = static_cast<uint32_t>(x) << headroom;  // [1, 2) with one bit before the point
  return {one_over_one_plus_x(static_cast<int32_t>(normalized & INT32_MAX)), integer_bits - headroom};
}

}  // namespace q
}  // namespace tandem
