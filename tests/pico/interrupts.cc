#include <algorithm>
#include <array>

#include "models.h"
#include "port/rp2040/registers.h"
#include "program.h"
#include "tandem/cores.h"
#include "tandem/op_set.h"

// A program's own timer interrupts at 20 kHz on every core that infers, with handler and data in flash and 1
// KB of stack, while a network of person detection's shape runs a hundred times: outputs stay the same, and
// the handler always begins soon. Prints, after what it checks,
//   LATENCY cores worst-cycles average-cycles     from the timer's zero to the handler's first read of it
//   HIT address                                   each word of code in SRAM that was interrupted
namespace {

using tandem::rp2040::print;
using tandem::rp2040::reg;

constexpr const tandem::OpDef* kOps[] = {&tandem::op::conv_2d_s8, &tandem::op::depthwise_conv_2d_s8,
                                         &tandem::op::average_pool_2d_s8, &tandem::op::reshape,
                                         &tandem::op::softmax_s8};

constexpr uint32_t kSysTickControl = 0xe000e010;
constexpr uint32_t kSysTickReload = 0xe000e014;
constexpr uint32_t kSysTickCurrent = 0xe000e018;
constexpr uint32_t kOnFromProcessorClock = 7;
constexpr uint32_t kPeriod = 125'000'000 / 20'000;

constexpr uint32_t kWatchedCodeBytes = 32 * 1024;  // SRAM begins with the code that asks to be there

struct Seen {
  uint32_t count = 0;
  uint32_t worst = 0;
  uint32_t total = 0;
};
std::array<Seen, 2> seen;  // by core
std::array<uint32_t, kWatchedCodeBytes / 4 / 32> interrupted;
volatile bool stack_broken = false;

constexpr uint32_t kWordsUsed = 16;

// In flash: reading it may miss.
constexpr std::array<uint32_t, kWordsUsed> kTable = [] {
  std::array<uint32_t, kWordsUsed> table{};
  uint32_t state = 1;
  for (uint32_t& entry : table) entry = state = state * 1664525 + 1013904223;
  return table;
}();

void start_timer() {
  reg(kSysTickReload) = kPeriod - 1;
  reg(kSysTickCurrent) = 0;
  reg(kSysTickControl) = kOnFromProcessorClock;
}
void stop_timer() { reg(kSysTickControl) = 0; }

tandem::StopRequest stop;
void core1_main() {
  start_timer();
  tandem::serve(stop);
}

// 1 KB of stack, written and read from end to end; not all of it, so that the handler leaves time to infer.
[[gnu::noinline]] uint32_t use_stack(uint32_t salt) {
  std::array<volatile uint32_t, 256> words;
  constexpr uint32_t kStep = words.size() / kWordsUsed;
  for (uint32_t i = 0; i < kWordsUsed; ++i) words[kStep * i] = kTable[i] ^ salt;
  uint32_t sum = 0;
  for (uint32_t i = 0; i < kWordsUsed; ++i) sum += words[kStep * i] ^ kTable[i];
  return sum;
}

}  // namespace

// `frame`: what the core stacked; word 6 is the address it will return to.
extern "C" void tandem_test_tick(const uint32_t* frame) {
  const uint32_t latency = kPeriod - 1 - reg(kSysTickCurrent);
  Seen& mine = seen[reg(tandem::rp2040::kSioCpuid)];
  ++mine.count;
  mine.total += latency;
  mine.worst = std::max(mine.worst, latency);
  const uint32_t word = (frame[6] - 0x20000000) / 4;
  if (word < kWatchedCodeBytes / 4) interrupted[word / 32] |= 1U << word % 32;
  if (use_stack(latency) != kWordsUsed * latency) stack_broken = true;
}
extern "C" [[gnu::naked]] void tandem_systick() {
  __asm__ volatile("mov r0, sp\n ldr r1, =tandem_test_tick\n bx r1\n .ltorg");
}

namespace {

void infer(uint32_t cores, std::span<uint8_t> arena) {
  constexpr uint32_t kInferences = 50;
  const auto model = tandem::Model::load(person_tflite());
  tandem::Interpreter interpreter;
  const bool prepared =
      interpreter.prepare(*model, kOps, arena, cores == 2 ? tandem::two_cores() : tandem::one_core()).ok();
  check("prepared", prepared);
  if (!prepared) return;
  constexpr uint32_t kSeeds = 5;
  uint32_t quiet[kSeeds];
  for (uint32_t seed = 0; seed < kSeeds; ++seed) quiet[seed] = outputs_of(interpreter, seed + 1);
  seen = {};
  if (cores == 2) tandem::rp2040::start_core1(core1_main);
  start_timer();
  bool same = true;
  for (uint32_t i = 0; i < kInferences; ++i) {
    same &= outputs_of(interpreter, i % kSeeds + 1) == quiet[i % kSeeds];
  }
  stop_timer();
  if (cores == 2) tandem::rp2040::stop_core1();
  check(cores == 2 ? "both cores interrupted: the same bytes" : "one core interrupted: the same bytes", same);
  const Seen all{.count = seen[0].count + seen[1].count,
                 .worst = std::max(seen[0].worst, seen[1].worst),
                 .total = seen[0].total + seen[1].total};
  check("the handler's stack was its own", !stack_broken);
  check("both took part", seen[0].count > 1000 && (seen[1].count > 1000) == (cores == 2));
  print("LATENCY %lu %lu %lu\n", cores, all.worst, all.total / all.count);
}

}  // namespace

int main() {
  // Memory as a program has it that leaves room for its own.
  const std::span<uint8_t> memory = tandem::rp2040::free_memory();
  const std::span<uint8_t> arena = memory.first(std::min<size_t>(memory.size(), 170 * 1024));
  infer(1, arena);
  infer(2, arena);
  for (uint32_t word = 0; word < kWatchedCodeBytes / 4; ++word) {
    if ((interrupted[word / 32] >> word % 32 & 1) != 0) print("HIT %08lx\n", 0x20000000 + 4 * word);
  }
  check("inferences with interrupts ended", true);
  end();
}
