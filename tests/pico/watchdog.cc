#include "program.h"

// A watchdog that nobody feeds resets the chip, which can tell afterwards.
int main() {
  using namespace tandem::rp2040;
  if (reset_by_watchdog()) {
    check("the watchdog reset the chip", true);
    end();
  }
  start_watchdog(20);
  const uint64_t begin = microseconds();
  while (microseconds() - begin < 15'000) {
  }
  start_watchdog(5);  // feeding it begins anew
  while (microseconds() - begin < 18'000) {
  }
  print("fed in time\n");
  while (microseconds() - begin < 100'000) {
  }
  check("the watchdog reset the chip", false);
  end();
}
