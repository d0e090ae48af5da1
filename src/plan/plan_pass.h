#pragma once

#include <cstdint>
#include <span>

#include "ops/op_context.h"
#include "plan/arena_layout.h"
#include "plan/plan.h"

namespace tandem {

/// Is told what planning finds; for reports. Null functions are not called.
struct PlanListener {
  void* context = nullptr;
  /// A step of the plan.
  void (*on_step)(void* context, int16_t op, KernelId kernel, Work work) = nullptr;
  /// An operator that was refused; planning goes on to find all of them, and is refused at the end.
  void (*on_refused)(void* context, const Status& status) = nullptr;
};

/// One walk over a model's operators: measuring (`plan` null) or writing.
class PlanPass {
 public:
  /// `buffers`: a record for each tensor, then one for each operator's scratch. `header`'s counts of sections
  /// must be final when writing.
  PlanPass(const Model& model, std::span<Buffer> buffers, uint32_t tensor_count, uint32_t workers)
      : model_(model), buffers_(buffers), tensor_count_(tensor_count), workers_(workers) {}

  /// From here on operators write into `plan`, whose header has the counts that measuring found.
  void start_writing(uint8_t* plan, const AnyKernel** kernels);

  Status run(const Subgraph& subgraph, std::span<const OpDef* const> ops, const PlanListener& listener);

  /// Sections that are not operators': inputs, outputs, variables.
  void write_tensors(const Subgraph& subgraph);

  [[nodiscard]] const PlanHeader& counts() const { return counts_; }
  [[nodiscard]] bool too_large() const { return too_large_; }

 private:
  friend class OpContext;

  [[nodiscard]] bool writing() const { return plan_ != nullptr; }
  /// `bytes` of the plan's data section: their offset, in the measuring pass relative to the section's start.
  uint32_t reserve(uint64_t bytes, uint32_t alignment);
  /// The kernel, if one of the OpDefs that serve this operator brings it; null if none does.
  const AnyKernel* find_kernel(const OperatorInfo& op, KernelId kernel) const;
  uint16_t kernel_index(const AnyKernel& kernel);
  void emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, Work work);
  PlanTensor describe_tensor(const TensorInfo& tensor);
  Ref tensor_ref(const TensorInfo& tensor);
  Buffer& scratch() { return buffers_[tensor_count_ + static_cast<uint32_t>(op_)]; }

  static constexpr uint32_t kKernelWords = (static_cast<uint32_t>(KernelId::kCount) + 31) / 32;

  const Model& model_;
  std::span<Buffer> buffers_;
  uint32_t tensor_count_;
  uint32_t workers_;
  uint8_t* plan_ = nullptr;
  const AnyKernel** kernels_ = nullptr;
  const PlanListener* listener_ = nullptr;
  std::span<const OpDef* const> ops_;
  int16_t op_ = 0;
  PlanHeader counts_;        // what has been seen so far
  uint32_t data_bytes_ = 0;  // of the data section, including what precedes it when writing
  uint32_t kernels_seen_[kKernelWords] = {};
  KernelId missing_kernel_ = KernelId::kCount;  // that the operator being planned asked for in vain
  bool too_large_ = false;
};

}  // namespace tandem
