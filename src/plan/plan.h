#pragma once

#include <cstdint>
#include <span>

#include "kernels/kernel.h"

// The format of a plan: plain data, position independent, 8-aligned. In this order, without gaps but
// alignment:
//   PlanHeader | Step[steps] | PlanTensor[inputs] | PlanTensor[outputs] | PlanVariable[variables]
//   | PlanStream[streams] | uint16_t kernel ids[kernels] | data: steps' parameters, dimensions, prepared
//   constants
// The first `main_steps` are the model's main subgraph; those of the subgraphs that it calls follow, each
// subgraph's together. Kernels of steps that call (IF, WHILE) have the sections that they may run in their
// parameters.
// Steps name kernels by position in the plan's list of kernel ids; the program supplies the functions in that
// order.
namespace tandem {

constexpr uint32_t kPlanMagic = 0x314d4454;  // "TDM1"
constexpr uint32_t kPlanAlignment = 8;

struct PlanHeader {
  uint32_t magic = kPlanMagic;
  uint32_t plan_bytes = 0;
  uint32_t arena_bytes = 0;       ///< variables, tensors and scratch, resident constants
  uint32_t persistent_bytes = 0;  ///< variables: the arena's first bytes
  uint32_t constants_bytes = 0;   ///< size of the model file
  uint16_t steps = 0;
  uint16_t inputs = 0;
  uint16_t outputs = 0;
  uint16_t variables = 0;
  uint16_t kernels = 0;
  uint8_t workers = 1;              ///< how many workers scratch memory is laid out for
  uint8_t constants_remainder = 0;  ///< address of the model file modulo kConstantsAlignment
  uint16_t streams = 0;
  uint16_t main_steps = 0;  ///< of `steps`: what an invocation runs
};
constexpr uint32_t kConstantsAlignment = 16;

/// One kernel call.
struct Step {
  uint16_t kernel = 0;    ///< position in the plan's list of kernels
  int16_t op = 0;         ///< the operator that it computes (part of)
  uint16_t units = 1;     ///< pieces that workers may take, 1 to 65535
  uint16_t subgraph = 0;  ///< the operator's
  uint32_t params = 0;    ///< offset in the plan
};

/// A model input or output.
struct PlanTensor {
  Ref data;
  uint32_t bytes = 0;
  float scale = 0;
  int32_t zero_point = 0;
  uint32_t dims = 0;  ///< offset in the plan of int32_t[rank]
  int16_t tensor = -1;
  Type type = Type::kFloat32;
  uint8_t rank = 0;
};

/// Memory that lives from one invocation to the next, and the byte it starts with.
struct PlanVariable {
  Ref data;
  uint32_t bytes = 0;
  uint32_t fill = 0;  ///< every byte of it at the start
};

/// Bytes of the model file that are copied to the arena while steps before the one that reads them run. In
/// the order of need, which is the order of copying; one at a time. Behind them those for which no memory was
/// free: they are never copied, and their kernels read the file. Last those that are resident: copied once,
/// before the first invocation, to the arena's last bytes, where nothing else ever is.
struct PlanStream {
  static constexpr uint16_t kNever = UINT16_MAX;
  static constexpr uint16_t kOnce = UINT16_MAX - 1;  ///< both steps of a resident one; no step's number

  uint32_t source = 0;            ///< offset in the model file; its address is 4-aligned
  uint32_t destination = 0;       ///< offset in the arena
  uint32_t bytes = 0;             ///< the destination has room for them rounded up to kBufferAlignment
  uint16_t start_step = kNever;   ///< the first step during which the destination is free
  uint16_t needed_step = kNever;  ///< the first step that reads it
  uint32_t unit_bytes = 0;        ///< if not 0: that step's unit u reads the first (u + 1)·unit_bytes only

  [[nodiscard]] bool resident() const { return start_step == kOnce; }
};

/// A plan's sections.
class PlanView {
 public:
  PlanView() = default;
  explicit PlanView(const uint8_t* plan) : plan_(plan) {}

  [[nodiscard]] const PlanHeader& header() const { return *reinterpret_cast<const PlanHeader*>(plan_); }
  [[nodiscard]] std::span<const Step> steps() const { return {at<Step>(sizeof(PlanHeader)), header().steps}; }
  [[nodiscard]] std::span<const PlanTensor> inputs() const {
    return {at<PlanTensor>(inputs_at()), header().inputs};
  }
  [[nodiscard]] std::span<const PlanTensor> outputs() const {
    return {at<PlanTensor>(outputs_at()), header().outputs};
  }
  [[nodiscard]] std::span<const PlanVariable> variables() const {
    return {at<PlanVariable>(variables_at()), header().variables};
  }
  [[nodiscard]] std::span<const PlanStream> streams() const {
    return {at<PlanStream>(streams_at()), header().streams};
  }
  /// Where in the arena resident constants begin, which end with it; its end if there are none.
  [[nodiscard]] uint32_t resident_at() const {
    uint32_t at = header().arena_bytes;
    for (const PlanStream& stream : streams()) {
      if (stream.resident() && stream.destination < at) at = stream.destination;
    }
    return at;
  }
  [[nodiscard]] std::span<const KernelId> kernels() const {
    return {at<KernelId>(kernels_at()), header().kernels};
  }
  /// Where the data section starts: the sum of all sections before it.
  [[nodiscard]] uint32_t data_at() const {
    const uint64_t end = kernels_at() + uint64_t{header().kernels} * sizeof(KernelId);
    return static_cast<uint32_t>((end + kPlanAlignment - 1) / kPlanAlignment * kPlanAlignment);
  }
  template <class T>
  [[nodiscard]] const T* at(uint32_t offset) const {
    return reinterpret_cast<const T*>(plan_ + offset);
  }

 private:
  // Counts are 16 bits and elements at most 32 bytes: no sum overflows.
  [[nodiscard]] uint32_t inputs_at() const {
    return sizeof(PlanHeader) + header().steps * uint32_t{sizeof(Step)};
  }
  [[nodiscard]] uint32_t outputs_at() const {
    return inputs_at() + header().inputs * uint32_t{sizeof(PlanTensor)};
  }
  [[nodiscard]] uint32_t variables_at() const {
    return outputs_at() + header().outputs * uint32_t{sizeof(PlanTensor)};
  }
  [[nodiscard]] uint32_t streams_at() const {
    return variables_at() + header().variables * uint32_t{sizeof(PlanVariable)};
  }
  [[nodiscard]] uint32_t kernels_at() const {
    return streams_at() + header().streams * uint32_t{sizeof(PlanStream)};
  }

  const uint8_t* plan_ = nullptr;
};

}  // namespace tandem
