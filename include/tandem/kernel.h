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

struct SectionRunner;

/// One worker's share of a step: units [begin, end). What a unit is, the kernel's contract says.
struct Task {
  const Bases& bases;
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t worker = 0;
  SectionRunner* sections = nullptr;  ///< Tandem's own: for IF, WHILE, CALL_ONCE

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

/// The numbers of all kernels; plans name kernels by them. Those of Tandem's own are in src/kernels/kernel.h;
/// a program's own kernels have user_kernel_id().
enum class KernelId : uint16_t;

/// How many kernels of a program's own there can be.
constexpr uint16_t kUserKernels = 256;
constexpr uint16_t kFirstUserKernel = UINT16_MAX - kUserKernels;
/// The number of a program's own kernel: 0 to kUserKernels - 1, each for one kernel.
constexpr KernelId user_kernel_id(uint16_t number) {
  return static_cast<KernelId>(kFirstUserKernel + number);
}

/// A variant of a contract: its number and its function, which takes the contract's Params.
struct AnyKernel {
  KernelId id{};
  /// Much more than its operands: left out of a plan that would not fit otherwise.
  bool takes_memory = false;
  KernelFunction run = nullptr;
};
template <class Params>
struct Kernel : AnyKernel {};

/// Defines a kernel under the number `id` by `function`, a KernelResult(const Params&, const Task&).
#define TANDEM_DEFINE_KERNEL_AS(name, id, Params, function, takes_memory)     \
  constinit const ::tandem::Kernel<Params> name{                              \
      {id, takes_memory, [](const void* params, const ::tandem::Task& task) { \
         return (function)(*static_cast<const Params*>(params), task);        \
       }}};

}  // namespace tandem
