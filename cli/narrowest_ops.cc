#include "narrowest_ops.h"

#include <algorithm>
#include <map>
#include <set>

#include "plan_report.h"

namespace tandem::cli {
namespace {

struct NamedOp {
  const char* name;
  const OpDef* def;
  bool narrow;
};
constexpr NamedOp kOps[] = {
#define TANDEM_OP(builtin, name) {#name, &op::name, false},
#define TANDEM_NARROW_OP(builtin, name) {#name, &op::name, true},
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
};

// An operator of the schema, or a custom one by its code.
using OperatorKey = std::pair<int32_t, std::string_view>;

OperatorKey key_of(const OpDef& def) {
  return {def.builtin, def.custom_code != nullptr ? def.custom_code : std::string_view{}};
}
OperatorKey key_of(const OperatorInfo& op) { return {op.builtin, op.custom_code}; }

// What a model asks of one operator.
struct Need {
  std::set<KernelId> kernels;
  bool refused = false;
};

std::map<OperatorKey, Need> needs(const Model& model) {
  const auto key = [&](int32_t subgraph, int32_t op) {
    return key_of(Subgraph(model, static_cast<uint32_t>(subgraph)).op(static_cast<uint32_t>(op)));
  };
  std::map<OperatorKey, Need> needs;
  const PlanReport report = report_plan(model, 1);
  for (uint32_t s = 0; s < report.called.size(); ++s) {
    const Subgraph subgraph(model, s);
    for (uint32_t i = 0; report.called[s] && i < subgraph.operator_count(); ++i) {
      needs[key_of(subgraph.op(i))];
    }
  }
  for (const PlannedStep& step : report.steps) {
    needs[key(step.subgraph, step.op)].kernels.insert(step.kernel);
  }
  for (const Status& refusal : report.refusals) needs[key(refusal.subgraph, refusal.op)].refused = true;
  return needs;
}

// The narrow operators that together bring what is needed; none if they do not, or if nothing is needed that
// would tell them apart.
std::vector<const NamedOp*> narrow_ops(const OperatorKey& key, const Need& need) {
  std::vector<const NamedOp*> chosen;
  std::set<KernelId> missing = need.kernels;
  for (const NamedOp& op : kOps) {
    if (!op.narrow || key_of(*op.def) != key) continue;
    const size_t before = missing.size();
    for (const AnyKernel* kernel : op.def->kernels) missing.erase(kernel->id);
    if (missing.size() < before) chosen.push_back(&op);
  }
  return missing.empty() && !need.refused ? chosen : std::vector<const NamedOp*>{};
}

}  // namespace

std::vector<std::string> narrowest_ops(const Model& model) {
  const std::map<OperatorKey, Need> all_needs = needs(model);
  std::vector<std::string> names;
  for (const NamedOp& op : kOps) {
    const auto need = all_needs.find(key_of(*op.def));
    if (need == all_needs.end()) continue;
    const std::vector<const NamedOp*> narrow = narrow_ops(need->first, need->second);
    if (op.narrow ? std::ranges::find(narrow, &op) != narrow.end() : narrow.empty())
      names.emplace_back(op.name);
  }
  return names;
}

}  // namespace tandem::cli
