#include "benchmark_run.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>

#include "file_bytes.h"
#include "firmware_console.h"
#include "sim_svg.h"
#include "sim_trace.h"

namespace tandem::cli {
namespace {

using sim::Cycles;
using sim::StallCycles;

StallCycles operator-(StallCycles a, const StallCycles& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

// The places that measuring watches.
struct Places {
  uint32_t invoke_begin = 0, invoke_end = 0;
  uint32_t run_step = 0;
  uint32_t work_on_units = 0;
};

Outcome<Places> find_places(const sim::Image& image) {
  const auto find = [&](std::string_view prefix) -> uint32_t {
    const auto symbol = std::ranges::find_if(
        image.symbols, [&](const sim::Symbol& s) { return s.function && s.name.starts_with(prefix); });
    return symbol == image.symbols.end() ? 0 : symbol->address;
  };
  const auto label = [&](const char* name) {
    const sim::Symbol* symbol = image.find(name);
    return symbol == nullptr ? 0 : symbol->address & ~1U;
  };
  const Places places{.invoke_begin = label("tandem_invoke_begin"),
                      .invoke_end = label("tandem_invoke_end"),
                      .run_step = find("_ZN6tandem8run_stepE"),
                      .work_on_units = find("_ZN6tandem4port13work_on_unitsE")};
  if (places.invoke_begin != 0 && places.invoke_end != 0 && places.run_step != 0 &&
      places.work_on_units != 0) {
    return places;
  }
  return problem("the image lacks a function that measuring has to find.");
}

// Passes on what happens during one inference, in time that starts with it.
class Window final : public sim::Observer {
 public:
  Window(sim::Machine& machine, std::vector<sim::Observer*> watchers)
      : machine_(machine), watchers_(std::move(watchers)) {}

  void open(Cycles now) {
    from_ = now;
    told_ = {now, now};
  }
  void close(Cycles now) {
    // A core that sleeps will tell of it only when it wakes.
    if (told_[1] < now) on_sleep(1, machine_.core(1).pc(), told_[1], now);
    length_ = now - *from_;
  }
  /// 0 before it was closed.
  [[nodiscard]] Cycles length() const { return length_; }

  void on_instruction(int core, uint32_t pc, Cycles start, Cycles end, const StallCycles& stalls) override {
    StallCycles& before = stalls_before_[static_cast<size_t>(core)];
    if (!is_open() || end <= *from_) {
      before = stalls;
      return;
    }
    told_[static_cast<size_t>(core)] = end;
    start = std::max(start, *from_);
    for (sim::Observer* w : watchers_) {
      w->on_instruction(core, pc, start - *from_, end - *from_, stalls - before);
    }
  }
  void on_exception(int core, unsigned number, bool entry, Cycles now) override {
    if (!is_open()) return;
    for (sim::Observer* w : watchers_) w->on_exception(core, number, entry, now - *from_);
  }
  void on_sleep(int core, uint32_t pc, Cycles start, Cycles end) override {
    if (!is_open() || end <= *from_) return;
    told_[static_cast<size_t>(core)] = end;
    start = std::max(start, *from_);
    for (sim::Observer* w : watchers_) w->on_sleep(core, pc, start - *from_, end - *from_);
  }
  void on_dma(unsigned channel, Cycles start, Cycles end, uint32_t transfers) override {
    if (!is_open() || start < *from_) return;
    for (sim::Observer* w : watchers_) w->on_dma(channel, start - *from_, end - *from_, transfers);
  }

 private:
  [[nodiscard]] bool is_open() const { return from_ && length_ == 0; }

  sim::Machine& machine_;
  std::vector<sim::Observer*> watchers_;
  std::optional<Cycles> from_;
  Cycles length_ = 0;
  std::array<Cycles, 2> told_{};  // up to when each core's time has been passed on
  std::array<StallCycles, 2> stalls_before_{};
};

// Cuts time into inferences, steps, and work on units.
class Meter final : public sim::Observer {
 public:
  Meter(const Places& places, sim::Machine& machine) : places_(places), machine_(machine) {}

  /// Lets `window` see the inference of this number, and nothing else.
  void show(Window* window, size_t inference) {
    window_ = window;
    shown_ = inference;
  }

  [[nodiscard]] const std::vector<Inference>& inferences() const { return inferences_; }

  void on_instruction(int core, uint32_t pc, Cycles start, Cycles end, const StallCycles& stalls) override {
    if (core == 0) {
      if (measuring_) {
        see_core0(pc, start);
      } else if (pc == places_.invoke_begin) {
        begin(start);
      }
    }
    if (measuring_) see_work(static_cast<size_t>(core), pc, start);
    // Counted before what this instruction itself waited: its step has that.
    stalls_[static_cast<size_t>(core)] = stalls;
    if (window_ != nullptr) window_->on_instruction(core, pc, start, end, stalls);
  }
  void on_exception(int core, unsigned number, bool entry, Cycles now) override {
    if (window_ != nullptr) window_->on_exception(core, number, entry, now);
  }
  void on_sleep(int core, uint32_t pc, Cycles start, Cycles end) override {
    if (window_ != nullptr) window_->on_sleep(core, pc, start, end);
  }
  void on_dma(unsigned channel, Cycles start, Cycles end, uint32_t transfers) override {
    if (window_ != nullptr) window_->on_dma(channel, start, end, transfers);
  }

 private:
  static constexpr uint32_t kNowhere = 1;  // no instruction is there

  struct Work {
    uint32_t returns_to = kNowhere;
    Cycles begin = 0, first = 0, last = 0;
  };

  uint32_t link(size_t core) { return machine_.core(static_cast<int>(core)).reg(14) & ~1U; }

  void begin(Cycles now) {
    measuring_ = true;
    returns_to_.clear();
    inferences_.push_back({});
    begun_ = now;
    stalls_at_begin_ = stalls_[0];
    if (window_ != nullptr && inferences_.size() - 1 == shown_) window_->open(now);
  }

  void see_core0(uint32_t pc, Cycles now) {
    if (!returns_to_.empty() && pc == returns_to_.back()) {
      returns_to_.pop_back();
      if (returns_to_.empty()) end_step(now);
    }
    if (pc == places_.run_step) {
      returns_to_.push_back(link(0));
      if (returns_to_.size() > 1) return;
      step_begun_ = now;
      stalls_at_step_ = stalls_;
      inferences_.back().steps.push_back({});
      for (Work& work : work_) work.first = work.last = 0;
    } else if (pc == places_.invoke_end) {
      inferences_.back().cycles = now - begun_;
      inferences_.back().stalls = stalls_[0] - stalls_at_begin_;
      measuring_ = false;
      if (window_ != nullptr && inferences_.size() - 1 == shown_) window_->close(now);
    }
  }

  void end_step(Cycles now) {
    StepCycles& step = inferences_.back().steps.back();
    step.cycles = now - step_begun_;
    step.divided = work_[0].first != 0;
    if (step.divided) {
      const Cycles last = std::max(work_[0].last, work_[1].last);
      step.hand_over = step.cycles - (last - work_[0].first);
      if (work_[1].first != 0) step.helper_late = work_[1].first - step_begun_;
    } else {
      step.busy[0] = step.cycles;
    }
    for (size_t core = 0; core < 2; ++core) step.stalls[core] = stalls_[core] - stalls_at_step_[core];
  }

  void see_work(size_t core, uint32_t pc, Cycles now) {
    Work& work = work_[core];
    if (pc == work.returns_to) {
      work.returns_to = kNowhere;
      // Core 1 may look for units just when there are none any more, and the step has gone.
      if (returns_to_.empty()) return;
      const Cycles begin = std::max(work.begin, step_begun_);
      inferences_.back().steps.back().busy[core] += now - begin;
      if (work.first == 0) work.first = begin;
      work.last = now;
    } else if (pc == places_.work_on_units) {
      work.returns_to = link(core);
      work.begin = now;
    }
  }

  Places places_;
  sim::Machine& machine_;
  std::vector<Inference> inferences_;
  Window* window_ = nullptr;
  size_t shown_ = 0;
  bool measuring_ = false;
  Cycles begun_ = 0, step_begun_ = 0;
  // Of the step, and of those that run inside because it calls a subgraph.
  std::vector<uint32_t> returns_to_;
  std::array<StallCycles, 2> stalls_{}, stalls_at_step_{};
  StallCycles stalls_at_begin_{};
  std::array<Work, 2> work_;
};

// ---- what the firmware writes ----

class Transcript {
 public:
  explicit Transcript(BenchmarkRun& run, const std::vector<Inference>& inferences)
      : run_(run), inferences_(inferences) {}

  void line(const std::string& text) {
    std::istringstream words(text);
    std::string key;
    words >> key;
    if (key == "CLOCK") words >> run_.clock_hz;
    if (key == "STACKS") words >> run_.stack_bytes[0] >> run_.stack_bytes[1];
    if (key == "END") run_.ended = true;
    if (key == "ERROR")
      (run_.runs.empty() ? run_.error : run_.runs.back().error) = text.substr(key.size() + 1);
    if (key == "CORES") words >> run_.runs.emplace_back().cores;
    if (!run_.runs.empty()) line_of_run(key, words, run_.runs.back());
  }

 private:
  void line_of_run(const std::string& key, std::istringstream& words, CoreRun& run) {
    if (key == "ARENA") {
      CoreRun::Arena& arena = run.arena.emplace(CoreRun::Arena{});
      words >> arena.needed >> arena.given >> arena.plan >> arena.variables >> arena.tensors >>
          arena.workspace >> arena.resident;
    } else if (key == "PREPARE") {
      words >> run.load_us >> run.prepare_us >> run.prepare_stack_bytes;
    } else if (key == "RUN" && next_ < inferences_.size()) {
      Inference& inference = run.inferences.emplace_back(inferences_[next_++]);
      words >> inference.input >> inference.timer_us >> inference.xip_hits >> inference.xip_accesses;
    } else if (key == "OUT" && !run.inferences.empty()) {
      std::string word;
      words >> word;
      while (words >> word) run.inferences.back().outputs.push_back(word);
    } else if (key == "STEP") {
      size_t index = 0;
      CoreRun::TimedStep& step = run.timed_steps.emplace_back();
      words >> index >> step.op >> step.units >> step.timer_us;
    } else if (key == "STACK") {
      words >> run.stack_bytes[0] >> run.stack_bytes[1];
    } else if (key == "CHECKSUM") {
      words >> run.checksum;
    }
  }

  BenchmarkRun& run_;
  const std::vector<Inference>& inferences_;
  size_t next_ = 0;
};

class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(const sim::Machine& machine, size_t inferences, double seconds) {
    if (!terminal_ || seconds < kFirst || seconds < next_) return;
    next_ = seconds + kEvery;
    fmt::print(stderr, "\r\033[Ksimulated: {:.0f} M cycles, {} inferences; host: {:.0f} s",
               static_cast<double>(machine.now()) / 1e6, inferences, seconds);
    shown_ = true;
  }
  ~Progress() {
    if (shown_) fmt::print(stderr, "\r\033[K");
  }

 private:
  static constexpr double kFirst = 1, kEvery = 0.5;  // seconds
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  double next_ = 0;
};

}  // namespace

Outcome<BenchmarkRun> run_benchmark_image(const std::filesystem::path& elf,
                                          const BenchmarkPictures& pictures) {
  const Outcome<std::vector<uint8_t>> file = read_file(elf);
  if (!file.ok()) return file.problem();
  std::string error;
  const std::optional<sim::Image> image = sim::read_image(*file, &error);
  if (!image) return problem("{} {}", elf.string(), error);
  const Outcome<Places> places = find_places(*image);
  if (!places.ok()) return places.problem();

  BenchmarkRun result;
  std::optional<Transcript> transcript;
  sim::Machine* running = nullptr;
  FirmwareConsole console([&](const std::string& line) {
    transcript->line(line);
    if (result.ended) running->stop({});
  });
  // A fault is the firmware's own to report.
  sim::Machine machine({.instant_uart = true, .stop_on_fault = false}, console);
  running = &machine;
  for (const sim::Segment& lost : machine.load(*image)) {
    return problem("{} bytes at 0x{:08x} have no memory to go to", lost.bytes.size(), lost.address);
  }
  Meter meter(*places, machine);
  transcript.emplace(result, meter.inferences());

  FunctionIndex functions(*image);
  std::optional<Trace> trace;
  std::optional<Occupancy> occupancy;
  std::vector<sim::Observer*> drawing;
  if (!pictures.trace.empty()) {
    drawing.push_back(&trace.emplace(functions, [&](int core) { return machine.core(core).reg(14); }));
  }
  if (!pictures.svg.empty()) drawing.push_back(&occupancy.emplace(functions));
  Window window(machine, drawing);
  if (!drawing.empty()) meter.show(&window, pictures.inference);

  machine.observe(&meter);
  machine.boot();
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  {
    constexpr Cycles kSlice = 5'000'000;
    Progress progress;
    while (!machine.stopped() && !result.ended) {
      const sim::Stop stop = machine.run(machine.now() + kSlice);
      if (stop.kind != sim::StopKind::kNone) break;
      progress.show(machine, meter.inferences().size(), seconds());
    }
  }
  result.host_seconds = seconds();
  result.console = console.all();

  const auto write = [](const std::filesystem::path& path, auto&& write_to) -> std::optional<Problem> {
    std::ofstream out(path, std::ios::binary);
    if (out) write_to(out);
    out.close();
    if (out) return std::nullopt;
    return problem("{} could not be written.", path.string());
  };
  if (window.length() == 0) return result;
  if (trace) {
    trace->finish();
    const auto wrong =
        write(pictures.trace, [&](std::ostream& out) { trace->write(out, result.clock_hz, nullptr); });
    if (wrong) return *wrong;
  }
  if (occupancy) {
    occupancy->finish();
    const auto wrong = write(pictures.svg, [&](std::ostream& out) {
      out << draw_timeline(*occupancy, window.length(), result.clock_hz, pictures.title);
    });
    if (wrong) return *wrong;
  }
  return result;
}

}  // namespace tandem::cli
