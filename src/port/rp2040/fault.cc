#include <cstdint>

#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

// The report of a fault, over UART: what a hard fault otherwise keeps to itself.

extern "C" {
extern uint32_t __StackTop[], __StackBottom[], __StackOneTop[], __StackOneBottom[];
[[noreturn]] void tandem_report_fault(const uint32_t* frame, uint32_t exception_return);

// Both cores may fault, but one report at a time makes sense.
__attribute__((aligned(8))) uint32_t tandem_fault_stack[160];
}
__asm__(".global tandem_fault_stack_end\n.equ tandem_fault_stack_end, tandem_fault_stack + 640\n");

namespace tandem::rp2040 {
namespace {

constexpr uint32_t kFrameWords = 8;  // r0-r3, r12, lr, pc, xPSR
constexpr uint32_t kHardFault = 3;
constexpr uint32_t kFirstInterrupt = 16;

bool readable_ram(uint32_t address) {
  return address >= 0x20000000 && address + 4 * kFrameWords <= 0x20042000;
}

uint32_t exception_number() {
  uint32_t ipsr;
  __asm__ volatile("mrs %0, ipsr" : "=r"(ipsr));
  return ipsr & 0x3f;
}

}  // namespace
}  // namespace tandem::rp2040

void tandem_report_fault(const uint32_t* frame, uint32_t exception_return) {
  using namespace tandem::rp2040;
  const uint32_t core = reg(kSioCpuid);
  const uint32_t number = exception_number();
  const auto sp = reinterpret_cast<uint32_t>(frame);
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
  if (readable_ram(sp)) {
    print("  pc  %08lx  lr  %08lx  sp  %08lx  psr %08lx\n", frame[6], frame[5], sp + 4 * kFrameWords,
          frame[7]);
    print("  r0  %08lx  r1  %08lx  r2  %08lx  r3  %08lx  r12 %08lx\n", frame[0], frame[1], frame[2], frame[3],
          frame[4]);
    print("  Where that is: arm-none-eabi-addr2line -fe FIRMWARE.elf %08lx %08lx\n", frame[6],
          frame[5] & ~1UL);
  } else {
    print("  the stack pointer %08lx is outside of memory; return code %08lx\n", sp, exception_return);
  }
  if (sp < bottom && sp + 0x1000 > bottom) {
    print(
        "  STACK OVERFLOW: core %lu's stack ends at %08lx, %lu bytes above the stack pointer. "
        "Give it more, or call less deep.\n",
        core, bottom, bottom - sp);
  } else if (sp >= bottom && sp < top && stack_used_bytes(core) + 4 >= top - bottom) {
    print("  STACK OVERFLOW: core %lu has used all %lu bytes of its stack.\n", core, top - bottom);
  }
  flush_console();
  for (;;) __asm__ volatile("wfi");
}
