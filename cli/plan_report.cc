#include "plan_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "text_table.h"

namespace tandem::cli {
namespace {

std::vector<uint64_t> alive_bytes(std::span<const Buffer> buffers, uint32_t operators) {
  std::vector<uint64_t> alive(operators);
  for (uint32_t i = 0; i < buffers.size(); ++i) {
    const Buffer& buffer = buffers[i];
    if (buffer.constant != 0 || buffer.root != i) continue;
    for (uint32_t op = 0; op < operators; ++op) {
      const auto time = static_cast<int32_t>(op);
      if (buffer.variable != 0 || (buffer.first <= time && time <= buffer.last)) alive[op] += buffer.bytes;
    }
  }
  return alive;
}

}  // namespace

size_t PlanReport::peak() const {
  return static_cast<size_t>(std::ranges::max_element(alive_bytes) - alive_bytes.begin());
}

PlanReport report_plan(const Model& model, uint32_t workers) {
  PlanReport report;
  Planner planner(model, all_ops(), workers);
  std::vector<uint8_t> workspace(planner.workspace_bytes());
  const PlanListener listener{
      .context = &report,
      .on_step = [](void* context,
                    const PlannedStep& step) { static_cast<PlanReport*>(context)->steps.push_back(step); },
      .on_refused =
          [](void* context, const Status& status) {
            static_cast<PlanReport*>(context)->refusals.push_back(status);
          }};
  report.status = planner.measure(workspace, listener);

  for (const PlannedSubgraph& subgraph : planner.planned().subgraphs) {
    report.called.push_back(subgraph.depth != PlannedSubgraph::kNotCalled);
  }
  if (!report.status.ok()) return report;

  report.buffers.assign(planner.buffers().begin(), planner.buffers().end());
  report.called_bytes = report.buffers.back().bytes;
  report.alive_bytes = alive_bytes(report.buffers, Subgraph(model, 0).operator_count());
  report.need = planner.need();
  constexpr uint32_t kPointerBytes = 4;
  const size_t plan_32bit =
      align_up(planner.plan_bytes() + planner.kernel_count() * kPointerBytes, kPlanAlignment);
  report.arena_bytes_32bit = report.need.arena_bytes - report.need.plan_bytes + plan_32bit;
  planner.allow_least();
  report.status = planner.measure(workspace);
  report.least_arena_bytes = planner.need().arena_bytes;
  return report;
}

std::string operator_name(const OperatorInfo& op) {
  if (!op.custom_code.empty()) return printable(op.custom_code);
  const char* name = builtin_name(op.builtin);
  return name != nullptr ? name : fmt::format("operator {}", op.builtin);
}

std::string short_tensor_name(const Subgraph& subgraph, int32_t tensor) {
  constexpr size_t kWidth = 28;
  const std::string_view full = subgraph.tensor_name(tensor);
  std::string_view name = full.substr(0, full.find(';'));
  while (name.size() > kWidth && name.find('/') != std::string_view::npos)
    name.remove_prefix(name.find('/') + 1);
  if (name.empty()) return fmt::format("tensor {}", tensor);
  return shortened(printable(name), kWidth);
}

std::string operator_number(uint32_t subgraph, uint32_t op) {
  return subgraph == 0 ? std::to_string(op) : fmt::format("{}:{}", subgraph, op);
}

std::string operator_place(const Model& model, int16_t op) {
  const Subgraph subgraph(model, 0);
  const OperatorInfo info = subgraph.op(static_cast<uint32_t>(op));
  std::string place = fmt::format("op {} {}", op, operator_name(info));
  if (info.outputs.count > 0) {
    place += fmt::format(" \"{}\"", printable(subgraph.tensor_name(info.outputs.get<int32_t>(0))));
  }
  return place;
}

}  // namespace tandem::cli
