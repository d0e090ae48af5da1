#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tandem/interpreter.h"

namespace tandem::test {

/// What a model may cost before it is only planned, not run: an honest small model stays far below.
struct HostileLimits {
  size_t arena_bytes = size_t{64} << 20;  ///< beyond: not prepared either
  size_t tensor_bytes = size_t{1} << 20;
  uint64_t macs = 1'000'000;
};

/// How far a model came, and what ended it.
struct HostileRun {
  enum class Ending { kRefused, kTooLarge, kTooSlow, kRan };
  Ending ending = Ending::kRefused;
  Status status;    ///< the refusal
  Outcome outcome;  ///< of the last invocation
};

/// Does with a model of any bytes what a program would: load, ask for the arena's size, prepare, invoke, read
/// the outputs, describe what went wrong. Everything lies in memory of exactly the size asked for, so that
/// AddressSanitizer sees each step outside. Ends the program with a message if a promise of the API is
/// broken. `misaligned_by` bytes (below 16) shift the model away from a multiple of 16.
HostileRun run_hostile(std::span<const uint8_t> tflite, const HostileLimits& limits = {},
                       size_t misaligned_by = 0);

/// The code's name in status_codes.inc.
const char* code_name(Code code);

}  // namespace tandem::test
