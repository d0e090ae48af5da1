#pragma once

#include "base/fixed_point.h"

namespace tandem::portable {

/// What becomes of one channel's accumulators: requantize(), + zero point, clamp; the same bits without
/// 64-bit products. With a = a1·2^16 + a0 and the multiplier b alike (a1 signed, the others not),
///   srdhm(a, b) = ⌊(a·b + 2^30) / 2^31⌋ = 2·h + ⌊(q + 2^14) / 2^15⌋
/// where a·b = h·2^32 + q·2^16 + (what is below 2^16 and cannot carry):
///   m = a0·b1 + ⌊a0·b0 / 2^16⌋ < 2^31 + 2^16,   h = a1·b1 + ⌊m / 2^16⌋,   q = a1·b0 + m mod 2^16.
/// |q| ≤ 2^15·(2^16 − 1), so nothing overflows.
class Requantizer {
 public:
  /// m.multiplier in [0, 2^31), m.shift in [−31, 31].
  Requantizer(QuantizedMultiplier m, int32_t zero_point, const Clamp& clamp)
      : high_(m.multiplier >> 16),
        low_(m.multiplier & 0xffff),
        left_(m.shift > 0 ? m.shift : 0),
        right_(m.shift > 0 ? 0 : -m.shift),
        half_(static_cast<int32_t>((uint32_t{1} << right_) >> 1)),
        zero_point_(zero_point),
        min_(clamp.min),
        max_(clamp.max),
        // Not without a shift to the right: adding the zero point could wrap then.
        clamps_negative_(m.shift < 0 && zero_point <= clamp.min) {}

  [[gnu::always_inline]] inline int8_t operator()(int32_t sum) const {
    // After a ReLU half of all sums end here: what is not positive becomes the zero point or less.
    if (sum <= 0 && clamps_negative_) return static_cast<int8_t>(min_);
    const int32_t a = wrapping_shift_left(sum, left_);
    const int32_t a1 = a >> 16;
    const auto a0 = static_cast<uint32_t>(a & 0xffff);
    const uint32_t m = a0 * static_cast<uint32_t>(high_) + (a0 * static_cast<uint32_t>(low_) >> 16);
    const int32_t h = a1 * high_ + static_cast<int32_t>(m >> 16);
    const int32_t q = a1 * low_ + static_cast<int32_t>(m & 0xffff);
    const int32_t product = wrapping_add(wrapping_add(h, h), (q + (1 << 14)) >> 15);
    int32_t y = wrapping_add(rounded_shift(product), zero_point_);
    if (y < min_) y = min_;
    if (y > max_) y = max_;
    return static_cast<int8_t>(y);
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
  int32_t zero_point_;
  int32_t min_;
  int32_t max_;
  bool clamps_negative_;
};

}  // namespace tandem::portable
