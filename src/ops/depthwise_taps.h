#pragma once

#include <optional>

#include "kernels/conv_2d.h"
#include "kernels/depthwise_taps.h"
#include "ops/requantization.h"

namespace tandem {

/// Whether the program has the kernel for a DEPTHWISE_CONV_2D of any filter, and the operator's shapes suit
/// it.
bool suits_depthwise_taps(const OpContext& context, const Conv2dParams& params);

/// What its requantization takes.
inline constexpr LevelSlack kDepthwiseTapsSlack{.most = 1 << 23, .by_channel = true, .asks_freely = true};

/// Emits it: `params` is what has been planned for any kernel, `level` has to be usable.
void emit_depthwise_taps(OpContext& context, const Conv2dParams& params, const LevelFactors& level,
                         uint64_t macs);

/// Cuts the operator: which axis of its images becomes which of a plane's, tiles, units of channels. Nothing
/// if not even the smallest tile's plane is small enough.
std::optional<DepthwiseTapsParams> cut_into_depthwise_taps(const Conv2dParams& params);

/// What is where in the scratch memory of a worker, whose bytes it returns. `weights`: int8[taps, channels].
uint32_t lay_out_depthwise_taps(DepthwiseTapsParams& p, const int8_t* weights);

}  // namespace tandem
