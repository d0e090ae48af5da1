#include "exec/executor.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "base/placement.h"

namespace tandem {
namespace {

bool aligned(const void* pointer, uint32_t alignment) {
  return reinterpret_cast<uintptr_t>(pointer) % alignment == 0;
}

// What is resident; and on a machine that cannot copy beside its workers, with a plan made for one that can.
void copy_now(const Bases& bases, const PlanStream& stream) {
  std::memcpy(bases.arena + stream.destination, bases.constants + stream.source, stream.bytes);
}

constexpr int32_t kNoStep = -1;

// The plan's streams during one run. Worker 0 alone looks after them; the others see how far one has come.
struct Streams {
  const Port& port;
  const Bases& bases;
  const PlanStream* next;  // to be started
  const PlanStream* end;
  std::atomic<const PlanStream*> running = nullptr;

  // Whether there is one to start during `step`.
  [[nodiscard]] bool due(uint32_t step) const { return next != end && next->start_step <= step; }

  // Whether `step` has to wait for one.
  [[nodiscard]] bool needed(uint32_t step) const {
    const PlanStream* const current = running.load(std::memory_order_relaxed);
    return (current != nullptr && current->needed_step <= step) || (next != end && next->needed_step <= step);
  }

  // The one that runs if `step` can go on meanwhile, unit by unit: it is the last that the step needs.
  [[nodiscard]] const PlanStream* arriving(uint32_t step) const {
    const PlanStream* const current = running.load(std::memory_order_relaxed);
    const bool by_units = current != nullptr && current->unit_bytes != 0 && current->needed_step == step;
    return by_units && port.stream.left != nullptr && (next == end || next->needed_step > step) ? current
                                                                                                : nullptr;
  }

  // On any worker: until what units [0, end) of the step that needs `stream` read is there.
  void await(const PlanStream& stream, uint32_t end_unit) const {
    const uint64_t bytes = std::min(uint64_t{end_unit} * stream.unit_bytes, uint64_t{stream.bytes});
    for (;;) {
      if (running.load(std::memory_order_acquire) != &stream) return;
      const uint32_t left = port.stream.left(port.context);
      // Of this one, not of the next that worker 0 has started meanwhile.
      if (running.load(std::memory_order_acquire) != &stream || stream.bytes >= bytes + left || left == 0)
        return;
    }
  }

  // Starts the next one that is due if none is running. Waits for one that `needed` already needs.
  TANDEM_HOT("streams") void advance(uint32_t step, int32_t needed) {
    for (;;) {
      if (const PlanStream* const current = running.load(std::memory_order_relaxed); current != nullptr) {
        const bool wait = needed != kNoStep && current->needed_step <= needed &&
                          arriving(static_cast<uint32_t>(needed)) == nullptr;
        if (!port.stream.ended(port.context, wait)) return;
        running.store(nullptr, std::memory_order_release);
      }
      if (!due(step)) return;
      const PlanStream& stream = *next++;
      if (port.stream.start == nullptr) {
        copy_now(bases, stream);
        continue;
      }
      port.stream.start(port.context, bases.arena + stream.destination, bases.constants + stream.source,
                        stream.bytes);
      running.store(&stream, std::memory_order_release);
    }
  }

  // Leaves none running.
  void finish() const {
    if (running.load(std::memory_order_relaxed) != nullptr)
      static_cast<void>(port.stream.ended(port.context, true));
  }
};
// One step on all workers.
struct SharedStep {
  KernelFunction kernel = nullptr;
  const void* params = nullptr;
  const Bases& bases;
  SectionRunner& sections;
  Streams& streams;
  uint32_t index;
  const PlanStream* arriving = nullptr;                   // what units wait for
  std::atomic<KernelResult> outcome = KernelResult::kOk;  // of any worker that has something to say

  TANDEM_HOT("work") static void work(void* self, uint32_t worker, uint32_t begin, uint32_t end) {
    auto& step = *static_cast<SharedStep*>(self);
    if (step.arriving != nullptr) step.streams.await(*step.arriving, end);
    if (worker == 0 && step.streams.due(step.index)) step.streams.advance(step.index, kNoStep);
    const KernelResult result = step.kernel(
        step.params,
        {.bases = step.bases, .begin = begin, .end = end, .worker = worker, .sections = &step.sections});
    if (result != KernelResult::kOk) step.outcome.store(result, std::memory_order_relaxed);
  }
};

}  // namespace

// A function of its own under a stable name: what measures steps, on a board or a simulator, looks for its
// entry and its return.
[[gnu::noinline]] TANDEM_HOT("run_step") KernelResult
    run_step(const BoundPlan& bound, const Port& port, SectionRunner& sections, Streams& streams,
             uint32_t index) {
  const Step& step = bound.plan.steps()[index];
  SharedStep shared{.kernel = bound.kernels[step.kernel]->run,
                    .params = bound.plan.at<uint8_t>(step.params),
                    .bases = bound.bases,
                    .sections = sections,
                    .streams = streams,
                    .index = index};
  // What this step does not need is started by worker 0 with its first unit, when the others are at work.
  if (streams.needed(index)) {
    streams.advance(index, static_cast<int32_t>(index));
    shared.arriving = streams.arriving(index);
  }
  if (port.workers <= 1 || step.units <= 1) {
    // While streams wait for their turn, in pieces, between which the next one can start.
    constexpr uint32_t kPieces = 16;
    const uint32_t piece = step.units / kPieces + 1;
    uint32_t begin = 0;
    for (; (shared.arriving != nullptr || streams.due(index)) && begin + piece < step.units; begin += piece) {
      SharedStep::work(&shared, 0, begin, begin + piece);
    }
    SharedStep::work(&shared, 0, begin, step.units);
  } else {
    port.parallel_for(port.context, step.units, SharedStep::work, &shared);
  }
  return shared.outcome.load(std::memory_order_relaxed);
}

Status check_plan(std::span<const uint8_t> plan, std::span<const uint8_t> constants,
                  std::span<const uint8_t> arena, std::span<const AnyKernel* const> kernels) {
  if (!aligned(plan.data(), kPlanAlignment) || !aligned(arena.data(), kPlanAlignment)) {
    return {.code = Code::kArenaUnaligned, .a = kPlanAlignment};
  }
  if (plan.size() < sizeof(PlanHeader)) return {.code = Code::kPlanCorrupt, .a = 1};
  const PlanView view(plan.data());
  const PlanHeader& header = view.header();
  if (header.magic != kPlanMagic) return {.code = Code::kPlanCorrupt, .a = 2};
  if (header.plan_bytes > plan.size() || view.data_at() > header.plan_bytes)
    return {.code = Code::kPlanCorrupt, .a = 3};
  if (header.main_steps > header.steps) return {.code = Code::kPlanCorrupt, .a = 7};
  if (header.kernels != kernels.size()) return {.code = Code::kPlanCorrupt, .a = 4};
  for (uint32_t i = 0; i < header.kernels; ++i) {
    if (view.kernels()[i] != kernels[i]->id) {
      return {.code = Code::kPlanKernels,
              .a = static_cast<int32_t>(view.kernels()[i]),
              .b = static_cast<int32_t>(kernels[i]->id)};
    }
  }
  for (const Step& step : view.steps()) {
    if (step.kernel >= header.kernels || step.units == 0 || step.params >= header.plan_bytes) {
      return {.code = Code::kPlanCorrupt, .a = 5};
    }
  }
  if (constants.size() != header.constants_bytes ||
      reinterpret_cast<uintptr_t>(constants.data()) % kConstantsAlignment != header.constants_remainder) {
    return {.code = Code::kPlanConstants,
            .a = static_cast<int32_t>(header.constants_bytes),
            .b = header.constants_remainder};
  }
  if (arena.size() < header.arena_bytes) {
    return {.code = Code::kArenaTooSmall,
            .a = static_cast<int32_t>(header.arena_bytes),
            .b = static_cast<int32_t>(arena.size())};
  }
  return {};
}

void fill_persistent(const BoundPlan& bound) {
  for (const PlanStream& stream : bound.plan.streams()) {
    if (stream.resident()) copy_now(bound.bases, stream);
  }
  reset_variables(bound);
}

void reset_variables(const BoundPlan& bound) {
  for (const PlanVariable& variable : bound.plan.variables()) {
    std::memset(bound.bases.arena + variable.data.offset(), static_cast<int>(variable.fill), variable.bytes);
  }
}

namespace {

// One invocation.
struct Invocation : SectionRunner {
  const BoundPlan& bound;
  const Port& port;
  const Profiler* profiler;
  uint32_t called_steps_left;

  Outcome run_steps(const Section& section, Streams& streams);
  static KernelResult run_called(SectionRunner& self, const Section& section);
};

TANDEM_HOT("run") Outcome Invocation::run_steps(const Section& section, Streams& streams) {
  const bool profiled = profiler != nullptr && profiler->on_step != nullptr;
  const bool timed = profiled && port.ticks != nullptr;
  const uint32_t end = uint32_t{section.first_step} + section.steps;
  for (uint32_t i = section.first_step; i < end; ++i) {
    const uint64_t begin_ticks = timed ? port.ticks(port.context) : 0;
    const KernelResult result = run_step(bound, port, *this, streams, i);
    const Step& step = bound.plan.steps()[i];
    if (profiled) {
      profiler->on_step(profiler->context, {.step = static_cast<uint16_t>(i),
                                            .subgraph = step.subgraph,
                                            .op = step.op,
                                            .units = step.units,
                                            .begin = begin_ticks,
                                            .end = timed ? port.ticks(port.context) : 0});
    }
    if (result != KernelResult::kOk) return {.kind = result, .op = step.op};
  }
  return {};
}

// Nothing is streamed meanwhile: streams go by the steps of the main subgraph.
KernelResult Invocation::run_called(SectionRunner& self, const Section& section) {
  auto& invocation = static_cast<Invocation&>(self);
  // A call counts as a step, so that an endless loop of nothing ends too.
  const uint32_t steps = 1 + uint32_t{section.steps};
  if (steps > invocation.called_steps_left) return KernelResult::kDataError;
  invocation.called_steps_left -= steps;
  Streams none{.port = invocation.port, .bases = invocation.bound.bases, .next = nullptr, .end = nullptr};
  return invocation.run_steps(section, none).kind;
}

}  // namespace

TANDEM_HOT("run") Outcome run(const BoundPlan& bound, const Port& port, const RunOptions& options) {
  const std::span<const PlanStream> all_streams = bound.plan.streams();
  Streams streams{.port = port,
                  .bases = bound.bases,
                  .next = all_streams.data(),
                  .end = all_streams.data() + all_streams.size()};
  Invocation invocation{
      {.run = Invocation::run_called}, bound, port, options.profiler, options.most_called_steps};
  const Outcome outcome =
      invocation.run_steps({.first_step = 0, .steps = bound.plan.header().main_steps}, streams);
  streams.finish();
  return outcome;
}

TensorView view(const BoundPlan& bound, const PlanTensor& tensor) {
  const Task whole{.bases = bound.bases};
  return {.type = tensor.type,
          .dims = {bound.plan.at<int32_t>(tensor.dims), tensor.rank},
          .scale = tensor.scale,
          .zero_point = tensor.zero_point,
          // A constant that is a model output is the one view that must not be written.
          .bytes = {const_cast<uint8_t*>(whole.in<uint8_t>(tensor.data)), tensor.bytes},
          .tensor = tensor.tensor};
}

}  // namespace tandem
