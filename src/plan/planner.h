#pragma once

#include <span>

#include "base/status_macros.h"
#include "plan/constant_layout.h"
#include "plan/plan_pass.h"
#include "tandem/interpreter.h"

namespace tandem {

/// Turns a model into a plan: measure() finds what it takes, write() makes it.
class Planner {
 public:
  Planner(const Model& model, OpSet ops, const PlanTarget& target);

  /// Bytes of workspace that measure() needs.
  [[nodiscard]] size_t workspace_bytes() const;

  /// Checks the graphs and every operator and lays out the arena. `workspace` stays in use until write().
  Status measure(std::span<uint8_t> workspace, const PlanListener& listener = {});

  /// From the next measure() on only these operators may have kernels that take memory. large_work() tells
  /// how much the plan that was measured does by such kernels: its MACs, and one for each step.
  void allow_large_kernels(OperatorRange operators) { target_.large = operators; }
  /// From the next measure() on there are none of these, and no copies of constants: nothing but what is
  /// needed.
  void allow_least() {
    target_.large = kNoOperators;
    target_.copies = false;
  }
  [[nodiscard]] uint64_t large_work() const { return large_work_; }

  /// Measures again, with as much work of the model as it finds done by kernels that take memory, where
  /// need() `fits`: those of the first operators or of the last. After measure() has found that all are too
  /// many. Without any of them it may be that it does not fit either.
  template <class Fits>
  Status measure_to_fit(std::span<uint8_t> workspace, Fits fits);

  /// The most bytes of constants that are resident: of the RP2040's 264 KB they leave the greater part.
  static constexpr uint32_t kMostResidentBytes = 100 * 1024;

  /// Lets streamed constants have `tensor_bytes` of arena, together with all that tensors take, and what
  /// they leave of it those that are better resident; after measure(), which lets them have what tensors
  /// take anyway. need() then says what is used.
  void use_arena(uint64_t tensor_bytes);
  /// How much of that resident constants take.
  [[nodiscard]] uint32_t resident_bytes() const { return header_.arena_bytes - resident_at_; }

  [[nodiscard]] const ArenaNeed& need() const { return need_; }
  /// Of the main subgraph, the records of all tensors, then of all operators' scratch, then of all their
  /// state and of the memory that called subgraphs share; as long as the workspace lives.
  [[nodiscard]] std::span<const Buffer> buffers() const { return planned_.subgraphs[0].buffers; }
  /// Everything that planning keeps; as long as the workspace lives.
  [[nodiscard]] const PlannedModel& planned() const { return planned_; }

  /// Bytes of the plan itself, and of the table of kernels behind it.
  [[nodiscard]] uint32_t plan_bytes() const { return header_.plan_bytes; }
  [[nodiscard]] uint32_t kernel_count() const { return header_.kernels; }

  /// Writes the plan to `plan` (plan_bytes(), 8-aligned) and its kernels' functions to `kernels`
  /// (kernel_count()).
  Status write(uint8_t* plan, const AnyKernel** kernels);

 private:
  // What the workspace holds.
  struct Counts {
    uint32_t subgraphs = 0;
    uint32_t resources = 0;
    uint32_t buffers = 0;       // of all subgraphs
    uint32_t most_buffers = 0;  // of one of them
    uint32_t main_operators = 0;

    explicit Counts(const Model& model);
    [[nodiscard]] size_t bytes() const;
  };
  Status take_workspace(std::span<uint8_t> workspace);
  Status find_depths();
  Status find_lifetimes(uint32_t index);
  void start_times();
  Status lay_out_all();
  [[nodiscard]] ConstantTask constant_task();
  void take(const ConstantLayout& layout);

  const Model& model_;
  OpSet ops_;
  PlanTarget target_;
  Counts counts_;
  PlannedModel planned_;
  std::span<uint32_t> times_;  // of each operator of the main subgraph
  std::span<uint16_t> order_;  // of its streams, once they are placed
  std::span<uint16_t> placed_;
  uint64_t large_work_ = 0;
  uint32_t persistent_bytes_ = 0;
  uint64_t laid_out_ = 0;     // bytes of arena without streams
  uint32_t run_end_ = 0;      // of all operators' times
  uint32_t data_bytes_ = 0;   // of the plan's data section
  uint16_t streams_ = 0;      // of the plan, without one for the rest of a constant that is split
  uint32_t resident_at_ = 0;  // where in the arena resident constants begin
  PlanHeader header_;
  ArenaNeed need_;
};

template <class Fits>
Status Planner::measure_to_fit(std::span<uint8_t> workspace, Fits fits) {
  const uint32_t operators = counts_.main_operators;
  OperatorRange best = kNoOperators;
  uint64_t best_work = 0;
  Status status;
  // The longest range that fits at each end, by bisection: a longer one takes more.
  for (const bool first_ones : {true, false}) {
    uint32_t fitting = 0;
    for (uint32_t too_many = operators; status.ok() && too_many - fitting > 1;) {
      const uint32_t tried = fitting + (too_many - fitting) / 2;
      const OperatorRange range = first_ones ? OperatorRange{.begin = 0, .end = tried}
                                             : OperatorRange{.begin = operators - tried, .end = operators};
      allow_large_kernels(range);
      status = measure(workspace);
      if (!status.ok() || !fits()) {
        too_many = tried;
        continue;
      }
      fitting = tried;
      if (large_work() > best_work) {
        best_work = large_work();
        best = range;
      }
    }
  }
  TANDEM_TRY(status);
  allow_large_kernels(best);
  TANDEM_TRY(measure(workspace));
  if (fits()) return {};
  allow_least();
  return measure(workspace);
}

}  // namespace tandem
