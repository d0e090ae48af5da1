#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim.h"
#include "sim_annotate.h"
#include "sim_sensitivity.h"
#include "sim_watchers.h"
#include "test_files.h"

// Seeing a whole program: test_firmware/two_cores.c, built by the Arm toolchain with line information.
// Without the toolchain these are skipped.

namespace tandem::cli {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SimFirmware : public testing::Test {
 protected:
  void SetUp() override {
    file_ = slurp(TANDEM_TWO_CORES);
    if (file_.empty()) GTEST_SKIP() << "skipped: no Arm toolchain";
    std::string error;
    auto image = sim::read_image(bytes(), &error);
    ASSERT_TRUE(image) << error;
    firmware_.image = std::move(*image);
    options_.firmware = TANDEM_TWO_CORES;
    options_.max_cycles = 2'000'000;
  }
  std::span<const uint8_t> bytes() const {
    return {reinterpret_cast<const uint8_t*>(file_.data()), file_.size()};
  }

  std::string file_;
  Firmware firmware_;
  SimOptions options_;
};

TEST_F(SimFirmware, LinesFunctionsAndAddressesSumToTheSame) {
  FirmwareRun run(options_, firmware_, {}, true);
  Watchers watchers;
  Profile profile;
  watchers.add(&profile);
  run.run(&watchers);
  watchers.finish(run.machine());
  EXPECT_EQ(run.reason(), "exit 0");
  const DebugInfo debug(bytes());
  FunctionIndex index(firmware_.image);
  for (const int core : {0, 1}) {
    const Profile::Counts total = profile.total(core);
    Profile::Counts by_function;
    for (const auto& row : profile.functions(core, index)) by_function += row.counts;
    EXPECT_EQ(by_function, total);
    const auto lines = profile.lines(core, debug);
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines[0].name.find("two_cores.c:"), std::string::npos) << lines[0].name;
    EXPECT_GT(lines[0].counts.executions, 12u * 8 * 64) << "the loop is first";
    const auto& statistics = run.machine().core(core).statistics(run.machine().now());
    EXPECT_EQ(total.executions, statistics.instructions);
    EXPECT_EQ(total.sleeping, statistics.sleeping);
  }
}

TEST_F(SimFirmware, AnnotatesCodeThatWasCopiedToSram) {
  FirmwareRun run(options_, firmware_, {}, true);
  Profile profile;
  run.run(&profile);
  const DebugInfo debug(bytes());
  const auto range = find_code(firmware_.image, "dot");
  ASSERT_TRUE(range);
  EXPECT_GE(range->begin, 0x20000000u);
  const auto code = disassemble(run.machine(), *range, debug);
  uint64_t multiplications = 0;
  for (const CodeLine& line : code) {
    EXPECT_TRUE(line.source) << line.text;
    if (line.text.starts_with("muls")) multiplications += profile.at(0, line.address).executions;
  }
  EXPECT_EQ(multiplications, 12u * 8 * 64);
  const std::string text = annotate(*range, code, 1, profile, debug);
  EXPECT_NE(text.find("simulated: core 1, dot"), text.npos);
  EXPECT_NE(text.find("two_cores.c:"), text.npos);
}

TEST_F(SimFirmware, LiteralsAreNoInstructions) {
  FirmwareRun run(options_, firmware_, {}, true);
  const auto range = find_code(firmware_.image, "main");
  ASSERT_TRUE(range);
  size_t words = 0;
  for (const CodeLine& line : disassemble(run.machine(), *range, DebugInfo(bytes()))) {
    words += line.data && line.text.starts_with(".word");
  }
  EXPECT_GT(words, 2u);
}

TEST_F(SimFirmware, RangesAreHexadecimalAndNonsenseIsNone) {
  const auto range = find_code(firmware_.image, "0x20000000-20000010");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->end - range->begin, 16u);
  for (const char* what : {"", "nowhere", "-", "10-", "20-10", "0-ffffffff", "x-y"}) {
    EXPECT_FALSE(find_code(firmware_.image, what)) << what;
  }
}

TEST_F(SimFirmware, DamagedFilesGiveLessAndNeverACrash) {
  const auto file = bytes();
  for (size_t length = 0; length < file.size(); length += 97) DebugInfo(file.first(length));
  std::vector<uint8_t> copy(file.begin(), file.end());
  for (size_t at = 0; at < copy.size(); at += 3) {
    copy[at] ^= 0xff;
    DebugInfo debug(copy);
    debug.line_at(0x20000000);
    copy[at] ^= 0xff;
  }
}

TEST_F(SimFirmware, MissesCostWhatTheirOverheadSays) {
  const auto variations = vary_parameters(options_, firmware_, std::nullopt);
  ASSERT_EQ(variations.size(), 5u);
  FirmwareRun run(options_, firmware_, {}, true);
  run.run(nullptr);
  for (const Variation& v : variations) {
    EXPECT_EQ(v.ended, "exit 0") << v.name;
    if (v.key == "miss_overhead_5") {
      EXPECT_LT(v.cycles, run.machine().now());
    }
    if (v.key == "miss_overhead_12") {
      EXPECT_GT(v.cycles, run.machine().now());
    }
  }
}

TEST_F(SimFirmware, TheCommandWritesJsonTraceAndPicture) {
  const TemporaryFolder folder;
  options_.json = options_.profile = options_.sensitivity = true;
  options_.annotate = "dot";
  options_.marks = "rows_begin,rows_end";
  options_.trace = folder.path() / "trace.json";
  options_.svg = folder.path() / "timeline.svg";
  testing::internal::CaptureStderr();
  EXPECT_EQ(simulate(options_), 0);
  const auto json = nlohmann::json::parse(testing::internal::GetCapturedStderr());
  EXPECT_EQ(json["simulated"], true);
  EXPECT_EQ(json["marks"]["count"], 12);
  EXPECT_GT(json["xip"]["hit_rate"], 0.9);
  EXPECT_GT(json["sram"]["bank_conflicts"], 0);
  EXPECT_EQ(json["sensitivity"]["replacement_fifo"]["marks"]["count"], 12);
  EXPECT_EQ(json["profile"][1]["functions"][0]["function"], "dot");
  EXPECT_EQ(json["annotation"]["lines"][0]["cores"][0]["instructions"], 12 * 8);
  size_t dma = 0, interrupts = 0;
  const auto trace = nlohmann::json::parse(slurp(options_.trace));
  for (const auto& event : trace["traceEvents"]) {
    dma += event["name"] == "256 transfers";
    interrupts += event["name"] == "IRQ 11";
  }
  EXPECT_EQ(dma, 12u);
  EXPECT_EQ(interrupts, 12u);
  EXPECT_NE(slurp(options_.svg).find("</svg>"), std::string::npos);
}

TEST_F(SimFirmware, WatchingChangesNoCycle) {
  FirmwareRun alone(options_, firmware_, {}, true), watched(options_, firmware_, {}, true);
  alone.run(nullptr);
  Profile profile;
  watched.run(&profile);
  EXPECT_EQ(alone.machine().now(), watched.machine().now());
}

}  // namespace
}  // namespace tandem::cli
