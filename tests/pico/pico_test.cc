#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>

#include "machine.h"

// The port rp2040 on the simulator: programs in this folder, built by the preset rp2040.
namespace tandem {
namespace {

class Console final : public sim::Host {
 public:
  void on_console(uint8_t byte, sim::Cycles) override { text += static_cast<char>(byte); }
  std::string text;
};

struct Ran {
  std::string text;  ///< what the program printed until it slept for good
  sim::Image image;
};

/// Nothing if the program was not built.
std::optional<Ran> run_program(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(TANDEM_FIRMWARE) / (name + ".elf");
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  std::string error;
  const auto image = sim::read_image(bytes, &error);
  if (!image) return Ran{.text = error, .image = {}};
  Console console;
  // Faults go to the program's own handlers, as on the chip.
  sim::Machine machine({.instant_uart = true, .stop_on_fault = false}, console);
  machine.load(*image);
  EXPECT_TRUE(machine.boot()) << "the ROM does not accept the second stage";
  constexpr sim::Cycles kLimit = 4'000'000'000;
  const sim::Stop stop = machine.run(kLimit);
  EXPECT_EQ(stop.kind, sim::StopKind::kAsleep) << console.text;
  return Ran{.text = console.text, .image = *image};
}

#define RUN_OR_SKIP(text, name)                                                                              \
  const std::optional<Ran> ran = run_program(name);                                                          \
  if (!ran) {                                                                                                \
    GTEST_SKIP() << "skipped: " << (name) << ".elf was not built (scripts/build rp2040 pico_test_firmware)"; \
  }                                                                                                          \
  const std::string& text = ran->text

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// A program that prints `ok` or `FAILED` for what it checks, and what it prints last.
struct Program {
  const char* name;
  const char* last;
};
class Programs : public testing::TestWithParam<Program> {};

TEST_P(Programs, CheckOutToTheEnd) {
  RUN_OR_SKIP(text, GetParam().name);
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, GetParam().last + std::string("\r\nEND"))) << text;
}

INSTANTIATE_TEST_SUITE_P(
    PicoPort, Programs,
    testing::Values(Program{"lend_core1", "ok without core 1 too"},
                    Program{"many_models", "ok fifty inferences, same bytes"},
                    Program{"sparse_kernel", "ok sparse says what ref says"},
                    Program{"depthwise_kernel", "ok depthwise says what ref says"},
                    Program{"depthwise_taps_kernel", "ok depthwise taps say what ref says"},
                    Program{"fully_connected_kernel", "ok fully connected says what ref says"},
                    Program{"add_kernel", "ok add says what ref says"},
                    Program{"conv_cases", "ok the kernel has taken part"}),
    [](const auto& tested) { return std::string(tested.param.name); });

// A program's interrupts hit every kernel's loops, whatever these use registers and the stack for.
TEST(PicoPort, TimerInterruptsAt20KilohertzChangeNothing) {
  RUN_OR_SKIP(text, "interrupts");
  EXPECT_FALSE(says(text, "FAILED")) << text.substr(0, 1000);
  EXPECT_TRUE(says(text, "ok inferences with interrupts ended\r\nEND")) << text.substr(0, 1000);
  std::set<std::string> functions;
  std::istringstream lines(text);
  for (std::string key, word; lines >> key;) {
    if (key == "HIT" && lines >> word) {
      const sim::Symbol* function =
          ran->image.function_at(static_cast<uint32_t>(std::stoul(word, nullptr, 16)));
      if (function != nullptr) functions.insert(function->name);
    } else if (key == "LATENCY") {
      uint32_t cores = 0, worst = 0, average = 0;
      lines >> cores >> worst >> average;
      RecordProperty("worst latency in cycles, cores " + std::to_string(cores), static_cast<int>(worst));
      // The handler's own first instructions come from flash, by misses that wait for the other core's.
      EXPECT_LE(worst, 500U) << cores << " cores";
    }
  }
  for (const char* loop : {"tandem_sparse_tiles", "tandem_sparse_write", "conv_generated_row",
                           "tandem_depthwise_gather", "tandem_depthwise_fill"}) {
    EXPECT_TRUE(functions.contains(loop)) << loop;
  }
}

TEST(PicoPort, ResetsByTheWatchdog) {
  RUN_OR_SKIP(text, "watchdog");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "fed in time\r\n")) << text;
  EXPECT_TRUE(says(text, "ok the watchdog reset the chip\r\nEND")) << text;
}

/// A program that goes wrong, and what its report has to say.
struct Accident {
  const char* name;
  std::vector<std::string> report;
};
class FaultReport : public testing::TestWithParam<Accident> {};

TEST_P(FaultReport, SaysWhatHappened) {
  RUN_OR_SKIP(text, std::string("fault_") + GetParam().name);
  for (const std::string& part : GetParam().report) EXPECT_TRUE(says(text, part)) << part << "\nin\n" << text;
  EXPECT_FALSE(says(text, "nothing happened")) << text;
}

INSTANTIATE_TEST_SUITE_P(
    PicoPort, FaultReport,
    testing::Values(Accident{"unaligned_load", {"HARD FAULT on core 0", "20000001"}},
                    Accident{"undefined_instruction", {"HARD FAULT on core 0", "addr2line"}},
                    Accident{"stack_overflow", {"HARD FAULT on core 0", "STACK OVERFLOW: core 0"}},
                    Accident{"interrupt_without_handler",
                             {"INTERRUPT 11 on core 0 has no handler: define tandem_irq11()"}}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tandem
