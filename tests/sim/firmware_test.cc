#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "machine.h"

// Whole programs on the simulator, and the same on refsim. They are built by the Arm toolchain; without it
// the tests are skipped.

namespace tandem::sim {
namespace {

class CollectingHost final : public Host {
 public:
  void on_console(uint8_t byte, Cycles) override { console += static_cast<char>(byte); }
  void on_warning(const Warning& warning) override { warnings.push_back(warning); }
  std::string console;
  std::vector<Warning> warnings;
};

std::string firmware_path(const std::string& name) {
  return std::string(TANDEM_FIRMWARE) + "/" + name + ".elf";
}

std::optional<Image> firmware(const std::string& name) {
  std::ifstream file(firmware_path(name), std::ios::binary);
  if (!file) return std::nullopt;
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  std::string error;
  auto image = read_image(bytes, &error);
  EXPECT_TRUE(image) << name << " " << error;
  return image;
}

struct Outcome {
  std::string console;
  std::vector<Warning> warnings;
  Stop stop;
  Cycles cycles = 0;
  uint64_t instructions = 0;
};

Outcome simulate(const Image& image, const Options& options = {}) {
  Outcome run;
  CollectingHost host;
  Machine machine(options, host);
  EXPECT_TRUE(machine.load(image).empty());
  machine.boot();
  run.stop = machine.run(1'000'000'000);
  run.cycles = machine.core(0).time();
  run.instructions = machine.core(0).statistics(run.cycles).instructions;
  run.console = std::move(host.console);
  run.warnings = std::move(host.warnings);
  return run;
}

/// Core 0's cycles under refsim, from the statistics that it prints.
std::optional<Cycles> refsim_cycles(const std::string& name) {
#ifdef TANDEM_REFSIM
  FILE* out = popen((std::string(TANDEM_REFSIM) + " " + firmware_path(name) + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 256> line;
  while (out != nullptr && std::fgets(line.data(), line.size(), out) != nullptr) text += line.data();
  if (out != nullptr) pclose(out);
  const std::string key = "core 0: cycles ";
  const size_t at = text.find(key);
  if (at == std::string::npos) return std::nullopt;
  return std::stoull(text.substr(at + key.size()));
#else
  static_cast<void>(name);
  return std::nullopt;
#endif
}

TEST(Firmware, SelfTestPasses) {
  const auto image = firmware("self_test");
  if (!image) GTEST_SKIP() << "skipped: no Arm toolchain";
  const Outcome run = simulate(*image);
  EXPECT_EQ(run.stop.kind, StopKind::kExit);
  EXPECT_EQ(run.stop.exit_code, 0);
  EXPECT_NE(run.console.find(" checks, 0 failed"), std::string::npos) << run.console;
  EXPECT_TRUE(run.warnings.empty());
}

TEST(Firmware, RunsAreRepeatable) {
  const auto image = firmware("self_test");
  if (!image) GTEST_SKIP() << "skipped: no Arm toolchain";
  const Outcome a = simulate(*image), b = simulate(*image);
  EXPECT_EQ(a.cycles, b.cycles);
  EXPECT_EQ(a.instructions, b.instructions);
}

/// The passes are counted in loops.S: 15 cycles an inner pass; a round adds MOVS, SUBS, BNE, and saves one
/// cycle where the inner branch isn't taken.
TEST(Firmware, LoopTakesTheCyclesOfItsSource) {
  constexpr Cycles kRounds = 1000, kRound = 100 * 15 - 1 + 1 + 1 + 2;
  constexpr Cycles kAround = 2000;  // start-up from flash: some dozens of misses
  const auto image = firmware("one_loop");
  if (!image) GTEST_SKIP() << "skipped: no Arm toolchain";
  const Outcome run = simulate(*image);
  EXPECT_GE(run.cycles, kRounds * kRound);
  EXPECT_LE(run.cycles, kRounds * kRound + kAround);
}

class AgainstRefsim : public testing::TestWithParam<const char*> {};

/// The start differs by a few cycles (order of the two cores at power-on); loops must not.
TEST_P(AgainstRefsim, CyclesAgree) {
  const auto image = firmware(GetParam());
  if (!image) GTEST_SKIP() << "skipped: no Arm toolchain";
  const auto theirs = refsim_cycles(GetParam());
  if (!theirs) GTEST_SKIP() << "skipped: no refsim";
  const Outcome run = simulate(*image);
  const auto ours = static_cast<double>(run.cycles);
  EXPECT_NEAR(ours, static_cast<double>(*theirs), 1e-4 * ours);
}

INSTANTIATE_TEST_SUITE_P(Loops, AgainstRefsim, testing::Values("one_loop", "two_loops"));

TEST(Firmware, RomImageIsItsSourceAssembled) {
  const auto image = firmware("rom");
  if (!image) GTEST_SKIP() << "skipped: no Arm toolchain";
  CollectingHost host;
  Machine machine({}, host);
  std::vector<uint8_t> expected(kRomBytes);
  for (const Segment& segment : image->segments) {
    ASSERT_LE(segment.address + segment.bytes.size(), expected.size());
    std::copy(segment.bytes.begin(), segment.bytes.end(), expected.begin() + segment.address);
  }
  EXPECT_EQ(machine.bus().rom(), expected) << "assemble sim/rom.S again into sim/rom_image.inc";
}

}  // namespace
}  // namespace tandem::sim
