#include "base/elementary.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

namespace tandem {
namespace {

constexpr uint64_t kSeed = 7;
constexpr int kPoints = 500000;  // for each function and range

constexpr double kInf = elementary::kInfinity;

class Elementary : public ::testing::Test {
 protected:
  void SetUp() override { RecordProperty("seed", std::to_string(kSeed)); }

  double uniform(double first, double last) {
    return std::uniform_real_distribution<double>(first, last)(random_);
  }
  /// Either sign, magnitudes spread evenly over the exponents from `first` to `last`.
  double any_magnitude(int first, int last) {
    const double x = std::ldexp(uniform(1, 2), std::uniform_int_distribution<int>(first, last)(random_));
    return random_() & 1 ? -x : x;
  }

  /// Fails when f differs by more than `bound` units in the last place from `wide` at any drawn point.
  template <class Function, class Wide, class Draw>
  void expect_error_below(double bound, Function f, Wide wide, Draw draw) {
    if (std::numeric_limits<long double>::digits < 64)
      GTEST_SKIP() << "skipped: no wider type to compare with";
    double worst = 0, at = 0;
    for (int i = 0; i < kPoints; ++i) {
      const double x = draw();
      const long double exact = wide(static_cast<long double>(x));
      const double got = f(x);
      if (!std::isfinite(static_cast<double>(exact))) {
        ASSERT_EQ(got, static_cast<double>(exact)) << std::hexfloat << x << " seed=" << kSeed;
        continue;
      }
      int exponent = 0;
      std::frexp(static_cast<double>(exact), &exponent);
      const long double ulp = std::ldexp(1.0L, std::max(exponent, -1021) - 53);
      const auto error = static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / ulp);
      if (!(error <= worst)) worst = error, at = x;
    }
    EXPECT_LE(worst, bound) << "ulp, at " << std::hexfloat << at << " seed=" << kSeed;
    RecordProperty("worst_ulp", std::to_string(worst));
  }

  std::mt19937_64 random_{kSeed};
};

TEST_F(Elementary, exp_error) {
  const auto wide = [](long double x) { return std::exp(x); };
  expect_error_below(0.6, elementary::exp, wide, [&] { return uniform(-2, 2); });
  expect_error_below(0.8, elementary::exp, wide, [&] { return uniform(-746, 710); });
  expect_error_below(0.8, elementary::exp, wide, [&] { return any_magnitude(-60, 10); });
}

TEST_F(Elementary, expm1_error) {
  const auto wide = [](long double x) { return std::expm1(x); };
  expect_error_below(0.7, elementary::expm1, wide, [&] { return uniform(-3, 3); });
  expect_error_below(0.7, elementary::expm1, wide, [&] { return any_magnitude(-80, 10); });
}

TEST_F(Elementary, logistic_error) {
  const auto wide = [](long double x) {
    return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
  };
  expect_error_below(0.8, elementary::logistic, wide, [&] { return uniform(-746, 50); });
  expect_error_below(0.8, elementary::logistic, wide, [&] { return any_magnitude(-40, 5); });
}

TEST_F(Elementary, tanh_error) {
  const auto wide = [](long double x) { return std::tanh(x); };
  expect_error_below(0.7, elementary::tanh, wide, [&] { return uniform(-2, 2); });
  expect_error_below(0.7, elementary::tanh, wide, [&] { return any_magnitude(-60, 6); });
}

TEST_F(Elementary, erfc_absolute_error) {
  double worst = 0;
  for (int i = -7000; i <= 7000; ++i) {
    const double x = i / 1000.0;
    worst = std::max(worst, std::abs(elementary::erfc(x) - std::erfc(x)));
  }
  EXPECT_LT(worst, 0x1p-48);
  EXPECT_EQ(elementary::erfc(0), 1);
  EXPECT_EQ(elementary::erfc(elementary::kInfinity), 0);
  EXPECT_EQ(elementary::erfc(-elementary::kInfinity), 2);
  EXPECT_TRUE(std::isnan(elementary::erfc(elementary::kNaN)));
}

TEST_F(Elementary, log_error) {
  const auto wide = [](long double x) { return std::log(x); };
  expect_error_below(0.7, elementary::log, wide, [&] { return uniform(0.3, 3); });
  expect_error_below(0.7, elementary::log, wide, [&] { return 1 + any_magnitude(-40, -6); });
  expect_error_below(0.7, elementary::log, wide, [&] { return std::fabs(any_magnitude(-1074, 1023)); });
}

TEST_F(Elementary, sin_and_cos_error) {
  const auto sin = [](long double x) { return std::sin(x); };
  const auto cos = [](long double x) { return std::cos(x); };
  const auto small = [&] { return uniform(-7, 7); };
  const auto any = [&] { return any_magnitude(-60, 19); };
  // Where one of the two nearly vanishes the reduction needs all its bits.
  const auto near_quadrant = [&] {
    const double x = std::floor(uniform(0, 667543)) * 1.5707963267948966;
    return std::nextafter(x, uniform(-1, 1) * 1e9);
  };
  expect_error_below(0.85, elementary::sin, sin, small);
  expect_error_below(0.85, elementary::cos, cos, small);
  expect_error_below(0.85, elementary::sin, sin, any);
  expect_error_below(0.85, elementary::cos, cos, any);
  expect_error_below(0.85, elementary::sin, sin, near_quadrant);
  expect_error_below(0.85, elementary::cos, cos, near_quadrant);
}

TEST_F(Elementary, sqrt_is_correctly_rounded) {
  for (int i = 0; i < kPoints; ++i) {
    const double x = std::fabs(any_magnitude(-1074, 1023));
    ASSERT_EQ(elementary::sqrt(x), std::sqrt(x)) << std::hexfloat << x << " seed=" << kSeed;
  }
  for (const double x : {0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, 2.0, 4.0, 0x1.fffffffffffffp0}) {
    EXPECT_EQ(elementary::sqrt(x), std::sqrt(x));
  }
}

TEST_F(Elementary, scale_pow2_is_ldexp) {
  for (int exponent = -2044; exponent <= 2044; ++exponent) {
    for (const double x : {1.5, 0x1.fffffffffffffp0, 0x1.fffffffffffffp-1, 0x1.8p1023}) {
      ASSERT_EQ(elementary::scale_pow2(x, exponent), std::ldexp(x, exponent)) << x << " · 2^" << exponent;
    }
  }
}

TEST_F(Elementary, special_values) {
  using namespace elementary;
  EXPECT_EQ(exp(0), 1);
  EXPECT_EQ(exp(kInf), kInf);
  EXPECT_EQ(exp(-kInf), 0);
  EXPECT_EQ(exp(-745.13), 0x1p-1074);
  EXPECT_EQ(expm1(-kInf), -1);
  EXPECT_EQ(expm1(kInf), kInf);
  EXPECT_EQ(expm1(0x1p-1074), 0x1p-1074);
  EXPECT_EQ(logistic(0), 0.5);
  EXPECT_EQ(logistic(kInf), 1);
  EXPECT_EQ(logistic(-kInf), 0);
  EXPECT_EQ(tanh(0), 0);
  EXPECT_EQ(tanh(kInf), 1);
  EXPECT_EQ(tanh(-kInf), -1);
  EXPECT_EQ(log(1), 0);
  EXPECT_EQ(log(0), -kInf);
  EXPECT_EQ(log(kInf), kInf);
  EXPECT_EQ(sqrt(0), 0);
  EXPECT_EQ(sqrt(kInf), kInf);
  EXPECT_EQ(sin(0), 0);
  EXPECT_EQ(cos(0), 1);
  for (const auto f : {+[](double x) { return exp(x); }, +[](double x) { return expm1(x); },
                       +[](double x) { return logistic(x); }, +[](double x) { return tanh(x); },
                       +[](double x) { return log(x); }, +[](double x) { return sqrt(x); },
                       +[](double x) { return sin(x); }, +[](double x) { return cos(x); }}) {
    EXPECT_TRUE(std::isnan(f(kNaN)));
  }
  EXPECT_TRUE(std::isnan(log(-1)));
  EXPECT_TRUE(std::isnan(sqrt(-1)));
  EXPECT_TRUE(std::isnan(sin(kInf)));
  EXPECT_TRUE(std::isnan(cos(0x1.00001p20)));
}

/// Every function at 61 arguments.
using Grid = std::array<std::array<double, 8>, 61>;
template <class Argument>
constexpr Grid evaluate_grid(Argument argument) {
  Grid grid{};
  for (size_t i = 0; i < grid.size(); ++i) {
    const double x = argument(static_cast<int>(i));
    const double magnitude = x < 0 ? -x : x;
    grid[i] = {elementary::exp(x),  elementary::expm1(x),       elementary::logistic(x),
               elementary::tanh(x), elementary::log(magnitude), elementary::sqrt(magnitude),
               elementary::sin(x),  elementary::cos(x)};
  }
  return grid;
}
constexpr double grid_argument(int i) { return (i - 30) * 0.2137; }

TEST_F(Elementary, run_time_bits_are_those_of_constant_evaluation) {
  // Fails where the compiler fuses multiplications and additions: -ffp-contract=off is missing.
  static constexpr Grid kConstant = evaluate_grid(grid_argument);
  const Grid at_run_time = evaluate_grid([](int i) {
    volatile double x = grid_argument(i);
    return x;
  });
  for (size_t i = 0; i < kConstant.size(); ++i) {
    for (size_t f = 0; f < kConstant[i].size(); ++f) {
      EXPECT_EQ(std::bit_cast<uint64_t>(at_run_time[i][f]), std::bit_cast<uint64_t>(kConstant[i][f]))
          << "function " << f << " of " << grid_argument(static_cast<int>(i));
    }
  }
}

TEST_F(Elementary, exponent_if_pot) {
  EXPECT_EQ(elementary::exponent_if_pot(1), 0);
  EXPECT_EQ(elementary::exponent_if_pot(0x1p-15f), -15);
  EXPECT_EQ(elementary::exponent_if_pot(0x1p-15f * 1.0006f), -15);
  EXPECT_EQ(elementary::exponent_if_pot(0x1p-15f * 0.9994f), -15);
  EXPECT_EQ(elementary::exponent_if_pot(0x1p-15f * 1.0008f), std::nullopt);
  EXPECT_EQ(elementary::exponent_if_pot(3), std::nullopt);
  EXPECT_EQ(elementary::exponent_if_pot(0), std::nullopt);
  EXPECT_EQ(elementary::exponent_if_pot(-1), std::nullopt);
  EXPECT_EQ(elementary::exponent_if_pot(NAN), std::nullopt);
  EXPECT_EQ(elementary::exponent_if_pot(INFINITY), std::nullopt);
}

// The constants of fixed_point.h are values of exp.
constexpr int32_t q31(double x) { return round_to_int32(0x1p31 * x); }
static_assert(q::kThird == q31(1.0 / 3));
static_assert(q::kExpOfMinusEighth == q31(elementary::exp(-0.125)));
static_assert(q::kExpOfMinusPowers[0] == q31(elementary::exp(-0.25)));
static_assert(q::kExpOfMinusPowers[1] == q31(elementary::exp(-0.5)));
static_assert(q::kExpOfMinusPowers[2] == q31(elementary::exp(-1)));
static_assert(q::kExpOfMinusPowers[3] == q31(elementary::exp(-2)));
static_assert(q::kExpOfMinusPowers[4] == q31(elementary::exp(-4)));
static_assert(q::kExpOfMinusPowers[5] == q31(elementary::exp(-8)));
static_assert(q::kExpOfMinusPowers[6] == q31(elementary::exp(-16)));

/// FNV-1a of a table's entries as 16-bit little-endian words.
template <class Table>
uint32_t fingerprint(const Table& table) {
  uint32_t hash = 2166136261u;
  for (const auto entry : table) {
    const auto word = static_cast<uint16_t>(entry);
    hash = (hash ^ (word & 0xff)) * 16777619u;
    hash = (hash ^ (word >> 8)) * 16777619u;
  }
  return hash;
}

// The fingerprints are of tables that were compared, entry by entry, with those of TensorFlow Lite.
TEST_F(Elementary, sigmoid_table) {
  EXPECT_EQ(kSigmoidTable.front(), 32768);
  EXPECT_EQ(kSigmoidTable.back(), 65535);
  for (int i = 0; i < 255; ++i) {
    const int32_t first = kSigmoidTable[static_cast<size_t>(i)],
                  next = kSigmoidTable[static_cast<size_t>(i) + 1];
    EXPECT_LE(first, next) << i;
    for (int part = 0; part < 8; ++part) {
      const double exact = 65536 / (1 + std::exp(-(i + part / 8.0) / 24));
      EXPECT_NEAR(first + part / 8.0 * (next - first), exact, 1.5) << i << '+' << part << "/8";
    }
  }
  EXPECT_EQ(fingerprint(kSigmoidTable), 1337467372u);
}

TEST_F(Elementary, exp_lut) {
  std::array<int16_t, kLutSize> table{};
  fill_exp_lut(table);
  EXPECT_EQ(table, kExpLut);
  for (int32_t x = -32768; x <= 32767; ++x) {
    const double exact = 32768 * std::exp(10 * ((x + 32768) / 65536.0 - 1));
    ASSERT_NEAR(lut_lookup(static_cast<int16_t>(x), table), exact, 2) << x;
  }
  EXPECT_EQ(fingerprint(kExpLut), 3378969468u);
}

TEST_F(Elementary, one_over_one_plus_x_lut) {
  std::array<int16_t, kLutSize> table{};
  fill_one_over_one_plus_x_lut(table);
  EXPECT_EQ(table, kOneOverOnePlusXLut);
  for (int32_t x = -32768; x <= 32767; ++x) {
    const double exact = 32768 / (1 + (x + 32768) / 65536.0);
    ASSERT_NEAR(lut_lookup(static_cast<int16_t>(x), table), exact, 2) << x;
  }
  EXPECT_EQ(fingerprint(kOneOverOnePlusXLut), 1955685572u);
}

}  // namespace
}  // namespace tandem
