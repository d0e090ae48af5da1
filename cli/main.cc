#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <system_error>

#include "conform.h"
#include "inspect.h"
#include "tandem/port.h"

namespace {

// Exit codes: 0 ok, 1 bad input, 2 usage.
constexpr int kUsageError = 2;

void add_workers(CLI::App& command, uint32_t& workers, const char* description) {
  command.add_option("--workers", workers, description)
      ->type_name("N")
      ->check(CLI::Range(1, static_cast<int>(tandem::Port::kMaxWorkers)));
}

void add_inspect(CLI::App& app, tandem::cli::InspectOptions& options) {
  CLI::App* command =
      app.add_subcommand("inspect", "Show what a model is made of and what it takes to run it");
  command->add_option("model", options.model, "A .tflite file")->required()->type_name("FILE");
  command->add_flag("--tensors", options.tensors, "The table of all tensors too");
  command->add_flag("--arena", options.arena, "The arena's memory map too: what lies where, and when");
  add_workers(*command, options.workers, "Worker threads to plan scratch memory for");
  command->add_flag("--json", options.json, "Everything as JSON");
  command->footer(
      "All operators that cannot be run are listed; the exit code is then 1.\n"
      "\n"
      "Examples:\n"
      "  tandem inspect person_detect.tflite\n"
      "  tandem inspect person_detect.tflite --arena --tensors\n"
      "  tandem inspect person_detect.tflite --json | jq .arena.arena_bytes");
}

void add_conform(CLI::App& app, tandem::cli::ConformOptions& options) {
  CLI::App* command =
      app.add_subcommand("conform", "Check every case of reference-data folders against this runtime");
  command->add_option("folders", options.folders, "Folders with a manifest.jsonl")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--only", options.only, "Only cases whose id or operator contains this");
  add_workers(*command, options.workers, "Worker threads");
  command->add_flag("--json", options.json, "Counts by operator and type as JSON");
  command->footer(
      "Examples:\n"
      "  tandem conform ../shared/conformance\n"
      "  tandem conform ../shared/conformance --only CONV_2D --workers 2");
}

int run_command(int argc, char** argv) {
  CLI::App app{"Runs TensorFlow Lite models as a microcontroller does, and tells what they take."};
  app.name("tandem");
  app.set_version_flag("--version", "tandem " TANDEM_VERSION);
  app.footer("Exit codes: 0 ok, 1 bad input, 2 usage. `tandem COMMAND --help` has examples.");

  tandem::cli::InspectOptions inspect;
  tandem::cli::ConformOptions conform;
  add_inspect(app, inspect);
  add_conform(app, conform);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsageError;
  }
  if (app.get_subcommands().size() != 1) {
    fmt::print(stderr, "{}", app.help());
    return kUsageError;
  }
  if (app.got_subcommand("inspect")) return tandem::cli::inspect(inspect);
  return tandem::cli::conform(conform);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const int code = run_command(argc, argv);
    if (std::fflush(stdout) != 0) throw std::system_error(errno, std::generic_category(), "standard output");
    return code;
  } catch (const std::bad_alloc&) {
    std::fputs("tandem: this machine has not enough memory for that.\n", stderr);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tandem: {}\n", error.what());
  }
  return EXIT_FAILURE;
}
