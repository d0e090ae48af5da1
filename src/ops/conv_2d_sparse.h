#pragma once

#include "kernels/conv_2d.h"
#include "ops/requantization.h"

namespace tandem {

/// Whether the program has a kernel for a CONV_2D over lists of nonzero inputs, and the operator's shapes and
/// input suit it.
bool suits_sparse_conv_2d(const OpContext& context, const Conv2dParams& params);

/// Emits such a CONV_2D: `params` is what has been planned for any kernel, `level` has to be usable.
void emit_sparse_conv_2d(OpContext& context, const Conv2dParams& params, const LevelFactors& level,
                         uint64_t macs);

}  // namespace tandem
