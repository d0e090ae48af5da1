#pragma once

#include <optional>

#include "kernels/depthwise_lanes.h"
#include "ops/requantization.h"

namespace tandem {

/// Whether the program has a kernel for a DEPTHWISE_CONV_2D with two output rows a word, and the operator's
/// shapes, weights and bias are such that it is exact.
bool suits_depthwise_lanes(const OpContext& context, const Conv2dParams& params);

/// What its requantization takes: a channel with much slack is slow, but does not slow down the others.
inline constexpr LevelSlack kDepthwiseLanesSlack{
    .most = 1 << 23, .by_channel = true, .asks_by_product = true};

/// Emits such a DEPTHWISE_CONV_2D: `params` is what has been planned for any kernel, `level` has to be
/// usable.
void emit_depthwise_lanes(OpContext& context, const Conv2dParams& params, const LevelFactors& level,
                          uint64_t macs);

/// The first loop whose sums all stay within a lane for one channel's nine weights, `stride` apart.
std::optional<DepthwiseLoop> depthwise_loop(const int8_t* weights, int32_t stride);

/// Cuts the output of p.conv into units: p.rows, p.columns, p.channels. Returns the scratch bytes of a
/// worker.
uint32_t cut_into_depthwise_tiles(DepthwiseLanesParams& p);

}  // namespace tandem
