#pragma once

#include <cstdint>
#include <span>

#include "ops/op_context.h"
#include "plan/arena_layout.h"
#include "plan/plan.h"
#include "tandem/port.h"

namespace tandem {

/// Is told what planning finds; for reports. Null functions are not called.
struct PlanListener {
  void* context = nullptr;
  /// A step of the plan.
  void (*on_step)(void* context, int16_t op, KernelId kernel, Work work) = nullptr;
  /// An operator that was refused; planning goes on to find all of them, and is refused at the end.
  void (*on_refused)(void* context, const Status& status) = nullptr;
};

/// What planning knows of the machine.
struct PlanTarget {
  PlanTarget(uint32_t worker_count) : workers(worker_count) {}  // NOLINT: one that streams nothing
  PlanTarget(const Port& port);                                 // NOLINT

  uint32_t workers = 1;
  bool spares_memory = false;  ///< without the kernels that take much
  uintptr_t reach_begin = 0;   ///< addresses that constants may be streamed from
  uintptr_t reach_end = 0;
};

/// One walk over a model's operators: measuring (`plan` null) or writing.
class PlanPass {
 public:
  /// `buffers`: a record for each tensor, one for each operator's scratch, one for all their state.
  /// `header`'s counts of sections must be final when writing.
  PlanPass(const Model& model, std::span<Buffer> buffers, uint32_t tensor_count, const PlanTarget& target)
      : model_(model), buffers_(buffers), tensor_count_(tensor_count), target_(target) {}

  /// Measuring: where to write down how many cycles each operator may take.
  void estimate_into(std::span<uint32_t> op_cycles) { op_cycles_ = op_cycles; }

  /// From here on operators write into `plan`, whose header has the counts that measuring found.
  void start_writing(uint8_t* plan, const AnyKernel** kernels);

  Status run(const Subgraph& subgraph, std::span<const OpDef* const> ops, const PlanListener& listener);

  /// Sections that are not operators': inputs, outputs, variables.
  void write_tensors(const Subgraph& subgraph);
  /// Writing, at the end: `streams` as place_streams() left them in its `order`.
  void write_streams(const Subgraph& subgraph, std::span<const uint16_t> streams);

  [[nodiscard]] const PlanHeader& counts() const { return counts_; }
  /// Bytes of all operators' state.
  [[nodiscard]] uint32_t state_bytes() const { return state_bytes_; }
  [[nodiscard]] bool too_large() const { return too_large_; }
  /// Whether a kernel that takes memory is in the plan.
  [[nodiscard]] bool takes_memory() const { return takes_memory_; }

 private:
  friend class OpContext;

  [[nodiscard]] bool writing() const { return plan_ != nullptr; }
  /// `bytes` of the plan's data section: their offset, in the measuring pass relative to the section's start.
  uint32_t reserve(uint64_t bytes, uint32_t alignment);
  /// The kernel, if one of the OpDefs that serve this operator brings it; null if none does.
  const AnyKernel* find_kernel(const OperatorInfo& op, KernelId kernel) const;
  uint16_t kernel_index(const AnyKernel& kernel);
  void estimate(uint64_t macs, uint64_t elements);
  void emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, Work work);
  PlanTensor describe_tensor(const TensorInfo& tensor);
  Ref tensor_ref(const TensorInfo& tensor);
  Ref streamed_ref(const TensorInfo& tensor);
  [[nodiscard]] bool streamable(const TensorInfo& tensor) const;
  Buffer& scratch() { return buffers_[tensor_count_ + static_cast<uint32_t>(op_)]; }

  Ref state(uint32_t bytes, uint8_t fill);
  void add_variable(const PlanVariable& variable);

  static constexpr uint32_t kKernelWords = (static_cast<uint32_t>(KernelId::kCount) + kUserKernels + 31) / 32;

  const Model& model_;
  std::span<Buffer> buffers_;
  uint32_t tensor_count_;
  PlanTarget target_;
  std::span<uint32_t> op_cycles_;
  uint8_t* plan_ = nullptr;
  const AnyKernel** kernels_ = nullptr;
  const PlanListener* listener_ = nullptr;
  std::span<const OpDef* const> ops_;
  int16_t op_ = 0;
  PlanHeader counts_;        // what has been seen so far
  uint32_t data_bytes_ = 0;  // of the data section, including what precedes it when writing
  uint32_t kernels_seen_[kKernelWords] = {};
  KernelId missing_kernel_ = KernelId::kCount;  // that the operator being planned asked for in vain
  KernelId shared_number_ = KernelId::kCount;   // that two kernels of the program have
  uint32_t state_bytes_ = 0;
  bool too_large_ = false;
  bool takes_memory_ = false;
};

}  // namespace tandem
