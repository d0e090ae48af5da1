#pragma once

#include <cstdint>
#include <span>

// Who needs memory when, and where everything goes.
namespace tandem {

/// Memory that a tensor, an operator's scratch or a streamed constant needs. Times are operator indices; a
/// model's inputs are written at time −1, its outputs are read at time operator_count.
struct Buffer {
  static constexpr int16_t kUnwritten = INT16_MAX;
  // What `constant` says of one that lies in the model file. An operator may ask for it to be copied to the
  // arena; if it gets a place there, `constant` is kStreamWanted, and 1, and the number of operators from
  // `first`, during which copying may start, to the one that reads it first; or kResident if its place is its
  // own for ever. With kByUnits that operator can run while the copy does; with kInParts the place holds two
  // parts of it at a time.
  static constexpr uint8_t kInFile = 1;
  static constexpr uint8_t kStreamWanted = 2;
  static constexpr uint8_t kResident = 0x3f;
  static constexpr uint8_t kInParts = 0x40;
  static constexpr uint8_t kByUnits = 0x80;

  uint32_t bytes = 0;          ///< multiple of kBufferAlignment; 0: needs no memory of its own
  uint32_t offset = 0;         ///< in the arena
  int16_t first = kUnwritten;  ///< when it is written
  int16_t last = -1;           ///< when it is read last
  uint16_t root = 0;           ///< the buffer whose memory it is: itself, or an input overwritten in place
  uint8_t variable = 0;        ///< lives for ever, at the arena's start
  uint8_t constant = 0;        ///< lies in the model file: kInFile, or more

  [[nodiscard]] bool wants_stream() const { return constant >= kStreamWanted; }
  [[nodiscard]] bool by_units() const { return (constant & kByUnits) != 0; }
  [[nodiscard]] bool in_parts() const { return (constant & kInParts) != 0; }
  [[nodiscard]] bool streamed() const { return lead() >= 0 && !resident(); }
  [[nodiscard]] bool resident() const { return state() == kResident; }
  /// The operator that reads a constant which wants to be streamed first.
  [[nodiscard]] int16_t needed() const { return static_cast<int16_t>(first + (streamed() ? lead() : 0)); }
  /// Gives one that wants to be streamed its place, or takes it away (`lead` < 0): `first` is `lead`
  /// operators before needed().
  void set_lead(int lead) { set_state(static_cast<uint8_t>(kStreamWanted + (lead < 0 ? 0 : 1 + lead))); }
  /// Makes one that wants to be streamed resident; set_lead() ends it.
  void set_resident() {
    first = needed();
    set_state(kResident);
  }
  [[nodiscard]] bool alive_with(const Buffer& other) const {
    return first <= other.last && other.first <= last;
  }

 private:
  static constexpr uint8_t kFlags = kByUnits | kInParts;
  [[nodiscard]] uint8_t state() const { return static_cast<uint8_t>(constant & ~kFlags); }
  void set_state(uint8_t state) { constant = static_cast<uint8_t>((constant & kFlags) | state); }
  [[nodiscard]] int lead() const { return state() - kStreamWanted - 1; }
};

constexpr uint32_t kBufferAlignment = 8;

/// Places variables one behind the other from `start`. Returns their end.
uint64_t place_variables(std::span<Buffer> buffers, uint64_t start);

/// Places every other buffer that has bytes and is its own root at `start` or above, so that buffers alive
/// together do not overlap. Returns the end of the highest. `order` and `placed` are working memory, as long
/// as `buffers`. Time: buffers² for each of a handful of heuristics; deterministic.
uint64_t lay_out(std::span<Buffer> buffers, std::span<uint16_t> order, std::span<uint16_t> placed,
                 uint64_t start);

/// When each operator starts if none waits for constants, in cycles from the first one's start, as far as
/// that can be said.
using OperatorTimes = std::span<const uint32_t>;

/// Where streamed constants may lie, beside what lay_out() placed there.
struct StreamRoom {
  static constexpr uint16_t kNone = UINT16_MAX;

  uint64_t start = 0;     ///< as for lay_out()
  uint64_t laid_out = 0;  ///< what it returned
  uint64_t limit = 0;     ///< none ends above this or `laid_out`
  bool from_top = false;  ///< as high as the limit allows, not as low: apart from what lies low already
  /// A constant of which only the beginning is streamed, just below the limit: its last `tail_bytes` are
  /// resident above. It is in one piece there, as its kernel wants it.
  uint16_t split = kNone;
  uint32_t tail_bytes = 0;
};

struct StreamedLayout {
  uint64_t end = 0;      ///< of the highest buffer; of a split one, where its tail begins
  uint32_t streams = 0;  ///< how many were placed
  uint64_t bytes = 0;    ///< of these
};

/// Gives streamed constants places beside the buffers that lay_out() placed. Copies run one after the other
/// in the order of need, each as late as it can start and still arrive; later where there is no memory
/// before, or never where it would come too late to be worth it. `order` and `placed` are as for lay_out;
/// `order` then starts with all that are wanted, in the order of need, those without a place behind the
/// others, and resident ones, whose place is the caller's business, at the end. May be called again with
/// another room.
StreamedLayout place_streams(std::span<Buffer> buffers, std::span<uint16_t> order, std::span<uint16_t> placed,
                             OperatorTimes times, const StreamRoom& room);

/// Cycles that a copy of `bytes` from the model file takes, and about as many are waited for them if a kernel
/// reads them there.
int64_t copy_cycles(uint64_t bytes);

/// How long the operators take, as far as that can be said, with the streams that place_streams() placed in
/// `room`; `order` as it left it, `end` the time when the last operator would end without waiting. As if
/// constant `resident` were that, if it is one.
int64_t run_cycles(std::span<const Buffer> buffers, std::span<const uint16_t> order, OperatorTimes times,
                   int64_t end, const StreamRoom& room, uint16_t resident = StreamRoom::kNone);

/// The largest sum of tensors alive at one time, variables included, as if nothing were done in place.
uint64_t lower_bound_bytes(std::span<const Buffer> tensors, int16_t operators);

}  // namespace tandem
