#include <CLI/CLI.hpp>

#include "conform.h"

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

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    app.exit(error);
    return kUsageError;
  }
  return tandem::cli::conform(conform);
}
