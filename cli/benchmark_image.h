#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "device_build.h"
#include "outcome.h"

namespace tandem::cli {

/// One inference's inputs: the bytes of all of a model's inputs, one after the other.
struct BenchmarkInput {
  std::string name;  ///< without blanks: it becomes a word of the firmware's output
  std::vector<uint8_t> bytes;
  bool goes_on = false;  ///< variables are kept from the input before
};

/// What a benchmark image is made of; see firmware/benchmark/benchmark.h.
struct BenchmarkConfig {
  std::string model_name;
  std::vector<uint8_t> model;
  std::vector<std::string> ops;  ///< names in tandem::op
  std::vector<BenchmarkInput> inputs;
  std::vector<uint32_t> cores{1, 2};
  uint32_t clock_mhz = 125;
  uint32_t rounds = 1;
  uint32_t arena_bytes = 0;   ///< 0: all that is free
  bool code_in_sram = false;  ///< else in flash, but for what asks to be in SRAM
  DeviceKernels kernels = DeviceKernels::kAll;
};

struct BenchmarkImage {
  std::filesystem::path elf;
  std::filesystem::path map;  ///< the linker's
};

/// Links the benchmark firmware for `config` with the Arm toolchain, or finds it linked by an earlier call.
/// The device library is built first, in the build folder of its preset, if something in it is missing
/// or older than its sources; what is done is told on stderr.
Outcome<BenchmarkImage> build_benchmark_image(const BenchmarkConfig& config);

}  // namespace tandem::cli
