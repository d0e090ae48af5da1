#pragma once

#include <optional>

#include "base/fixed_point.h"

// Requantization to int8 in one 32-bit product, for kernels whose machine has no wider one.
//
// Let y = clamp(requantize(a, {M, s}) + zero_point), and let its level be y - clamp.min, in [0, n], n <= 255.
// With r = -s, requantize(a) is floor((a·M + 2^30 + 2^(30+r)) / 2^(31+r)) where that is not negative: the
// floor of a rounded number plus an integer is the floor of the whole. Where it is negative, ties go the
// other way, which is the same with 2^31 less. So, in units of 2^-24 levels, with m = M / 2^(7+r) and a
// constant c,
//   t(a) = a·m + c,  level(a) = clamp(floor(t / 2^24), 0, n),  or from a t that is up to 2^(24-r) less.
// Choose z = floor(-c / m), x = a - z, scale = ceil(m), p(x) = x·scale. Then t(z) <= 0, so x < 0 has level 0,
// and
//   0 <= p(x) - t(z + x) <= x·(scale - m) - t(z) + 2^(24-r) < slack   for 0 <= x < limit,
// limit being the least x of level n. So p >> 24 is the level unless p's low 24 bits are below slack: only
// then the exact function has to be asked. p < 2^32 because p < n·2^24 + slack.
namespace tandem {

/// One channel's constants.
struct LevelChannel {
  int32_t offset = 0;  ///< x = Σ w·u + offset: the bias less z
  uint32_t limit = 0;  ///< x >= limit: level n
  uint32_t scale = 0;  ///< else p = x·scale, the level p >> 24 …
};

/// The channel and its slack: … unless p << 8 < slack << 8.
struct LevelConstants {
  LevelChannel channel;
  uint32_t slack = 0;
};

/// Constants of a channel with the multiplier `m` (not negative) and `bias`; nothing where the method does
/// not apply: scales so large that levels are skipped, or too much slack.
/// `max_slack`, below 2^24, is how much of that a kernel takes: asking at each output in 2^24 / max_slack.
std::optional<LevelConstants> level_constants(QuantizedMultiplier m, int32_t bias, int32_t zero_point,
                                              const Clamp& clamp, uint32_t max_slack = 1 << 21);

/// Constants with which every output asks, for kernels that hand p to the exact function: p is x, and below
/// the slack, while |Σ w·u| < kAlwaysAsks.channel.offset.
inline constexpr LevelConstants kAlwaysAsks{.channel = {.offset = 1 << 20, .limit = INT32_MAX, .scale = 1},
                                            .slack = 0xffff00};

}  // namespace tandem
