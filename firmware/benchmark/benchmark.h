#pragma once

#include <cstdint>
#include <span>

#include "tandem/op_set.h"

// What the benchmark firmware is linked with: a model, inputs, and what to do with them. `tandem bench`
// writes config.cc, which defines kConfig, and data.S, which holds the bytes.
namespace tandem::benchmark {

/// The bytes of all of a model's inputs, one after the other.
struct Input {
  const char* name = nullptr;
  const uint8_t* bytes = nullptr;
  /// Variables are kept from the input before; else they are reset.
  bool goes_on = false;
};

struct Config {
  const char* model_name = nullptr;
  std::span<const uint8_t> model;
  OpSet ops;
  std::span<const Input> inputs;
  uint32_t input_bytes = 0;         ///< of each input
  std::span<const uint32_t> cores;  ///< how many cores to measure with, one after the other: 1, 2
  uint32_t clock_mhz = 125;
  uint32_t rounds = 1;       ///< how often to run all inputs
  uint32_t arena_bytes = 0;  ///< 0: what leaves 72 KB free, or more if the model needs it
};

extern const Config kConfig;

}  // namespace tandem::benchmark
