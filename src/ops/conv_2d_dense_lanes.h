#pragma once

#include "kernels/conv_2d.h"
#include "ops/op_context.h"

namespace tandem {

/// What else the steps report.
struct ConvDenseLanesRequest {
  const Conv2dParams& conv;   ///< all but its units
  const TensorInfo& weights;  ///< constant int8
  const TensorInfo& bias;     ///< constant int32, or absent
  uint64_t macs = 0;
  bool side_by_side =
      false;  ///< `weights` are as in a DEPTHWISE_CONV_2D; conv.weights are as in a CONV_2D anyway
};

/// Emits CONV_2D of int8 as conv_2d_dense_lanes.h has it. False: nothing was emitted, because the program has
/// not the kernels, the layer does not fit them or would not gain by them.
bool plan_conv_2d_dense_lanes(OpContext& c, const ConvDenseLanesRequest& request);

}  // namespace tandem
