#include <algorithm>
#include <cstring>

#include "cases.h"
#include "port/rp2040/rp2040.h"
#include "tandem/cores.h"
#include "tandem/interpreter.h"

// Runs the cases that lie behind it in flash, each on a fresh interpreter with all operators, and tells over
// UART what came of them. One line each, a key and values:
//   CASE number
//   REFUSED code sentence                      by loading or planning
//   OUTCOME invocation kind operator           tandem::Outcome
//   OUT invocation index type dims… : bytes    hexadecimal, after an outcome that is kOk
//   WRONG sentence                             what must not happen whatever the model
//   END                                        the last line
namespace tandem::conformance {
namespace {

using rp2040::print;

StopRequest stop;
void lend_core1() { serve(stop); }

template <class T>
const T* at(uint32_t offset) {
  return reinterpret_cast<const T*>(kCasesAddress + offset);
}

void print_text(const char* text) { rp2040::write({text, std::strlen(text)}); }

void print_hex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    const char text[] = {kDigits[byte >> 4], kDigits[byte & 15]};
    rp2040::write(text);
  }
}

// Not in its callers, which planning shares the stack with.
[[gnu::noinline]] void print_refusal(const Status& status, const Model* model) {
  char sentence[240];
  describe(status, model, sentence);
  print("REFUSED %d ", static_cast<int>(status.code));
  print_text(sentence);
  print_text("\n");
}

void print_outputs(Interpreter& interpreter, uint32_t invocation) {
  for (uint32_t i = 0; i < interpreter.output_count(); ++i) {
    const TensorView output = interpreter.output(i);
    print("OUT %lu %lu %d", invocation, i, static_cast<int>(output.type));
    for (const int32_t dim : output.dims) print(" %ld", dim);
    print_text(" : ");
    print_hex(output.bytes);
    print_text("\n");
  }
}

// An arena of just the size that the fastest plan can use, and bytes behind it that nobody may touch.
class GuardedArena {
 public:
  GuardedArena(std::span<uint8_t> memory, size_t bytes)
      : arena_(memory.first(std::min(bytes, memory.size() - kGuardBytes))),
        guard_(memory.subspan(arena_.size(), kGuardBytes)) {
    constexpr uint8_t kUnset = 0xa5;  // nothing may count on memory that is zero
    std::ranges::fill(arena_, kUnset);
    std::ranges::fill(guard_, kGuard);
  }
  [[nodiscard]] std::span<uint8_t> arena() const { return arena_; }
  [[nodiscard]] bool intact() const {
    return std::ranges::all_of(guard_, [](uint8_t byte) { return byte == kGuard; });
  }

 private:
  static constexpr size_t kGuardBytes = 64;
  static constexpr uint8_t kGuard = 0x5a;

  std::span<uint8_t> arena_;
  std::span<uint8_t> guard_;
};

class CaseRun {
 public:
  CaseRun(const Case& c, const Port& port) : case_(c), port_(port) {}

  void run() {
    const Result<Model> model = Model::load({at<uint8_t>(case_.model), case_.model_bytes});
    if (!model.ok()) return print_refusal(model.status(), nullptr);
    const std::span<uint8_t> memory = rp2040::free_memory();
    const Result<ArenaNeed> need = arena_need(*model, all_ops(), memory, port_);
    if (!need.ok()) return print_refusal(need.status(), &*model);
    const uint64_t begin = rp2040::microseconds();
    run_in({memory, need->fast_arena_bytes}, *model);
    // A large float model takes the simulated board a minute; many others keep weights.
    constexpr uint64_t kLong = 4'000'000;
    if (need->resident_bytes == 0 || rp2040::microseconds() - begin > kLong) return;
    // What was streamed, or read in flash, once more, with as much of it resident as may be.
    const uint32_t digest = digest_;
    quiet_ = true;
    run_in({memory, need->fast_arena_bytes + need->resident_bytes}, *model);
    if (digest_ != digest) print_text("WRONG resident weights change what comes out\n");
  }

 private:
  void run_in(const GuardedArena& guarded, const Model& model) {
    input_ = 0;
    digest_ = 0;
    const Status status = interpreter_.prepare(model, all_ops(), guarded.arena(), port_);
    if (!status.ok()) return print_refusal(status, &model);
    for (uint32_t i = 0; i < case_.invocations && invoke(i); ++i) {
    }
    if (!guarded.intact()) print_text("WRONG bytes behind the arena were written\n");
  }

  bool invoke(uint32_t invocation) {
    for (; input_ < case_.input_count && at<Input>(case_.inputs)[input_].invocation == invocation; ++input_) {
      const Input& input = at<Input>(case_.inputs)[input_];
      const bool known = input.index < interpreter_.input_count();
      const std::span<uint8_t> to = known ? interpreter_.input(input.index).bytes : std::span<uint8_t>{};
      if (to.size() != input.bytes) {
        print("WRONG input %lu has %u bytes, recorded %lu\n", input.index, to.size(), input.bytes);
        return false;
      }
      std::memcpy(to.data(), at<uint8_t>(input.data), input.bytes);
    }
    const Outcome outcome = interpreter_.invoke();
    add_to_digest(static_cast<uint8_t>(outcome.kind));
    for (uint32_t i = 0; outcome.ok() && i < interpreter_.output_count(); ++i) {
      for (const uint8_t byte : interpreter_.output(i).bytes) add_to_digest(byte);
    }
    if (!quiet_) {
      print("OUTCOME %lu %d %d\n", invocation, static_cast<int>(outcome.kind), outcome.op);
      if (outcome.ok()) print_outputs(interpreter_, invocation);
    }
    return outcome.kind != Outcome::Kind::kDataError;
  }

  // FNV-1a.
  void add_to_digest(uint8_t byte) { digest_ = (digest_ ^ byte) * 16777619; }

  const Case& case_;
  const Port& port_;
  Interpreter interpreter_;
  uint32_t input_ = 0;
  uint32_t digest_ = 0;  // of all outcomes and outputs
  bool quiet_ = false;   // tells of what is wrong only
};

void run_all() {
  const Header& header = *at<Header>(0);
  const Port& port = header.cores == 2 ? two_cores() : one_core();
  if (header.cores == 2) rp2040::start_core1(lend_core1);
  for (uint32_t i = header.first; i < header.cases; ++i) {
    print("CASE %lu\n", i);
    CaseRun(at<Case>(header.table)[i], port).run();
  }
}

}  // namespace
}  // namespace tandem::conformance

int main() {
  tandem::conformance::run_all();
  tandem::rp2040::print("END\n");
  tandem::rp2040::flush_console();
  for (;;) __asm__ volatile("wfi");
}
