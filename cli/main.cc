#include <CLI/CLI.hpp>

#include "conform.h"
#include "sim.h"

namespace {

// Exit codes: 0 ok, 1 bad input, 2 usage.
constexpr int kUsageError = 2;

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs TensorFlow Lite models as a microcontroller does, and tells what they take."};
  app.name("tandem");
  app.require_subcommand(1);

  tandem::cli::ConformOptions conform;
  CLI::App* conform_command =
      app.add_subcommand("conform", "Check every case of reference-data folders against this runtime");
  conform_command->add_option("folders", conform.folders, "Folders with a manifest.jsonl")
      ->required()
      ->check(CLI::ExistingDirectory);
  conform_command->add_option("--only", conform.only, "Only cases whose id or operator contains this");
  conform_command->add_option("--workers", conform.workers, "Worker threads")->check(CLI::Range(1, 8));
  conform_command->add_flag("--json", conform.json, "Counts by operator and type as JSON");

  tandem::cli::SimOptions sim;
  CLI::App* sim_command = app.add_subcommand("sim", "Run RP2040 firmware on a simulated chip, to the cycle");
  sim_command->add_option("firmware", sim.firmware, "ELF, UF2 or flash image")
      ->required()
      ->check(CLI::ExistingFile);
  sim_command
      ->add_option("--bootrom", sim.bootrom,
                   "The chip's 16 KB boot ROM; without it its functions are emulated")
      ->check(CLI::ExistingFile);
  sim_command->add_option("--max-cycles", sim.max_cycles, "End after so many clk_sys cycles");
  sim_command->add_option("--timeout", sim.timeout_seconds,
                          "End after so many seconds of this machine's time");
  sim_command->add_option("--stop-on", sim.stop_on, "End when the console shows this text");
  sim_command->add_option("--clock-mhz", sim.clock_mhz, "clk_sys, whatever the clock registers say")
      ->check(CLI::Range(1.0, 1000.0));
  sim_command->add_option("--marks", sim.marks, "BEGIN,END: count cycles between two symbols' addresses");
  sim_command->add_option("--files", sim.files, "Folder whose files firmware may read by semihosting")
      ->check(CLI::ExistingDirectory);
  sim_command->add_flag("--instant-uart", sim.instant_uart, "UARTs take every byte at once");
  sim_command->add_flag("--stack-limit", sim.stack_limit,
                        "End when a stack falls under its limit; else that is told once");
  sim_command->add_flag("--json", sim.json, "Statistics as JSON");
  sim_command->add_flag("--profile", sim.profile, "Cycles and stalls by function and source line");
  sim_command->add_option("--top", sim.top, "Lines of the profile for each core");
  sim_command->add_option("--annotate", sim.annotate,
                          "Disassemble a function (or BEGIN-END) with cycles and stalls on each line");
  sim_command->add_option("--trace", sim.trace,
                          "Write calls, marks and DMA for Perfetto or chrome://tracing");
  sim_command->add_option("--svg", sim.svg, "Draw both cores' timeline");
  sim_command->add_flag("--sensitivity", sim.sensitivity,
                        "Run again under other values of the timing parameters that nobody has measured");

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsageError;
  }
  if (sim_command->parsed()) return tandem::cli::simulate(sim);
  return tandem::cli::conform(conform);
}
