#pragma once

#include "kernels/conv_2d.h"
#include "ops/conv_filters.h"
#include "ops/requantization.h"

namespace tandem {

/// Whether the program has the kernels for a CONV_2D as conv_2d_dense_lanes.h has it, and the operator's
/// shapes suit them.
bool suits_dense_conv_2d(const OpContext& context, const Conv2dParams& params, const ConvFilters& filters);

/// What its requantization takes.
inline constexpr LevelSlack kDenseConv2dSlack{.asks_freely = true};

/// Emits it: `params` is what has been planned for any kernel, `level` has to be usable.
void emit_dense_conv_2d(OpContext& context, const Conv2dParams& params, const ConvFilters& filters,
                        const LevelFactors& level, uint64_t macs);

}  // namespace tandem
