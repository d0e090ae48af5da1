#include "hostile_run.h"

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "exec/executor.h"
#include "plan/planner.h"

namespace tandem::test {
namespace {

void require(bool promise, const char* text) {
  if (promise) return;
  std::fprintf(stderr, "broken promise: %s\n", text);
  std::abort();
}

// Memory of exactly `size` bytes that starts `misaligned_by` after a multiple of 16.
class ExactBytes {
 public:
  explicit ExactBytes(size_t size, size_t misaligned_by = 0)
      : storage_(size + misaligned_by), skip_(misaligned_by) {
    require(reinterpret_cast<uintptr_t>(storage_.data()) % 16 == 0, "the heap gives multiples of 16");
  }
  std::span<uint8_t> bytes() { return std::span(storage_).subspan(skip_); }

 private:
  std::vector<uint8_t> storage_;
  size_t skip_;
};

HostileRun refused(const Status& status, const Model* model) {
  require(std::string_view(code_name(status.code)) != "?", "every code has a name and a sentence");
  // A buffer that holds the sentence, one that cuts it, and none.
  for (const size_t size : {size_t{400}, size_t{20}, size_t{0}}) {
    std::vector<char> text(size);
    const size_t length = describe(status, model, text);
    require(size == 0 ? length == 0 : length > 0 && length < size && text[length] == '\0',
            "describe's length");
    const std::string_view sentence(text.data(), length);
    require(std::ranges::none_of(sentence, [](char c) { return c > 0 && c < ' '; }),
            "sentences are one line");
  }
  return {.ending = HostileRun::Ending::kRefused, .status = status};
}

// What the plan will cost to run.
struct Cost {
  ArenaNeed need;
  uint64_t macs = 0;
  uint64_t unshared_bytes = 0;  ///< the arena if no two tensors shared memory
};

Result<Cost> cost_of(const Model& model, std::span<uint8_t> workspace) {
  Cost cost;
  Planner planner(model, all_ops(), 1U);
  TANDEM_TRY(
      planner.measure(workspace, {.context = &cost, .on_step = [](void* context, const PlannedStep& step) {
                                    static_cast<Cost*>(context)->macs += step.work.macs;
                                  }}));
  cost.need = planner.need();
  for (const PlannedSubgraph& subgraph : planner.planned().subgraphs) {
    for (const Buffer& buffer : subgraph.buffers) cost.unshared_bytes += buffer.bytes;
  }
  return cost;
}

// As many as are planned count in full against the limits.
constexpr uint32_t kMostCalledSteps = 200;

// What a model made of two inputs: the outcomes, and the outputs' bytes.
struct Results {
  std::vector<Outcome> outcomes;
  std::vector<uint8_t> outputs;
};

// Runs with hostile inputs, made of the file's bytes; the same runs through an Interpreter and a SpreadRun.
template <class Runner>
Results invoke_twice(Runner& runner, std::span<const uint8_t> data) {
  Results results;
  for (const uint8_t flip : {0, 0xff}) {
    for (uint32_t i = 0; i < runner.input_count(); ++i) {
      const TensorView input = runner.input(i);
      for (size_t k = 0; k < input.bytes.size(); ++k) input.bytes[k] = data[k % data.size()] ^ flip;
    }
    results.outcomes.push_back(runner.invoke());
    for (uint32_t i = 0; i < runner.output_count(); ++i) {
      const TensorView output = runner.output(i);
      results.outputs.insert(results.outputs.end(), output.bytes.begin(), output.bytes.end());
    }
  }
  return results;
}

bool same(const Results& a, const Results& b) {
  for (size_t i = 0; i < a.outcomes.size(); ++i) {
    if (a.outcomes[i].kind != b.outcomes[i].kind || a.outcomes[i].op != b.outcomes[i].op) return false;
    if (!a.outcomes[i].ok()) return true;  // what the outputs then hold is nobody's promise
  }
  return a.outputs == b.outputs;
}

// The model planned so that every tensor has memory of its own between gaps that AddressSanitizer knows to be
// nobody's. In an arena, where tensors touch, a step outside of one would go unseen. And what comes out must
// be what comes out of an arena that held other bytes before: then nobody reads what nobody wrote.
class SpreadRun {
 public:
  SpreadRun(const Model& model, std::span<uint8_t> workspace) : planner_(model, all_ops(), 1) {
    require(planner_.measure(workspace).ok(), "what was planned once can be planned again");
    arena_.resize(spread(model), 0xaa);
    plan_.resize(planner_.plan_bytes());
    kernels_.resize(planner_.kernel_count());
    require(planner_.write(plan_.data(), kernels_.data()).ok(), "what was measured can be written");
    bound_ = {.plan = PlanView(plan_.data()),
              .kernels = kernels_.data(),
              .bases = {.arena = arena_.data(), .constants = model.bytes().data(), .plan = plan_.data()}};
    for (const Gap& gap : gaps_) ASAN_POISON_MEMORY_REGION(arena_.data() + gap.begin, gap.end - gap.begin);
    fill_persistent(bound_);
  }
  ~SpreadRun() { ASAN_UNPOISON_MEMORY_REGION(arena_.data(), arena_.size()); }
  SpreadRun(const SpreadRun&) = delete;
  SpreadRun& operator=(const SpreadRun&) = delete;

  [[nodiscard]] uint32_t input_count() const { return bound_.plan.header().inputs; }
  [[nodiscard]] uint32_t output_count() const { return bound_.plan.header().outputs; }
  [[nodiscard]] TensorView input(uint32_t i) const { return view(bound_, bound_.plan.inputs()[i]); }
  [[nodiscard]] TensorView output(uint32_t i) const { return view(bound_, bound_.plan.outputs()[i]); }
  Outcome invoke() {
    static constexpr Port kOneWorker;
    return run(bound_, kOneWorker, {.most_called_steps = kMostCalledSteps});
  }

 private:
  static constexpr uint32_t kGapBytes = 64;
  struct Gap {
    uint32_t begin;
    uint32_t end;
  };

  // Moves the buffers apart between measuring and writing, when the planner only looks at where they are.
  // Returns the bytes of all.
  uint32_t spread(const Model& model) {
    const auto& planned = const_cast<PlannedModel&>(planner_.planned());
    for (uint32_t s = 0; s < planned.subgraphs.size(); ++s) {
      const PlannedSubgraph& subgraph = planned.subgraphs[s];
      if (subgraph.depth != PlannedSubgraph::kNotCalled) spread(subgraph, Subgraph(model, s));
    }
    for (ResourceVariable& resource : planned.resources.first(planned.resource_count)) {
      resource.offset = place(resource.bytes);
    }
    gaps_.push_back({.begin = end_, .end = end_ + kGapBytes});
    return gaps_.back().end;
  }

  void spread(const PlannedSubgraph& planned, const Subgraph& subgraph) {
    const std::span<Buffer> buffers = planned.buffers;
    // Behind scratch, and behind the operators' state, is the block of called subgraphs, which have their own
    // places.
    const size_t count = std::min<size_t>(buffers.size(), planned.tensor_count + planned.operator_count + 1);
    std::vector<uint32_t> bytes(buffers.size());  // of a buffer's largest tensor, without alignment
    for (size_t i = 0; i < count; ++i) {
      const bool is_tensor = i < planned.tensor_count;
      const uint32_t size = is_tensor ? subgraph.tensor(static_cast<int32_t>(i)).bytes : buffers[i].bytes;
      bytes[buffers[i].root] = std::max(bytes[buffers[i].root], size);
    }
    for (size_t i = 0; i < count; ++i) {
      if (buffers[i].root != i || buffers[i].bytes == 0 || buffers[i].constant != 0) continue;
      buffers[i].offset = place(bytes[i]);
    }
    for (Buffer& buffer : buffers) buffer.offset = buffers[buffer.root].offset;
  }

  // Where the next `bytes` are, behind a gap.
  uint32_t place(uint32_t bytes) {
    const uint32_t begin = align_up(end_ + kGapBytes, kBufferAlignment);
    gaps_.push_back({.begin = end_, .end = begin});
    end_ = begin + bytes;
    return begin;
  }

  Planner planner_;
  std::vector<uint8_t> arena_;
  std::vector<uint8_t> plan_;
  std::vector<const AnyKernel*> kernels_;
  std::vector<Gap> gaps_;
  uint32_t end_ = 0;
  BoundPlan bound_;
};

}  // namespace

HostileRun run_hostile(std::span<const uint8_t> tflite, const HostileLimits& limits, size_t misaligned_by) {
  ExactBytes file(tflite.size(), misaligned_by);
  std::ranges::copy(tflite, file.bytes().begin());
  const Result<Model> model = Model::load(file.bytes());
  if (!model.ok()) return refused(model.status(), nullptr);

  const Result<size_t> workspace_size = workspace_bytes(*model);
  require(workspace_size.ok(), "a loaded model has a workspace");
  ExactBytes workspace(*workspace_size);
  const Result<Cost> cost = cost_of(*model, workspace.bytes());
  if (!cost.ok()) return refused(cost.status(), &*model);
  const ArenaNeed& need = cost->need;
  require(need.plan_bytes + need.tensor_bytes <= need.arena_bytes, "the arena holds plan and tensors");
  if (need.arena_bytes > limits.arena_bytes) return {.ending = HostileRun::Ending::kTooLarge};

  ExactBytes arena(need.plan_bytes + need.tensor_bytes);
  static constexpr Port kOneWorker;
  Interpreter interpreter;
  const Status status = interpreter.prepare(*model, all_ops(), arena.bytes(), kOneWorker, workspace.bytes());
  require(status.ok(), "what could be measured can be prepared in that memory");
  require(interpreter.arena_used_bytes() == arena.bytes().size(), "exactly that memory is used");
  if (need.tensor_bytes > limits.tensor_bytes || cost->unshared_bytes > limits.arena_bytes ||
      cost->macs > limits.macs) {
    return {.ending = HostileRun::Ending::kTooSlow};
  }
  interpreter.limit_called_steps(kMostCalledSteps);
  // The plan lies before the tensors in the same memory, where AddressSanitizer sees no border.
  const std::vector<uint8_t> plan(interpreter.plan_bytes().begin(), interpreter.plan_bytes().end());
  const Results results = invoke_twice(interpreter, tflite);
  require(std::ranges::equal(plan, interpreter.plan_bytes()), "a run leaves the plan as it is");
  SpreadRun spread(*model, workspace.bytes());
  require(same(results, invoke_twice(spread, tflite)), "results depend on nothing but model and inputs");
  require(std::ranges::equal(tflite, file.bytes()), "a run leaves the model as it is");
  return {.ending = HostileRun::Ending::kRan, .outcome = results.outcomes.back()};
}

const char* code_name(Code code) {
  switch (code) {
    case Code::kOk:
      return "kOk";
#define TANDEM_STATUS(name, sentence) \
  case Code::name:                    \
    return #name;
#include "tandem/status_codes.inc"
#undef TANDEM_STATUS
  }
  return "?";
}

}  // namespace tandem::test
