#pragma once

#include <cstdint>
#include <span>

// Who needs memory when, and where everything goes.
namespace tandem {

/// Memory that a tensor or an operator's scratch needs. Times are operator indices; a model's inputs are
/// written at time −1, its outputs are read at time operator_count.
struct Buffer {
  static constexpr int16_t kUnwritten = INT16_MAX;

  uint32_t bytes = 0;          ///< multiple of kBufferAlignment; 0: needs no memory of its own
  uint32_t offset = 0;         ///< in the arena
  int16_t first = kUnwritten;  ///< when it is written
  int16_t last = -1;           ///< when it is read last
  uint16_t root = 0;           ///< the buffer whose memory it is: itself, or an input overwritten in place
  uint8_t variable = 0;        ///< lives for ever, at the arena's start
  uint8_t constant = 0;        ///< lies in the model file

  [[nodiscard]] bool alive_with(const Buffer& other) const {
    return first <= other.last && other.first <= last;
  }
};

constexpr uint32_t kBufferAlignment = 8;
/// Bytes of working memory that laying out one buffer takes, itself included.
constexpr uint32_t kLayoutBytesPerBuffer = sizeof(Buffer) + 2 * sizeof(uint16_t);

/// Places every buffer that has bytes and is its own root, so that buffers alive together do not overlap.
/// Variables go to the front. Returns the end of the highest. `order` and `placed` are working memory, as
/// long as `buffers`. Time: buffers² for each of a handful of heuristics; deterministic.
uint64_t lay_out(std::span<Buffer> buffers, std::span<uint16_t> order, std::span<uint16_t> placed);

/// Bytes of all variables.
uint32_t persistent_bytes(std::span<const Buffer> buffers);

/// The largest sum of tensors alive at one time, variables included, as if nothing were done in place.
uint64_t lower_bound_bytes(std::span<const Buffer> tensors, int16_t operators);

}  // namespace tandem
