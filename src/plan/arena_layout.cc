#include "plan/arena_layout.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>

namespace tandem {
namespace {

// How many operators before the one that reads it a copy may start: bounds the time that placing takes.
constexpr int16_t kMaxLead = 31;

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

// The lowest place from `start` where `buffer` collides with none of `placed`, which are in order of offsets.
uint64_t lowest_place(std::span<const Buffer> buffers, const Buffer& buffer, std::span<const uint16_t> placed,
                      uint64_t start) {
  uint64_t offset = start;
  for (const uint16_t i : placed) {
    const Buffer& other = buffers[i];
    if (!buffer.alive_with(other)) continue;
    if (other.offset >= offset + buffer.bytes) break;
    offset = std::max(offset, uint64_t{other.offset} + other.bytes);
  }
  return offset;
}

// The highest place below `limit` where it collides with none; none if that is not from `start` on.
std::optional<uint64_t> highest_place(std::span<const Buffer> buffers, const Buffer& buffer,
                                      std::span<const uint16_t> placed, const StreamRoom& room,
                                      uint64_t limit) {
  uint64_t end = limit;
  for (size_t k = placed.size(); k-- > 0;) {
    const Buffer& other = buffers[placed[k]];
    if (!buffer.alive_with(other) || other.offset >= end) continue;
    // In descending order: what lies above this one begins above its begin.
    if (uint64_t{other.offset} + other.bytes + buffer.bytes > end) end = other.offset;
  }
  if (end < room.start + buffer.bytes) return std::nullopt;
  return (end - buffer.bytes) / kBufferAlignment * kBufferAlignment;
}

// Of a constant: what is streamed of it.
uint32_t streamed_bytes(std::span<const Buffer> buffers, uint16_t index, const StreamRoom& room) {
  return buffers[index].bytes - (index == room.split ? room.tail_bytes : 0);
}

// The place of `bytes` that end with `limit`, if `buffer` is alive with nothing there.
std::optional<uint64_t> place_below(std::span<const Buffer> buffers, const Buffer& buffer,
                                    std::span<const uint16_t> placed, const StreamRoom& room, uint64_t limit,
                                    uint32_t bytes) {
  if (limit < room.start + bytes) return std::nullopt;
  const uint64_t offset = limit - bytes;
  const bool taken = std::any_of(placed.begin(), placed.end(), [&](uint16_t i) {
    const Buffer& other = buffers[i];
    return buffer.alive_with(other) && other.offset + uint64_t{other.bytes} > offset;
  });
  return taken ? std::nullopt : std::optional(offset);
}

// Adds buffer `index` to the first `count` of `placed`.
void insert_by_offset(std::span<const Buffer> buffers, std::span<uint16_t> placed, size_t count,
                      uint16_t index) {
  size_t at = count;
  while (at > 0 && buffers[placed[at - 1]].offset > buffers[index].offset) --at;
  std::copy_backward(placed.begin() + at, placed.begin() + count, placed.begin() + count + 1);
  placed[at] = index;
}

// Takes it out again.
void erase(std::span<uint16_t> placed, uint16_t index) {
  const auto at = std::find(placed.begin(), placed.end(), index);
  std::copy(at + 1, placed.end(), at);
}

// Gives every buffer of `order` the lowest place where it collides with none already placed.
uint64_t place(std::span<Buffer> buffers, std::span<const uint16_t> order, std::span<uint16_t> placed,
               uint64_t start) {
  uint64_t end = start;
  size_t count = 0;  // of `placed`
  for (const uint16_t index : order) {
    Buffer& buffer = buffers[index];
    const uint64_t offset = lowest_place(buffers, buffer, placed.first(count), start);
    // An arena beyond 4 GiB is refused by the caller on what is returned; the offset itself only has to be
    // defined.
    buffer.offset = static_cast<uint32_t>(offset);
    end = std::max(end, offset + buffer.bytes);
    insert_by_offset(buffers, placed, count++, index);
  }
  return end;
}

// The last operator that starts no later than `time`, from `first` on.
int16_t operator_at(OperatorTimes times, int64_t time, int16_t first, int16_t last) {
  int16_t op = last;
  while (op > first && times[static_cast<size_t>(op)] > time) --op;
  return op;
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

uint64_t place_variables(std::span<Buffer> buffers, uint64_t start) {
  for (Buffer& buffer : buffers) {
    if (buffer.variable == 0) continue;
    // As for place(): beyond 4 GiB only the sum counts.
    buffer.offset = static_cast<uint32_t>(start);
    start += buffer.bytes;
  }
  return start;
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

uint64_t lay_out(std::span<Buffer> buffers, std::span<uint16_t> order, std::span<uint16_t> placed,
                 uint64_t start) {
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

// A word of flash takes an RP2040 50 cycles; cache misses and the start of a copy between two work units come
// on top.
int64_t copy_cycles(uint64_t bytes) {
  constexpr int64_t kCyclesPerByte = 14;
  constexpr int64_t kStart = 1000;
  return kStart + kCyclesPerByte * static_cast<int64_t>(bytes);
}

StreamedLayout place_streams(std::span<Buffer> buffers, std::span<uint16_t> order, std::span<uint16_t> placed,
                             OperatorTimes times, const StreamRoom& room) {
  const uint64_t limit = std::max(room.limit, room.laid_out);
  size_t wanted = 0;
  size_t placed_count = 0;
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    const auto index = static_cast<uint16_t>(i);
    Buffer& buffer = buffers[i];
    if (buffer.wants_stream()) {
      if (buffer.resident()) continue;
      buffer.first = buffer.needed();
      buffer.set_lead(-1);
      order[wanted++] = index;
    } else if (needs_place(buffers, i)) {
      placed[placed_count++] = index;
    }
  }
  std::sort(placed.begin(), placed.begin() + placed_count,
            [&](uint16_t a, uint16_t b) { return buffers[a].offset < buffers[b].offset; });
  std::sort(order.begin(), order.begin() + wanted, [&](uint16_t a, uint16_t b) {
    return buffers[a].first != buffers[b].first ? buffers[a].first < buffers[b].first : a < b;
  });

  const auto find_place = [&](const Buffer& buffer, uint16_t index) {
    const std::span<const uint16_t> others = placed.first(placed_count);
    const uint32_t bytes = streamed_bytes(buffers, index, room);
    std::optional<uint64_t> offset =
        index == room.split ? place_below(buffers, buffer, others, room, limit, bytes)
        : room.from_top     ? highest_place(buffers, buffer, others, room, limit)
                            : std::optional(lowest_place(buffers, buffer, others, room.start));
    if (offset && *offset + bytes > limit) offset.reset();
    return offset;
  };
  // Whether one that has no place yet can have one while its operator runs, if not before.
  const auto has_place = [&](uint16_t index) {
    Buffer buffer = buffers[index];
    if (!buffer.by_units()) --buffer.first;
    return find_place(buffer, index).has_value();
  };
  StreamedLayout layout{.end = room.laid_out};
  int64_t before = 0;  // of all copies that come before one
  for (size_t k = 0; k < wanted; ++k) before += copy_cycles(streamed_bytes(buffers, order[k], room));
  int64_t next_start = INT64_MAX;  // of the copy that follows
  for (size_t k = wanted; k-- > 0;) {
    Buffer& buffer = buffers[order[k]];
    const uint32_t bytes = streamed_bytes(buffers, order[k], room);
    const int16_t needed = buffer.first;
    // By units it may come as late as its operator. There is no use in its place before its turn, but just
    // before: an operator before it that waits for its own takes longer than that would tell.
    const auto last = static_cast<int16_t>(buffer.by_units() ? needed : needed - 1);
    const int64_t needed_at = times[static_cast<size_t>(needed)];
    const int64_t cycles = copy_cycles(bytes);
    before -= cycles;
    const int64_t latest = std::min(needed_at, next_start) - cycles;
    const auto earliest = static_cast<int16_t>(std::max(0, needed - kMaxLead));
    int16_t first =
        operator_at(times, buffer.by_units() ? std::max(latest, before) : latest, earliest, needed);
    if (buffer.by_units() && first > earliest) --first;
    // Where operators wait for their copies, the next copy can start near the end of the one before.
    const bool in_turn = buffer.by_units() && k > 0 && before > latest;
    if (in_turn) first = std::max(earliest, std::min(first, buffers[order[k - 1]].first));
    for (; first <= last; ++first) {
      const int64_t start = std::max<int64_t>(latest, times[static_cast<size_t>(first)]);
      // What is waited for costs what reading flash costs, so hiding any of it wins; next to nothing is not
      // worth the memory.
      if (!buffer.by_units() && start + cycles - needed_at > cycles - cycles / 8) break;
      buffer.first = first;
      const std::optional<uint64_t> offset = find_place(buffer, order[k]);
      if (!offset) continue;
      buffer.offset = static_cast<uint32_t>(*offset);
      insert_by_offset(buffers, placed, placed_count++, order[k]);
      // But not in the place that the one before needs.
      if (in_turn && first <= buffers[order[k - 1]].first && !has_place(order[k - 1])) {
        erase(placed.first(placed_count--), order[k]);
        continue;
      }
      buffer.set_lead(needed - first);
      layout.end = std::max(layout.end, *offset + bytes);
      ++layout.streams;
      layout.bytes += bytes;
      next_start = start;
      break;
    }
    if (!buffer.streamed()) buffer.first = needed;
  }
  std::sort(order.begin(), order.begin() + wanted, [&](uint16_t a, uint16_t b) {
    const auto key = [&](uint16_t i) { return std::tuple(!buffers[i].streamed(), buffers[i].needed(), i); };
    return key(a) < key(b);
  });
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    if (buffers[i].resident()) order[wanted++] = static_cast<uint16_t>(i);
  }
  return layout;
}

int64_t run_cycles(std::span<const Buffer> buffers, std::span<const uint16_t> order, OperatorTimes times,
                   int64_t end, const StreamRoom& room, uint16_t resident) {
  int64_t begun[kMaxLead + 1] = {};  // when the last operators began
  int64_t now = 0;
  int64_t arrived = 0;  // when the last copy ended
  const auto copied =
      std::partition_point(order.begin(), order.end(), [&](uint16_t i) { return buffers[i].streamed(); });
  auto stream = order.begin();
  auto read = copied;
  for (size_t op = 0; op < times.size(); ++op) {
    begun[op % std::size(begun)] = now;
    const int64_t computing = (op + 1 < times.size() ? int64_t{times[op + 1]} : end) - times[op];
    const Buffer* awaited = nullptr;
    for (; stream != copied && buffers[*stream].needed() == static_cast<int>(op); ++stream) {
      if (*stream == resident) continue;
      awaited = &buffers[*stream];
      const int64_t free = begun[static_cast<size_t>(awaited->first) % std::size(begun)];
      arrived = std::max(arrived, free) + copy_cycles(streamed_bytes(buffers, *stream, room));
    }
    if (awaited == nullptr) {
      now += computing;
    } else if (awaited->by_units()) {
      now = std::max(now + computing, arrived);
    } else {
      now = std::max(now, arrived) + computing;
    }
    for (;
         read != order.end() && !buffers[*read].resident() && buffers[*read].needed() == static_cast<int>(op);
         ++read) {
      if (*read == resident) continue;
      // Copies wait as long.
      const int64_t cycles = copy_cycles(buffers[*read].bytes);
      arrived = std::max(arrived, now) + cycles;
      now += cycles;
    }
  }
  return now;
}

}  // namespace tandem
