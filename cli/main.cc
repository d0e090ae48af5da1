#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <new>
#include <system_error>

#include "bench.h"
#include "conform.h"
#include "inspect.h"
#include "listen.h"
#include "ops.h"
#include "run.h"
#include "sim.h"
#include "tandem/port.h"
#include "uf2.h"

namespace {

using tandem::cli::Fit;
using tandem::cli::Normalize;

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

void add_run(CLI::App& app, tandem::cli::RunOptions& options) {
  static const std::map<std::string, Fit> kFits = {
      {"crop", Fit::kCrop}, {"stretch", Fit::kStretch}, {"pad", Fit::kPad}};
  static const std::map<std::string, Normalize> kNormalizes = {{"auto", Normalize::kAuto},
                                                               {"0..1", Normalize::kZeroToOne},
                                                               {"-1..1", Normalize::kMinusOneToOne},
                                                               {"0..255", Normalize::kZeroTo255},
                                                               {"bytes", Normalize::kBytes}};
  constexpr size_t kMaxArena = size_t{1} << 30;
  CLI::App* command = app.add_subcommand("run", "Run a model on files and print its outputs");
  command->add_option("model", options.model, "A .tflite file")->required()->type_name("FILE");
  command
      ->add_option("--input", options.inputs,
                   "One for each model input, in their order: a picture (png jpg bmp tga ppm pgm), sound "
                   "(wav flac ogg), "
                   "npy, csv, txt, raw, or random:SEED. NAME=FILE and INDEX=FILE choose the input")
      ->type_name("FILE");
  command->add_flag("--bytes", options.how.bytes,
                    "Pixels, samples or array elements are the tensor's bytes as they are");
  command
      ->add_option_function<std::string>(
          "--fit", [&](const std::string& name) { options.how.fit = kFits.at(name); },
          "A picture of another aspect ratio: crop its centre (default), stretch it, or pad it")
      ->check(CLI::IsMember(kFits));
  command
      ->add_option_function<std::string>(
          "--normalize", [&](const std::string& name) { options.how.normalize = kNormalizes.at(name); },
          "What pixels 0 to 255 mean: auto (default) takes what the input's scale suggests, "
          "bytes the type's whole range")
      ->check(CLI::IsMember(kNormalizes));
  command->add_option("--rate", options.how.sample_rate, "Resample sound to this many Hz")
      ->type_name("HZ")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--raw-values", options.how.raw_values,
                    "Numbers of csv and txt are stored values, not real ones");
  command->add_option("--show-input", options.show_input, "Write what the network is given as a PNG")
      ->type_name("FILE.png");
  command->add_option("--labels", options.labels, "A label a line: list the best scores by name")
      ->type_name("FILE");
  command->add_option("--top", options.top, "How many scores to list (default 5, if there are labels)")
      ->type_name("K")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--output", options.output, "Write the outputs: .npy, .json or .raw")
      ->type_name("FILE");
  command->add_flag("--json", options.json, "Print JSON");
  add_workers(*command, options.workers, "Worker threads");
  command->add_option("--repeat", options.repeat, "Invocations on the same inputs, timed")
      ->type_name("N")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 40));
  command->add_flag("--profile", options.profile, "Time and multiply-accumulates of every step");
  command
      ->add_option("--arena", options.arena_bytes,
                   "Bytes of arena to run in, instead of what the model needs")
      ->type_name("BYTES")
      ->check(CLI::Range(size_t{0}, kMaxArena));
  CLI::Option* preprocess =
      command
          ->add_option("--preprocess", options.preprocess,
                       "A model that makes the input from sound: runs both over the whole sound, as a device "
                       "that listens, and prints what was heard when")
          ->type_name("FILE");
  command->add_option("--hop", options.hop, "Samples from one piece of the sound to the next (default 20 ms)")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000))
      ->needs(preprocess);
  command->add_option("--threshold", options.threshold, "The score that counts as heard (default 0.7)")
      ->needs(preprocess);
  command
      ->add_option("--average", options.average_ms,
                   "Milliseconds over which scores are averaged before that (default 250)")
      ->type_name("MS")
      ->check(CLI::Range(0.0, 1e6))
      ->needs(preprocess);
  for (const char* other : {"--show-input", "--top", "--output", "--repeat", "--profile"}) {
    preprocess->excludes(command->get_option(other));
  }
  command->footer(
      "Examples:\n"
      "  tandem run person_detect.tflite --input face.png\n"
      "  tandem run person_detect.tflite --input person.bmp --bytes --labels labels.txt\n"
      "  tandem run keyword.tflite --input yes.wav --rate 16000 --top 3\n"
      "  tandem run micro_speech.tflite --preprocess audio_preprocessor.tflite --input spoken.wav\n"
      "  tandem run add.tflite --input a.npy b.npy --output sum.npy\n"
      "  tandem run any.tflite --input random:1 --repeat 100 --workers 2 --profile");
}

void add_no_generated_code(CLI::App& command, bool& no_generated_code) {
  command.add_flag("--no-generated-code", no_generated_code,
                   "The board's kernels as TANDEM_NO_GENERATED_CODE has them: none writes code and runs it");
}

void add_conform(CLI::App& app, tandem::cli::ConformOptions& options) {
  CLI::App* command =
      app.add_subcommand("conform", "Check every case of reference-data folders against this runtime");
  command->add_option("folders", options.folders, "Folders with a manifest.jsonl")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--only", options.only, "Only cases whose id or operator contains this");
  add_workers(*command, options.workers, "Worker threads, or cores of the board");
  command->add_option("--board", "Instead of here, on a simulated board with its own kernels: pico")
      ->check(CLI::IsMember({"pico"}))
      ->each([&options](const std::string&) { options.on_board = true; });
  add_no_generated_code(*command, options.no_generated_code);
  command->add_flag("--json", options.json, "Counts by operator and type as JSON");
  command->footer(
      "Examples:\n"
      "  tandem conform ../shared/conformance\n"
      "  tandem conform ../shared/conformance --only CONV_2D --workers 2\n"
      "  tandem conform ../shared/conformance --board pico --workers 2");
}

void add_sim(CLI::App& app, tandem::cli::SimOptions& options) {
  CLI::App* command = app.add_subcommand("sim", "Run RP2040 firmware on a simulated chip, to the cycle");
  command->add_option("firmware", options.firmware, "ELF, UF2 or flash image")
      ->required()
      ->check(CLI::ExistingFile);
  command
      ->add_option("--bootrom", options.bootrom,
                   "The chip's 16 KB boot ROM; without it its functions are emulated")
      ->check(CLI::ExistingFile);
  command->add_option("--max-cycles", options.max_cycles, "End after so many clk_sys cycles");
  command->add_option("--timeout", options.timeout_seconds,
                      "End after so many seconds of this machine's time");
  command->add_option("--stop-on", options.stop_on, "End when the console shows this text");
  command->add_option("--max-reboots", options.max_reboots,
                      "End instead of rebooting more often (by the watchdog or a core; default 3)");
  command->add_option("--clock-mhz", options.clock_mhz, "clk_sys, whatever the clock registers say")
      ->check(CLI::Range(1.0, 1000.0));
  command->add_option("--marks", options.marks, "BEGIN,END: count cycles between two symbols' addresses");
  command->add_option("--files", options.files, "Folder whose files firmware may read by semihosting")
      ->check(CLI::ExistingDirectory);
  command->add_flag("--instant-uart", options.instant_uart, "UARTs take every byte at once");
  command->add_flag("--stack-limit", options.stack_limit,
                    "End when a stack falls under its limit; else that is told once");
  command->add_flag("--json", options.json, "Statistics as JSON");
  command->add_flag("--profile", options.profile, "Cycles and stalls by function and source line");
  command->add_option("--top", options.top, "Lines of the profile for each core");
  command->add_option("--annotate", options.annotate,
                      "Disassemble a function (or BEGIN-END) with cycles and stalls on each line");
  command->add_option("--trace", options.trace,
                      "Write calls, marks and DMA for Perfetto or chrome://tracing");
  command->add_option("--svg", options.svg, "Draw both cores' timeline");
  command->add_flag("--sensitivity", options.sensitivity,
                    "Run again under other values of the timing parameters that nobody has measured");
  command->footer(
      "Examples:\n"
      "  tandem sim firmware.elf\n"
      "  tandem sim firmware.uf2 --bootrom rp2040.bin --profile --max-cycles 100000000\n"
      "  tandem sim firmware.elf --marks begin,end --json\n"
      "  tandem sim firmware.elf --svg timeline.svg --trace trace.json");
}

void add_bench(CLI::App& app, tandem::cli::BenchOptions& options) {
  CLI::App* command = app.add_subcommand(
      "bench", "Measure a model on both cores of a simulated board, by its real firmware, to the cycle");
  command->add_option("model", options.model, "A .tflite file")->required()->type_name("FILE");
  command->add_option("--board", options.board, "Which board: pico (default)")
      ->check(CLI::IsMember({"pico"}));
  command->add_option("--cores", options.cores, "Measure on so many cores; both numbers if not given")
      ->check(CLI::IsMember({1, 2}));
  command->add_option("--clock", options.clock_mhz, "clk_sys in MHz: 125 (default), 133 or 200")
      ->check(CLI::IsMember({125, 133, 200}));
  command
      ->add_option("--code", options.code,
                   "Where code lies: flash (default), but for what asks for SRAM; or sram")
      ->check(CLI::IsMember({"flash", "sram"}));
  add_no_generated_code(*command, options.no_generated_code);
  command
      ->add_option(
          "--inputs", options.inputs,
          "Recorded inputs by name, random:SEED, all:lowest|highest|zero|alternating, or files (with commas "
          "between a model's several inputs), "
          "each an inference. Default: the recorded ones of the reference data, else two random ones")
      ->type_name("INPUT");
  command->add_flag("--bytes", options.bytes,
                    "Pixels, samples or array elements of files are the tensor's bytes");
  command->add_option("--runs", options.rounds, "Run all inputs so often in a row")
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  command
      ->add_option("--arena", options.arena_bytes,
                   "Bytes of arena, instead of what leaves 72 KB of the board's memory free")
      ->type_name("BYTES");
  command->add_flag("--json", options.json, "Everything as JSON; with one number of cores a flat object");
  command->add_option("--trace", options.trace, "Write the first input's calls for Perfetto")
      ->type_name("FILE");
  command->add_option("--svg", options.svg, "Draw both cores' timeline of the first input")
      ->type_name("FILE");
  command->add_option("--elf", options.elf, "Keep the image; `tandem uf2` makes a UF2 of it")
      ->type_name("FILE");
  command->footer(
      "Measured is invoke() on core 0, from its entry to its return, each input with a cold flash cache.\n"
      "\n"
      "Examples:\n"
      "  tandem bench person_detect.tflite\n"
      "  tandem bench person_detect.tflite --cores 2 --json | jq .total_ms\n"
      "  tandem bench keyword.tflite --inputs random:1 yes.wav --svg timeline.svg --elf keyword.elf");
}

void add_uf2(CLI::App& app, tandem::cli::Uf2Options& options) {
  CLI::App* command =
      app.add_subcommand("uf2", "Make the file that a board in BOOTSEL mode takes, or check one");
  command->add_option("file", options.file, "An ELF file; with --check a UF2 file")
      ->required()
      ->type_name("FILE");
  command->add_option("-o,--output", options.output, "Where to write; else beside the ELF file, ending .uf2")
      ->type_name("FILE");
  std::vector<std::string> families;
  for (const tandem::cli::Uf2Family& family : tandem::cli::uf2_families()) families.emplace_back(family.name);
  command->add_option("--family", options.family, "Which chip: rp2040 (default) or rp2350")
      ->check(CLI::IsMember(families));
  command->add_flag(
      "--check", options.check,
      "Check every block: magic numbers, family, numbers, addresses, the second stage's checksum");
  command->footer(
      "Examples:\n"
      "  tandem uf2 benchmark.elf\n"
      "  tandem uf2 --check benchmark.uf2");
}

void add_ops(CLI::App& app) {
  app.add_subcommand("ops", "List all operators: types, kernels, limits; the page docs/operators.md")
      ->footer("Examples:\n  tandem ops | grep RESIZE");
}

int run_command(int argc, char** argv) {
  CLI::App app{"Runs TensorFlow Lite models as a microcontroller does, and tells what they take."};
  app.name("tandem");
  app.set_version_flag("--version", "tandem " TANDEM_VERSION);
  app.footer("Exit codes: 0 ok, 1 bad input, 2 usage. `tandem COMMAND --help` has examples.");

  tandem::cli::InspectOptions inspect;
  tandem::cli::RunOptions run;
  tandem::cli::ConformOptions conform;
  tandem::cli::SimOptions sim;
  tandem::cli::BenchOptions bench;
  tandem::cli::Uf2Options uf2;
  add_inspect(app, inspect);
  add_run(app, run);
  add_conform(app, conform);
  add_sim(app, sim);
  add_bench(app, bench);
  add_uf2(app, uf2);
  add_ops(app);
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
  if (app.got_subcommand("run")) {
    return run.preprocess.empty() ? tandem::cli::run(run) : tandem::cli::listen(run);
  }
  if (app.got_subcommand("bench")) return tandem::cli::bench(bench);
  if (app.got_subcommand("uf2")) return tandem::cli::uf2(uf2);
  if (app.got_subcommand("ops")) return tandem::cli::ops();
  if (app.got_subcommand("sim")) return tandem::cli::simulate(sim);
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
