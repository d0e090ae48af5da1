#include "tandem/interpreter.h"

#include "base/bytes.h"
#include "base/status_macros.h"
#include "exec/executor.h"
#include "plan/planner.h"

namespace tandem {
namespace {

constexpr Port kDefaultPort{};

// The part of `memory` that starts aligned.
std::span<uint8_t> aligned(std::span<uint8_t> memory, size_t alignment) {
  const size_t skip = (alignment - reinterpret_cast<uintptr_t>(memory.data()) % alignment) % alignment;
  return skip < memory.size() ? memory.subspan(skip) : memory.last(0);
}

Status too_small(size_t needed, size_t given) {
  return {.code = Code::kArenaTooSmall, .a = static_cast<int32_t>(needed), .b = static_cast<int32_t>(given)};
}

BoundPlan bind(const uint8_t* plan, const AnyKernel* const* kernels, uint8_t* tensors,
               const uint8_t* constants) {
  return {.plan = PlanView(plan),
          .kernels = kernels,
          .bases = {.arena = tensors, .constants = constants, .plan = plan}};
}

}  // namespace

const Port Interpreter::kOneWorker = kDefaultPort;

Result<size_t> workspace_bytes(const Model& model) {
  if (model.bytes().empty()) return Code::kNotPrepared;
  return Planner(model, {}, 1U).workspace_bytes();
}

Result<ArenaNeed> arena_need(const Model& model, OpSet ops, std::span<uint8_t> workspace, const Port& port) {
  if (model.bytes().empty()) return Code::kNotPrepared;
  Planner planner(model, ops, port);
  TANDEM_TRY(planner.measure(workspace));
  ArenaNeed need = planner.need();
  planner.use_arena(kMaxTensorBytes);
  need.resident_bytes = planner.resident_bytes();
  if (planner.large_work() > 0) {
    planner.allow_least();
    TANDEM_TRY(planner.measure(workspace));
    need.arena_bytes = planner.need().arena_bytes;
  }
  return need;
}

Result<ArenaNeed> arena_need(const Model& model, OpSet ops, std::span<uint8_t> workspace, uint32_t workers) {
  const Port port{.workers = workers};
  return arena_need(model, ops, workspace, port);
}

Status Interpreter::prepare(const Model& model, OpSet ops, std::span<uint8_t> arena, const Port& port,
                            std::span<uint8_t> workspace) {
  plan_ = nullptr;
  used_ = 0;
  if (model.bytes().empty()) return {.code = Code::kNotPrepared};
  const std::span<uint8_t> memory = aligned(arena, kPlanAlignment);
  const size_t skipped = arena.size() - memory.size();
  Planner planner(model, ops, port);
  const bool own_workspace = workspace.empty();
  if (own_workspace) {
    const size_t bytes = planner.workspace_bytes();
    if (bytes > memory.size()) {
      return {.code = Code::kWorkspaceTooSmall,
              .a = static_cast<int32_t>(bytes),
              .b = static_cast<int32_t>(memory.size())};
    }
    workspace = memory.last(bytes);
  }
  TANDEM_TRY(planner.measure(workspace));
  const ArenaNeed& need = planner.need();
  const auto needed_bytes = [&] {
    return own_workspace ? need.arena_bytes : need.plan_bytes + need.tensor_bytes;
  };
  const auto fits = [&] { return needed_bytes() <= memory.size(); };
  if (!fits() && planner.large_work() > 0) TANDEM_TRY(planner.measure_to_fit(workspace, fits));
  const size_t needed = needed_bytes();
  if (needed > memory.size()) return too_small(needed + skipped, arena.size());
  planner.use_arena(memory.size() - need.plan_bytes);

  uint8_t* const plan = memory.data();
  auto* const kernels = reinterpret_cast<const AnyKernel**>(plan + planner.plan_bytes());
  TANDEM_TRY(planner.write(plan, kernels));
  plan_ = plan;
  kernels_ = kernels;
  tensors_ = plan + need.plan_bytes;
  constants_ = model.bytes().data();
  port_ = &port;
  used_ = static_cast<uint32_t>(skipped + need.plan_bytes + need.tensor_bytes);
  fill_persistent(bind(plan_, kernels_, tensors_, constants_));
  return {};
}

uint32_t Interpreter::input_count() const { return plan_ == nullptr ? 0 : PlanView(plan_).header().inputs; }
uint32_t Interpreter::output_count() const { return plan_ == nullptr ? 0 : PlanView(plan_).header().outputs; }

TensorView Interpreter::input(uint32_t index) const {
  if (index >= input_count()) return {};
  const BoundPlan bound = bind(plan_, kernels_, tensors_, constants_);
  return view(bound, bound.plan.inputs()[index]);
}

TensorView Interpreter::output(uint32_t index) const {
  if (index >= output_count()) return {};
  const BoundPlan bound = bind(plan_, kernels_, tensors_, constants_);
  return view(bound, bound.plan.outputs()[index]);
}

Outcome Interpreter::invoke() {
  if (plan_ == nullptr) return {.kind = Outcome::Kind::kDataError};
  return run(bind(plan_, kernels_, tensors_, constants_), *port_,
             {.profiler = profiler_, .most_called_steps = most_called_steps_});
}

void Interpreter::reset_variables() {
  if (plan_ != nullptr) tandem::reset_variables(bind(plan_, kernels_, tensors_, constants_));
}

std::span<const uint8_t> Interpreter::plan_bytes() const {
  if (plan_ == nullptr) return {};
  return {plan_, PlanView(plan_).header().plan_bytes};
}

std::span<uint8_t> Interpreter::scratch_memory() const {
  if (plan_ == nullptr) return {};
  const PlanView plan(plan_);
  return {tensors_ + plan.header().persistent_bytes, tensors_ + plan.resident_at()};
}

size_t Interpreter::resident_bytes() const {
  if (plan_ == nullptr) return 0;
  const PlanView plan(plan_);
  return plan.header().arena_bytes - plan.resident_at();
}

}  // namespace tandem
