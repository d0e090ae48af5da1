#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "kernels/resource_variable.h"
#include "ops/op_context.h"
#include "plan/arena_layout.h"
#include "plan/plan.h"
#include "tandem/port.h"

namespace tandem {

struct PlannedStep {
  int16_t subgraph = 0;
  int16_t op = 0;
  KernelId kernel{};
  Work work;
};

/// Is told what planning finds; for reports. Null functions are not called.
struct PlanListener {
  void* context = nullptr;
  /// A step of the plan.
  void (*on_step)(void* context, const PlannedStep& step) = nullptr;
  /// An operator that was refused; planning goes on to find all of them, and is refused at the end.
  void (*on_refused)(void* context, const Status& status) = nullptr;
};

/// Operators [begin, end) of the main subgraph; as it is, all operators of all subgraphs.
struct OperatorRange {
  uint32_t begin = 0;
  uint32_t end = UINT32_MAX;

  [[nodiscard]] bool all() const { return begin == 0 && end == UINT32_MAX; }
  [[nodiscard]] bool has(uint32_t op) const { return begin <= op && op < end; }
};

inline constexpr OperatorRange kNoOperators{.begin = 0, .end = 0};

/// What planning knows of the machine.
struct PlanTarget {
  PlanTarget(uint32_t worker_count) : workers(worker_count) {}  // NOLINT: one that streams nothing
  PlanTarget(const Port& port);                                 // NOLINT

  uint32_t workers = 1;
  OperatorRange large;        ///< the operators that may have kernels that take memory
  bool copies = true;         ///< whether operators may copy constants into the plan for nothing but speed
  uintptr_t reach_begin = 0;  ///< addresses that constants may be streamed from
  uintptr_t reach_end = 0;
};

/// A subgraph of the model as planning knows it.
struct PlannedSubgraph {
  static constexpr uint8_t kNotCalled = UINT8_MAX;

  /// Of each tensor, then of each operator's scratch. In the main subgraph two follow: of all operators'
  /// state, and of all that called subgraphs do not keep between invocations.
  std::span<Buffer> buffers;
  uint32_t tensor_count = 0;
  uint32_t operator_count = 0;
  uint8_t depth = kNotCalled;  ///< 0: the main one; one more than that of any that calls it
  Section section;             ///< its steps, once it has been measured
};

/// How deep calls of subgraphs may nest: each takes stack while it runs.
constexpr uint8_t kMaxCallDepth = 8;
constexpr uint32_t kMaxResources = 256;
constexpr uint32_t kMaxResourceName = 255;  ///< bytes of a container or a name

/// A resource variable: memory that VAR_HANDLE operators of the same name, in any subgraph, stand for.
struct ResourceVariable {
  std::string_view container;
  std::string_view shared_name;
  uint32_t bytes = 0;
  uint32_t offset = 0;    ///< in the arena
  uint8_t fill = 0;       ///< every byte of it at the start
  bool used = false;      ///< `bytes` is known from an operator that reads or assigns it
  bool assigned = false;  ///< `fill` is known from one that assigns it
};

/// What planning keeps of a model, in the planner's workspace.
struct PlannedModel {
  std::span<PlannedSubgraph> subgraphs;
  std::span<ResourceVariable> resources;  ///< room for them
  uint32_t resource_count = 0;

  /// The memory of all operators' state.
  [[nodiscard]] Buffer& state() const {
    return subgraphs[0].buffers[subgraphs[0].tensor_count + subgraphs[0].operator_count];
  }
};

/// One walk over the operators of a model's subgraphs: measuring (`plan` null) or writing.
class PlanPass {
 public:
  PlanPass(const Model& model, PlannedModel& planned, const PlanTarget& target)
      : model_(model), planned_(planned), target_(target) {}

  /// Measuring: where to write down how many cycles each operator of the main subgraph may take.
  void estimate_into(std::span<uint32_t> op_cycles) { op_cycles_ = op_cycles; }

  /// From here on operators write into `plan`, whose header has the counts that measuring found; `streams` as
  /// place_streams() left them in its `order`, of which nothing above `resident_at` is streamed.
  void start_writing(uint8_t* plan, const AnyKernel** kernels, std::span<const uint16_t> streams,
                     uint32_t resident_at);

  /// All operators of all subgraphs that are called, the main one first, and what is not operators': inputs,
  /// outputs, variables.
  Status run(std::span<const OpDef* const> ops, const PlanListener& listener);

  /// Writing, at the end: where they come from and go, and when.
  void write_streams();

  [[nodiscard]] const PlanHeader& counts() const { return counts_; }
  /// Bytes of all operators' state.
  [[nodiscard]] uint32_t state_bytes() const { return state_bytes_; }
  [[nodiscard]] bool too_large() const { return too_large_; }
  /// MACs, and one for each step, of the plan's kernels that take memory; and one for each copy.
  [[nodiscard]] uint64_t large_work() const { return large_work_; }

 private:
  friend class OpContext;

  [[nodiscard]] bool writing() const { return plan_ != nullptr; }
  Status run_subgraph(Status& first_refusal);
  void keep_silent_channels(const OperatorInfo& op);
  void write_tensors(const Subgraph& subgraph);
  void write_variables();
  void write_resource_table();
  /// `bytes` of the plan's data section: their offset, in the measuring pass relative to the section's start.
  uint32_t reserve(uint64_t bytes, uint32_t alignment);
  /// The kernel, if one of the OpDefs that serve this operator brings it; null if none does.
  const AnyKernel* find_kernel(const OperatorInfo& op, KernelId kernel) const;
  uint16_t kernel_index(const AnyKernel& kernel);
  void estimate(const Work& work, uint64_t elements);
  /// Without `params`: with those of the step before.
  void emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, Work work);
  PlanTensor describe_tensor(const TensorInfo& tensor);
  Ref tensor_ref(const PlannedSubgraph& subgraph, const TensorInfo& tensor);
  Ref tensor_ref(const TensorInfo& tensor) { return tensor_ref(current(), tensor); }
  Ref streamed_ref(const TensorInfo& tensor, uint32_t unit_bytes);
  Ref streamed_part_ref(const TensorInfo& tensor, uint32_t part, uint32_t part_bytes);
  /// Of the first copy of one that `streams_` has.
  PlanStream& stream_of(uint16_t tensor);
  [[nodiscard]] bool streamable(const TensorInfo& tensor) const;
  PlannedSubgraph& current() { return planned_.subgraphs[subgraph_]; }
  std::span<Buffer> buffers() { return current().buffers; }
  Buffer& scratch() { return buffers()[current().tensor_count + static_cast<uint32_t>(op_)]; }

  Ref state(uint32_t bytes, uint8_t fill);
  void add_variable(const PlanVariable& variable);

  static constexpr uint32_t kKernelWords = (static_cast<uint32_t>(KernelId::kCount) + kUserKernels + 31) / 32;

  const Model& model_;
  PlannedModel& planned_;
  PlanTarget target_;
  std::span<uint32_t> op_cycles_;
  uint8_t* plan_ = nullptr;
  const AnyKernel** kernels_ = nullptr;
  std::span<const uint16_t> streams_;
  uint32_t resident_at_ = 0;
  const PlanListener* listener_ = nullptr;
  std::span<const OpDef* const> ops_;
  uint32_t subgraph_ = 0;
  int16_t op_ = 0;
  ResourceTable resource_table_;
  PlanHeader counts_;        // what has been seen so far
  uint32_t data_bytes_ = 0;  // of the data section, including what precedes it when writing
  uint32_t kernels_seen_[kKernelWords] = {};
  KernelId missing_kernel_ = KernelId::kCount;  // that the operator being planned asked for in vain
  KernelId shared_number_ = KernelId::kCount;   // that two kernels of the program have
  uint32_t state_bytes_ = 0;
  uint32_t params_at_ = 0;  // of the step emitted last
  struct Silent {
    uint32_t subgraph = 0;
    int32_t tensor = -1;  // -1: none
    SilentChannels channels;
  };
  Silent silent_;        // of the operator before that had any
  Silent found_silent_;  // of the operator being planned
  bool too_large_ = false;
  uint64_t large_work_ = 0;
};

}  // namespace tandem
