#include "device_build.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <vector>

#include "child_process.h"

namespace tandem::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kSourceRoot = TANDEM_SOURCE_ROOT;

std::optional<Problem> run_step(const std::vector<std::string>& words, const fs::path& folder) {
  const ChildResult result = run_child(words, folder);
  if (result.code == 0) return std::nullopt;
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  return problem("`{}` failed with exit code {}:\n{}", command, result.code, last_lines(result.output));
}

}  // namespace

std::optional<Problem> toolchain_problem() {
  for (const char* program : {kDeviceCompiler, "cmake", "ninja"}) {
    if (program_exists(program)) continue;
    return problem(
        "{} is missing. On Debian: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi "
        "libstdc++-arm-none-eabi-newlib cmake ninja-build",
        program);
  }
  return std::nullopt;
}

std::string last_lines(const std::string& text) {
  constexpr int kLines = 25;
  size_t at = text.find_last_not_of('\n');
  for (int i = 0; i < kLines && at != std::string::npos && at != 0; ++i) at = text.rfind('\n', at - 1);
  return at == std::string::npos || at == 0 ? text : text.substr(at + 1);
}

DeviceBuild::DeviceBuild(DeviceKernels kernels)
    : preset_(kernels == DeviceKernels::kAll ? "rp2040" : "rp2040-no-generated-code") {
  std::error_code error;
  fs::create_directories(folder(), error);
  lock_ = open((folder() / ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  if (lock_ >= 0) flock(lock_, LOCK_EX);
}

DeviceBuild::~DeviceBuild() {
  if (lock_ >= 0) close(lock_);
}

fs::path DeviceBuild::folder() const { return kSourceRoot / "build" / preset_; }

std::optional<Problem> DeviceBuild::bring_up_to_date(const std::string& target) {
  if (auto wrong = toolchain_problem()) return wrong;
  if (lock_ < 0) return problem("{} can't be written to.", folder().string());
  if (!fs::exists(kSourceRoot / "CMakePresets.json")) {
    return problem("{} is gone: firmware is built from the source that this command was built from.",
                   kSourceRoot.string());
  }
  if (fs::exists(folder() / "build.ninja")) {
    const ChildResult done = run_child({"ninja", target}, folder());
    if (done.code == 0) {
      const bool was_stale = done.output.find("no work to do") == std::string::npos;
      if (was_stale)
        fmt::print(stderr, "rebuilt the device library in {}: it was stale\n", folder().string());
      return std::nullopt;
    }
  }
  // Missing, of a clone that has moved, or broken: this configures, builds, and keeps a log.
  fmt::print(stderr, "building the device library in {}\n", folder().string());
  return run_step({(kSourceRoot / "scripts/build").string(), preset_, target}, kSourceRoot);
}

}  // namespace tandem::cli
