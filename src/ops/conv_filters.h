#pragma once

#include <cstdint>

namespace tandem {

/// The filters of an int8 convolution in which every output channel sees all input channels, as the file has
/// them.
struct ConvFilters {
  const int8_t* weights = nullptr;
  uint32_t filter = 0;        ///< weights of a filter
  uint32_t channels = 0;      ///< filters
  bool side_by_side = false;  ///< as in a DEPTHWISE_CONV_2D of one input channel; else one after the other

  [[nodiscard]] int32_t operator()(uint32_t channel, uint32_t k) const {
    return weights[side_by_side ? k * channels + channel : channel * filter + k];
  }
};

}  // namespace tandem
