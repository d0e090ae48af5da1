#pragma once

#include "base/fixed_point.h"
#include "kernels/level_requantization.h"

namespace tandem::portable {

/// requantize() by one factor; the same bits without 64-bit products. With a = a1·2^16 + a0 and the
/// multiplier b alike (a1 signed, the others not),
///   srdhm(a, b) = ⌊(a·b + 2^30) / 2^31⌋ = 2·h + ⌊(q + 2^14) / 2^15⌋
/// where a·b = h·2^32 + q·2^16 + (what is below 2^16 and cannot carry):
///   m = a0·b1 + ⌊a0·b0 / 2^16⌋ < 2^31 + 2^16,   h = a1·b1 + ⌊m / 2^16⌋,   q = a1·b0 + m mod 2^16.
/// |q| ≤ 2^15·(2^16 − 1), so nothing overflows.
class Factor {
 public:
  /// m.multiplier in [0, 2^31), m.shift in [−31, 31].
  explicit Factor(QuantizedMultiplier m)
      : high_(m.multiplier >> 16),
        low_(m.multiplier & 0xffff),
        left_(m.shift > 0 ? m.shift : 0),
        right_(m.shift > 0 ? 0 : -m.shift),
        half_(static_cast<int32_t>((uint32_t{1} << right_) >> 1)) {}

  [[gnu::always_inline]] inline int32_t operator()(int32_t x) const {
    const int32_t a = wrapping_shift_left(x, left_);
    const int32_t a1 = a >> 16;
    const auto a0 = static_cast<uint32_t>(a & 0xffff);
    const uint32_t m = a0 * static_cast<uint32_t>(high_) + (a0 * static_cast<uint32_t>(low_) >> 16);
    const int32_t h = a1 * high_ + static_cast<int32_t>(m >> 16);
    const int32_t q = a1 * low_ + static_cast<int32_t>(m & 0xffff);
    return rounded_shift(wrapping_add(wrapping_add(h, h), (q + (1 << 14)) >> 15));
  }

 private:
  // rdiv_pot(x, right_)
  [[gnu::always_inline]] inline int32_t rounded_shift(int32_t x) const {
    const uint32_t sign = static_cast<uint32_t>(x >> 31);
    const uint32_t magnitude = (static_cast<uint32_t>(x) ^ sign) - sign;
    return static_cast<int32_t>((((magnitude + static_cast<uint32_t>(half_)) >> right_) ^ sign) - sign);
  }

  int32_t high_;
  int32_t low_;
  int32_t left_;
  int32_t right_;
  int32_t half_;
};

/// What becomes of one channel's accumulators, or of an operator's values: requantize(), + zero point, clamp.
template <class Element>
class RequantizerTo {
 public:
  RequantizerTo(QuantizedMultiplier m, int32_t zero_point, const Clamp& clamp)
      : factor_(m),
        zero_point_(zero_point),
        min_(clamp.min),
        max_(clamp.max),
        // Not without a shift to the right: adding the zero point could wrap then.
        clamps_negative_(m.shift < 0 && zero_point <= clamp.min) {}

  [[gnu::always_inline]] inline Element operator()(int32_t sum) const {
    // After a ReLU half of all sums end here: what is not positive becomes the zero point or less.
    if (sum <= 0 && clamps_negative_) return static_cast<Element>(min_);
    int32_t y = wrapping_add(factor_(sum), zero_point_);
    if (y < min_) y = min_;
    if (y > max_) y = max_;
    return static_cast<Element>(y);
  }

 private:
  Factor factor_;
  int32_t zero_point_;
  int32_t min_;
  int32_t max_;
  bool clamps_negative_;
};
using Requantizer = RequantizerTo<int8_t>;

/// The same to int8 by level constants (kernels/level_requantization.h): one product, and `exact`(x) for the
/// few values within the slack.
class LevelRequantizer {
 public:
  LevelRequantizer(const LevelConstants& level, const Clamp& clamp)
      : offset_(level.channel.offset),
        limit_(static_cast<int32_t>(level.channel.limit)),
        scale_(level.channel.scale),
        slack_(level.slack << kWholeBits),
        clamp_(clamp) {}

  template <class Exact>
  [[gnu::always_inline]] inline int8_t operator()(int32_t x, Exact exact) const {
    const int32_t from_lowest = x + offset_;
    if (from_lowest < 0) return static_cast<int8_t>(clamp_.min);
    if (from_lowest >= limit_) return static_cast<int8_t>(clamp_.max);
    const uint32_t levels = static_cast<uint32_t>(from_lowest) * scale_;
    if (levels << kWholeBits < slack_) return exact(x);
    return static_cast<int8_t>(static_cast<int32_t>(levels >> (32 - kWholeBits)) + clamp_.min);
  }

 private:
  static constexpr int kWholeBits = 8;

  int32_t offset_;
  int32_t limit_;
  uint32_t scale_;
  uint32_t slack_;
  Clamp clamp_;
};

/// requantize64(), + zero point, clamp, of the 64-bit accumulators of int16 activations; the same bits
/// without 64-bit products where the accumulator fits 32 bits and the shift is at least 16. With x = x1·2^16
/// + x0 (x1 signed) and the 15-bit multiplier m, ⌊x·m / 2^15⌋ = 2·x1·m + ⌊x0·m / 2^15⌋, below 2^31 in
/// magnitude; the rest of the shift rounds upward at ties, which ⌊(⌊p / 2^(s−1)⌋ + 1) / 2⌋ does without
/// overflow.
class Requantizer64 {
 public:
  /// m.multiplier in [0, 2^31), m.shift in [−31, kRequantize64MaxShift].
  Requantizer64(QuantizedMultiplier m, int32_t zero_point, const Clamp& clamp)
      : factor_(m),
        multiplier_(multiplier_q15(m)),
        shift_less_one_(-m.shift - 1),
        zero_point_(zero_point),
        clamp_(clamp) {}

  [[gnu::always_inline]] inline int16_t operator()(int64_t sum) const {
    const auto low = static_cast<int32_t>(sum);
    const bool narrow = low == sum && shift_less_one_ >= 0;
    const int32_t y = narrow ? of_narrow(low) : requantize64(sum, factor_);
    return static_cast<int16_t>(clamp_.apply(wrapping_add(y, zero_point_)));
  }

 private:
  [[gnu::always_inline]] inline int32_t of_narrow(int32_t x) const {
    const uint32_t low = static_cast<uint32_t>(x & 0xffff) * static_cast<uint32_t>(multiplier_) >> 15;
    const int32_t product = (x >> 16) * multiplier_ * 2 + static_cast<int32_t>(low);
    return ((product >> shift_less_one_) + 1) >> 1;
  }

  QuantizedMultiplier factor_;
  int32_t multiplier_;
  int32_t shift_less_one_;
  int32_t zero_point_;
  Clamp clamp_;
};

}  // namespace tandem::portable
