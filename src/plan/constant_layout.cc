#include "plan/constant_layout.h"

#include <algorithm>

namespace tandem {
namespace {

class ConstantPlacer {
 public:
  explicit ConstantPlacer(const ConstantTask& task) : task_(task) {
    for (Buffer& buffer : task_.buffers) {
      if (!buffer.wants_stream()) continue;
      if (buffer.resident()) buffer.set_lead(-1);
      ++wanted_;
    }
  }

  [[nodiscard]] uint32_t wanted() const { return wanted_; }

  void stream(uint64_t limit) { stream_within({.limit = limit}); }

  void keep(const ResidentRoom& room) {
    resident_room_ = room;
    cycles_ = run_cycles();
    uint64_t from = 0;
    for (uint16_t index = 0; next_by_size(from, index);) {
      if (waited_for(index) && !keep_whole(index) && keep_tail(index)) break;
    }
  }

  /// Gives resident ones their places.
  ConstantLayout finish() {
    const bool split = room_.split != StreamRoom::kNone;
    ConstantLayout layout{.resident_at = split ? room_.limit : streams_.end, .split = split};
    layout.end = layout.resident_at + room_.tail_bytes;
    for (Buffer& buffer : task_.buffers) {
      if (!buffer.resident()) continue;
      buffer.offset = static_cast<uint32_t>(layout.end);
      layout.end += buffer.bytes;
    }
    return layout;
  }

 private:
  [[nodiscard]] std::span<const uint16_t> order() const { return task_.order.first(wanted_); }
  [[nodiscard]] int64_t run_cycles(uint16_t resident = StreamRoom::kNone) const {
    return tandem::run_cycles(task_.buffers, order(), task_.times, task_.run_end, room_, resident);
  }

  // As low as there is room, or as high: neither way is always the better one.
  void stream_within(StreamRoom room) {
    const auto place = [&](bool from_top) {
      room.start = task_.start;
      room.laid_out = task_.laid_out;
      room.from_top = from_top;
      return place_streams(task_.buffers, task_.order, task_.placed, task_.times, room);
    };
    streams_ = place(false);
    if (streams_.streams < wanted_ - resident_) {
      const uint64_t low_bytes = streams_.bytes;
      streams_ = place(true);
      if (streams_.bytes <= low_bytes) streams_ = place(false);
    }
    room_ = room;
  }

  [[nodiscard]] uint32_t in_flash() const { return wanted_ - streams_.streams - resident_; }

  // Whether no more are read in flash than before, and the time saved since is at least half of what a copy
  // of `bytes` takes; then that is the new state of things.
  bool worth_it(uint32_t bytes, uint32_t in_flash_before) {
    const int64_t cycles = run_cycles();
    if (in_flash() > in_flash_before || (cycles_ - cycles) * 2 < copy_cycles(bytes)) return false;
    cycles_ = cycles;
    return true;
  }

  // The next one by size; of the same size the later ones first: what is streamed then follows what was
  // streamed before, and leaves the memory to large ones that are needed late. `from` is where to go on.
  bool next_by_size(uint64_t& from, uint16_t& next) const {
    uint64_t least = UINT64_MAX;
    for (const uint16_t index : order()) {
      const Buffer& buffer = task_.buffers[index];
      const uint32_t last_first = UINT16_MAX - static_cast<uint32_t>(buffer.needed());
      const uint64_t key = uint64_t{buffer.bytes} << 32 | last_first << 16 | index;
      if (key < from || key >= least || buffer.in_parts()) continue;
      least = key;
      next = index;
    }
    from = least + 1;
    return least != UINT64_MAX;
  }

  // Whether operators wait for it, a little at least: what it saves that its place is free for others,
  // placing them will tell.
  [[nodiscard]] bool waited_for(uint16_t index) const {
    return (cycles_ - run_cycles(index)) * 8 >= copy_cycles(task_.buffers[index].bytes);
  }

  bool keep_whole(uint16_t index) {
    Buffer& buffer = task_.buffers[index];
    const uint64_t kept_bytes = kept_bytes_ + buffer.bytes;
    if (kept_bytes > resident_room_.most_bytes) return false;
    if (task_.laid_out + kept_bytes > resident_room_.limit) return false;
    const StreamRoom before = room_;
    const uint32_t in_flash_before = in_flash();
    buffer.set_resident();
    ++resident_;
    stream_within({.limit = resident_room_.limit - kept_bytes});
    if (worth_it(buffer.bytes, in_flash_before)) {
      kept_bytes_ = kept_bytes;
      return true;
    }
    buffer.set_lead(-1);
    --resident_;
    stream_within(before);
    return false;
  }

  // What is left of the memory, of one that does not fit.
  bool keep_tail(uint16_t index) {
    constexpr uint64_t kLeastBytes = 512;  // less is not worth an entry in the plan
    const uint64_t end = streams_.end + kept_bytes_;
    if (end > resident_room_.limit) return false;
    const uint64_t left = std::min(resident_room_.limit - end, resident_room_.most_bytes - kept_bytes_);
    const auto bytes = static_cast<uint32_t>(left / kBufferAlignment * kBufferAlignment);
    if (bytes < kLeastBytes || task_.buffers[index].bytes < bytes + kLeastBytes) return false;
    const StreamRoom before = room_;
    const uint32_t in_flash_before = in_flash();
    stream_within({.limit = streams_.end, .split = index, .tail_bytes = bytes});
    if (task_.buffers[index].streamed() && worth_it(bytes, in_flash_before)) return true;
    stream_within(before);
    return false;
  }

  ConstantTask task_;
  uint32_t wanted_ = 0;
  uint32_t resident_ = 0;
  ResidentRoom resident_room_;
  uint64_t kept_bytes_ = 0;  // of whole ones
  int64_t cycles_ = 0;       // of a run, as things are
  StreamRoom room_;
  StreamedLayout streams_;
};

}  // namespace

ConstantLayout stream_constants(const ConstantTask& task, uint64_t limit) {
  ConstantPlacer placer(task);
  if (placer.wanted() == 0) return {.resident_at = task.laid_out, .end = task.laid_out};
  placer.stream(limit);
  return placer.finish();
}

ConstantLayout keep_constants(const ConstantTask& task, uint64_t limit, const ResidentRoom& room) {
  ConstantPlacer placer(task);
  if (placer.wanted() == 0) return {.resident_at = task.laid_out, .end = task.laid_out};
  placer.stream(limit);
  placer.keep(room);
  return placer.finish();
}

}  // namespace tandem
