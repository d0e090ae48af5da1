#pragma once

#include "outputs_of.h"
#include "port/rp2040/rp2040.h"

// What the test programs share. A program prints `ok NAME` or `FAILED NAME` for everything it checks, and
// END.

inline void check(const char* name, bool good) {
  tandem::rp2040::print("%s %s\n", good ? "ok" : "FAILED", name);
}

[[noreturn]] inline void end() {
  tandem::rp2040::print("END\n");
  tandem::rp2040::flush_console();
  for (;;) __asm__ volatile("wfi");
}
