#include "plan/arena_layout.h"

#include <algorithm>
#include <iterator>

namespace tandem {
namespace {

bool needs_place(std::span<const Buffer> buffers, uint32_t i) {
  const Buffer& buffer = buffers[i];
  return buffer.bytes > 0 && buffer.root == i && buffer.variable == 0 && buffer.constant == 0;
}

int32_t duration(const Buffer& buffer) { return buffer.last - buffer.first + 1; }

// The orders in which buffers are given places. None is best for all graphs: large ones first suits networks
// that narrow, long-lived ones first suits skip connections, time order suits chains.
using Before = bool (*)(const Buffer& a, const Buffer& b);
constexpr Before kOrders[] = {
    [](const Buffer& a, const Buffer& b) { return a.bytes > b.bytes; },
    [](const Buffer& a, const Buffer& b) {
      return duration(a) != duration(b) ? duration(a) > duration(b) : a.bytes > b.bytes;
    },
    [](const Buffer& a, const Buffer& b) {
      return uint64_t{a.bytes} * static_cast<uint32_t>(duration(a)) >
             uint64_t{b.bytes} * static_cast<uint32_t>(duration(b));
    },
    [](const Buffer& a, const Buffer& b) {
      return a.first != b.first ? a.first < b.first : a.bytes > b.bytes;
    },
    [](const Buffer& a, const Buffer& b) { return a.last != b.last ? a.last > b.last : a.bytes > b.bytes; },
};

// Gives every buffer of `order` the lowest place where it collides with none already placed.
uint64_t place(std::span<Buffer> buffers, std::span<const uint16_t> order, std::span<uint16_t> placed,
               uint64_t start) {
  uint64_t end = start;
  size_t count = 0;  // of `placed`, which is kept in order of offsets
  for (const uint16_t index : order) {
    Buffer& buffer = buffers[index];
    uint64_t offset = start;
    for (size_t i = 0; i < count; ++i) {
      const Buffer& other = buffers[placed[i]];
      if (!buffer.alive_with(other)) continue;
      if (other.offset >= offset + buffer.bytes) break;
      offset = std::max(offset, uint64_t{other.offset} + other.bytes);
    }
    // An arena beyond 4 GiB is refused by the caller on what is returned; the offset itself only has to be
    // defined.
    buffer.offset = static_cast<uint32_t>(offset);
    end = std::max(end, offset + buffer.bytes);
    size_t at = count;
    while (at > 0 && buffers[placed[at - 1]].offset > buffer.offset) --at;
    std::copy_backward(placed.begin() + at, placed.begin() + count, placed.begin() + count + 1);
    placed[at] = index;
    ++count;
  }
  return end;
}

std::span<uint16_t> sorted(std::span<const Buffer> buffers, std::span<uint16_t> order, Before before) {
  size_t count = 0;
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    if (needs_place(buffers, i)) order[count++] = static_cast<uint16_t>(i);
  }
  const std::span<uint16_t> used = order.first(count);
  std::sort(used.begin(), used.end(), [&](uint16_t a, uint16_t b) {
    if (before(buffers[a], buffers[b])) return true;
    return !before(buffers[b], buffers[a]) && a < b;
  });
  return used;
}

}  // namespace

uint32_t persistent_bytes(std::span<const Buffer> buffers) {
  uint32_t bytes = 0;
  for (const Buffer& buffer : buffers) {
    if (buffer.variable != 0) bytes += buffer.bytes;
  }
  return bytes;
}

uint64_t lower_bound_bytes(std::span<const Buffer> tensors, int16_t operators) {
  uint64_t bound = 0;
  for (int32_t time = -1; time <= operators; ++time) {
    uint64_t alive = 0;
    for (const Buffer& tensor : tensors) {
      if (tensor.constant == 0 && (tensor.variable != 0 || (tensor.first <= time && time <= tensor.last))) {
        alive += tensor.bytes;
      }
    }
    bound = std::max(bound, alive);
  }
  return bound;
}

uint64_t lay_out(std::span<Buffer> buffers, std::span<uint16_t> order, std::span<uint16_t> placed) {
  uint64_t start = 0;
  for (Buffer& buffer : buffers) {
    if (buffer.variable == 0) continue;
    buffer.offset = static_cast<uint32_t>(start);
    start += buffer.bytes;
  }
  size_t best = 0;
  size_t last = 0;
  uint64_t best_end = UINT64_MAX;
  const auto try_order = [&](size_t i) {
    last = i;
    return place(buffers, sorted(buffers, order, kOrders[i]), placed, start);
  };
  for (size_t i = 0; i < std::size(kOrders); ++i) {
    const uint64_t end = try_order(i);
    if (end < best_end) {
      best_end = end;
      best = i;
    }
  }
  if (last != best) best_end = try_order(best);
  for (Buffer& buffer : buffers) buffer.offset = buffers[buffer.root].offset;
  return best_end;
}

}  // namespace tandem
