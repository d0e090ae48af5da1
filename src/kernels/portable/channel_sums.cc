#include "kernels/portable/channel_sums.h"

#include "base/placement.h"

namespace tandem::portable {

TANDEM_HOT("sum_words")
void sum_words(const Inside& t, uint32_t* sums) {
  constexpr uint32_t kTo128 = 0x80808080;
  constexpr uint32_t kHalves = 0x00ff00ff;
  uint32_t even = 0;  // channels 0 and 2
  uint32_t odd = 0;
  const int8_t* row = t.first;
  for (uint32_t r = t.rows; r != 0; --r, row += t.row) {
    const int8_t* tap = row;
    const int8_t* const end = row + t.columns * t.pixel;
    do {
      const uint32_t word = *reinterpret_cast<const uint32_t*>(tap) ^ kTo128;
      even += word & kHalves;
      odd += word >> 8 & kHalves;
      tap += t.pixel;
    } while (tap != end);
  }
  sums[0] += even & 0xffff;
  sums[1] += odd & 0xffff;
  sums[2] += even >> 16;
  sums[3] += odd >> 16;
}

TANDEM_HOT("sum_channel")
uint32_t sum_channel(const Inside& t) {
  uint32_t total = 0;
  const int8_t* row = t.first;
  for (uint32_t r = t.rows; r != 0; --r, row += t.row) {
    const int8_t* tap = row;
    for (uint32_t left = t.columns; left != 0; --left, tap += t.pixel)
      total += static_cast<uint32_t>(*tap + 128);
  }
  return total;
}

}  // namespace tandem::portable
