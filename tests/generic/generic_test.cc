#include <gtest/gtest.h>

#include <filesystem>

#include "child_process.h"
#include "session.h"
#include "tests/pico/outputs_of.h"

// The generic program on QEMU's mps2-an385, whose Cortex-M3 runs ARMv6-M code.
namespace tandem {
namespace {

std::string lines_on_host() {
  std::string lines;
  for (const char* name : {"sine", "conv_cases", "person_shaped"}) {
    const std::string file = std::string(name) == "sine" ? "sine_int8" : name;
    auto session = cli::Session::open(std::string(TANDEM_MODELS) + "/" + file + ".tflite");
    if (!session.ok()) return session.problem().sentence;
    const Port port;
    if (const Status status = (*session)->prepare(port); !status.ok()) return (*session)->describe(status);
    for (uint32_t seed = 1; seed <= 3; ++seed) {
      lines += fmt::format("{} {} {:08x}\n", name, seed, outputs_of((*session)->interpreter(), seed));
    }
  }
  return lines;
}

TEST(GenericPort, OutputsEqualTheHosts) {
  if (!cli::program_exists("qemu-system-arm")) GTEST_SKIP() << "skipped: no qemu-system-arm";
  if (!std::filesystem::exists(TANDEM_GENERIC_ELF)) {
    GTEST_SKIP() << "skipped: generic.elf was not built (scripts/build rp2040 pico_test_firmware)";
  }
  const cli::ChildResult run = cli::run_child(
      {"timeout", "300", "qemu-system-arm", "-machine", "mps2-an385", "-nographic", "-monitor", "none",
       "-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", TANDEM_GENERIC_ELF},
      ".");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.output, lines_on_host());
}

}  // namespace
}  // namespace tandem
