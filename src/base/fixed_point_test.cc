#include "base/fixed_point.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>

namespace tandem {
namespace {

constexpr uint64_t kSeed = 20240601;
constexpr int kRounds = 200000;

/// Int32 values that reach what uniform ones do not: small magnitudes, many trailing zeros, both ends.
class Int32Source {
 public:
  int32_t operator()() {
    const uint64_t bits = random_();
    const auto value = static_cast<int32_t>(bits);
    const int amount = static_cast<int>(bits >> 32 & 31);
    switch (bits >> 40 & 7) {
      case 0:
        return INT32_MIN + (amount & 3);
      case 1:
        return INT32_MAX - (amount & 3);
      case 2:
        return value;
      case 3:
        return static_cast<int32_t>(static_cast<uint32_t>(value) >> amount << amount);
      default:
        return value >> amount;
    }
  }
  int32_t in(int32_t first, int32_t last) {
    return std::uniform_int_distribution<int32_t>(first, last)(random_);
  }
  uint64_t bits() { return random_(); }

 private:
  std::mt19937_64 random_{kSeed};
};

class FixedPoint : public ::testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", std::to_string(kSeed)); }
  Int32Source next;
  ::testing::ScopedTrace seed_trace_{__FILE__, __LINE__, "seed=" + std::to_string(kSeed)};
};

TEST_F(FixedPoint, srdhm_is_the_nearest_with_ties_upward) {
  for (int i = 0; i < kRounds; ++i) {
    const int32_t a = next(), b = next();
    if (a == INT32_MIN && b == INT32_MIN) continue;
    const int64_t error = int64_t{a} * b - int64_t{srdhm(a, b)} * (int64_t{1} << 31);
    ASSERT_GE(error, -(int64_t{1} << 30)) << a << " · " << b;
    ASSERT_LT(error, int64_t{1} << 30) << a << " · " << b;
  }
}

TEST_F(FixedPoint, rdiv_pot_is_the_nearest_with_ties_away_from_zero) {
  for (int i = 0; i < kRounds; ++i) {
    const int32_t x = next();
    const int exponent = next.in(0, 31);
    const int64_t back = int64_t{rdiv_pot(x, exponent)} * (int64_t{1} << exponent);
    const int64_t twice_error = 2 * std::abs(back - x), divisor = int64_t{1} << exponent;
    ASSERT_LE(twice_error, divisor) << x << " / 2^" << exponent;
    if (twice_error == divisor) {
      ASSERT_GT(std::abs(back), std::abs(int64_t{x})) << x << " / 2^" << exponent;
    }
  }
}

TEST_F(FixedPoint, multiply_by_pot_saturates_left_and_rounds_right) {
  EXPECT_EQ(multiply_by_pot(3, 29), 3 << 29);
  EXPECT_EQ(multiply_by_pot(4, 29), INT32_MAX);
  EXPECT_EQ(multiply_by_pot(-4, 29), INT32_MIN);
  EXPECT_EQ(multiply_by_pot(-5, 29), INT32_MIN);
  EXPECT_EQ(multiply_by_pot(-3, -1), -2);
  EXPECT_EQ(multiply_by_pot(INT32_MIN, 0), INT32_MIN);
}

TEST_F(FixedPoint, saturate_cast_keeps_what_fits) {
  EXPECT_EQ(saturate_cast<int8_t>(128), 127);
  EXPECT_EQ(saturate_cast<int8_t>(-129), -128);
  EXPECT_EQ(saturate_cast<uint8_t>(-1), 0);
  EXPECT_EQ(saturate_cast<int16_t>(40000), 32767);
  EXPECT_EQ(saturate_cast<int32_t>(int64_t{INT32_MIN} - 1), INT32_MIN);
  EXPECT_EQ(saturate_cast<int32_t>(-7), -7);
}

TEST_F(FixedPoint, round_to_int32_is_round_half_away_wherever_that_fits) {
  for (int i = 0; i < kRounds; ++i) {
    const double x = std::ldexp(static_cast<double>(next()), -next.in(0, 34));
    ASSERT_EQ(round_to_int32(x), static_cast<int32_t>(std::round(x))) << x;
    const auto y = static_cast<float>(x);
    if (std::fabs(y) >= 0x1p31f) continue;
    ASSERT_EQ(round_to_int32(y), static_cast<int32_t>(std::round(y))) << y;
    ASSERT_EQ(truncate_to_int32(y), static_cast<int32_t>(y)) << y;
  }
}

TEST_F(FixedPoint, float_to_integer_saturates_and_takes_nan_for_zero) {
  EXPECT_EQ(round_to_int32(0x1p31f), INT32_MAX);
  EXPECT_EQ(round_to_int32(-0x1p31f), INT32_MIN);
  EXPECT_EQ(round_to_int32(2147483647.4999998), INT32_MAX);
  EXPECT_EQ(round_to_int32(-2147483647.5), INT32_MIN);
  EXPECT_EQ(round_to_int32(INFINITY), INT32_MAX);
  EXPECT_EQ(round_to_int32(-INFINITY), INT32_MIN);
  EXPECT_EQ(round_to_int32(NAN), 0);
  EXPECT_EQ(truncate_to_int32(NAN), 0);
  EXPECT_EQ(truncate_to_int32(-1e20), INT32_MIN);
  EXPECT_EQ(truncate_to_int32(1e20f), INT32_MAX);
}

TEST_F(FixedPoint, quantize_multiplier_keeps_31_bits) {
  for (int i = 0; i < kRounds; ++i) {
    // Every other one a tie of the last bit.
    const double significand = i & 1 ? static_cast<double>(next.bits() >> 11)
                                     : static_cast<double>(next.bits() >> 33 | uint64_t{1} << 31) * 2 + 1;
    const double real = std::ldexp(i & 2 ? -significand : significand, -next.in(2, 90));
    int exponent = 0;
    double nearest = std::round(std::ldexp(std::frexp(real, &exponent), 31));
    if (nearest == 0x1p31) nearest /= 2, ++exponent;
    if (exponent > 31) continue;
    const QuantizedMultiplier expected =
        exponent < -31 ? QuantizedMultiplier{} : QuantizedMultiplier{static_cast<int32_t>(nearest), exponent};
    const QuantizedMultiplier m = quantize_multiplier(real);
    ASSERT_EQ(m.multiplier, expected.multiplier) << real;
    ASSERT_EQ(m.shift, expected.shift) << real;
  }
}

TEST_F(FixedPoint, quantize_multiplier_takes_every_double) {
  EXPECT_EQ(quantize_multiplier(0x1p30), (QuantizedMultiplier{1 << 30, 31}));
  EXPECT_EQ(quantize_multiplier(0x1p31), (QuantizedMultiplier{INT32_MAX, 31}));
  EXPECT_EQ(quantize_multiplier(1e300), (QuantizedMultiplier{INT32_MAX, 31}));
  EXPECT_EQ(quantize_multiplier(-1e300), (QuantizedMultiplier{INT32_MIN, 31}));
  EXPECT_EQ(quantize_multiplier(INFINITY), (QuantizedMultiplier{INT32_MAX, 31}));
  EXPECT_EQ(quantize_multiplier(-INFINITY), (QuantizedMultiplier{INT32_MIN, 31}));
  EXPECT_EQ(quantize_multiplier(NAN), (QuantizedMultiplier{}));
  EXPECT_EQ(quantize_multiplier(-0.0), (QuantizedMultiplier{}));
  EXPECT_EQ(quantize_multiplier(0x1p-1074), (QuantizedMultiplier{}));
  EXPECT_EQ(quantize_multiplier(0x1.ffffffffcp-33),
            (QuantizedMultiplier{1 << 30, -31}));  // rounds up to 2^-32
  EXPECT_EQ(quantize_multiplier(-1 + 0x1p-40), (QuantizedMultiplier{INT32_MIN, 0}));
}

TEST_F(FixedPoint, requantize_rounds_twice) {
  for (int i = 0; i < kRounds; ++i) {
    const int32_t x = next(), multiplier = next();
    const int shift = next.in(-31, 31);
    // floor(a/b + 1/2) and sign · floor(|a|/b + 1/2), in real division, for the two roundings.
    const auto shifted = static_cast<int32_t>(static_cast<uint64_t>(int64_t{x}) << (shift > 0 ? shift : 0));
    if (shifted == INT32_MIN && multiplier == INT32_MIN) continue;
    const long double first = std::floor(static_cast<long double>(shifted) * multiplier / 0x1p31L + 0.5L);
    const long double second = std::round(std::ldexp(first, shift > 0 ? 0 : shift));
    ASSERT_EQ(requantize(x, {multiplier, shift}), static_cast<int32_t>(second))
        << x << " · " << multiplier << " · 2^" << shift;
  }
}

TEST_F(FixedPoint, requantize64_rounds_the_multiplier_and_then_once) {
  for (int i = 0; i < kRounds; ++i) {
    const int64_t x = static_cast<int64_t>(next.bits()) >> next.in(17, 60);
    const int32_t drawn = next();
    const int32_t multiplier = drawn < 0 ? ~drawn : drawn;
    const int shift = next.in(-31, kRequantize64MaxShift);
    const int64_t reduced = std::min<int64_t>((int64_t{multiplier} + 0x8000) / 0x10000, 0x7fff);
    const int64_t product = x * reduced, unit = int64_t{1} << (15 - shift);
    int64_t expected = (2 * product + unit) / (2 * unit);
    if (expected * 2 * unit > 2 * product + unit) --expected;  // division truncates; this is the floor
    ASSERT_EQ(requantize64(x, {multiplier, shift}), static_cast<int32_t>(expected))
        << x << " · " << multiplier << " · 2^" << shift;
  }
}

TEST_F(FixedPoint, requantize64_wraps_outside_its_range) {
  EXPECT_EQ(requantize64(INT64_MAX, {1 << 30, 0}), 0);  // -2^14 + 2^14
  EXPECT_EQ(requantize64(int64_t{1} << 40, {1 << 30, 0}), 0);
}

TEST_F(FixedPoint, input_radius_is_the_largest_input_that_fits) {
  for (int bits = 0; bits <= 30; ++bits) {
    for (int shift = 0; shift <= 31; ++shift) {
      const double exact = std::ldexp(std::ldexp(1.0, bits) - 1, 31 - bits - shift);
      EXPECT_EQ(input_radius(bits, shift), static_cast<int32_t>(std::floor(exact))) << bits << ' ' << shift;
    }
  }
  EXPECT_EQ(input_radius(4, 32), 0);
  EXPECT_EQ(input_radius(4, -1), INT32_MAX);
}

struct ClampCase {
  const char* name;
  Activation activation;
  float scale;
  int32_t zero_point;
  Clamp range;
  Clamp want;
};

constexpr ClampCase kClampCases[] = {
    {"none_ignores_scale", Activation::kNone, 0, 3, kRangeOf<int8_t>, {-128, 127}},
    {"relu_starts_at_zero_point", Activation::kRelu, 0.1f, -5, kRangeOf<int8_t>, {-5, 127}},
    {"relu_zero_point_at_the_end", Activation::kRelu, 0.1f, -128, kRangeOf<int8_t>, {-128, 127}},
    {"relu6_inside", Activation::kRelu6, 0.0625f, -100, kRangeOf<int8_t>, {-100, -4}},
    {"relu6_beyond_the_type", Activation::kRelu6, 0.02f, -100, kRangeOf<int8_t>, {-100, 127}},
    {"relu6_tie_goes_up", Activation::kRelu6, 4.0f, 0, kRangeOf<uint8_t>, {0, 2}},
    {"relu_n1_to_1_ties_go_outward", Activation::kReluN1To1, 2.0f, 0, kRangeOf<int16_t>, {-1, 1}},
    {"relu_n1_to_1_int16", Activation::kReluN1To1, 0.001f, 0, kRangeOf<int16_t>, {-1000, 1000}},
    {"tanh_bounds_nothing", Activation::kTanh, 0.1f, 0, kRangeOf<int8_t>, {-128, 127}},
};

TEST_F(FixedPoint, activation_clamp) {
  for (const ClampCase& c : kClampCases) {
    SCOPED_TRACE(c.name);
    const Result<Clamp> got = activation_clamp(c.activation, c.scale, c.zero_point, c.range);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->min, c.want.min);
    EXPECT_EQ(got->max, c.want.max);
  }
}

TEST_F(FixedPoint, activation_clamp_divides_in_float) {
  // 6 / 0.8 is just below 7.5 in double, as 0.8f is above 0.8, and exactly 7.5 in float.
  EXPECT_LT(6.0 / static_cast<double>(0.8f), 7.5);
  EXPECT_EQ(activation_clamp(Activation::kRelu6, 0.8f, 0, kRangeOf<int8_t>)->max, 8);
}

TEST_F(FixedPoint, activation_clamp_refuses_bounds_without_an_integer) {
  for (const float scale : {0.0f, -1.0f, NAN, 1e-9f, 1e-40f}) {
    SCOPED_TRACE(scale);
    EXPECT_EQ(activation_clamp(Activation::kRelu6, scale, 0, kRangeOf<int8_t>).status().code,
              Code::kOutputQuantization);
  }
  EXPECT_TRUE(activation_clamp(Activation::kRelu, 1e-9f, 0, kRangeOf<int8_t>).ok());
}

TEST_F(FixedPoint, activation_bounds_of_real_values) {
  EXPECT_EQ(activation_bounds<float>(Activation::kRelu6), (ClampF32{0, 6}));
  EXPECT_EQ(activation_bounds<float>(Activation::kReluN1To1), (ClampF32{-1, 1}));
  EXPECT_EQ(activation_bounds<float>(Activation::kRelu), (ClampF32{0, std::numeric_limits<float>::max()}));
  EXPECT_EQ(activation_bounds<int32_t>(Activation::kNone), (Clamp{INT32_MIN, INT32_MAX}));
  EXPECT_EQ((ClampF32{0, 6}.apply(7)), 6);
}

TEST_F(FixedPoint, lut_lookup_interpolates_with_ties_upward) {
  std::array<int16_t, kLutSize> table{};
  table[0] = -32768, table[1] = -32704;  // slope 1/2
  table[511] = 0, table[512] = -1;
  EXPECT_EQ(lut_lookup(-32768, table), -32768);
  EXPECT_EQ(lut_lookup(-32767, table), -32767);  // -32767.5
  EXPECT_EQ(lut_lookup(-32766, table), -32767);
  EXPECT_EQ(lut_lookup(32704, table), 0);  // -0.5
  EXPECT_EQ(lut_lookup(32705, table), -1);
}

/// FNV-1a of f over every 2^step_bits-th int32 from first to last.
template <class Function>
uint32_t fingerprint(int64_t first, int64_t last, int step_bits, Function f) {
  uint32_t hash = 2166136261u;
  for (int64_t x = first; x <= last; x += int64_t{1} << step_bits) {
    const auto y = static_cast<uint32_t>(f(static_cast<int32_t>(x)));
    for (int byte = 0; byte < 4; ++byte) hash = (hash ^ (y >> 8 * byte & 0xff)) * 16777619u;
  }
  return hash;
}

/// The largest difference of f (Qm to Q0.31) from the real function, in units of 2^-31.
template <class Function, class Real>
double worst_error(int64_t first, int64_t last, int step_bits, int integer_bits, Function f, Real real) {
  double worst = 0;
  for (int64_t x = first; x <= last; x += int64_t{1} << step_bits) {
    const double exact = 0x1p31 * real(std::ldexp(static_cast<double>(x), integer_bits - 31));
    worst = std::max(worst, std::fabs(f(static_cast<int32_t>(x)) - exact));
  }
  return worst;
}

// The fingerprints are of outputs that were compared, each one, with TensorFlow Lite's reference arithmetic.
TEST_F(FixedPoint, exp_of_negative) {
  const auto exp = [](double x) { return std::exp(x); };
  EXPECT_LT(worst_error(INT32_MIN, 0, 11, 5, q::exp_of_negative<5>, exp), 493);
  EXPECT_LT(worst_error(INT32_MIN, 0, 11, 0, q::exp_of_negative<0>, exp), 493);
  EXPECT_EQ(fingerprint(INT32_MIN, 0, 11, q::exp_of_negative<5>), 658132170u);
  EXPECT_EQ(fingerprint(INT32_MIN, 0, 11, q::exp_of_negative<0>), 1236286446u);
}

TEST_F(FixedPoint, one_over_one_plus_x) {
  const auto real = [](double x) { return 1 / (1 + x); };
  EXPECT_LT(worst_error(0, INT32_MAX, 11, 0, q::one_over_one_plus_x, real), 7);
  EXPECT_EQ(fingerprint(0, INT32_MAX, 11, q::one_over_one_plus_x), 3358759508u);
}

TEST_F(FixedPoint, logistic) {
  const auto real = [](double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_LT(worst_error(-INT32_MAX, INT32_MAX, 12, 4, q::logistic<4>, real), 152);
  EXPECT_EQ(fingerprint(-INT32_MAX, INT32_MAX, 12, q::logistic<4>), 2882669227u);
  EXPECT_EQ(q::logistic<4>(0), 1 << 30);
}

TEST_F(FixedPoint, tanh) {
  const auto real = [](double x) { return std::tanh(x); };
  EXPECT_LT(worst_error(-INT32_MAX, INT32_MAX, 12, 4, q::tanh<4>, real), 307);
  EXPECT_EQ(fingerprint(-INT32_MAX, INT32_MAX, 12, q::tanh<4>), 2242864737u);
  EXPECT_EQ(q::tanh<4>(0), 0);
}

TEST_F(FixedPoint, reciprocal) {
  for (int i = 0; i < kRounds; ++i) {
    const int32_t x = next.in(1, INT32_MAX) >> next.in(0, 30);
    if (x == 0) continue;
    const q::Reciprocal r = q::reciprocal(x, 12);
    const double got = std::ldexp(static_cast<double>(r.mantissa), -31 - r.exponent);
    ASSERT_NEAR(got * std::ldexp(static_cast<double>(x), 12 - 31), 1, 0x1p-27) << x;
  }
}

TEST_F(FixedPoint, log_from_one) {
  const auto log = q::log_from_one<5, 12>;
  double worst = 0;
  for (int64_t x = 1 << 19; x <= INT32_MAX; x += 1 << 11) {
    const double exact = std::log(std::ldexp(static_cast<double>(x), -19));
    worst = std::max(worst, std::fabs(std::ldexp(log(static_cast<int32_t>(x)), -26) - exact));
  }
  EXPECT_LT(worst, 1e-5);
  EXPECT_EQ(log(1 << 19), 0);
  EXPECT_EQ(fingerprint(1 << 19, INT32_MAX, 11, log), 1315876033u);
}

TEST_F(FixedPoint, inverse_sqrt) {
  for (int i = 0; i < kRounds; ++i) {
    const auto x = static_cast<int64_t>(next.bits() >> 18 >> next.in(0, 45));
    const QuantizedMultiplier m = q::inverse_sqrt(x);
    ASSERT_LE(m.shift, 0);
    const double got = std::ldexp(m.multiplier, m.shift - 31);
    ASSERT_NEAR(got * std::sqrt(static_cast<double>(std::max<int64_t>(x, 1))), 1, 2e-6) << x;
  }
  const auto bits = [](int32_t x) { return q::inverse_sqrt(x).multiplier ^ q::inverse_sqrt(x).shift; };
  EXPECT_EQ(fingerprint(0, INT32_MAX, 11, bits), 1992848831u);
}

}  // namespace
}  // namespace tandem
