#pragma once

#include <cstdint>

#include "tandem/interpreter.h"

// What every kernel is: a function of plain parameters and a range of work units, that writes to the arena.
namespace tandem {

/// A place in one of the three memories that a plan refers to, as 2 bits of region and 30 of offset.
struct Ref {
  enum Region : uint32_t {
    kArena = 0,      ///< variables, tensors, scratch
    kConstants = 1,  ///< the model file
    kPlan = 2,       ///< data prepared while planning
  };
  static constexpr uint32_t kOffsetBits = 30;
  static constexpr uint32_t kNone = UINT32_MAX;

  uint32_t bits = kNone;

  static constexpr Ref make(Region region, uint32_t offset) { return {region << kOffsetBits | offset}; }
  [[nodiscard]] constexpr bool present() const { return bits != kNone; }
  [[nodiscard]] constexpr uint32_t region() const { return bits >> kOffsetBits; }
  [[nodiscard]] constexpr uint32_t offset() const { return bits & ((1U << kOffsetBits) - 1); }
  friend constexpr bool operator==(Ref a, Ref b) = default;
};

/// Memory of `stride` bytes for each worker, alive during one step.
struct Scratch {
  Ref base;
  uint32_t stride = 0;
};

/// Where the three regions lie.
struct Bases {
  uint8_t* arena = nullptr;
  const uint8_t* constants = nullptr;
  const uint8_t* plan = nullptr;
};

/// One worker's share of a step: units [begin, end). What a unit is, the kernel's contract says.
struct Task {
  const Bases& bases;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t worker = 0;

  /// An operand to read; null where the optional operand is absent.
  template <class T>
  [[nodiscard]] const T* in(Ref ref) const {
    if (!ref.present()) return nullptr;
    const uint8_t* const base = ref.region() == Ref::kArena       ? bases.arena
                                : ref.region() == Ref::kConstants ? bases.constants
                                                                  : bases.plan;
    return reinterpret_cast<const T*>(base + ref.offset());
  }
  /// An operand to write; always in the arena.
  template <class T>
  [[nodiscard]] T* out(Ref ref) const {
    return reinterpret_cast<T*>(bases.arena + ref.offset());
  }
  /// This worker's scratch memory.
  template <class T>
  [[nodiscard]] T* scratch(const Scratch& scratch) const {
    return reinterpret_cast<T*>(bases.arena + scratch.base.offset() + worker * scratch.stride);
  }
};

/// What a kernel's data made of it.
using KernelResult = Outcome::Kind;
using KernelFunction = KernelResult (*)(const void* params, const Task& task);

/// The numbers of all kernels; plans name kernels by them.
enum class KernelId : uint16_t {
#define TANDEM_KERNEL(name, Params) name,
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL
  kCount
};

/// A variant of a contract: its number and its function, which takes the contract's Params.
struct AnyKernel {
  KernelId id = KernelId::kCount;
  /// Much more than its operands: left out of a plan that would not fit otherwise.
  bool takes_memory = false;
  KernelFunction run = nullptr;
};
template <class Params>
struct Kernel : AnyKernel {};

#define TANDEM_KERNEL(name, Params) \
  struct Params;                    \
  extern const Kernel<Params> name;
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL

/// A kernel's number that knows its contract. Naming a kernel so does not link it.
template <class Params>
struct TypedKernelId {
  KernelId id;
};
namespace kernel_id {
#define TANDEM_KERNEL(name, Params) inline constexpr TypedKernelId<Params> name{KernelId::name};
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL
}  // namespace kernel_id

/// "conv_2d_s8__ref"; "?" for a number that is none. For reports: a program that calls it links all names.
const char* kernel_name(KernelId kernel);

/// Defines a kernel named in kernels.inc by `function`, a KernelResult(const Params&, const Task&).
#define TANDEM_DEFINE_KERNEL(name, Params, function) TANDEM_DEFINE_KERNEL_AS(name, Params, function, false)
/// The same of one that takes memory.
#define TANDEM_DEFINE_LARGE_KERNEL(name, Params, function) \
  TANDEM_DEFINE_KERNEL_AS(name, Params, function, true)
#define TANDEM_DEFINE_KERNEL_AS(name, Params, function, takes_memory)           \
  constinit const Kernel<Params> name{                                          \
      {KernelId::name, takes_memory, [](const void* params, const Task& task) { \
         return (function)(*static_cast<const Params*>(params), task);          \
       }}};

}  // namespace tandem
