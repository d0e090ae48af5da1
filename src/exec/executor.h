#pragma once

#include <span>

#include "plan/plan.h"
#include "tandem/interpreter.h"
#include "tandem/port.h"
#include "tandem/status.h"

// Runs a plan. Everything that could be refused was refused while planning or in check_plan; what remains is
// a loop.
namespace tandem {

/// A plan, its kernels in the plan's order, and where its memory lies.
struct BoundPlan {
  PlanView plan;
  const AnyKernel* const* kernels = nullptr;
  Bases bases;
};

/// Whether `plan` is one that this version can run on a model file of `constants` and an arena of `arena`
/// bytes, with the program's `kernels` in the plan's order. Guards against mixing up files; it does not make
/// a hostile plan safe (a plan is code: load only your own).
Status check_plan(std::span<const uint8_t> plan, std::span<const uint8_t> constants,
                  std::span<const uint8_t> arena, std::span<const AnyKernel* const> kernels);

/// Fills what is kept from one invocation to the next, before the first: resident constants and variables.
void fill_persistent(const BoundPlan& bound);

/// Fills every variable with its start value.
void reset_variables(const BoundPlan& bound);

struct RunOptions {
  const Profiler* profiler = nullptr;
  uint32_t most_called_steps = kDefaultCalledSteps;  ///< Interpreter::limit_called_steps
};

/// One inference: each step of the main subgraph in turn, cut into units over the port's workers.
Outcome run(const BoundPlan& bound, const Port& port, const RunOptions& options = {});

/// The caller's view of a plan's input or output.
TensorView view(const BoundPlan& bound, const PlanTensor& tensor);

}  // namespace tandem
