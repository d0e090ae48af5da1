// Bare-metal firmware that tests the machine it runs on: cycle counts of instructions and accesses (SysTick,
// code in SRAM; the expected ones are those of the Cortex-M0+ TRM, table 3-1, and of the RP2040
// datasheet, 2.1.3 and 2.3.1), divider, interpolator, exceptions, DMA, flash, both cores. It ends with a
// semihosting exit: 0 is a pass.
#include <stdint.h>
#define R32(a) (*(volatile uint32_t*)(a))
#define SIO 0xd0000000u
extern uint32_t __data[], __edata[], __ldata[], __bss[], __ebss[];
static int fails, checks;

static int semi(int op, const void* arg) {
  register int r0 __asm__("r0") = op;
  register const void* r1 __asm__("r1") = arg;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static void put(const char* s) { semi(4, s); }
static void num(uint32_t v) {
  char b[12];
  int i = 11;
  b[i] = 0;
  do {
    uint32_t q = 0;
    while (v >= 10) {
      uint32_t k = 1, d = 10;
      while (d <= v / 2 && d < 0x10000000u) {
        d *= 2;
        k *= 2;
      }
      v -= d;
      q += k;
    }
    b[--i] = '0' + v;
    v = q;
  } while (v);
  put(b + i);
}
static void check(const char* name, uint32_t got, uint32_t want) {
  checks++;
  if (got != want) {
    fails++;
    put("FAIL ");
    put(name);
    put(" got ");
    num(got);
    put(" want ");
    num(want);
    put("\n");
  }
}

// ---- exceptions
static volatile uint32_t n_systick, n_svc, n_pendsv, n_alarm, n_dma, n_sio;
void h_systick(void) { n_systick++; }
void h_svc(void) { n_svc++; }
void h_pendsv(void) { n_pendsv++; }
void h_alarm(void) {
  n_alarm++;
  R32(0x40054034) = 1;
}
void h_dma(void) {
  n_dma++;
  R32(0x5000040c) = ~0u;
}
void h_sio0(void) {
  n_sio++;
  R32(SIO + 0x50) = 0;
  while (R32(SIO + 0x50) & 1) (void)R32(SIO + 0x58);
}
void h_fault(void) {
  put("fault\n");
  semi(0x18, (void*)1);
}

// ---- timing: code in RAM, sequences measured by SysTick (processor clock)
#define T0 "mov r2,%3\n ldr r0,[r2]\n"
#define T1 "ldr r1,[r2]\n subs r0,r0,r1\n mov %0,r0\n"
#define MEASURE(body)                                                                   \
  ({                                                                                    \
    uint32_t t, apb = 0x40054000;                                                       \
    __asm__ volatile(".align 2\n" T0 body T1                                            \
                     : "=r"(t)                                                          \
                     : "r"(buf), "r"(SIO), "r"(0xe000e018), "r"(apb)                    \
                     : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "memory", "cc"); \
    t;                                                                                  \
  })
static uint32_t buf[64] __attribute__((aligned(256)));
#define CYC(name, body, cycles) check(name, MEASURE(body) - base, cycles)

__attribute__((section(".ram.timing"), noinline, long_call)) static void timing(void) {
  uint32_t base = MEASURE("");
  CYC("adds", "adds r3,r3,#1\n", 1);
  CYC("4x adds", "adds r3,r3,#1\n adds r3,r3,#1\n adds r3,r3,#1\n adds r3,r3,#1\n", 4);
  CYC("muls", "muls r3,r3,r3\n", 1);
  CYC("ldr", "mov r4,%1\n ldr r3,[r4]\n", 3);
  CYC("ldr x4", "mov r4,%1\n ldr r3,[r4]\n ldr r3,[r4,#4]\n ldr r3,[r4,#8]\n ldr r3,[r4,#12]\n", 9);
  CYC("str", "mov r4,%1\n str r3,[r4]\n", 3);
  CYC("ldm 4", "mov r4,%1\n ldmia r4!,{r3,r5,r6,r7}\n", 6);
  CYC("stm 4", "mov r4,%1\n stmia r4!,{r3,r5,r6,r7}\n", 6);
  CYC("push pop", "push {r3-r6}\n pop {r3-r6}\n", 10);
  CYC("b", "b 1f\n1:\n", 2);
  CYC("b over", "b 1f\n adds r3,r3,#1\n1:\n", 2);
  CYC("b nt", "movs r3,#1\n beq 1f\n1:\n", 2);
  CYC("b t", "movs r3,#0\n beq 1f\n nop\n1:\n", 3);
  CYC("bl bx", "bl 1f\n b 2f\n1: bx lr\n2:\n", 7);
  CYC("bl pop pc", "bl 1f\n b 2f\n1: push {lr}\n pop {pc}\n2:\n", 3 + 2 + 4 + 2);
  CYC("sio ldr", "mov r4,%2\n ldr r3,[r4]\n", 2);
  CYC("sio str", "mov r4,%2\n str r3,[r4,#0x18]\n", 2);
  CYC("mrs", "mrs r3,primask\n", 3);
  CYC("dsb", "dsb\n", 3);
  CYC("loop 10", "movs r3,#10\n1: subs r3,r3,#1\n bne 1b\n", 1 + 30 - 1);
  CYC("apb ldr", "mov r4,%4\n ldr r3,[r4,#0x28]\n", 1 + 4);
  CYC("apb str", "mov r4,%4\n str r3,[r4,#0x34]\n", 1 + 5);
  // A miss: 20 serial clocks at divider 2, and the overhead that timing.h names (10). The line's other half
  // is not there yet; the word itself is from then on. Flash is read at an address that no code is near.
  R32(0x14000004) = 1;
  while (!(R32(0x14000008) & 1)) {
  }
  CYC("xip miss", "ldr r4,=0x100f0000\n ldr r3,[r4]\n", 2 + 2 + 50);
  CYC("xip hit", "ldr r4,=0x100f0000\n ldr r3,[r4]\n", 2 + 2);
  CYC("xip other half", "ldr r4,=0x100f0000\n ldr r3,[r4,#4]\n", 2 + 2 + 50);
  CYC("xip uncached", "ldr r4,=0x130f0000\n ldr r3,[r4]\n", 2 + 2 + 50);
  CYC("interp pop", "mov r4,%2\n adds r4,#0x94\n ldr r3,[r4]\n", 1 + 1 + 1);
  CYC("spinlock", "mov r4,%2\n adds r4,#0x84\n ldr r3,[r4,#0x7c]\n", 1 + 1 + 1);
  CYC("divider", "mov r4,%2\n str r3,[r4,#0x60]\n str r3,[r4,#0x64]\n", 1 + 1 + 1);
}

static uint32_t src[256], dst[256];
static uint32_t ssi_cycles;
__attribute__((section(".ram.ssi"), noinline, long_call)) static uint32_t ssi_dma(void) {
  R32(0x18000008) = 0;
  R32(0x18000004) = 127;
  R32(0x1800004c) = 3;
  R32(0x18000008) = 1;
  R32(0x50000080) = 0x18000060;
  R32(0x50000084) = (uint32_t)dst;
  R32(0x50000088) = 128;
  R32(0x5000008c) = 1 | (2 << 2) | (1 << 5) | (2 << 11) | (39 << 15) | (1 << 22);
  R32(0xe000e018) = 0;
  R32(0x18000060) = (0x100 << 8) | 0xa0;
  while (R32(0x5000008c) & (1u << 24))
    ;
  ssi_cycles = 0xffffff - R32(0xe000e018);
  R32(0x18000008) = 0;
  R32(0x18000004) = 0;
  R32(0x1800004c) = 0;
  R32(0x18000008) = 1;
  uint32_t bad = 0;
  for (int i = 0; i < 128; i++) bad += dst[i] != ((const uint32_t*)0x10000100)[i];
  return bad;
}

// ---- core 1
static uint32_t stack1[256];
static volatile uint32_t c1_count, c1_go, c1_id;
static void core1_main(void) {
  c1_id = R32(SIO);
  R32(SIO + 0x54) = 0x1234;
  __asm__ volatile("sev");
  while (!c1_go) __asm__ volatile("wfe");
  for (int i = 0; i < 1000; i++) {
    while (!R32(SIO + 0x100 + 4 * 5))
      ;
    c1_count++;
    R32(SIO + 0x100 + 4 * 5) = 1;
  }
  R32(SIO + 0x54) = 0x5678;
  __asm__ volatile("sev");
  for (;;) __asm__ volatile("wfi");
}
static uint32_t fifo_pop(void) {
  while (!(R32(SIO + 0x50) & 1)) __asm__ volatile("wfe");
  return R32(SIO + 0x58);
}
extern const uint32_t vectors[];
static void launch(void (*f)(void)) {
  const uint32_t seq[6] = {0, 0, 1, (uint32_t)vectors, (uint32_t)(stack1 + 256), (uint32_t)f};
  for (int i = 0; i < 6;) {
    if (!seq[i]) {
      while (R32(SIO + 0x50) & 1) (void)R32(SIO + 0x58);
      __asm__ volatile("sev");
    }
    R32(SIO + 0x54) = seq[i];
    __asm__ volatile("sev");
    i = fifo_pop() == seq[i] ? i + 1 : 0;
  }
}

int main(void) {
  // SysTick free running on the processor clock
  R32(0xe000e014) = 0xffffff;
  R32(0xe000e018) = 0;
  R32(0xe000e010) = 5;
  timing();
  // divider
  R32(SIO + 0x60) = 1000;
  R32(SIO + 0x64) = 7;
  check("div q", R32(SIO + 0x70), 142);
  check("div r", R32(SIO + 0x74), 6);
  R32(SIO + 0x68) = -1000;
  R32(SIO + 0x6c) = 7;
  check("sdiv r", R32(SIO + 0x74), -6);
  check("sdiv q", R32(SIO + 0x70), -142);
  // interpolator 0: lane 0 shift 4, mask 0..7, base 100
  R32(SIO + 0xac) = 4 | (7 << 10);
  R32(SIO + 0x88) = 100;
  R32(SIO + 0x80) = 0x1230;
  check("interp", R32(SIO + 0xa0), 0x23 + 100);
  // exceptions
  __asm__ volatile("svc 1");
  check("svc", n_svc, 1);
  R32(0xe000ed04) = 1u << 28;
  __asm__ volatile("dsb\nisb");
  check("pendsv", n_pendsv, 1);
  R32(0xe000e010) = 0;
  R32(0xe000e014) = 999;
  R32(0xe000e018) = 0;
  R32(0xe000e010) = 7;
  for (volatile int i = 0; i < 1000; i++)
    ;
  R32(0xe000e010) = 0;
  check("systick irq", n_systick > 5, 1);
  // PRIMASK holds an interrupt back, WFI still wakes
  R32(0x40008030 + 0) = 2;          // clk_ref = XOSC
  R32(0x4005802c) = 12 | (1 << 9);  // 1 us tick
  uint32_t t0 = R32(0x40054028);
  R32(0x40054038) = 1;
  R32(0xe000e100) = 1;
  __asm__ volatile("cpsid i");
  R32(0x40054010) = t0 + 50;
  __asm__ volatile("wfi");
  uint32_t t1 = R32(0x40054028);
  check("alarm masked", n_alarm, 0);
  __asm__ volatile("cpsie i\nnop");
  check("alarm", n_alarm, 1);
  check("alarm time", t1 - t0 >= 50 && t1 - t0 <= 65, 1);
  // DMA memory to memory, word and byte
  for (int i = 0; i < 256; i++) src[i] = i * 0x01010101u ^ 0xa5a5;
  R32(0x50000404) = 1;
  R32(0xe000e100) = 1 << 11;
  R32(0x50000000) = (uint32_t)src;
  R32(0x50000004) = (uint32_t)dst;
  R32(0x50000008) = 256;
  R32(0x5000000c) = 1 | (2 << 2) | (3 << 4) | (0 << 11) | (0x3f << 15);
  while (R32(0x5000000c) & (1u << 24))
    ;
  int bad = 0;
  for (int i = 0; i < 256; i++) bad += dst[i] != src[i];
  check("dma", bad, 0);
  check("dma irq", n_dma, 1);
  // XIP stream through DMA
  R32(0x14000014) = 0x10000100;
  R32(0x14000018) = 64;
  R32(0x50000040) = 0x50400000;
  R32(0x50000044) = (uint32_t)dst;
  R32(0x50000048) = 64;
  R32(0x5000004c) = 1 | (2 << 2) | (1 << 5) | (1 << 11) | (37 << 15);
  while (R32(0x5000004c) & (1u << 24))
    ;
  bad = 0;
  for (int i = 0; i < 64; i++) bad += dst[i] != ((const uint32_t*)0x10000100)[i];
  check("xip stream", bad, 0);
  // bulk read through the SSI, paced by its receive request; code in RAM meanwhile
  R32(0xe000e014) = 0xffffff;
  R32(0xe000e018) = 0;
  R32(0xe000e010) = 5;
  check("ssi dma words", ssi_dma(), 0);
  check("ssi dma 16 cycles per word", ssi_cycles > 2000 && ssi_cycles < 2200, 1);
  // XIP: first access to a word misses, second hits (cache counters)
  R32(0x14000004) = 1;
  while (!(R32(0x14000008) & 1))
    ;
  // core 1
  launch(core1_main);
  check("core1 hello", fifo_pop(), 0x1234);
  check("core1 id", c1_id, 1);
  c1_go = 1;
  __asm__ volatile("sev");
  for (int i = 0; i < 1000; i++) {
    while (!R32(SIO + 0x100 + 4 * 5))
      ;
    c1_count++;
    R32(SIO + 0x100 + 4 * 5) = 1;
  }
  check("core1 bye", fifo_pop(), 0x5678);
  check("spinlock count", c1_count, 2000);
  // reset core 1 through the PSM; it reports with a zero
  R32(0x40010004) = 1 << 16;
  R32(0x40010004) = 0;
  check("core1 reset", fifo_pop(), 0);
  num(checks);
  put(" checks, ");
  num(fails);
  put(" failed\n");
  uint32_t arg[2] = {0x20026, fails != 0};
  semi(0x20, arg);
  return 0;
}

__attribute__((naked)) void reset(void) { __asm__ volatile("bl start_c\n b ."); }
__attribute__((used)) void start_c(void) {
  uint32_t* s = __ldata;
  for (uint32_t* d = __data; d < __edata;) *d++ = *s++;
  for (uint32_t* d = __bss; d < __ebss;) *d++ = 0;
  main();
}
#define F (uint32_t) h_fault
__attribute__((section(".vectors"), used)) const uint32_t vectors[48] = {0x20041000,
                                                                         (uint32_t)reset,
                                                                         F,
                                                                         F,
                                                                         0,
                                                                         0,
                                                                         0,
                                                                         0,
                                                                         0,
                                                                         0,
                                                                         0,
                                                                         (uint32_t)h_svc,
                                                                         0,
                                                                         0,
                                                                         (uint32_t)h_pendsv,
                                                                         (uint32_t)h_systick,
                                                                         (uint32_t)h_alarm,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         (uint32_t)h_dma,
                                                                         F,
                                                                         F,
                                                                         F,
                                                                         (uint32_t)h_sio0};
