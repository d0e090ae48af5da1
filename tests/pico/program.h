#pragma once

#include <cstdint>
#include <span>

#include "port/rp2040/rp2040.h"
#include "tandem/interpreter.h"

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

/// Fills all inputs from `seed`, runs, and makes one number of all outputs; 0 if it did not run.
inline uint32_t outputs_of(tandem::Interpreter& interpreter, uint32_t seed) {
  for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
    for (uint8_t& byte : interpreter.input(i).bytes) {
      seed = seed * 1664525 + 1013904223;
      byte = static_cast<uint8_t>(seed >> 24);
    }
  }
  if (!interpreter.invoke().ok()) return 0;
  uint32_t hash = 2166136261;
  for (uint32_t i = 0; i < interpreter.output_count(); ++i) {
    for (const uint8_t byte : interpreter.output(i).bytes) hash = (hash ^ byte) * 16777619;
  }
  return hash;
}
