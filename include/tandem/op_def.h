#pragma once

#include <cstdint>
#include <span>

#include "tandem/kernel.h"
#include "tandem/status.h"

namespace tandem {

class OpContext;

/// An operator: which one it is in the schema, the one function that checks it, computes its parameters, asks
/// for memory and emits its steps, and the kernels that come with it. The function names kernels by number
/// only, so that these are all that an OpDef links: a narrow OpDef is the same function with fewer kernels.
/// A program may register several for one operator; their kernels add up.
struct OpDef {
  static constexpr int32_t kCustom = 32;  ///< CUSTOM in the schema

  int32_t builtin = 0;
  const char* custom_code = nullptr;  ///< of operators CUSTOM: their name in the model
  Status (*plan)(OpContext& context) = nullptr;
  std::span<const AnyKernel* const> kernels;
};

template <const auto&... kKernels>
inline constexpr const AnyKernel* kKernelList[] = {&kKernels...};

}  // namespace tandem
