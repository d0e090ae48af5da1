#pragma once

#include "base/fixed_point.h"
#include "ops/op_context.h"

namespace tandem {

/// Clamp of an integer output of `tensor`'s type under a fused activation.
/// Errors: kActivation (not a clamp), kOutputQuantization (activation without usable scale).
Result<Clamp> plan_clamp(const OpContext& context, Activation activation, const TensorInfo& tensor);

/// The same for float outputs.
Result<ClampF32> plan_clamp_f32(const OpContext& context, Activation activation);

/// How the accumulators of weighted sums become outputs: real factor[o] = scale_in · scale_w[o] / scale_out.
struct ChannelFactors {
  Ref multipliers;  ///< int32[channels]
  Ref shifts;       ///< int8[channels]
};

/// Computes one factor for each of `channels` outputs, in double as TensorFlow Lite does; weights may be
/// quantized per channel or as a whole. `max_shift`: the largest shift that the kernel's requantization
/// takes. Errors: kPerChannelCount, kInputQuantization, kOutputQuantization, kScaleRatio.
Result<ChannelFactors> plan_channel_factors(OpContext& context, const TensorInfo& in,
                                            const TensorInfo& weights, const TensorInfo& out,
                                            int32_t channels, int32_t max_shift);

}  // namespace tandem
