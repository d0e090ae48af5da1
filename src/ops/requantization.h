#pragma once

#include "base/fixed_point.h"
#include "ops/op_context.h"

namespace tandem {

/// Clamp of an integer output of `tensor`'s type under a fused activation.
/// Errors: kActivation (not a clamp), kOutputQuantization (activation without usable scale).
Result<Clamp> plan_clamp(const OpContext& context, Activation activation, const TensorInfo& tensor);

/// The same for float outputs.
Result<ClampF32> plan_clamp_f32(const OpContext& context, Activation activation);

/// Fills whichever of a kernel's two clamps output 0 needs; the other stays as it is. Errors: as these two.
Status plan_output_clamp(const OpContext& context, Activation activation, Clamp& clamp, ClampF32& clamp_f32);

/// How the accumulators of weighted sums become outputs: real factor[o] = scale_in · scale_w[o] / scale_out.
struct ChannelFactors {
  Ref multipliers;  ///< int32[channels]
  Ref shifts;       ///< int8[channels]
};

struct ChannelFactorsRequest {
  uint32_t in = 0;       ///< which operand is the input
  uint32_t weights = 1;  ///< which the weights
  int32_t channels = 0;
  int32_t max_shift = 31;  ///< the largest shift that the kernel's requantization takes
};

/// Computes one factor for each of `channels` channels of output 0, in double as TensorFlow Lite does;
/// weights may be quantized per channel or as a whole. Errors: kPerChannelCount, kInputQuantization,
/// kOutputQuantization, kScaleRatio.
Result<ChannelFactors> plan_channel_factors(OpContext& context, const ChannelFactorsRequest& request);

/// Channel factors together with LevelConstants (kernels/level_requantization.h) of every channel.
struct LevelFactors {
  ChannelFactors factors;
  Ref levels;           ///< LevelChannel[channels]
  Ref slacks;           ///< uint16_t[channels] if asked for, in units of 2^8, rounded up
  uint32_t slack = 0;   ///< the largest of all channels
  bool usable = false;  ///< few enough channels always ask; else `levels` holds nothing of use
};

/// How a kernel goes about slack.
struct LevelSlack {
  uint32_t most = 1 << 21;  ///< what it takes
  bool by_channel = false;  ///< it wants that of each channel
  /// Its exact function gets p = x·scale, so that channels that always ask have to be kAlwaysAsks. Else it
  /// gets x, and the accumulator is x − offset + bias.
  bool asks_by_product = false;
  bool asks_freely = false;  ///< any number of channels may always ask
};

/// What level constants need beside the factor.
struct LevelRequest {
  const TensorInfo& bias;  ///< may be absent
  int32_t zero_point = 0;
  Clamp clamp;
  uint32_t products = 0;  ///< of a weight and an activation in [0, 255], in one output
  LevelSlack slack;
};

/// As plan_channel_factors, for an int8 output. Each channel's factor, a division in software floating point,
/// is computed once. Notes the output's silent channels (OpContext::set_output_silent).
Result<LevelFactors> plan_level_factors(OpContext& context, const ChannelFactorsRequest& request,
                                        const LevelRequest& level);

}  // namespace tandem
