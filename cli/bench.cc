#include "bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "benchmark_image.h"
#include "benchmark_inputs.h"
#include "benchmark_run.h"
#include "device_build.h"
#include "file_bytes.h"
#include "link_map.h"
#include "narrowest_ops.h"
#include "plan_report.h"
#include "session.h"
#include "sim_profile.h"
#include "tensor_values.h"
#include "text_table.h"

namespace tandem::cli {
namespace {

using nlohmann::json;
using sim::Cycles;
using sim::StallCycles;

constexpr uint32_t kFlashBase = 0x10000000, kSramBase = 0x20000000;

// ---- what the host makes of the same inputs ----

struct HostRun {
  std::vector<std::vector<std::string>> outputs;  ///< of each input, as the firmware writes them
  std::string checksum;
};

uint32_t add_to_crc32(uint32_t crc, std::span<const uint8_t> bytes) {
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  return crc;
}

Outcome<HostRun> run_on_host(Session& session, const std::vector<BenchmarkInput>& inputs) {
  HostRun run;
  uint32_t crc = ~0U;
  Interpreter& interpreter = session.interpreter();
  for (const BenchmarkInput& input : inputs) {
    const uint8_t* from = input.bytes.data();
    for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
      const std::span<uint8_t> to = interpreter.input(i).bytes;
      std::copy_n(from, to.size(), to.begin());
      from += to.size();
    }
    if (!input.goes_on) interpreter.reset_variables();
    const tandem::Outcome outcome = interpreter.invoke();
    if (outcome.kind == tandem::Outcome::Kind::kDataError) {
      return problem("{} refuses the data of the input {}.", operator_place(session.model(), outcome.op),
                     input.name);
    }
    std::vector<std::string>& outputs = run.outputs.emplace_back();
    if (!outcome.ok()) outputs.emplace_back("-");
    for (uint32_t i = 0; outcome.ok() && i < interpreter.output_count(); ++i) {
      const std::span<const uint8_t> bytes = interpreter.output(i).bytes;
      crc = add_to_crc32(crc, bytes);
      std::string& text = outputs.emplace_back();
      for (const uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
    }
  }
  run.checksum = fmt::format("{:08x}", ~crc);
  return run;
}

// ---- a run on one number of cores, made ready for reading ----

struct StepText {
  int op = 0;
  uint32_t units = 0;
  uint64_t timer_us = 0;
  uint64_t macs = 0;
  std::string operator_name, shape;
};

struct Measured {
  const CoreRun& run;
  std::vector<StepText> steps;
  bool matches = true;
  std::string difference;  ///< the first output that is not the host's

  [[nodiscard]] const Inference& slowest() const {
    return *std::ranges::max_element(run.inferences, {}, &Inference::cycles);
  }
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

void compare_outputs(Measured& measured, const std::vector<BenchmarkInput>& inputs, const HostRun& host,
                     uint32_t rounds) {
  const std::vector<Inference>& inferences = measured.run.inferences;
  const auto differ = [&](std::string text) {
    if (measured.matches) measured.difference = std::move(text);
    measured.matches = false;
  };
  if (inferences.size() != inputs.size() * rounds) {
    return differ(
        fmt::format("{} of {} inferences came to an end", inferences.size(), inputs.size() * rounds));
  }
  for (size_t i = 0; i < inferences.size(); ++i) {
    const std::vector<std::string>& want = host.outputs[i % inputs.size()];
    if (inferences[i].outputs == want) continue;
    return differ(fmt::format("{}: the board's {}, the host's {}", inferences[i].input,
                              shortened(joined(inferences[i].outputs), 64), shortened(joined(want), 64)));
  }
  if (measured.run.checksum != host.checksum) {
    differ(fmt::format("the checksum: the board's {}, the host's {}", measured.run.checksum, host.checksum));
  }
}

// MACs are those of the host's plan. Where the board's kernels take other steps for an operator than the
// host's, its longest step has them all: others only get data into shape.
void add_macs(std::vector<StepText>& texts, const PlanReport& plan) {
  std::map<int, std::vector<uint64_t>> planned;  // of each operator
  for (const PlannedStep& step : plan.steps) {
    if (step.subgraph == 0) planned[step.op].push_back(step.work.macs);
  }
  std::map<int, std::vector<StepText*>> taken;
  for (StepText& text : texts) taken[text.op].push_back(&text);
  for (const auto& [op, steps] : taken) {
    const std::vector<uint64_t>& macs = planned[op];
    if (macs.size() == steps.size()) {
      for (size_t i = 0; i < steps.size(); ++i) steps[i]->macs = macs[i];
    } else {
      StepText* const longest = *std::ranges::max_element(steps, {}, &StepText::timer_us);
      longest->macs = std::accumulate(macs.begin(), macs.end(), uint64_t{0});
    }
  }
}

std::vector<StepText> step_texts(const CoreRun& run, const Model& model) {
  const Subgraph main(model, 0);
  std::vector<StepText> texts;
  for (const CoreRun::TimedStep& step : run.timed_steps) {
    StepText& text = texts.emplace_back();
    text.op = step.op;
    text.units = step.units;
    text.timer_us = step.timer_us;
    const OperatorInfo op = main.op(static_cast<uint32_t>(step.op));
    text.operator_name = operator_name(op);
    if (op.outputs.count > 0) {
      const TensorInfo output = main.tensor(op.outputs.get<int32_t>(0));
      text.shape = shape_text({output.shape.dims, output.shape.rank});
    }
  }
  add_macs(texts, report_plan(model, run.cores));
  return texts;
}

// ---- memory ----

struct Memory {
  uint32_t flash_bytes = 0;
  uint32_t sram_code_bytes = 0;  ///< text and rodata in SRAM, scratch banks included
  uint32_t data_bytes = 0;
  uint32_t bss_bytes = 0;
  uint32_t stack_bytes = 0;  ///< reserved for both cores
  std::vector<ModuleSize> modules;

  [[nodiscard]] uint32_t ram_bytes(const CoreRun& run) const {
    const auto arena = static_cast<uint32_t>(run.arena ? run.arena->needed : 0);
    return arena + sram_code_bytes + data_bytes + bss_bytes + stack_bytes;
  }
};

Outcome<Memory> memory_of(const BenchmarkImage& image) {
  Memory memory;
  const Outcome<std::vector<uint8_t>> elf = read_file(image.elf), map = read_file(image.map);
  if (!elf.ok()) return elf.problem();
  if (!map.ok()) return map.problem();
  std::string error;
  const std::optional<sim::Image> loaded = sim::read_image(*elf, &error);
  if (!loaded) return problem("{} {}", image.elf.string(), error);
  for (const sim::Segment& segment : loaded->segments) {
    if (segment.address >= kSramBase) continue;
    const auto end = static_cast<uint32_t>(segment.address + segment.bytes.size() - kFlashBase);
    memory.flash_bytes = std::max(memory.flash_bytes, end);
  }
  const std::vector<LinkedPiece> pieces =
      parse_link_map({reinterpret_cast<const char*>(map->data()), map->size()});
  memory.modules = module_sizes(pieces, TANDEM_SOURCE_ROOT);
  for (const ModuleSize& module : memory.modules) {
    memory.sram_code_bytes += module.code_in_sram;
    memory.data_bytes += module.data;
    memory.bss_bytes += module.bss;
  }
  return memory;
}

// ---- reports ----

double milliseconds(Cycles cycles, uint64_t clock_hz) {
  return 1e3 * static_cast<double>(cycles) / static_cast<double>(clock_hz);
}

// "12/0/3/1": each cause's percent of the cycles of the cores that took part.
std::string stall_text(const StepCycles& step) {
  const auto cycles = static_cast<double>(step.cycles) * (step.divided ? 2 : 1);
  std::string text;
  for (size_t cause = 0; cause < sim::kStallCauses; ++cause) {
    const Cycles stalled = step.stalls[0][cause] + (step.divided ? step.stalls[1][cause] : 0);
    text += fmt::format("{}{:.0f}", cause == 0 ? "" : "/", 100.0 * static_cast<double>(stalled) / cycles);
  }
  return text;
}

std::string split_text(const StepCycles& step) {
  if (!step.divided) return "-";
  const auto percent = [&](size_t core) {
    return 100.0 * static_cast<double>(step.busy[core]) / static_cast<double>(step.cycles);
  };
  return fmt::format("{:.0f}/{:.0f}", percent(0), percent(1));
}

struct HandOver {
  size_t steps = 0;
  Cycles total = 0, most = 0, late = 0, latest = 0;
  size_t helped = 0;
};

HandOver hand_over_of(const Inference& inference) {
  HandOver all;
  for (const StepCycles& step : inference.steps) {
    if (!step.divided) continue;
    ++all.steps;
    all.total += step.hand_over;
    all.most = std::max(all.most, step.hand_over);
    if (step.helper_late == 0) continue;
    ++all.helped;
    all.late += step.helper_late;
    all.latest = std::max(all.latest, step.helper_late);
  }
  return all;
}

class Report {
 public:
  Report(const BenchOptions& options, const Session& session, const BenchmarkRun& run, const Memory& memory,
         std::vector<Measured> measured)
      : options_(options), session_(session), run_(run), memory_(memory), measured_(std::move(measured)) {}

  void print_text() const {
    const std::string cores = measured_.size() == 2         ? "one core and two"
                              : measured_[0].run.cores == 1 ? "one core"
                                                            : "two cores";
    fmt::print("{} on {} of a Raspberry Pi Pico, {} MHz, code in {}{}, simulated\n\n", session_.name(), cores,
               run_.clock_hz / 1'000'000, options_.code == "sram" ? "SRAM" : "flash",
               options_.no_generated_code ? ", no generated code" : "");
    fmt::print("{}", step_table());
    fmt::print(
        "  Cycles of the slowest input. Split: share of the step in which core 0 and core 1 work on units.\n"
        "  Stalls: share of the working cores' cycles that waited for flash misses / the other core's misses "
        "/\n"
        "  SRAM banks / the bus.\n\n");
    for (const Measured& measured : measured_) print_totals(measured);
    if (measured_.size() == 2) {
      fmt::print("Two cores are {:.3f} times as fast as one.\n", speed_up());
    }
    print_memory();
    for (const Measured& measured : measured_) {
      fmt::print("Outputs equal the host's, {}: {}\n", cores_text(measured),
                 measured.matches ? "yes" : "NO, " + measured.difference);
    }
  }

  void print_json() const {
    json object;
    if (measured_.size() == 1) {
      object = run_json(measured_[0]);
    } else {
      object = {
          {"model", session_.name()}, {"board", options_.board}, {"clock_mhz", run_.clock_hz / 1'000'000}};
      if (measured_.size() == 2) object["speed_up"] = speed_up();
      for (const Measured& measured : measured_) object["runs"].push_back(run_json(measured));
    }
    fmt::print("{}\n", object.dump(1, ' ', false, json::error_handler_t::replace));
  }

 private:
  [[nodiscard]] static std::string cores_text(const Measured& measured) {
    return measured.run.cores == 1 ? "one core" : "two cores";
  }
  [[nodiscard]] double ms(Cycles cycles) const { return milliseconds(cycles, run_.clock_hz); }
  [[nodiscard]] double speed_up() const {
    return static_cast<double>(measured_[0].slowest().cycles) /
           static_cast<double>(measured_[1].slowest().cycles);
  }

  [[nodiscard]] std::string step_table() const {
    using enum TextTable::Align;
    std::vector<TextTable::Column> columns{
        {"step", kRight}, {"op", kRight}, {"operator"}, {"output"}, {"MACs", kRight}};
    for (const Measured& measured : measured_) {
      const std::string number = std::to_string(measured.run.cores);
      columns.push_back({"ms, " + number, kRight});
      columns.push_back({"cycles, " + number, kRight});
      if (has_macs_column(measured)) columns.push_back({"per MAC", kRight});
      if (measured.run.cores == 2) columns.push_back({"split, %", kRight});
      columns.push_back({"stalls, %", kRight});
    }
    if (measured_.size() == 2) columns.push_back({"speed-up", kRight});
    TextTable table(columns);
    const std::vector<StepText>& texts = measured_[0].steps;
    std::vector<Cycles> in_steps(measured_.size());
    uint64_t all_macs = 0;
    for (size_t i = 0; i < texts.size(); ++i) {
      all_macs += texts[i].macs;
      std::vector<std::string> cells{std::to_string(i), std::to_string(texts[i].op), texts[i].operator_name,
                                     texts[i].shape, texts[i].macs > 0 ? grouped(texts[i].macs) : ""};
      std::vector<Cycles> cycles;
      for (size_t m = 0; m < measured_.size(); ++m) {
        const std::vector<StepCycles>& steps = measured_[m].slowest().steps;
        if (i >= steps.size()) continue;
        cycles.push_back(steps[i].cycles);
        in_steps[m] += steps[i].cycles;
        add_cells(cells, measured_[m], steps[i].cycles, texts[i].macs);
        if (measured_[m].run.cores == 2) cells.push_back(split_text(steps[i]));
        cells.push_back(stall_text(steps[i]));
      }
      if (cycles.size() == 2) {
        cells.push_back(
            fmt::format("{:.2f}", static_cast<double>(cycles[0]) / static_cast<double>(cycles[1])));
      }
      table.row(cells);
    }
    std::vector<std::string> between{"", "", "between steps", "", ""},
        all{"", "", "all", "", grouped(all_macs)};
    for (size_t m = 0; m < measured_.size(); ++m) {
      const Cycles cycles = measured_[m].slowest().cycles;
      add_cells(between, measured_[m], cycles - in_steps[m], 0);
      add_cells(all, measured_[m], cycles, all_macs);
      for (std::vector<std::string>* row : {&between, &all}) {
        row->resize(row->size() + (measured_[m].run.cores == 2 ? 2 : 1));
      }
    }
    if (measured_.size() == 2) all.push_back(fmt::format("{:.2f}", speed_up()));
    table.row(between);
    table.row(all);
    return table.text();
  }
  // Once is enough: what two cores make of it, the speed-up tells.
  [[nodiscard]] bool has_macs_column(const Measured& measured) const { return &measured == measured_.data(); }

  void add_cells(std::vector<std::string>& cells, const Measured& measured, Cycles cycles,
                 uint64_t macs) const {
    cells.push_back(fmt::format("{:.3f}", ms(cycles)));
    cells.push_back(grouped(cycles));
    if (!has_macs_column(measured)) return;
    cells.push_back(
        macs == 0 ? "" : fmt::format("{:.2f}", static_cast<double>(cycles) / static_cast<double>(macs)));
  }

  void print_totals(const Measured& measured) const {
    const CoreRun& run = measured.run;
    const Inference& slowest = measured.slowest();
    std::string name = cores_text(measured);
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
    fmt::print("{}: {:.3f} ms ({} cycles; by the firmware's own timer {:.3f} ms)\n", name, ms(slowest.cycles),
               grouped(slowest.cycles), static_cast<double>(slowest.timer_us) / 1e3);
    std::string inputs;
    for (const Inference& inference : run.inferences) {
      inputs +=
          fmt::format("{}{} {}", inputs.empty() ? "" : ", ", inference.input, grouped(inference.cycles));
    }
    fmt::print("  inputs: {}\n", inputs);
    const HandOver hand_over = hand_over_of(slowest);
    if (hand_over.steps > 0) {
      fmt::print(
          "  hand-over: {:.0f} cycles in each of {} divided steps, at most {}, before the first and after "
          "the last\n"
          "  unit; core 1 begins {:.0f} cycles into the step, at most {}\n",
          static_cast<double>(hand_over.total) / static_cast<double>(hand_over.steps), hand_over.steps,
          hand_over.most,
          hand_over.helped == 0 ? 0.0
                                : static_cast<double>(hand_over.late) / static_cast<double>(hand_over.helped),
          hand_over.latest);
    }
    fmt::print("  loading {:.3f} ms, preparing {:.3f} ms; XIP: {} of {} accesses missed\n",
               static_cast<double>(run.load_us) / 1e3, static_cast<double>(run.prepare_us) / 1e3,
               grouped(slowest.xip_accesses - slowest.xip_hits), grouped(slowest.xip_accesses));
    fmt::print("  stacks: core 0 {} of {} bytes inferring, {} preparing", run.stack_bytes[0],
               run_.stack_bytes[0], run.prepare_stack_bytes);
    if (run.cores == 2) fmt::print("; core 1 {} of {}", run.stack_bytes[1], run_.stack_bytes[1]);
    fmt::print("\n");
    if (run.arena) {
      fmt::print(
          "  arena: {} bytes (plan {}, variables {}, tensors and scratch {}, resident weights {}; with the\n"
          "  planner's records)\n",
          grouped(run.arena->needed), grouped(run.arena->plan), grouped(run.arena->variables),
          grouped(run.arena->tensors - run.arena->variables), grouped(run.arena->resident));
    }
    fmt::print("  RAM: {} bytes (arena, code {}, .data {}, .bss {}, both stacks {})\n",
               grouped(memory_.ram_bytes(run)), grouped(memory_.sram_code_bytes), grouped(memory_.data_bytes),
               grouped(memory_.bss_bytes), grouped(memory_.stack_bytes));
  }

  void print_memory() const {
    fmt::print("Flash: {} bytes\n\n", grouped(memory_.flash_bytes));
    using enum TextTable::Align;
    TextTable table({{"module"},
                     {"text", kRight},
                     {"rodata", kRight},
                     {"data", kRight},
                     {"bss", kRight},
                     {"in SRAM", kRight}});
    for (const ModuleSize& m : memory_.modules) {
      table.row({m.module, grouped(m.text), grouped(m.rodata), grouped(m.data), grouped(m.bss),
                 grouped(m.code_in_sram)});
    }
    fmt::print("{}  In SRAM: of text and rodata.\n\n", table.text());
  }

  [[nodiscard]] static json stalls_json(const StallCycles& stalls) {
    json object;
    for (size_t cause = 0; cause < stalls.size(); ++cause) object[kStallKeys[cause]] = stalls[cause];
    return object;
  }

  [[nodiscard]] json run_json(const Measured& measured) const {
    const CoreRun& run = measured.run;
    const Inference& slowest = measured.slowest();
    const CoreRun::Arena arena = run.arena.value_or(CoreRun::Arena{});
    json object{{"model", session_.name()},
                {"board", options_.board},
                {"cores", run.cores},
                {"clock_mhz", run_.clock_hz / 1'000'000},
                {"code", options_.code},
                {"generated_code", !options_.no_generated_code},
                {"total_cycles", slowest.cycles},
                {"total_ms", ms(slowest.cycles)},
                {"timer_ms", static_cast<double>(slowest.timer_us) / 1e3},
                {"slowest_input", slowest.input},
                {"outputs_match_host", measured.matches},
                {"checksum", run.checksum},
                {"load_ms", static_cast<double>(run.load_us) / 1e3},
                {"prepare_ms", static_cast<double>(run.prepare_us) / 1e3},
                {"arena_bytes", arena.needed},
                {"plan_bytes", arena.plan},
                {"persistent_bytes", arena.plan + arena.variables + arena.resident},
                {"resident_bytes", arena.resident},
                {"ram_bytes", memory_.ram_bytes(run)},
                {"flash_bytes", memory_.flash_bytes},
                {"stack_bytes",
                 {{"core0", run.stack_bytes[0]},
                  {"core1", run.stack_bytes[1]},
                  {"prepare", run.prepare_stack_bytes}}},
                {"stalls", stalls_json(slowest.stalls)},
                {"inputs", json::array()},
                {"steps", json::array()},
                {"size", json::array()}};
    const HandOver hand_over = hand_over_of(slowest);
    object["hand_over"] = {{"divided_steps", hand_over.steps},
                           {"cycles", hand_over.total},
                           {"most_cycles", hand_over.most},
                           {"latest_core1", hand_over.latest}};
    for (const Inference& inference : run.inferences) {
      object["inputs"].push_back({{"name", inference.input},
                                  {"total_cycles", inference.cycles},
                                  {"timer_us", inference.timer_us},
                                  {"xip_hits", inference.xip_hits},
                                  {"xip_accesses", inference.xip_accesses},
                                  {"outputs", inference.outputs}});
    }
    for (size_t i = 0; i < slowest.steps.size() && i < measured.steps.size(); ++i) {
      const StepCycles& step = slowest.steps[i];
      const StepText& text = measured.steps[i];
      object["steps"].push_back({{"index", i},
                                 {"op", text.op},
                                 {"operator", text.operator_name},
                                 {"shape", text.shape},
                                 {"units", text.units},
                                 {"macs", text.macs},
                                 {"cycles", step.cycles},
                                 {"core0_busy", step.busy[0]},
                                 {"core1_busy", step.busy[1]},
                                 {"hand_over", step.hand_over},
                                 {"timer_us", text.timer_us},
                                 {"core0_stalls", stalls_json(step.stalls[0])},
                                 {"core1_stalls", stalls_json(step.stalls[1])}});
    }
    for (const ModuleSize& m : memory_.modules) {
      object["size"].push_back({{"module", m.module},
                                {"text", m.text},
                                {"rodata", m.rodata},
                                {"data", m.data},
                                {"bss", m.bss},
                                {"code_in_sram", m.code_in_sram}});
    }
    return object;
  }

  const BenchOptions& options_;
  const Session& session_;
  const BenchmarkRun& run_;
  const Memory& memory_;
  std::vector<Measured> measured_;
};

// Why a run did not come to its end, if it did not.
std::optional<Problem> firmware_problem(const BenchmarkRun& run, const Memory& memory,
                                        const std::string& model) {
  if (!run.error.empty()) return problem("{}: {}", model, run.error);
  for (const CoreRun& core_run : run.runs) {
    const auto& arena = core_run.arena;
    if (!core_run.error.empty() && arena && arena->needed > arena->given) {
      return problem(
          "{}: {}. The board has 264 KB: {} bytes are free for an arena after {} of code and {} of data in "
          "SRAM; "
          "both stacks lie in banks of their own.",
          model, core_run.error, grouped(arena->given), grouped(memory.sram_code_bytes),
          grouped(memory.data_bytes + memory.bss_bytes));
    }
    if (!core_run.error.empty()) return problem("{}: {}", model, core_run.error);
  }
  if (!run.ended) {
    return problem("{}: the firmware stopped before its end. It wrote:\n{}", model, run.console);
  }
  return std::nullopt;
}

std::optional<Problem> run_bench(const BenchOptions& options, bool& all_match) {
  if (auto wrong = toolchain_problem()) return wrong;
  const Outcome<std::unique_ptr<Session>> opened = Session::open(options.model);
  if (!opened.ok()) return opened.problem();
  Session& session = **opened;
  PosixPort port(1);
  if (const Status status = session.prepare(port.port()); !status.ok()) {
    return Problem{session.describe(status)};
  }
  Outcome<std::vector<BenchmarkInput>> inputs = benchmark_inputs(session, options.inputs, options.bytes);
  if (!inputs.ok()) return inputs.problem();
  const Outcome<HostRun> host = run_on_host(session, *inputs);
  if (!host.ok()) return host.problem();

  const std::span<const uint8_t> bytes = session.model().bytes();
  BenchmarkConfig config{
      .model_name = session.name(),
      .model = {bytes.begin(), bytes.end()},
      .ops = narrowest_ops(session.model()),
      .inputs = *inputs,
      .clock_mhz = options.clock_mhz,
      .rounds = options.rounds,
      .arena_bytes = options.arena_bytes,
      .code_in_sram = options.code == "sram",
      .kernels = options.no_generated_code ? DeviceKernels::kNoGeneratedCode : DeviceKernels::kAll};
  if (options.cores) config.cores = {*options.cores};
  const Outcome<BenchmarkImage> image = build_benchmark_image(config);
  if (!image.ok()) return problem("{}: {}", session.name(), image.problem().sentence);
  if (!options.elf.empty()) {
    const Outcome<std::vector<uint8_t>> elf = read_file(image->elf);
    if (!elf.ok()) return elf.problem();
    if (auto wrong = write_file(options.elf, *elf)) return wrong;
  }
  Outcome<Memory> memory = memory_of(*image);
  if (!memory.ok()) return memory.problem();

  // On the most cores, the first input.
  const BenchmarkPictures pictures{.trace = options.trace,
                                   .svg = options.svg,
                                   .inference = (config.cores.size() - 1) * inputs->size() * options.rounds,
                                   .title = fmt::format("{}, {}", session.name(), inputs->front().name)};
  const Outcome<BenchmarkRun> run = run_benchmark_image(image->elf, pictures);
  if (!run.ok()) return run.problem();
  if (auto wrong = firmware_problem(*run, *memory, session.name())) return wrong;
  memory->stack_bytes = run->stack_bytes[0] + run->stack_bytes[1];

  std::vector<Measured> measured;
  for (const CoreRun& core_run : run->runs) {
    Measured& one = measured.emplace_back(
        Measured{.run = core_run, .steps = step_texts(core_run, session.model()), .difference = {}});
    compare_outputs(one, *inputs, *host, options.rounds);
    all_match &= one.matches;
  }
  const Report report(options, session, *run, *memory, std::move(measured));
  if (options.json) {
    report.print_json();
  } else {
    report.print_text();
  }
  return std::nullopt;
}

}  // namespace

int bench(const BenchOptions& options) {
  bool all_match = true;
  const std::optional<Problem> wrong = run_bench(options, all_match);
  if (wrong) fmt::print(stderr, "tandem bench: {}\n", wrong->sentence);
  return wrong || !all_match ? EXIT_FAILURE : EXIT_SUCCESS;
}

}  // namespace tandem::cli
