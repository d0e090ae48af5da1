#include "kernels/kernel.h"

namespace tandem {

const char* kernel_name(KernelId kernel) {
  // One string instead of a table: 4 bytes less for each kernel where flash is dear.
  static constexpr char kNames[] =
#define TANDEM_KERNEL(name, Params) #name "\0"
#include "kernels/kernels.inc"
#undef TANDEM_KERNEL
      ;
  if (kernel >= KernelId::kCount)
    return static_cast<uint16_t>(kernel) >= kFirstUserKernel ? "own kernel" : "?";
  const char* name = kNames;
  for (auto before = static_cast<uint32_t>(kernel); before > 0; --before) {
    while (*name++ != '\0') {
    }
  }
  return name;
}

}  // namespace tandem
