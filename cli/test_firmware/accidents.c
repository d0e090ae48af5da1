// Firmware that goes wrong on purpose: the host's file "what" names how. Its stack has all of the last
// scratch bank, and symbols that say so.
#include <stdint.h>

#define R32(address) (*(volatile uint32_t*)(address))
#define RESETS_SET 0x4000e000u
#define PSM_WATCHDOG 0x40010008u
#define WATCHDOG 0x40058000u
#define UART0 0x40034000u

extern uint32_t __data[], __edata[], __ldata[], __bss[], __ebss[];
__asm__(".global __StackTop, __StackBottom\n .equ __StackTop, 0x20042000\n .equ __StackBottom, 0x20041000");

enum { kOpen = 1, kWrite0 = 4, kRead = 6, kExit = 0x20 };  // semihosting
static char what[16];

static uint32_t host(uint32_t call, const void* arguments) {
  register uint32_t r0 __asm__("r0") = call;
  register const void* r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void finish(uint32_t code) {
  const uint32_t arguments[2] = {0x20026, code};  // ADP_Stopped_ApplicationExit
  host(kExit, arguments);
}

__attribute__((noinline)) uint32_t load_word(uint32_t address) { return R32(address); }

__attribute__((noinline)) uint32_t descend(uint32_t depth) {
  volatile uint32_t frame[16];
  frame[depth & 15] = depth;
  if (depth != 0) descend(depth - 1);
  return frame[depth & 15];
}

__attribute__((noinline)) void measured(void) {
  __asm__ volatile(
      ".global marks_begin, marks_end\n marks_begin:\n nop\n nop\n nop\n nop\n nop\n marks_end:\n nop");
}

int main(void) {
  const uint32_t open[3] = {(uint32_t) "what", 0, 4};
  const uint32_t handle = host(kOpen, open);
  if (handle == ~0u) finish(3);
  const uint32_t read[3] = {handle, (uint32_t)what, sizeof what - 1};
  host(kRead, read);
  host(kWrite0, what);
  host(kWrite0, "\n");
  switch (what[0]) {
    case 'u':  // unaligned
      load_word(0x20000002);
      break;
    case 'n':  // nowhere
      load_word(0x60000000);
      break;
    case 'h':  // held
      R32(RESETS_SET) = 1 << 22;
      finish(load_word(UART0 + 0x18) == 0 ? 0 : 1);
      break;
    case 's':  // stack
      finish(descend(100) == 100 ? 0 : 1);
      break;
    case 'w':  // watchdog
      R32(PSM_WATCHDOG) = 0x1fffc;
      R32(WATCHDOG) = 1u << 31;
      break;
    case 'm':  // marks
      for (int i = 0; i < 5; ++i) measured();
      finish(7);
      break;
    default:
      break;
  }
  for (;;) host(kWrite0, "still here\n");
}

__attribute__((used)) void start_c(void) {
  uint32_t* from = __ldata;
  for (uint32_t* to = __data; to < __edata;) *to++ = *from++;
  for (uint32_t* to = __bss; to < __ebss;) *to++ = 0;
  main();
}
__attribute__((naked)) void reset(void) { __asm__ volatile("bl start_c\n b ."); }

__attribute__((section(".vectors"), used)) const uint32_t vectors[48] = {0x20042000, (uint32_t)reset};
