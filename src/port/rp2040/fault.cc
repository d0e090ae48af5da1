#include <cstdint>

#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

// The report of a fault, over UART: what a hard fault otherwise keeps to itself.

extern "C" {
extern uint32_t __StackTop[], __StackBottom[], __StackOneTop[], __StackOneBottom[];
[[noreturn]] void tandem_report_fault(uint32_t sp, uint32_t exception_return);
// What the exception pushed: r0-r3, r12, lr, pc, xPSR. Saved by tandem_fault.
uint32_t tandem_fault_frame[8];
}

namespace tandem::rp2040 {
namespace {

constexpr uint32_t kFrameBytes = sizeof tandem_fault_frame;
constexpr uint32_t kHardFault = 3;
constexpr uint32_t kFirstInterrupt = 16;

uint32_t exception_number() {
  uint32_t ipsr;
  __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
  return ipsr & 0x3f;
}

}  // namespace
}  // namespace tandem::rp2040

void tandem_report_fault(uint32_t sp, uint32_t exception_return) {
  using namespace tandem::rp2040;
  const uint32_t core = reg(kSioCpuid);
  const uint32_t number = exception_number();
  const uint32_t* frame = tandem_fault_frame;
  const auto bottom = reinterpret_cast<uint32_t>(core == 0 ? __StackBottom : __StackOneBottom);
  const auto top = reinterpret_cast<uint32_t>(core == 0 ? __StackTop : __StackOneTop);

  print("\n");
  if (number == kHardFault) {
    print("HARD FAULT on core %lu\n", core);
  } else if (number >= kFirstInterrupt) {
    print("INTERRUPT %lu on core %lu has no handler: define tandem_irq%lu()\n", number - kFirstInterrupt,
          core, number - kFirstInterrupt);
  } else {
    print("EXCEPTION %lu on core %lu has no handler\n", number, core);
  }
  if (frame[7] != 0) {
    print("  pc  %08lx  lr  %08lx  sp  %08lx  psr %08lx\n", frame[6], frame[5], sp + kFrameBytes, frame[7]);
    print("  r0  %08lx  r1  %08lx  r2  %08lx  r3  %08lx  r12 %08lx\n", frame[0], frame[1], frame[2], frame[3],
          frame[4]);
    print("  Where that is: arm-none-eabi-addr2line -fe FIRMWARE.elf %08lx %08lx\n", frame[6],
          frame[5] & ~1UL);
  } else {
    print("  the stack pointer %08lx is outside of memory; return code %08lx\n", sp, exception_return);
  }
  // Below a stack lies other memory, so it may have run on for a while before something broke.
  if (sp < bottom || stack_used_bytes(core) + 4 >= top - bottom) {
    print(
        "  STACK OVERFLOW: core %lu has used all %lu bytes of its stack. Call less deep, or give it more.\n",
        core, top - bottom);
  }
  flush_console();
  for (;;) __asm__ volatile("wfi");
}
