#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "outcome.h"

namespace tandem::cli {

inline constexpr const char* kDeviceCompiler = "arm-none-eabi-g++";

/// Why firmware can't be built here; nothing if it can.
std::optional<Problem> toolchain_problem();

/// The end of what a failed command printed.
std::string last_lines(const std::string& text);

/// Which kernels the device library has.
enum class DeviceKernels {
  kAll,              ///< preset rp2040
  kNoGeneratedCode,  ///< preset rp2040-no-generated-code: none that write code and run it
};

/// The build folder of a preset, which one process at a time may use: others wait until this object is gone.
class DeviceBuild {
 public:
  explicit DeviceBuild(DeviceKernels kernels);
  ~DeviceBuild();
  DeviceBuild(const DeviceBuild&) = delete;
  DeviceBuild& operator=(const DeviceBuild&) = delete;

  [[nodiscard]] std::filesystem::path folder() const;

  /// Builds a target of the preset, if something in it is missing or older than its sources; what is done is
  /// told on stderr.
  [[nodiscard]] std::optional<Problem> bring_up_to_date(const std::string& target);

 private:
  const char* preset_;
  int lock_ = -1;
};

}  // namespace tandem::cli
