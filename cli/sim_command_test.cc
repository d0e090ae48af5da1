#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "test_command.h"
#include "test_files.h"

// `tandem sim` as a user calls it, on firmware that goes wrong: test_firmware/accidents.c. Without the Arm
// toolchain these are skipped.

namespace tandem::cli {
namespace {

class SimCommand : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(TANDEM_ACCIDENTS)) GTEST_SKIP() << "skipped: no Arm toolchain";
  }
  /// Runs the firmware, which finds `what` in its file.
  CommandResult run(const std::string& what, std::vector<std::string> options = {}) {
    folder_.add("what", std::string_view(what));
    options.insert(options.begin(), {"sim", TANDEM_ACCIDENTS, "--files", folder_.path().string()});
    return run_tandem(options);
  }
  static nlohmann::json json(const CommandResult& result) {
    return nlohmann::json::parse(result.err.substr(result.err.find('{')));
  }
  static size_t count(const std::string& text, std::string_view part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
  }

 private:
  TemporaryFolder folder_;
};

struct Accident {
  const char* what;
  std::vector<std::string> report;  ///< sentences in it
};
class SimAccidents : public SimCommand, public testing::WithParamInterface<Accident> {};

TEST_P(SimAccidents, AreReportedWithPlaceRegistersAndCallers) {
  const CommandResult result = run(GetParam().what, {"--stack-limit", "--max-cycles", "1000000"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.out, std::string(GetParam().what) + "\n") << "the console is before it";
  for (const std::string& part : GetParam().report) {
    EXPECT_NE(result.err.find(part), result.err.npos) << part << "\nin\n" << result.err;
  }
  for (const char* part : {"  core 0, cycle ", "   r0 0x", "lr 0x", "xpsr 0x", "ended: fault"}) {
    EXPECT_NE(result.err.find(part), result.err.npos) << part << "\nin\n" << result.err;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, SimAccidents,
    testing::Values(Accident{"unaligned",
                             {"fault: unaligned access: load of 4 bytes at 0x20000002\n", "load_word+0",
                              "called from 0x1000", " main+"}},
                    Accident{"nowhere",
                             {"fault: access to an address where nothing is: load of 4 bytes at 0x60000000\n",
                              "load_word+0", " main+"}},
                    Accident{"stack",
                             {"fault: stack under its limit: sp 0x20040f", ", the stack ends at 0x20041000\n",
                              " descend+", "maybe from  0x1000"}}),
    [](const auto& parameter) { return std::string(parameter.param.what); });

TEST_F(SimCommand, AnAccessToABlockInResetIsTold) {
  const CommandResult result = run("held");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.err.find(
                "read of 0x40034018, UART0, without effect: RESETS.RESET holds it, by core 0 at 0x1000"),
            result.err.npos)
      << result.err;
}

TEST_F(SimCommand, AStackUnderItsLimitIsToldOnceAndMayGoOn) {
  const CommandResult result = run("stack");
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(count(result.err, "core 0's stack fell under its limit 0x20041000"), 1u) << result.err;
}

TEST_F(SimCommand, EndsAtALimitOfCyclesToTheCycle) {
  const CommandResult result = run("loop", {"--max-cycles", "123456", "--json"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(json(result)["cycles"], 123456);
  EXPECT_EQ(json(result)["ended"], "limit");
}

TEST_F(SimCommand, EndsAtALimitOfTime) {
  const CommandResult result = run("loop", {"--timeout", "0.01", "--json"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(json(result)["ended"], "limit");
  EXPECT_LT(json(result)["host_seconds"], 60);
}

TEST_F(SimCommand, EndsWhereTheConsoleShowsAText) {
  const CommandResult result = run("loop", {"--stop-on", "still here"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "loop\nstill here\n");
  EXPECT_NE(result.err.find("ended: text seen"), result.err.npos) << result.err;
}

TEST_F(SimCommand, PassesTheFirmwaresExitCodeOnAndCountsBetweenMarks) {
  const CommandResult text = run("marks", {"--marks", "marks_begin,marks_end"});
  EXPECT_EQ(text.code, 7) << text.err;
  EXPECT_NE(text.err.find("simulated: marks: 5 times, "), text.err.npos) << text.err;
  const CommandResult result =
      run("marks", {"--marks", "marks_begin,marks_end", "--json", "--sensitivity", "--clock-mhz", "48"});
  EXPECT_EQ(result.code, 7);
  const nlohmann::json report = json(result);
  EXPECT_EQ(report["clock_hz"], 48'000'000);
  EXPECT_EQ(report["marks"]["count"], 5);
  EXPECT_EQ(report["marks"]["least"], 5) << "five NOPs, once they are in the cache";
  EXPECT_GT(report["marks"]["most"], 5) << "the first time they weren't";
  EXPECT_EQ(report["cores"].size(), 2u);
  EXPECT_EQ(report["sensitivity"].size(), 5u);
  for (const auto& [name, variation] : report["sensitivity"].items()) {
    EXPECT_EQ(variation["ended"], "exit 7") << name;
    EXPECT_EQ(variation["marks"]["least"], 5) << name;
  }
}

TEST_F(SimCommand, RebootsAsOftenAsItMay) {
  const CommandResult result = run("watchdog", {"--max-reboots", "2"});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.out, "watchdog\nwatchdog\nwatchdog\n");
  EXPECT_EQ(count(result.err, "the watchdog was triggered: reboot"), 3u) << result.err;
  EXPECT_NE(result.err.find("ended: reboot number 3 refused"), result.err.npos) << result.err;
}

TEST_F(SimCommand, SaysWhatItCannotUse) {
  EXPECT_EQ(run_tandem({"sim", "/nowhere.elf"}).code, 2);
  const CommandResult no_symbol = run("marks", {"--marks", "marks_begin,nowhere"});
  EXPECT_EQ(no_symbol.code, 1);
  EXPECT_NE(no_symbol.err.find("both have to be symbols of"), no_symbol.err.npos) << no_symbol.err;
  const CommandResult no_function = run("marks", {"--annotate", "nowhere"});
  EXPECT_EQ(no_function.code, 1);
  EXPECT_NE(no_function.err.find("neither a symbol of"), no_function.err.npos) << no_function.err;
  const CommandResult no_rom = run("marks", {"--bootrom", TANDEM_ACCIDENTS});
  EXPECT_EQ(no_rom.code, 1);
  EXPECT_NE(no_rom.err.find("is no boot ROM image"), no_rom.err.npos) << no_rom.err;
  EXPECT_EQ(run_tandem({"sim", TANDEM_ACCIDENTS}).code, 3) << "no files without --files";
}

}  // namespace
}  // namespace tandem::cli
