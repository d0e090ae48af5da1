#pragma once

#include "plan/arena_layout.h"

// Where constants lie that operators want streamed: in memory that they share with tensors, for a while, or
// resident, in memory of their own at the arena's end.
namespace tandem {

/// What is known of them and of the rest of the arena.
struct ConstantTask {
  std::span<Buffer> buffers;
  std::span<uint16_t> order;   ///< working memory, as for place_streams(), which leaves its result there
  std::span<uint16_t> placed;  ///< working memory
  OperatorTimes times;
  int64_t run_end = 0;    ///< when the last operator would end if none waited for constants
  uint64_t start = 0;     ///< where buffers may lie that are not variables
  uint64_t laid_out = 0;  ///< end of all buffers that are no constants
};

struct ConstantLayout {
  uint64_t resident_at = 0;  ///< where resident constants begin: the end of everything else
  uint64_t end = 0;
  bool split = false;  ///< one lies on both sides of resident_at: its beginning is streamed
};

/// Streams alone, none of them above `limit`.
ConstantLayout stream_constants(const ConstantTask& task, uint64_t limit);

/// What resident constants may take: nothing above `limit`, and no more than `most_bytes` of them.
struct ResidentRoom {
  uint64_t limit = 0;
  uint32_t most_bytes = 0;
};

/// Streams first, none of them above `limit`. Then, as long as there is room, those constants are resident
/// for which operators would have to wait: where that saves at least half of the time that their copies take.
/// Smaller ones before larger ones, which saves the most for their bytes; of the last one as much as there is
/// room for.
ConstantLayout keep_constants(const ConstantTask& task, uint64_t limit, const ResidentRoom& room);

}  // namespace tandem
