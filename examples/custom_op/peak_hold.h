#pragma once

#include "tandem/op_set.h"

/// PeakHold, a custom operator: a level meter that rises at once and falls slowly.
///   y[i] = max(x[i], decay · y[i] of the invocation before); 0 before the first
/// x, y     FLOAT32, any shape, the same
/// Options  a FlexBuffers map: "decay", from 0 to 1 (default 0.9)
/// Refuses  reason 1: decay is out of its range; its value, rounded
extern const tandem::OpDef peak_hold;
