#pragma once

#include "kernels/conv_2d.h"
#include "ops/requantization.h"

namespace tandem {

/// Whether the program has a kernel for a DEPTHWISE_CONV_2D with two output rows a word, and the operator's
/// shapes, weights and bias are such that it is exact.
bool suits_depthwise_lanes(const OpContext& context, const Conv2dParams& params);

/// Emits such a DEPTHWISE_CONV_2D: `params` is what has been planned for any kernel, `level` has to be
/// usable.
void emit_depthwise_lanes(OpContext& context, const Conv2dParams& params, const LevelFactors& level,
                          uint64_t macs);

}  // namespace tandem
