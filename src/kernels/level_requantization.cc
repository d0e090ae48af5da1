#include "kernels/level_requantization.h"

namespace tandem {
namespace {

constexpr int kLevelBits = 24;

// ⌊a / b⌋ for b > 0.
int64_t floor_div(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

}  // namespace

std::optional<LevelConstants> level_constants(QuantizedMultiplier m, int32_t bias, int32_t zero_point,
                                              const Clamp& clamp, uint32_t max_slack) {
  // t·2^k = a·M + c', with k = 7 + r: everything in whole numbers of 2^-(24+k) levels.
  const int32_t r = -m.shift;
  constexpr int32_t kMaxShift = 24;
  if (r < 1 || r > kMaxShift || m.multiplier < (1 << 30)) return std::nullopt;
  const int32_t k = 7 + r;
  const int32_t levels = clamp.max - clamp.min;
  if (levels < 1 || levels > 255 || zero_point < clamp.min) return std::nullopt;
  const int64_t unit = int64_t{1} << (kLevelBits + k);  // one level
  const int64_t c = (int64_t{1} << 30) + (int64_t{1} << (30 + r)) + int64_t{zero_point - clamp.min} * unit;
  const int64_t multiplier = m.multiplier;
  const int64_t z = floor_div(-c, multiplier);
  const int64_t scale = (multiplier >> k) + ((multiplier & ((int64_t{1} << k) - 1)) != 0 ? 1 : 0);

  // The least a of level n, from where the formula has it; where it is negative, ties may put it one further.
  int64_t least = floor_div(int64_t{levels} * unit - c + multiplier - 1, multiplier);
  constexpr int64_t kLargest = int64_t{1} << 30;
  if (least >= kLargest || z <= -kLargest) return std::nullopt;
  const auto level_of = [&](int64_t a) {
    return wrapping_add(requantize(static_cast<int32_t>(a), m), zero_point) - clamp.min;
  };
  while (level_of(least) < levels) ++least;
  const int64_t limit = least - z;
  const int64_t excess = (scale << k) - multiplier;  // of scale over m, in units of 2^-k
  // x·(scale - m) - t(z), and what negative numbers round differently.
  const bool has_negative = z < 0 && zero_point > clamp.min;
  const int64_t slack = ((limit * excess - (z * multiplier + c)) >> k) + 1 +
                        (has_negative ? (int64_t{1} << kLevelBits) >> r : 0);
  if (slack > max_slack) return std::nullopt;
  const int64_t offset = int64_t{bias} - z;
  if (offset != static_cast<int32_t>(offset)) return std::nullopt;
  return LevelConstants{.channel = {.offset = static_cast<int32_t>(offset),
                                    .limit = static_cast<uint32_t>(limit),
                                    .scale = static_cast<uint32_t>(scale)},
                        .slack = static_cast<uint32_t>(slack)};
}

}  // namespace tandem
