#include <cstdint>
#include <cstring>

// What any Cortex-M has to do before main, and the debugger's calls by which QEMU prints and ends.
extern "C" {
extern uint8_t __data_begin[], __data_end[], __bss_begin[], __bss_end[], __stack_top[];
extern const uint8_t __data_source[];
int main();

[[noreturn]] void start();
[[noreturn]] void fault();

// For code that nobody here calls: the C library's.
void __aeabi_unwind_cpp_pr0() {}
void __aeabi_unwind_cpp_pr1() {}
}

namespace {

int semihosting(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

[[noreturn]] void leave(bool well) {
  constexpr int kExit = 0x18;
  constexpr uintptr_t kApplicationExit = 0x20026, kRunTimeError = 0x20023;
  semihosting(kExit, reinterpret_cast<const void*>(well ? kApplicationExit : kRunTimeError));
  for (;;) {
  }
}

}  // namespace

void print_line(const char* text) {
  constexpr int kWrite0 = 4;
  semihosting(kWrite0, text);
  semihosting(kWrite0, "\n");
}

void start() {
  std::memcpy(__data_begin, __data_source, static_cast<size_t>(__data_end - __data_begin));
  std::memset(__bss_begin, 0, static_cast<size_t>(__bss_end - __bss_begin));
  leave(main() == 0);
}

void fault() {
  print_line("FAULT");
  leave(false);
}

[[gnu::section(".vectors"), gnu::used]] static void (*const kVectors[])() = {
    reinterpret_cast<void (*)()>(__stack_top), start, fault, fault};
