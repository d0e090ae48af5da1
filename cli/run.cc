#include "run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "output_tensor.h"
#include "plan_report.h"
#include "progress_bar.h"
#include "session.h"
#include "tensor_picture.h"
#include "tensor_values.h"
#include "text_table.h"

namespace tandem::cli {
namespace {

using nlohmann::json;
using OutcomeKind = tandem::Outcome::Kind;

constexpr size_t kDefaultTop = 5;

struct ModelInput {
  std::string name;
  TensorView tensor;
  std::string source{};          ///< what the user gave
  std::string done{};            ///< what was done to it
  std::vector<uint8_t> bytes{};  ///< its content, written anew before each invocation
};

std::string quantization_text(const TensorView& tensor) {
  return is_quantized(tensor) ? fmt::format(", scale {}, zero point {}", tensor.scale, tensor.zero_point)
                              : "";
}

std::string input_text(size_t index, const ModelInput& input) {
  return fmt::format("input {} \"{}\": {}{}", index, printable(input.name), tensor_text(input.tensor),
                     quantization_text(input.tensor));
}

std::string input_list(std::span<const ModelInput> inputs) {
  std::string text;
  for (size_t i = 0; i < inputs.size(); ++i) text += "\n  " + input_text(i, inputs[i]);
  return text;
}

/// What was measured, on this machine.
struct Timing {
  using Clock = std::chrono::steady_clock;

  uint64_t invocations = 0;
  double min_seconds = std::numeric_limits<double>::infinity();
  double sum_seconds = 0;

  void add(double seconds) {
    ++invocations;
    min_seconds = std::min(min_seconds, seconds);
    sum_seconds += seconds;
  }
  [[nodiscard]] double mean_seconds() const { return sum_seconds / static_cast<double>(invocations); }
};

/// Times of all steps, summed over the invocations.
class StepTimes {
 public:
  explicit StepTimes(size_t steps) : ticks_(steps) {}

  [[nodiscard]] Profiler profiler() {
    return {.context = this, .on_step = [](void* self, const StepProfile& step) {
              static_cast<StepTimes*>(self)->ticks_[step.step] += step.end - step.begin;
            }};
  }
  [[nodiscard]] std::span<const uint64_t> ticks() const { return ticks_; }

 private:
  std::vector<uint64_t> ticks_;
};

class Run {
 public:
  Run(const RunOptions& options, Session& session)
      : options_(options), session_(session), main_(session.model(), 0), port_(options.workers) {}

  // Why there is no result.
  std::optional<Problem> run();

 private:
  std::optional<Problem> prepare();
  std::optional<Problem> assign_inputs();
  std::pair<ModelInput*, std::string> named_input(const std::string& argument);
  [[nodiscard]] Outcome<std::vector<std::string>> labels() const;
  std::optional<Problem> load_inputs();
  std::optional<Problem> invoke();
  [[nodiscard]] Problem no_outputs(const tandem::Outcome& outcome, uint64_t invocation) const;
  [[nodiscard]] std::vector<OutputTensor> outputs(bool numbered);
  [[nodiscard]] std::vector<Score> best(const TensorView& tensor) const;

  [[nodiscard]] std::string profile_text() const;
  [[nodiscard]] json profile_json() const;
  void print_text(std::span<const std::string> labels);
  void print_json(std::span<const std::string> labels);

  const RunOptions& options_;
  Session& session_;
  Subgraph main_;
  PosixPort port_;
  PlanReport plan_;
  std::vector<ModelInput> inputs_;
  std::vector<std::string> pictures_;  // what was written for --show-input
  Timing timing_;
  uint64_t not_yet_ = 0;  // invocations that gave no outputs
  StepTimes step_times_{0};
};

std::optional<Problem> Run::prepare() {
  if (const Status status = session_.prepare(port_.port(), options_.arena_bytes); !status.ok()) {
    return Problem{session_.describe(status)};
  }
  const Interpreter& interpreter = session_.interpreter();
  for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
    const TensorView tensor = interpreter.input(i);
    inputs_.push_back({.name = std::string(main_.tensor_name(tensor.tensor)), .tensor = tensor});
  }
  return std::nullopt;
}

// The input that "NAME=FILE" or "INDEX=FILE" names, and FILE; no input for anything else.
std::pair<ModelInput*, std::string> Run::named_input(const std::string& argument) {
  for (ModelInput& input : inputs_) {
    if (!input.name.empty() && argument.starts_with(input.name + '=')) {
      return {&input, argument.substr(input.name.size() + 1)};
    }
  }
  const size_t equals = argument.find('=');
  if (equals == std::string::npos) return {};
  size_t index = 0;
  const char* const end = argument.data() + equals;
  const auto [stop, error] = std::from_chars(argument.data(), end, index);
  if (error != std::errc() || stop != end || index >= inputs_.size()) return {};
  return {&inputs_[index], argument.substr(equals + 1)};
}

std::optional<Problem> Run::assign_inputs() {
  std::vector<std::string> unnamed;
  for (const std::string& argument : options_.inputs) {
    const auto [input, source] = named_input(argument);
    if (input == nullptr) {
      unnamed.push_back(argument);
      continue;
    }
    if (source.empty()) return problem("tandem: --input \"{}\" names no file.", printable(argument));
    if (!input->source.empty()) {
      return problem("tandem: --input \"{}\" is for an input that already has \"{}\"; leave one out.",
                     printable(argument), printable(input->source));
    }
    input->source = source;
  }
  for (const std::string& source : unnamed) {
    const size_t equals = source.find('=');
    std::error_code ignored;
    if (equals != std::string::npos && !std::filesystem::exists(source, ignored)) {
      return problem("{}: has no input \"{}\", and there is no file \"{}\"; its inputs are:{}",
                     session_.name(), printable(source.substr(0, equals)), printable(source),
                     input_list(inputs_));
    }
    if (source.empty()) return problem("tandem: --input \"\" names no file.");
    const auto free = std::ranges::find(inputs_, "", &ModelInput::source);
    if (free == inputs_.end()) {
      return problem("{}: got {} files; it takes {}{}", session_.name(), options_.inputs.size(),
                     inputs_.empty() ? "none." : "one for each input:", input_list(inputs_));
    }
    free->source = source;
  }
  const auto missing = static_cast<size_t>(std::ranges::count(inputs_, "", &ModelInput::source));
  if (missing == 0) return std::nullopt;
  std::vector<std::string> idea;
  for (size_t i = 0; i < inputs_.size(); ++i) idea.push_back(fmt::format("random:{}", i + 1));
  return problem(
      "{}: needs {}--input FILE; its inputs are:{}\nGive files in this order, or NAME=FILE; or try --input "
      "{}",
      session_.name(), missing == inputs_.size() ? "" : fmt::format("{} more ", missing), input_list(inputs_),
      fmt::join(idea, " "));
}

Outcome<std::vector<std::string>> Run::labels() const {
  if (options_.labels.empty()) return std::vector<std::string>{};
  return read_labels(options_.labels);
}

std::optional<Problem> Run::load_inputs() {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    ModelInput& input = inputs_[i];
    InputSpec spec = options_.how;
    spec.source = input.source;
    Outcome<std::string> done = load_input(spec, input.tensor);
    if (!done.ok()) return done.problem();
    input.done = std::move(*done);
    input.bytes.assign(input.tensor.bytes.begin(), input.tensor.bytes.end());
    if (options_.show_input.empty()) continue;
    std::filesystem::path path = options_.show_input;
    if (inputs_.size() > 1) path.replace_extension(fmt::format(".{}{}", i, path.extension().string()));
    Outcome<std::string> picture = write_picture(input.tensor, path);
    if (!picture.ok()) return picture.problem();
    pictures_.push_back(std::move(*picture));
  }
  return std::nullopt;
}

Problem Run::no_outputs(const tandem::Outcome& outcome, uint64_t invocation) const {
  const std::string place = outcome.op >= 0 ? operator_place(session_.model(), outcome.op) : "the model";
  if (outcome.kind == OutcomeKind::kNotYet) {
    return problem(
        "{}: {}: waits for more inputs and has given no outputs after {}; --repeat N gives it the same "
        "input "
        "N times.",
        session_.name(), place, counted(options_.repeat, "invocation"));
  }
  return problem(
      "{}: {}: stopped in invocation {} because of its data: an index, size or count is out of the range "
      "that "
      "the operator takes, or a loop does not end; check the inputs.",
      session_.name(), place, invocation);
}

std::optional<Problem> Run::invoke() {
  Interpreter& interpreter = session_.interpreter();
  const Profiler profiler = step_times_.profiler();
  if (options_.profile) interpreter.set_profiler(&profiler);
  ProgressBar progress(options_.repeat);
  tandem::Outcome outcome;
  for (uint64_t i = 0; i < options_.repeat; ++i) {
    for (const ModelInput& input : inputs_) std::ranges::copy(input.bytes, input.tensor.bytes.begin());
    const auto begin = Timing::Clock::now();
    outcome = interpreter.invoke();
    timing_.add(std::chrono::duration<double>(Timing::Clock::now() - begin).count());
    if (outcome.kind == OutcomeKind::kDataError) return no_outputs(outcome, i + 1);
    if (outcome.kind == OutcomeKind::kNotYet) ++not_yet_;
    progress.update(i + 1);
  }
  interpreter.set_profiler(nullptr);
  if (!outcome.ok()) return no_outputs(outcome, options_.repeat);
  return std::nullopt;
}

std::vector<OutputTensor> Run::outputs(bool numbered) {
  std::vector<OutputTensor> list;
  for (uint32_t i = 0; i < session_.interpreter().output_count(); ++i) {
    const TensorView tensor = session_.interpreter().output(i);
    const std::string_view name = main_.tensor_name(tensor.tensor);
    list.push_back(
        {.name = numbered ? fmt::format("output {} \"{}\"", i, printable(name)) : std::string(name),
         .tensor = tensor});
  }
  return list;
}

std::vector<Score> Run::best(const TensorView& tensor) const {
  if (!options_.top && options_.labels.empty()) return {};
  return top_k(tensor, options_.top.value_or(kDefaultTop));
}

std::string Run::profile_text() const {
  using enum TextTable::Align;
  TextTable table({{"step", kRight},
                   {"op", kRight},
                   {"operator"},
                   {"output"},
                   {"kernel"},
                   {"units", kRight},
                   {"time", kRight},
                   {"MACs", kRight},
                   {"MACs", kRight}});
  uint64_t all_ticks = 0;
  uint64_t all_macs = 0;
  bool calls = false;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const PlannedStep& step = plan_.steps[i];
    // The time of a step that calls a subgraph has that of the subgraph's steps in it.
    if (step.subgraph == 0) all_ticks += step_times_.ticks()[i];
    calls |= step.subgraph != 0;
    all_macs += step.work.macs;
  }
  const auto percent = [](uint64_t part, uint64_t all) {
    return all == 0 ? std::string()
                    : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
  };
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const PlannedStep& step = plan_.steps[i];
    const Subgraph subgraph(session_.model(), static_cast<uint32_t>(step.subgraph));
    const OperatorInfo op = subgraph.op(static_cast<uint32_t>(step.op));
    const uint64_t macs = step.work.macs;
    table.row({std::to_string(i),
               operator_number(static_cast<uint32_t>(step.subgraph), static_cast<uint32_t>(step.op)),
               operator_name(op),
               op.outputs.count > 0 ? short_tensor_name(subgraph, op.outputs.get<int32_t>(0)) : "",
               kernel_name(step.kernel), std::to_string(step.work.units),
               percent(step_times_.ticks()[i], all_ticks), macs > 0 ? grouped(macs) : "",
               macs > 0 ? percent(macs, all_macs) : ""});
  }
  table.row({"", "", "all", "", "", "", percent(all_ticks, all_ticks), grouped(all_macs),
             percent(all_macs, all_macs)});
  return fmt::format("\nSteps, shares of the host's time over {}, {}:\n",
                     counted(timing_.invocations, "invocation"), counted(options_.workers, "worker")) +
         table.text() +
         (calls ? "Ops of called subgraphs are numbered SUBGRAPH:OP; their times are part of the caller's.\n"
                : "");
}

json Run::profile_json() const {
  json steps = json::array();
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const PlannedStep& step = plan_.steps[i];
    const Subgraph subgraph(session_.model(), static_cast<uint32_t>(step.subgraph));
    const double ticks = static_cast<double>(step_times_.ticks()[i]);
    steps.push_back(
        {{"step", i},
         {"subgraph", step.subgraph},
         {"op", step.op},
         {"operator", operator_name(subgraph.op(static_cast<uint32_t>(step.op)))},
         {"kernel", kernel_name(step.kernel)},
         {"units", step.work.units},
         {"macs", step.work.macs},
         {"host_seconds", ticks / port_.port().ticks_per_second / static_cast<double>(timing_.invocations)}});
  }
  return steps;
}

void Run::print_text(std::span<const std::string> labels) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    fmt::print("{}\n  {}\n", input_text(i, inputs_[i]), printable(inputs_[i].done));
  }
  for (const std::string& picture : pictures_) fmt::print("  {}\n", printable(picture));
  for (const OutputTensor& output : outputs(true)) {
    fmt::print("{}", output_text(output));
    fmt::print("{}", top_k_text(best(output.tensor), labels));
  }
  if (options_.repeat > 1) {
    fmt::print("{} invocations on the same input; the outputs are the last one's.\n", timing_.invocations);
    if (not_yet_ > 0) fmt::print("{} of them gave no outputs: the model waited for more inputs.\n", not_yet_);
    fmt::print("One took {:.4g} ms at least, {:.4g} ms on average: host time, not a microcontroller's.\n",
               timing_.min_seconds * 1e3, timing_.mean_seconds() * 1e3);
  }
  if (options_.profile) fmt::print("{}", profile_text());
}

void Run::print_json(std::span<const std::string> labels) {
  json object{{"model", session_.name()},
              {"workers", options_.workers},
              {"arena_bytes", session_.interpreter().arena_used_bytes()},
              {"invocations", timing_.invocations},
              {"not_yet", not_yet_},
              {"host_seconds", {{"min", timing_.min_seconds}, {"mean", timing_.mean_seconds()}}},
              {"inputs", json::array()},
              {"outputs", json::array()}};
  for (const ModelInput& input : inputs_) {
    object["inputs"].push_back(
        {{"name", input.name},
         {"type", type_name(input.tensor.type)},
         {"shape", std::vector<int32_t>(input.tensor.dims.begin(), input.tensor.dims.end())},
         {"source", input.source},
         {"done", input.done}});
  }
  for (const OutputTensor& output : outputs(false)) {
    json entry = output_json(output);
    for (const Score& score : best(output.tensor)) {
      json top{{"index", score.index}, {"value", score.value}};
      if (score.index < labels.size()) top["label"] = labels[score.index];
      entry["top"].push_back(top);
    }
    object["outputs"].push_back(entry);
  }
  if (options_.profile) object["profile"] = profile_json();
  // Names come from the model's file and need not be UTF-8.
  fmt::print("{}\n", object.dump(1, ' ', false, json::error_handler_t::replace));
}

std::optional<Problem> Run::run() {
  const Outcome<std::vector<std::string>> labels = this->labels();
  if (!labels.ok()) return labels.problem();
  if (auto wrong = prepare()) return wrong;
  if (auto wrong = assign_inputs()) return wrong;
  if (auto wrong = load_inputs()) return wrong;
  if (options_.profile) {
    plan_ = report_plan(session_.model(), options_.workers);
    step_times_ = StepTimes(plan_.steps.size());
  }
  if (auto wrong = invoke()) return wrong;
  if (options_.json) {
    print_json(*labels);
  } else {
    print_text(*labels);
  }
  if (options_.output.empty()) return std::nullopt;
  const Outcome<std::vector<std::filesystem::path>> written = write_outputs(options_.output, outputs(false));
  if (!written.ok()) return written.problem();
  if (options_.json) return std::nullopt;
  for (const std::filesystem::path& file : *written) fmt::print("wrote {}\n", file.string());
  return std::nullopt;
}

}  // namespace

int run(const RunOptions& options) {
  const Outcome<std::unique_ptr<Session>> session = Session::open(options.model);
  std::optional<Problem> wrong;
  if (!session.ok()) {
    wrong = session.problem();
  } else {
    wrong = Run(options, **session).run();
  }
  if (!wrong) return EXIT_SUCCESS;
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", wrong->sentence);
  return EXIT_FAILURE;
}

}  // namespace tandem::cli
