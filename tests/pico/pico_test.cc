#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
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

/// What a program prints until it sleeps for good; nothing if it was not built.
std::string console_of(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(TANDEM_FIRMWARE) / (name + ".elf");
  std::ifstream file(path, std::ios::binary);
  if (!file) return "";
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  std::string error;
  const auto image = sim::read_image(bytes, &error);
  if (!image) return error;
  Console console;
  // Faults go to the program's own handlers, as on the chip.
  sim::Machine machine({.instant_uart = true, .stop_on_fault = false}, console);
  machine.load(*image);
  EXPECT_TRUE(machine.boot()) << "the ROM does not accept the second stage";
  constexpr sim::Cycles kLimit = 2'000'000'000;
  const sim::Stop stop = machine.run(kLimit);
  EXPECT_EQ(stop.kind, sim::StopKind::kAsleep) << console.text;
  return console.text;
}

#define RUN_OR_SKIP(text, name)              \
  const std::string text = console_of(name); \
  if (text.empty())                          \
  GTEST_SKIP() << "skipped: " name ".elf was not built (scripts/build rp2040 pico_test_firmware)"

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(PicoPort, LendsAndTakesBackCore1) {
  RUN_OR_SKIP(text, "lend_core1");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "ok without core 1 too\r\nEND")) << text;
}

TEST(PicoPort, RunsSeveralModels) {
  RUN_OR_SKIP(text, "many_models");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "ok fifty inferences, same bytes\r\nEND")) << text;
}

TEST(Kernels, SparseConvolutionSaysWhatRefSays) {
  RUN_OR_SKIP(text, "sparse_kernel");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "ok sparse says what ref says\r\nEND")) << text;
}

TEST(Kernels, DepthwiseConvolutionSaysWhatRefSays) {
  RUN_OR_SKIP(text, "depthwise_kernel");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "ok depthwise says what ref says\r\nEND")) << text;
}

TEST(Kernels, DenseConvolutionsSayWhatRefSays) {
  RUN_OR_SKIP(text, "conv_cases");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "END")) << text;
}

TEST(PicoPort, ResetsByTheWatchdog) {
  RUN_OR_SKIP(text, "watchdog");
  EXPECT_FALSE(says(text, "FAILED")) << text;
  EXPECT_TRUE(says(text, "fed in time\r\n")) << text;
  EXPECT_TRUE(says(text, "ok the watchdog reset the chip\r\nEND")) << text;
}

TEST(FaultReport, NamesAnUnalignedLoad) {
  RUN_OR_SKIP(text, "fault_unaligned_load");
  EXPECT_TRUE(says(text, "HARD FAULT on core 0")) << text;
  EXPECT_TRUE(says(text, "20000001")) << text;
}

TEST(FaultReport, NamesAnUndefinedInstruction) {
  RUN_OR_SKIP(text, "fault_undefined_instruction");
  EXPECT_TRUE(says(text, "HARD FAULT on core 0")) << text;
  EXPECT_TRUE(says(text, "addr2line")) << text;
}

TEST(FaultReport, NamesAStackOverflow) {
  RUN_OR_SKIP(text, "fault_stack_overflow");
  EXPECT_TRUE(says(text, "STACK OVERFLOW: core 0")) << text;
}

TEST(FaultReport, NamesAnInterruptWithoutHandler) {
  RUN_OR_SKIP(text, "fault_interrupt_without_handler");
  EXPECT_TRUE(says(text, "INTERRUPT 11 on core 0 has no handler: define tandem_irq11()")) << text;
}

}  // namespace
}  // namespace tandem
