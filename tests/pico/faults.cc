#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

// Programs that go wrong, each in the way that TANDEM_FAULT names: the port's report has to say what
// happened.
namespace {

[[maybe_unused, gnu::noinline]] void unaligned_load() {
  volatile uint32_t address = 0x20000001;
  tandem::rp2040::touch(address);
}

[[maybe_unused, gnu::noinline]] void undefined_instruction() { __asm__ volatile("udf #7"); }

// Runs over the end of core 0's stack of 4 KB, and breaks there. (A stack that goes on falling until no
// memory is left locks the core up: an exception has nowhere to push its frame. Only `tandem sim
// --stack-limit` or a watchdog tells of that.)
[[maybe_unused, gnu::noinline]] uint32_t stack_overflow(uint32_t depth = 0) {
  volatile uint32_t frame[64];
  for (auto& word : frame) word = depth;
  if (depth == 18) unaligned_load();
  return depth > 1000 ? 0 : stack_overflow(depth + 1) + frame[63];
}

[[maybe_unused, gnu::noinline]] void interrupt_without_handler() {
  constexpr uint32_t kNvicEnable = 0xe000e100;
  constexpr uint32_t kNvicPending = 0xe000e200;
  tandem::rp2040::reg(kNvicEnable) = 1 << 11;
  tandem::rp2040::reg(kNvicPending) = 1 << 11;
  __asm__ volatile("isb");
}

}  // namespace

int main() {
  TANDEM_FAULT();
  tandem::rp2040::print("nothing happened\n");
  for (;;) __asm__ volatile("wfi");
}
