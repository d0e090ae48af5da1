#pragma once

#include <cstdint>

#include "tandem/interpreter.h"

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
