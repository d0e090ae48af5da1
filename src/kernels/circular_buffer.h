#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// The last `slots` inputs, oldest first, for each of `batches`: the history moves on by one slot and takes
/// the input in; the output is the history.
/// Layout   x int8[batches, slot_bytes], history and y int8[batches, slots, slot_bytes]; y may be the
/// history. Outcome  kNotYet but for every cycles-th invocation: what follows does not run. State    history,
/// and `cycle`: uint32, invocations since the last that was complete. Units    one.
struct CircularBufferParams {
  Ref in;
  Ref out;
  Ref history;
  Ref cycle;
  uint32_t batches = 1;
  uint32_t slots = 1;
  uint32_t slot_bytes = 0;
  uint32_t cycles = 1;
};

}  // namespace tandem
