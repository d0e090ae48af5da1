#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model_view.h"
#include "plan/planner.h"

namespace tandem::cli {

/// What planning finds in a model, of a refused one too as far as that can be said.
struct PlanReport {
  Status status;                 ///< ok, or the first reason why there is no plan
  std::vector<Status> refusals;  ///< of all operators of the main subgraph and those that it calls, in order
  std::vector<PlannedStep> steps;  ///< of the operators that are not refused, in the plan's order
  std::vector<bool> called{};      ///< each subgraph: the main one, or called from it, as far as known

  // Only if status.ok():
  std::vector<Buffer> buffers;  ///< Planner::buffers()
  uint64_t called_bytes = 0;    ///< the block that called subgraphs share, the last of `buffers`
  ArenaNeed need;
  size_t arena_bytes_32bit = 0;  ///< need.arena_bytes where a pointer has 4 bytes
  size_t least_arena_bytes = 0;  ///< without anything that only saves time
  /// Arena bytes in use during each operator of the main subgraph, scratch included.
  std::vector<uint64_t> alive_bytes{};

  /// The operator during which most of the arena is in use; 0 if there is none.
  [[nodiscard]] size_t peak() const;
};

PlanReport report_plan(const Model& model, uint32_t workers);

/// "CONV_2D"; a custom operator's own name; "operator 300" for a number without a name.
std::string operator_name(const OperatorInfo& op);

/// Enough of a tensor's name to tell it from others in a table: the last parts of its path, of names that a
/// converter joined with ';' the first. "tensor 3" if it has none.
std::string short_tensor_name(const Subgraph& subgraph, int32_t tensor);

/// "7", or "2:7" where the subgraph is not the main one.
std::string operator_number(uint32_t subgraph, uint32_t op);

/// "op 7 CONV_2D "conv2/Relu"" of the main subgraph.
std::string operator_place(const Model& model, int16_t op);

}  // namespace tandem::cli
