#pragma once

#include <algorithm>
#include <vector>

#include "models/random.h"
#include "plan/arena_layout.h"

// Buffers, streams and times for tests of where they are placed.
namespace tandem {

// `count` buffers with random sizes and lifetimes; some variables, constants, empty ones and in-place chains.
inline std::vector<Buffer> random_buffers(models::SplitMix64& random, uint16_t count, int16_t operators) {
  std::vector<Buffer> buffers(count);
  const auto below = [&](uint32_t n) { return static_cast<uint32_t>(random.next() % n); };
  for (uint16_t i = 0; i < count; ++i) {
    Buffer& b = buffers[i];
    b.root = i;
    b.bytes = below(8) == 0 ? 0 : kBufferAlignment * (1 + below(below(4) == 0 ? 2000 : 50));
    b.first = static_cast<int16_t>(static_cast<int32_t>(below(static_cast<uint32_t>(operators) + 1)) - 1);
    b.last = static_cast<int16_t>(
        b.first + static_cast<int32_t>(below(static_cast<uint32_t>(operators - b.first) + 1)));
    const uint32_t kind = below(20);
    b.variable = kind == 0 ? 1 : 0;
    b.constant = kind == 1 ? 1 : 0;
    if (i > 0 && kind == 2) {
      const uint16_t root = buffers[below(i)].root;
      if (buffers[root].variable == 0 && buffers[root].constant == 0 && buffers[root].bytes >= b.bytes) {
        b.root = root;
        buffers[root].first = std::min(buffers[root].first, b.first);
        buffers[root].last = std::max(buffers[root].last, b.last);
      }
    }
  }
  return buffers;
}

// Times of operators that take up to `longest` cycles each.
inline std::vector<uint32_t> random_times(models::SplitMix64& random, int16_t operators, uint32_t longest) {
  std::vector<uint32_t> times;
  uint32_t now = 0;
  for (int16_t i = 0; i < operators; ++i) {
    times.push_back(now);
    now += static_cast<uint32_t>(random.next() % longest);
  }
  return times;
}

// Makes every third or so constant of `buffers` one that an operator wants streamed.
inline void want_streams(models::SplitMix64& random, std::vector<Buffer>& buffers, int16_t operators) {
  for (uint16_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].root != i || buffers[i].variable != 0 || buffers[i].bytes == 0 || random.next() % 3 != 0) {
      continue;
    }
    if (std::ranges::any_of(buffers, [&](const Buffer& b) { return b.root == i && &b != &buffers[i]; }))
      continue;
    buffers[i].constant = Buffer::kStreamWanted | (random.next() % 2 == 0 ? Buffer::kByUnits : 0);
    buffers[i].first = static_cast<int16_t>(random.next() % static_cast<uint32_t>(operators));
    buffers[i].last =
        std::max(buffers[i].first, std::min(buffers[i].last, static_cast<int16_t>(operators - 1)));
  }
}

}  // namespace tandem
