#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

extern "C" {
extern uint32_t __StackOneTop[];
extern const uint32_t tandem_vectors[];
}

namespace tandem::rp2040 {
namespace {

constexpr uint32_t kReadable = 1;
constexpr uint32_t kWritable = 2;

void drain_fifo() {
  while ((reg(kSioFifoStatus) & kReadable) != 0) touch(kSioFifoRead);
}

void push(uint32_t word) {
  while ((reg(kSioFifoStatus) & kWritable) == 0) {
  }
  reg(kSioFifoWrite) = word;
  __asm__ volatile("sev");
}

uint32_t pop() {
  while ((reg(kSioFifoStatus) & kReadable) == 0) __asm__ volatile("wfe");
  return reg(kSioFifoRead);
}

// A function that returns must not fall into what lies behind it.
void (*core1_entry)();
void core1_start() {
  core1_entry();
  for (;;) __asm__ volatile("wfi");
}

}  // namespace

void start_core1(void (*entry)(), std::span<uint32_t> stack) {
  core1_entry = entry;
  if (stack.empty()) paint_stack(1);
  uint32_t* const top = stack.empty() ? __StackOneTop : stack.data() + stack.size();
  // The ROM echoes each word; anything else means that it starts over [2.8.2].
  const uint32_t words[] = {0,
                            0,
                            1,
                            reinterpret_cast<uint32_t>(tandem_vectors),
                            reinterpret_cast<uint32_t>(top) & ~7U,
                            reinterpret_cast<uint32_t>(&core1_start)};
  for (uint32_t i = 0; i < std::size(words);) {
    if (words[i] == 0) {
      drain_fifo();
      __asm__ volatile("sev");
    }
    push(words[i]);
    i = pop() == words[i] ? i + 1 : 0;
  }
}

void stop_core1() {
  set_bits(kPsmForceOff, kPsmProc1);
  while ((reg(kPsmForceOff) & kPsmProc1) == 0) {
  }
  drain_fifo();
  clear_bits(kPsmForceOff, kPsmProc1);
  // The ROM reports with a zero that core 1 is back there.
  static_cast<void>(pop());
}

}  // namespace tandem::rp2040
