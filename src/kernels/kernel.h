#pragma once

#include <cstdint>

#include "tandem/kernel.h"

// The kernels that Tandem has (tandem/kernel.h says what a kernel is).
namespace tandem {

/// Consecutive steps of a plan: a subgraph.
struct Section {
  uint16_t first_step = 0;
  uint16_t steps = 0;
};

/// Runs sections for the kernels that decide which (IF, WHILE, CALL_ONCE). Theirs are steps of one unit.
struct SectionRunner {
  KernelResult (*run)(SectionRunner& self, const Section& section) = nullptr;
};

/// The numbers of all kernels; plans name kernels by them.
enum class KernelId : uint16_t {
#define TANDEM_KERNEL(name, Params) name,
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL
  kCount
};

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
#define TANDEM_DEFINE_KERNEL(name, Params, function) \
  TANDEM_DEFINE_KERNEL_AS(name, KernelId::name, Params, function, false)
/// The same of one that takes memory.
#define TANDEM_DEFINE_LARGE_KERNEL(name, Params, function) \
  TANDEM_DEFINE_KERNEL_AS(name, KernelId::name, Params, function, true)

}  // namespace tandem
