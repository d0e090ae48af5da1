#pragma once

#include <string>

#include "plan_report.h"

namespace tandem::cli {

/// A tensor, an operator's scratch or the tensors of called subgraphs, in the arena.
struct ArenaBlock {
  uint32_t buffer = 0;    ///< tensor, or tensor count + operator, or behind these: called subgraphs
  size_t offset = 0;      ///< from the arena's start, behind the plan
  uint32_t bytes = 0;     ///< as placed: a multiple of 8
  int32_t first = 0;      ///< operator that writes it; -1: a model input
  int32_t last = 0;       ///< operator that reads it last; the number of operators: a model output
  int32_t in_place = -1;  ///< the tensor whose memory it takes over during `first`; -1: none
};

/// Everything that has a place in the arena, by offset, then by time. A tensor that another one takes over
/// in place ends with the operator that does it. Variables are alive from -1 to the number of operators.
std::vector<ArenaBlock> arena_blocks(const PlanReport& report, const Subgraph& subgraph);

/// A line for the plan and each block: offset, size, what it is, and a bar of when it is alive.
std::string arena_map_text(const PlanReport& report, const Subgraph& subgraph);

}  // namespace tandem::cli
