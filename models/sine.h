#pragma once

#include <cstdint>
#include <vector>

namespace tandem::models {

/// How far from sin(x), over x in [0, 2π].
struct SineErrors {
  double max = 0;
  double mean = 0;
};

/// The "hello world" regression y = sin(x): three fully connected layers, 1-16-16-1, ReLU between.
struct SineModels {
  std::vector<uint8_t> float_tflite;  ///< FLOAT32 [1,1] -> FLOAT32 [1,1]
  std::vector<uint8_t> int8_tflite;   ///< INT8 [1,1] -> INT8 [1,1], scales for x in [0, 2π]
  SineErrors float_errors;            ///< on 1000 evenly spaced x
  SineErrors int8_errors;             ///< on all 256 inputs, with the arithmetic of FULLY_CONNECTED
};

/// Trains the network, about a second, and quantizes it after training.
SineModels make_sine_models(uint64_t seed);

}  // namespace tandem::models
