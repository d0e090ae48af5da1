#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model_view.h"
#include "plan/planner.h"

namespace tandem::cli {

/// A step of a plan.
struct StepReport {
  int16_t op = 0;
  KernelId kernel{};
  Work work;
};

/// What planning finds in a model's main subgraph, of a refused one too as far as that can be said.
struct PlanReport {
  Status status;                  ///< ok, or the first reason why there is no plan
  std::vector<Status> refusals;   ///< of all operators, in the model's order; other subgraphs' after them
  std::vector<StepReport> steps;  ///< of the operators that are not refused

  // Only if status.ok():
  std::vector<Buffer> buffers;  ///< of all tensors, then of all operators' scratch
  ArenaNeed need;
  size_t arena_bytes_32bit = 0;         ///< need.arena_bytes where a pointer has 4 bytes
  std::vector<uint64_t> alive_bytes{};  ///< arena bytes in use during each operator, scratch included

  /// The operator during which most of the arena is in use; 0 if there is none.
  [[nodiscard]] size_t peak() const;
};

PlanReport report_plan(const Model& model, uint32_t workers);

/// "CONV_2D"; a custom operator's own name; "operator 300" for a number without a name.
std::string operator_name(const OperatorInfo& op);

/// Enough of a tensor's name to tell it from others in a table: the last parts of its path, of names that a
/// converter joined with ';' the first. "tensor 3" if it has none.
std::string short_tensor_name(const Subgraph& subgraph, int32_t tensor);

/// "op 7 CONV_2D "conv2/Relu"" of the main subgraph.
std::string operator_place(const Model& model, int16_t op);

}  // namespace tandem::cli
