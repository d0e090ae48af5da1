#include "benchmark.h"

#include <algorithm>
#include <cstring>

#include "port/rp2040/rp2040.h"
#include "tandem/cores.h"
#include "tandem/interpreter.h"

// Runs a model on its inputs, on one core and on two, and tells over UART what that takes; on a board and on
// a simulator alike. One line each, a key and values:
//   CLOCK hz
//   STACKS bytes of core 0's, of core 1's
//   and for each number of cores
//   CORES number
//   ARENA needed given plan variables tensors workspace resident    bytes; needed includes the workspace
//   PREPARE load-us prepare-us stack-bytes
//   RUN input us xip-hits xip-accesses
//   OUT input output-bytes…                                hexadecimal, a word for each output; "-": none yet
//   STEP step operator units us                            from a further run, which is not measured
//   STACK core-0-bytes core-1-bytes                        how deep they were while inferring
//   CHECKSUM crc32                                         of all OUT bytes of the first round
//   ERROR sentence                                         instead of what could not be done
//   END                                                    the last line
extern "C" tandem::Outcome tandem_invoke(tandem::Interpreter& interpreter);

namespace tandem::benchmark {
namespace {

using rp2040::print;

StopRequest stop;
void lend_core1() { serve(stop); }

void print_text(const char* text) { rp2040::write({text, std::strlen(text)}); }

void print_error(const char* sentence) {
  print_text("ERROR ");
  print_text(sentence);
  print_text("\n");
}

// Not in its callers, whose stack is measured.
[[gnu::noinline]] void print_error(const Status& status, const Model* model) {
  char sentence[240];
  describe(status, model, sentence);
  print_error(sentence);
}

void print_hex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    const char text[] = {kDigits[byte >> 4], kDigits[byte & 15]};
    rp2040::write(text);
  }
}

/// CRC-32 as in zlib.
class Checksum {
 public:
  void add(std::span<const uint8_t> bytes) {
    for (const uint8_t byte : bytes) {
      crc_ ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc_ = crc_ >> 1 ^ (0xedb88320 & (0 - (crc_ & 1)));
    }
  }
  [[nodiscard]] uint32_t value() const { return ~crc_; }

 private:
  uint32_t crc_ = ~0U;
};

/// Times of the steps of one run, in memory that nobody else uses meanwhile.
class StepTimes {
 public:
  explicit StepTimes(std::span<uint8_t> memory) {
    constexpr size_t kAlignment = alignof(StepProfile);
    const size_t skip = (0 - reinterpret_cast<uintptr_t>(memory.data())) % kAlignment;
    if (skip < memory.size()) memory = memory.subspan(skip);
    room_ = {reinterpret_cast<StepProfile*>(memory.data()), memory.size() / sizeof(StepProfile)};
  }
  [[nodiscard]] Profiler profiler() {
    return {.context = this, .on_step = [](void* context, const StepProfile& step) {
              auto& self = *static_cast<StepTimes*>(context);
              // Steps of called subgraphs are part of the step that calls them.
              if (step.subgraph == 0 && self.count_ < self.room_.size()) self.room_[self.count_++] = step;
            }};
  }
  void print_all() const {
    for (const StepProfile& step : room_.first(count_)) {
      print("STEP %u %d %u %lu\n", step.step, step.op, step.units,
            static_cast<uint32_t>(step.end - step.begin));
    }
  }

 private:
  std::span<StepProfile> room_;
  size_t count_ = 0;
};

class Run {
 public:
  Run(uint32_t cores, std::span<uint8_t> arena, std::span<uint8_t> memory)
      : cores_(cores), arena_(arena), memory_(memory), port_(cores == 2 ? two_cores() : one_core()) {}

  void run() {
    print("CORES %lu\n", cores_);
    if (!prepare()) return;
    if (cores_ == 2) rp2040::start_core1(lend_core1);
    if (run_rounds()) {
      profile();
      print("STACK %lu %lu\n", stack_used_, cores_ == 2 ? rp2040::stack_used_bytes(1) : 0);
      print("CHECKSUM %08lx\n", checksum_.value());
    }
    if (cores_ == 2) rp2040::stop_core1();
  }

 private:
  [[gnu::noinline]] bool prepare() {
    rp2040::paint_stack(0);
    const uint64_t begin = rp2040::microseconds();
    const Result<Model> model = Model::load(kConfig.model);
    const uint64_t loaded = rp2040::microseconds();
    if (!model.ok()) {
      print_error(model.status(), nullptr);
      return false;
    }
    model_ = *model;
    // Before anything is in the memory, because all of it may be what finding that out takes.
    const Result<ArenaNeed> need = arena_need(model_, kConfig.ops, memory_, port_);
    if (need.ok() && kConfig.arena_bytes == 0) {
      arena_ = memory_.first(std::min(
          memory_.size(), std::max(need->arena_bytes, memory_.size() - std::min(memory_.size(), kLeftFree))));
    }
    const uint64_t measured = rp2040::microseconds();
    const Status status = interpreter_.prepare(model_, kConfig.ops, arena_, port_);
    const uint64_t prepared = rp2040::microseconds();
    const uint32_t stack = rp2040::stack_used_bytes(0);
    if (need.ok()) {
      // What the arena allowed: with less than the fastest plan takes, kernels are left out; with more, it
      // streams.
      const size_t used =
          status.ok() ? interpreter_.arena_used_bytes() : need->plan_bytes + need->tensor_bytes;
      const size_t tensors =
          status.ok() ? need->persistent_bytes + interpreter_.scratch_memory().size() : need->tensor_bytes;
      const size_t resident = interpreter_.resident_bytes();
      print("ARENA %u %u %u %u %u %u %u\n", std::max(need->arena_bytes, used), arena_.size(),
            used - tensors - resident, need->persistent_bytes, tensors, need->workspace_bytes, resident);
    }
    if (!status.ok()) {
      print_error(status, &model_);
      return false;
    }
    print("PREPARE %lu %lu %lu\n", static_cast<uint32_t>(loaded - begin),
          static_cast<uint32_t>(prepared - measured), stack);
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < interpreter_.input_count(); ++i) bytes += interpreter_.input(i).bytes.size();
    if (bytes == kConfig.input_bytes) return true;
    print("ERROR the model's inputs have %lu bytes, those in this image %lu\n", bytes, kConfig.input_bytes);
    return false;
  }

  // Every byte that the interpreter does not declare kept, and those behind all that it uses.
  void spoil_scratch() {
    constexpr uint8_t kSpoilt = 0xa5;
    for (const std::span<uint8_t> free :
         {interpreter_.scratch_memory(), arena_.subspan(interpreter_.arena_used_bytes())}) {
      std::fill(free.begin(), free.end(), kSpoilt);
    }
  }

  void write_input(const Input& input) {
    const uint8_t* from = input.bytes;
    for (uint32_t i = 0; i < interpreter_.input_count(); ++i) {
      const std::span<uint8_t> to = interpreter_.input(i).bytes;
      std::copy_n(from, to.size(), to.data());
      from += to.size();
    }
    if (!input.goes_on) interpreter_.reset_variables();
  }

  bool run_rounds() {
    for (uint32_t round = 0; round < kConfig.rounds; ++round) {
      for (const Input& input : kConfig.inputs) {
        if (!measure(input, round == 0)) return false;
      }
    }
    return true;
  }

  [[gnu::noinline]] bool measure(const Input& input, bool first_round) {
    if (!rp2040::bus_masters_idle()) {
      print_error("a DMA channel or the XIP stream is at work before the measured run");
      return false;
    }
    spoil_scratch();
    write_input(input);
    rp2040::paint_stack(0);
    rp2040::clear_xip_counters();
    // Last, so that what prepared this run has left nothing in the cache.
    rp2040::flush_xip_cache();
    const uint64_t begin = rp2040::microseconds();
    const Outcome outcome = tandem_invoke(interpreter_);
    const uint64_t end = rp2040::microseconds();
    const rp2040::XipCounters xip = rp2040::xip_counters();
    stack_used_ = std::max(stack_used_, rp2040::stack_used_bytes(0));

    if (outcome.kind == Outcome::Kind::kDataError) {
      print("ERROR operator %d refuses its data, input %s\n", outcome.op, input.name);
      return false;
    }
    print("RUN %s %lu %lu %lu\n", input.name, static_cast<uint32_t>(end - begin), xip.hits, xip.accesses);
    print_text("OUT ");
    print_text(input.name);
    if (!outcome.ok()) print_text(" -");
    for (uint32_t i = 0; outcome.ok() && i < interpreter_.output_count(); ++i) {
      const std::span<const uint8_t> bytes = interpreter_.output(i).bytes;
      print_text(" ");
      print_hex(bytes);
      if (first_round) checksum_.add(bytes);
    }
    print_text("\n");
    return true;
  }

  [[gnu::noinline]] void profile() {
    if (kConfig.inputs.empty()) return;
    StepTimes times(memory_.subspan(interpreter_.arena_used_bytes()));
    const Profiler profiler = times.profiler();
    write_input(kConfig.inputs.front());
    rp2040::flush_xip_cache();
    interpreter_.set_profiler(&profiler);
    static_cast<void>(interpreter_.invoke());
    interpreter_.set_profiler(nullptr);
    times.print_all();
  }

  uint32_t cores_;
  std::span<uint8_t> arena_;
  std::span<uint8_t> memory_;  // all that is free; the arena is its first part
  // Of the 264 KB: an image of 192 KB, unless the model needs more.
  static constexpr size_t kLeftFree = 72 * 1024;
  const Port& port_;
  Model model_;
  Interpreter interpreter_;
  Checksum checksum_;
  uint32_t stack_used_ = 0;
};

void run_all() {
  if (!rp2040::set_system_clock_mhz(kConfig.clock_mhz)) {
    print_error("clk_sys is 125, 133 or 200 MHz");
    return;
  }
  print("CLOCK %lu\n", rp2040::system_clock_hz());
  print("STACKS %lu %lu\n", rp2040::stack_bytes(0), rp2040::stack_bytes(1));
  const std::span<uint8_t> memory = rp2040::free_memory();
  const size_t arena_bytes = kConfig.arena_bytes != 0 ? kConfig.arena_bytes : memory.size();
  if (arena_bytes > memory.size()) {
    print("ERROR an arena of %u bytes is asked for, and %u are free\n", arena_bytes, memory.size());
    return;
  }
  for (const uint32_t cores : kConfig.cores) Run(cores, memory.first(arena_bytes), memory).run();
}

}  // namespace
}  // namespace tandem::benchmark

int main() {
  tandem::benchmark::run_all();
  tandem::rp2040::print("END\n");
  tandem::rp2040::flush_console();
  for (;;) __asm__ volatile("wfi");
}
