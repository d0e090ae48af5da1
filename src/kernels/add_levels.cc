#include <cstdlib>

#include "kernels/arithmetic.h"

namespace tandem {
namespace {

// ⌈x / 2^bits⌉
int64_t shift_right_up(int64_t x, int bits) { return (x + (int64_t{1} << bits) - 1) >> bits; }

// One operand's part of the tables' sums.
class Part {
 public:
  Part(const AddParams& p, int32_t zero_point, QuantizedMultiplier m, bool subtracted)
      : m_(m),
        out_multiplier_(p.out_multiplier.multiplier),
        shift_(31 - p.out_multiplier.shift - kAddLevelBits),
        zero_point_(zero_point),
        subtracted_(subtracted) {}

  [[nodiscard]] int64_t steps(int32_t value) const {
    const int64_t scaled = requantize((value - zero_point_) * (1 << kAddFractionBits<int8_t>), m_);
    return shift_right_up((subtracted_ ? -scaled : scaled) * out_multiplier_, shift_);
  }
  [[nodiscard]] int64_t largest_magnitude() const {
    return std::max(std::abs(steps(INT8_MIN)), std::abs(steps(INT8_MAX)));
  }

 private:
  QuantizedMultiplier m_;
  int64_t out_multiplier_;
  int shift_;
  int32_t zero_point_;
  bool subtracted_;
};

Part part_of_a(const AddParams& p) { return {p, p.a_zero_point, p.a_multiplier, false}; }
Part part_of_b(const AddParams& p) { return {p, p.b_zero_point, p.b_multiplier, p.subtracts}; }

// 2^-r in steps.
int64_t steps_of_pot(int r) { return shift_right_up(int64_t{1} << kAddLevelBits, r); }

}  // namespace

std::optional<uint32_t> add_level_slack(const AddParams& p) {
  constexpr int kLeastShift = 3;
  const int r = -p.out_multiplier.shift;
  const int64_t others = int64_t{std::abs(p.out_zero_point - p.clamp.min) + 2} << kAddLevelBits;
  if (r < kLeastShift ||
      part_of_a(p).largest_magnitude() + part_of_b(p).largest_magnitude() + others > INT32_MAX) {
    return std::nullopt;
  }
  return static_cast<uint32_t>(3 + steps_of_pot(r));
}

void fill_add_levels(const AddParams& p, std::span<int32_t> tables) {
  const Part a = part_of_a(p);
  const Part b = part_of_b(p);
  const int64_t constant = int64_t{p.out_zero_point - p.clamp.min} * (1 << kAddLevelBits) +
                           (1 << (kAddLevelBits - 1)) + steps_of_pot(1 - p.out_multiplier.shift);
  for (int32_t value = INT8_MIN; value <= INT8_MAX; ++value) {
    const auto i = static_cast<uint8_t>(value);
    tables[i] = static_cast<int32_t>(a.steps(value) + constant);
    tables[kAddLevelValues + i] = static_cast<int32_t>(b.steps(value));
  }
}

}  // namespace tandem
