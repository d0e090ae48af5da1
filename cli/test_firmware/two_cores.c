// Firmware to look at: core 0 copies rows by DMA and sleeps until its interrupt, then both cores multiply
// them, each its half; a timer interrupts core 0 every 20 us. Core 1 sleeps when it has nothing to do. Ends
// by semihosting with exit code 0 if the sums are right.
#include <stdint.h>

#define R32(address) (*(volatile uint32_t*)(address))
#define SET 0x2000u
#define CLEAR 0x3000u

enum { kRows = 16, kColumns = 64, kRounds = 12, kAlarmMicroseconds = 20 };

#define SIO 0xd0000000u
#define RESETS 0x4000c000u
#define WATCHDOG_TICK 0x4005802cu
#define TIMER 0x40054000u
#define DMA 0x50000000u
#define NVIC_ENABLE 0xe000e100u

extern uint32_t __data[], __edata[], __ldata[], __bss[], __ebss[];

static const int8_t kWeights[kRows * kColumns] = {1, 2, 3, -4, 5, -6, 7};
static int8_t rows[kRows * kColumns] __attribute__((aligned(4)));
static volatile int32_t sums[kRows];
static volatile uint32_t copied, alarms;
static uint32_t stack1[128];

static void finish(uint32_t code) {
  uint32_t arguments[2] = {0x20026, code};  // ADP_Stopped_ApplicationExit
  register uint32_t r0 __asm__("r0") = 0x20;
  register uint32_t* r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

void on_alarm(void) {
  ++alarms;
  R32(TIMER + 0x34) = 1;
  R32(TIMER + 0x10) = R32(TIMER + 0x28) + kAlarmMicroseconds;
}

void on_dma(void) {
  R32(DMA + 0x40c) = 1;
  copied = 1;
}

void on_fault(void) { finish(2); }

static void push(uint32_t word) {
  while (!(R32(SIO + 0x50) & 2)) {
  }
  R32(SIO + 0x54) = word;
  __asm__ volatile("sev");
}

static uint32_t pop(void) {
  while (!(R32(SIO + 0x50) & 1)) __asm__ volatile("wfe");
  return R32(SIO + 0x58);
}

__attribute__((noinline, section(".ram.dot"))) int32_t dot(const int8_t* a, const int8_t* b, int32_t n) {
  int32_t sum = 0;
  for (int32_t i = 0; i < n; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

__attribute__((noinline)) static void multiply(int first, int end) {
  for (int row = first; row < end; ++row) sums[row] = dot(rows + row * kColumns, kWeights, kColumns);
}

static void core1_main(void) {
  for (;;) {
    pop();
    multiply(kRows / 2, kRows);
    push(1);
  }
}

extern const uint32_t vectors[];
static void launch_core1(void) {
  const uint32_t words[6] = {0, 0, 1, (uint32_t)vectors, (uint32_t)(stack1 + 128), (uint32_t)core1_main};
  for (int i = 0; i < 6;) {
    if (words[i] == 0) {
      while (R32(SIO + 0x50) & 1) (void)R32(SIO + 0x58);
      __asm__ volatile("sev");
    }
    push(words[i]);
    i = pop() == words[i] ? i + 1 : 0;
  }
}

__attribute__((noinline)) static void copy_rows(void) {
  copied = 0;
  R32(DMA + 0x00) = (uint32_t)kWeights;
  R32(DMA + 0x04) = (uint32_t)rows;
  R32(DMA + 0x08) = sizeof rows / 4;
  R32(DMA + 0x0c) = 1 | 2 << 2 | 1 << 4 | 1 << 5 | 0x3f << 15;  // words, both addresses count up, unpaced
  for (;;) {
    __asm__ volatile("cpsid i");  // else the interrupt could come between the look and the sleep
    if (copied) break;
    __asm__ volatile("wfi\n cpsie i" ::: "memory");
  }
  __asm__ volatile("cpsie i");
}

int main(void) {
  R32(RESETS + CLEAR) = 1 << 2 | 1 << 21;  // DMA, timer
  while ((R32(RESETS + 8) & (1 << 2 | 1 << 21)) != (1 << 2 | 1 << 21)) {
  }
  R32(WATCHDOG_TICK) = 1 << 9 | 6;
  R32(DMA + 0x404) = 1;
  R32(TIMER + 0x38) = 1;
  R32(NVIC_ENABLE) = 1 << 0 | 1 << 11;
  R32(TIMER + 0x10) = R32(TIMER + 0x28) + kAlarmMicroseconds;
  launch_core1();
  for (int round = 0; round < kRounds; ++round) {
    copy_rows();
    __asm__ volatile(".global rows_begin\nrows_begin:");
    push(1);
    multiply(0, kRows / 2);
    pop();
    __asm__ volatile(".global rows_end\nrows_end:");
  }
  finish(sums[0] == 140 && sums[1] == 0 && alarms > 0 ? 0 : 1);
  return 0;
}

__attribute__((used)) void start_c(void) {
  uint32_t* from = __ldata;
  for (uint32_t* to = __data; to < __edata;) *to++ = *from++;
  for (uint32_t* to = __bss; to < __ebss;) *to++ = 0;
  main();
}
__attribute__((naked)) void reset(void) { __asm__ volatile("bl start_c\n b ."); }

#define F ((uint32_t)on_fault)
__attribute__((section(".vectors"), used)) const uint32_t vectors[48] = {
    0x20041000, (uint32_t)reset, F, F, [16] = (uint32_t)on_alarm, [16 + 11] = (uint32_t)on_dma};
