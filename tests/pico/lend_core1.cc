#include "models.h"
#include "port/rp2040/registers.h"
#include "program.h"
#include "tandem/cores.h"
#include "tandem/op_set.h"

// Core 1 lent, taken back for the program's own work, lent again; and flash written while it is parked, with
// core 1 locked out over the FIFO as the Pico SDK's flash_safe_execute does it.
namespace {

using namespace tandem::rp2040;

constexpr const tandem::OpDef* kOps[] = {&tandem::op::conv_2d_s8, &tandem::op::depthwise_conv_2d_s8,
                                         &tandem::op::average_pool_2d_s8, &tandem::op::reshape,
                                         &tandem::op::softmax_s8};
#define IN_SRAM(name) __attribute__((section(".time_critical." name), noinline))

tandem::StopRequest stop;
volatile bool own_work = false;  // core 1 is to do the program's own work, not to serve
volatile bool serving = false;
volatile uint32_t own_rounds = 0;
volatile bool lockout = false;  // core 1 is to take FIFO interrupts while it serves

constexpr uint32_t kLock = 0x10c4;
constexpr uint32_t kUnlock = 0x0f3e;
constexpr uint32_t kFifoInterrupt = 1 << 16;  // SIO_IRQ_PROC1
constexpr uint32_t kNvicEnable = 0xe000e100;

IN_SRAM("push") void push(uint32_t word) {
  while ((reg(kSioFifoStatus) & 2) == 0) {
  }
  reg(kSioFifoWrite) = word;
  __asm__ volatile("sev");
}
IN_SRAM("pop") uint32_t pop() {
  while ((reg(kSioFifoStatus) & 1) == 0) {
  }
  return reg(kSioFifoRead);
}

void core1_main() {
  for (;;) {
    if (own_work) {
      // The program's own: it counts, and answers words with their successor.
      own_rounds = own_rounds + 1;
      if ((reg(kSioFifoStatus) & 1) != 0) push(reg(kSioFifoRead) + 1);
    } else {
      if (lockout) reg(kNvicEnable) = kFifoInterrupt;
      serving = true;
      tandem::serve(stop);
      serving = false;
    }
  }
}

void take_back() {
  own_work = true;
  stop.request();
  while (serving) {
  }
  stop.clear();
}

void lend() {
  own_work = false;
  while (!serving) {
  }
}

struct Timed {
  uint32_t outputs = 0;
  uint32_t us = 0;
};
Timed run(tandem::Interpreter& interpreter) {
  const uint64_t begin = microseconds();
  const uint32_t outputs = outputs_of(interpreter, 7);
  return {outputs, static_cast<uint32_t>(microseconds() - begin)};
}

// ---- writing to flash: nothing may read it meanwhile, so all of this lies in SRAM
constexpr uint32_t kSectorOffset = 0x100000;
constexpr uint32_t kSectorBytes = 4096;
constexpr uint32_t kPageBytes = 256;
constexpr uint32_t kSectorErase = 0x20;
uint32_t boot2_copy[64];
uint8_t page[kPageBytes];

using Void = void (*)();
using Erase = void (*)(uint32_t offset, uint32_t bytes, uint32_t block_bytes, uint8_t block_command);
using Program = void (*)(uint32_t offset, const uint8_t* data, uint32_t bytes);
struct RomFunctions {
  Void connect;
  Void exit_xip;
  Erase erase;
  Program program;
  Void flush;
};

// The ROM begins with halfwords that say where its tables are [2.8.3]. Through a volatile address: GCC takes
// what lies in the first page for an access through a null pointer.
uintptr_t rom_halfword(uintptr_t at) {
  volatile uintptr_t address = at;
  return *reinterpret_cast<const uint16_t*>(address);
}

template <class Function>
Function rom_function(char a, char b) {
  const auto find = reinterpret_cast<uintptr_t (*)(uintptr_t table, uint32_t code)>(rom_halfword(0x18));
  return reinterpret_cast<Function>(find(rom_halfword(0x14), static_cast<uint32_t>(a | b << 8)));
}

IN_SRAM("write_flash") void write_flash(const RomFunctions& rom) {
  __asm__ volatile("cpsid i" ::: "memory");
  rom.connect();
  rom.exit_xip();
  rom.erase(kSectorOffset, kSectorBytes, kSectorBytes, kSectorErase);
  rom.program(kSectorOffset, page, kPageBytes);
  rom.flush();
  reinterpret_cast<Void>(reinterpret_cast<uintptr_t>(boot2_copy) + 1)();
  __asm__ volatile("cpsie i" ::: "memory");
}

IN_SRAM("lock_out") void lock_out_and_write(const RomFunctions& rom) {
  push(kLock);
  while (pop() != kLock) {
  }
  write_flash(rom);
  push(kUnlock);
  while (pop() != kUnlock) {
  }
}

}  // namespace

// Core 1's FIFO interrupt, as a victim of the lock-out: it answers, and waits in SRAM to be let go.
extern "C" IN_SRAM("irq16") void tandem_irq16() {
  if ((reg(kSioFifoStatus) & 1) == 0) return;
  if (reg(kSioFifoRead) != kLock) return;
  push(kLock);
  while (pop() != kUnlock) {
  }
  push(kUnlock);
}

int main() {
  const auto model = tandem::Model::load(person_tflite());
  tandem::Interpreter interpreter;
  check("prepared", model.ok() && interpreter.prepare(*model, kOps, free_memory(), tandem::two_cores()).ok());

  const Timed alone = run(interpreter);
  check("core 0 alone is enough", alone.outputs != 0);

  start_core1(core1_main);
  check("the FIFO is empty after the launch", (reg(kSioFifoStatus) & 1) == 0);
  while (!serving) {
  }
  const Timed lent = run(interpreter);
  check("both cores say the same", lent.outputs == alone.outputs);
  check("and are at least 1.7 times as fast", lent.us * 17 <= alone.us * 10);
  check("serving leaves the FIFO alone", (reg(kSioFifoStatus) & 1) == 0);

  take_back();
  push(41);
  check("core 1 does the program's own work", pop() == 42);
  const uint32_t rounds = own_rounds;
  const Timed taken = run(interpreter);
  check("core 0 alone says the same meanwhile", taken.outputs == alone.outputs);
  check("and core 1's own work went on", own_rounds > rounds + 1000);

  lockout = true;
  lend();
  const Timed again = run(interpreter);
  check("given again, both say the same", again.outputs == alone.outputs && again.us * 17 <= alone.us * 10);

  const RomFunctions rom{rom_function<Void>('I', 'F'), rom_function<Void>('E', 'X'),
                         rom_function<Erase>('R', 'E'), rom_function<Program>('R', 'P'),
                         rom_function<Void>('F', 'C')};
  for (uint32_t i = 0; i < std::size(boot2_copy); ++i) boot2_copy[i] = reg(0x10000000 + 4 * i);
  for (uint32_t i = 0; i < kPageBytes; ++i) page[i] = static_cast<uint8_t>(i ^ 0x5a);
  lock_out_and_write(rom);
  check("flash holds what was written with core 1 parked",
        *reinterpret_cast<const uint8_t*>(0x10000000 + kSectorOffset + 3) == (3 ^ 0x5a));
  const Timed afterwards = run(interpreter);
  check("afterwards both say the same",
        afterwards.outputs == alone.outputs && afterwards.us * 17 <= alone.us * 10);

  stop_core1();
  check("without core 1 too", run(interpreter).outputs == alone.outputs);
  end();
}
