#include "port/rp2040/rp2040.h"
#include "tandem/cores.h"
tandem::StopRequest stop;
volatile uint32_t counts[2];
void core1() {
  for (;;) {
    tandem::serve(stop);
  }
}
int main() {
  using namespace tandem::rp2040;
  print("hello %lu MHz, free %u bytes\n", system_clock_hz() / 1000000, free_memory().size());
  start_core1(core1);
  tandem::two_cores().parallel_for(
      nullptr, 100,
      [](void*, uint32_t worker, uint32_t, uint32_t) {
        counts[worker] = counts[worker] + 1;
        for (int i = 0; i < 100; i++) __asm__ volatile("nop");
      },
      nullptr);
  print("units %lu %lu\n", counts[0], counts[1]);
  print("stack %lu %lu\n", stack_used_bytes(0), stack_used_bytes(1));
  stop.request();
  stop_core1();
  stop.clear();
  start_core1(core1);
  counts[0] = 0;
  counts[1] = 0;
  tandem::two_cores().parallel_for(
      nullptr, 100,
      [](void*, uint32_t worker, uint32_t, uint32_t) {
        counts[worker] = counts[worker] + 1;
        for (int i = 0; i < 100; i++) __asm__ volatile("nop");
      },
      nullptr);
  print("units %lu %lu\nEND\n", counts[0], counts[1]);
  flush_console();
  for (;;) __asm__ volatile("wfi");
}
