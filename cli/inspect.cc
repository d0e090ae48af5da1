#include "inspect.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "arena_map.h"
#include "plan_report.h"
#include "session.h"
#include "tensor_values.h"
#include "text_table.h"

namespace tandem::cli {
namespace {

using nlohmann::json;

// The parts of a file that planning has no use for. The reader is total: what is damaged reads as empty.
namespace field {
enum Model { kSubgraphs = 2, kDescription = 3, kBuffers = 4, kMetadata = 6 };
enum Buffer { kData = 0 };
enum Metadata { kName = 0, kMetadataBuffer = 1 };
enum Subgraph { kSubgraphName = 4 };
}  // namespace field

// Loading a model does not look at these names, and a file that is made to annoy may share a long one among
// many entries.
constexpr size_t kMaxName = 256;
constexpr uint32_t kMaxMetadata = 64;

struct Metadata {
  std::string name;
  uint32_t bytes = 0;
};

std::vector<Metadata> read_metadata(const flat::Table& model) {
  const flat::Vector buffers = model.vector(field::kBuffers, sizeof(uint32_t));
  const flat::Vector entries = model.vector(field::kMetadata, sizeof(uint32_t));
  std::vector<Metadata> metadata;
  for (uint32_t i = 0; i < std::min(entries.count, kMaxMetadata); ++i) {
    const flat::Table entry = flat::Table::element(entries, i);
    const flat::Table buffer = flat::Table::element(buffers, entry.scalar<uint32_t>(field::kMetadataBuffer));
    metadata.push_back({.name = std::string(entry.string(field::kName).substr(0, kMaxName)),
                        .bytes = buffer.vector(field::kData, 1).count});
  }
  return metadata;
}

std::string subgraph_name(const flat::Table& model, uint32_t index) {
  const flat::Vector subgraphs = model.vector(field::kSubgraphs, sizeof(uint32_t));
  return std::string(flat::Table::element(subgraphs, index).string(field::kSubgraphName).substr(0, kMaxName));
}

std::vector<int32_t> indices(const flat::Vector& list) {
  std::vector<int32_t> values;
  for (uint32_t i = 0; i < list.count; ++i) values.push_back(list.get<int32_t>(i));
  return values;
}

std::string shape_of(const TensorInfo& tensor) { return shape_text({tensor.shape.dims, tensor.shape.rank}); }

std::string quantization_text(const TensorInfo& tensor) {
  const Quantization& q = tensor.quantization;
  if (!q.present()) return "";
  if (!q.per_channel()) return fmt::format("scale {}, zero point {}", q.scale(), q.zero_point());
  float low = q.scale(0), high = q.scale(0);
  for (uint32_t i = 1; i < q.scales.count; ++i) {
    low = std::min(low, q.scale(i));
    high = std::max(high, q.scale(i));
  }
  return fmt::format("{} scales {} to {}, axis {}", q.scales.count, low, high, q.axis);
}

// "copy__ref", "3 x copy__ref", "transpose__ref + conv_2d_s8__ref"
std::string runs_text(const std::vector<std::string>& parts) {
  std::vector<std::string> runs;
  for (auto it = parts.begin(); it != parts.end();) {
    const auto end = std::find_if(it, parts.end(), [&](const std::string& part) { return part != *it; });
    runs.push_back(end - it == 1 ? *it : fmt::format("{} x {}", end - it, *it));
    it = end;
  }
  return fmt::format("{}", fmt::join(runs, " + "));
}

// Operators that are refused for the same reason.
struct Refusal {
  std::string operator_name;
  std::string reason;
  std::vector<std::string> places{};  // "3", or "subgraph 1: 3"
};

// A subgraph and what planning found in it.
struct Graph {
  explicit Graph(const Model& model, uint32_t number)
      : index(number),
        subgraph(model, number),
        steps(subgraph.operator_count()),
        refusals(subgraph.operator_count(), nullptr) {}

  uint32_t index;
  Subgraph subgraph;
  std::vector<std::vector<PlannedStep>> steps;  // of each operator
  std::vector<const Status*> refusals;          // each operator's, or null
  std::set<int32_t> parameters;                 // constants that operators read
  uint64_t macs = 0;
};

class Inspection {
 public:
  Inspection(const Session& session, uint32_t workers)
      : session_(session),
        main_(session.model(), 0),
        root_(flat::root({.bytes = session.model().bytes()})),
        workers_(workers),
        report_(report_plan(session.model(), workers)) {
    for (uint32_t s = 0; s < subgraph_count(session.model()); ++s) graphs_.emplace_back(session.model(), s);
    for (const PlannedStep& step : report_.steps) {
      Graph& graph = graphs_[static_cast<size_t>(step.subgraph)];
      graph.steps[static_cast<size_t>(step.op)].push_back(step);
      graph.macs += step.work.macs;
    }
    for (const Status& status : report_.refusals) {
      graphs_[static_cast<size_t>(status.subgraph)].refusals[static_cast<size_t>(status.op)] = &status;
    }
    for (Graph& graph : graphs_) {
      for (uint32_t i = 0; i < graph.subgraph.operator_count(); ++i) {
        for (const int32_t tensor : indices(graph.subgraph.op(i).inputs)) {
          if (graph.subgraph.tensor(tensor).constant()) graph.parameters.insert(tensor);
        }
      }
    }
    find_blocks();
  }

  [[nodiscard]] bool runs() const { return report_.status.ok() && report_.refusals.empty(); }
  [[nodiscard]] std::string text(const InspectOptions& options) const;
  [[nodiscard]] json as_json() const;
  /// Why the model cannot be run, in one line; only if !runs().
  [[nodiscard]] std::string why_not() const;

 private:
  void find_blocks();
  [[nodiscard]] std::vector<Refusal> refusals() const;
  [[nodiscard]] const char* place(const TensorInfo& tensor) const;
  [[nodiscard]] bool called(const Graph& graph) const;

  [[nodiscard]] std::string header_text() const;
  [[nodiscard]] std::string operators_text(const Graph& graph) const;
  [[nodiscard]] std::string tensors_text() const;
  [[nodiscard]] std::string arena_text() const;
  [[nodiscard]] std::string refusals_text() const;
  [[nodiscard]] json operator_json(const Graph& graph, uint32_t index) const;
  [[nodiscard]] json operators_json(const Graph& graph) const;
  [[nodiscard]] json tensor_json(int32_t index) const;
  [[nodiscard]] json arena_json() const;

  const Session& session_;
  Subgraph main_;
  flat::Table root_;
  uint32_t workers_;
  PlanReport report_;
  std::vector<Graph> graphs_;
  std::map<uint32_t, ArenaBlock> blocks_;  // by buffer
};

void Inspection::find_blocks() {
  for (const ArenaBlock& block : arena_blocks(report_, main_)) blocks_.emplace(block.buffer, block);
}

std::vector<Refusal> Inspection::refusals() const {
  std::vector<Refusal> list;
  for (const Status& status : report_.refusals) {
    const Subgraph subgraph(session_.model(), static_cast<uint32_t>(status.subgraph));
    const std::string name = operator_name(subgraph.op(static_cast<uint32_t>(status.op)));
    Status reason = status;
    reason.op = reason.tensor = -1;
    const std::string text =
        status.code == Code::kOperatorUnknown || status.code == Code::kCustomOperatorUnknown
            ? "operator is not supported"
            : sentence(reason, nullptr);
    auto known = std::ranges::find_if(
        list, [&](const Refusal& r) { return r.operator_name == name && r.reason == text; });
    if (known == list.end()) {
      list.push_back({.operator_name = name, .reason = text});
      known = list.end() - 1;
    }
    known->places.push_back(status.subgraph == 0
                                ? std::to_string(status.op)
                                : fmt::format("{} of subgraph {}", status.op, status.subgraph));
  }
  return list;
}

std::string Inspection::why_not() const {
  const std::vector<Refusal> list = refusals();
  if (list.empty()) return session_.describe(report_.status);
  std::set<std::string> names;
  for (const Refusal& refusal : list) names.insert(refusal.operator_name);
  return fmt::format("{}: {} cannot be run: {}", session_.name(),
                     counted(report_.refusals.size(), "operator"), fmt::join(names, ", "));
}

bool Inspection::called(const Graph& graph) const { return report_.called[graph.index]; }

uint64_t constant_bytes(const Subgraph& subgraph, const OperatorInfo& op) {
  uint64_t bytes = 0;
  for (const int32_t tensor : indices(op.inputs)) {
    const TensorInfo info = subgraph.tensor(tensor);
    if (info.constant()) bytes += info.bytes;
  }
  return bytes;
}

uint64_t parameter_count(const Graph& graph) {
  uint64_t count = 0;
  for (const int32_t tensor : graph.parameters) count += graph.subgraph.tensor(tensor).elements;
  return count;
}

uint64_t parameter_bytes(const Graph& graph) {
  uint64_t bytes = 0;
  for (const int32_t tensor : graph.parameters) bytes += graph.subgraph.tensor(tensor).bytes;
  return bytes;
}

// "INT8 [1,8,8,4] + [1,8,8,4] -> [1,8,8,4]": a type is written where it is another one than before.
std::string operands_text(const Subgraph& subgraph, const OperatorInfo& op) {
  constexpr size_t kShown = 3;
  std::vector<TensorInfo> inputs;
  for (const int32_t tensor : indices(op.inputs)) {
    if (tensor >= 0 && !subgraph.tensor(tensor).constant()) inputs.push_back(subgraph.tensor(tensor));
  }
  const char* type = "";
  const auto operand = [&](const TensorInfo& tensor) {
    const char* const own = type_name(tensor.type);
    const std::string text =
        own == std::string_view(type) ? shape_of(tensor) : fmt::format("{} {}", own, shape_of(tensor));
    type = own;
    return text;
  };
  const auto list = [&](const std::vector<TensorInfo>& tensors) {
    std::string text;
    for (size_t i = 0; i < std::min(tensors.size(), kShown); ++i) {
      text += (i > 0 ? " + " : "") + operand(tensors[i]);
    }
    if (tensors.size() > kShown) text += fmt::format(" + {} more", tensors.size() - kShown);
    return text;
  };
  std::vector<TensorInfo> outputs;
  for (const int32_t tensor : indices(op.outputs)) outputs.push_back(subgraph.tensor(tensor));
  std::string text = list(inputs);
  if (!text.empty()) text += ' ';
  return text + "-> " + list(outputs);
}

const char* Inspection::place(const TensorInfo& tensor) const {
  if (tensor.constant()) return "constant";
  if (tensor.variable) return "variable";
  if (!report_.status.ok()) return "arena";
  const auto block = blocks_.find(static_cast<uint32_t>(tensor.index));
  if (block == blocks_.end()) return tensor.bytes == 0 ? "empty" : "unused";
  return block->second.in_place >= 0 ? "in place" : "arena";
}

// ---- text

std::string Inspection::header_text() const {
  std::string text = fmt::format("{}: {}", session_.name(), counted(session_.model().bytes().size(), "byte"));
  const std::string description = printable(root_.string(field::kDescription));
  text += description.empty() ? "\n" : fmt::format(", \"{}\"\n", description);
  const auto operands = [&](const char* kind, const flat::Vector& list) {
    for (uint32_t i = 0; i < list.count; ++i) {
      const auto index = list.get<int32_t>(i);
      const TensorInfo tensor = main_.tensor(index);
      const std::string quantization = quantization_text(tensor);
      text += fmt::format("  {:<9} {} {}{}{}  \"{}\"\n", fmt::format("{} {}", kind, i),
                          type_name(tensor.type), shape_of(tensor), quantization.empty() ? "" : ", ",
                          quantization, printable(main_.tensor_name(index)));
    }
  };
  operands("input", main_.inputs());
  operands("output", main_.outputs());
  for (const Metadata& entry : read_metadata(root_)) {
    text += fmt::format("  metadata  \"{}\", {}\n", printable(entry.name), counted(entry.bytes, "byte"));
  }
  for (const Graph& graph : graphs_) {
    if (graph.index == 0) continue;
    std::map<std::string, unsigned> counts;
    for (uint32_t i = 0; i < graph.subgraph.operator_count(); ++i)
      ++counts[operator_name(graph.subgraph.op(i))];
    std::vector<std::string> operators;
    for (const auto& [name, count] : counts) {
      operators.push_back(count == 1 ? name : fmt::format("{} {}", count, name));
    }
    text += fmt::format(
        "  subgraph {} \"{}\": {} ({}), {}{}\n", graph.index, printable(subgraph_name(root_, graph.index)),
        counted(graph.subgraph.operator_count(), "operator"), fmt::join(operators, ", "),
        counted(graph.subgraph.tensor_count(), "tensor"), called(graph) ? "" : ", never called");
  }
  return text;
}

std::string Inspection::operators_text(const Graph& graph) const {
  const Subgraph& subgraph = graph.subgraph;
  using enum TextTable::Align;
  TextTable table({{"#", kRight},
                   {"operator"},
                   {"output"},
                   {"inputs -> outputs"},
                   {"MACs", kRight},
                   {"constants", kRight},
                   {"kernel"},
                   {"units", kRight},
                   {"alive", kRight}});
  for (uint32_t i = 0; i < subgraph.operator_count(); ++i) {
    const OperatorInfo op = subgraph.op(i);
    uint64_t macs = 0;
    std::vector<std::string> kernels;
    std::vector<std::string> units;
    for (const PlannedStep& step : graph.steps[i]) {
      macs += step.work.macs;
      kernels.emplace_back(kernel_name(step.kernel));
      units.push_back(std::to_string(step.work.units));
    }
    std::string kernel = runs_text(kernels);
    if (graph.refusals[i] != nullptr) {
      kernel = "cannot be run";
    } else if (kernels.empty() && report_.status.ok()) {
      kernel = "none: in place";
    }
    std::string alive;
    if (graph.index == 0 && report_.status.ok()) {
      alive = grouped(report_.alive_bytes[i]) + (i == report_.peak() ? "*" : " ");
    }
    const uint64_t constants = constant_bytes(subgraph, op);
    table.row({std::to_string(i), operator_name(op),
               op.outputs.count > 0 ? short_tensor_name(subgraph, op.outputs.get<int32_t>(0)) : "",
               operands_text(subgraph, op), macs > 0 ? grouped(macs) : "",
               constants > 0 ? grouped(constants) : "", kernel, runs_text(units), alive});
  }
  std::string text = "\n";
  if (graph.index != 0) {
    text += fmt::format("Subgraph {} \"{}\"\n", graph.index, printable(subgraph_name(root_, graph.index)));
  }
  text += table.text();
  text += fmt::format("{}: {} multiply-accumulates{}, {} parameters in {} bytes\n",
                      counted(subgraph.operator_count(), "operator"), grouped(graph.macs),
                      report_.refusals.empty() ? "" : " in those that can be run",
                      grouped(parameter_count(graph)), grouped(parameter_bytes(graph)));
  return text;
}

std::string Inspection::tensors_text() const {
  using enum TextTable::Align;
  TextTable table(
      {{"#", kRight}, {"tensor"}, {"type"}, {"shape"}, {"bytes", kRight}, {"place"}, {"quantization"}});
  for (uint32_t i = 0; i < main_.tensor_count(); ++i) {
    const TensorInfo tensor = main_.tensor(static_cast<int32_t>(i));
    std::string where = place(tensor);
    if (const auto found = blocks_.find(i); found != blocks_.end()) {
      const ArenaBlock& block = found->second;
      if (block.in_place >= 0) where += fmt::format(" of {},", block.in_place);
      where += fmt::format(" at {}", grouped(block.offset));
    }
    table.row({std::to_string(i), shortened(printable(main_.tensor_name(static_cast<int32_t>(i))), 40),
               type_name(tensor.type), shape_of(tensor), grouped(tensor.bytes), where,
               quantization_text(tensor)});
  }
  return "\n" + table.text();
}

std::string Inspection::arena_text() const {
  const ArenaNeed& need = report_.need;
  std::string text = fmt::format("\nArena for {}, in bytes\n", counted(workers_, "worker"));
  const auto line = [&](const char* what, size_t bytes, const std::string& note) {
    text += fmt::format("  {:<10} {:>13}  {}", what, grouped(bytes), note);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  line("plan", need.plan_bytes,
       fmt::format("{}, their parameters and prepared data", counted(report_.steps.size(), "step")));
  std::string peak;
  if (main_.operator_count() > 0) {
    peak = fmt::format("most in use at op {} (*): {}; ", report_.peak(),
                       grouped(report_.alive_bytes[report_.peak()]));
  }
  line("tensors", need.tensor_bytes,
       fmt::format("with scratch; {}lower bound {} without working in place", peak,
                   grouped(need.lower_bound)));
  if (report_.called_bytes > 0) {
    line("", report_.called_bytes, "of them shared by the tensors of called subgraphs");
  }
  if (need.persistent_bytes > 0) {
    line("", need.persistent_bytes, "of them variables, kept from one invocation to the next");
  }
  line("workspace", need.workspace_bytes,
       need.workspace_bytes <= need.tensor_bytes ? "while planning, in the tensors' place"
                                                 : "while planning, in the tensors' place and behind it");
  line("total", need.arena_bytes,
       fmt::format("on this machine; {} on a 32-bit one", grouped(report_.arena_bytes_32bit)));
  if (report_.least_arena_bytes != need.arena_bytes) {
    line("at least", report_.least_arena_bytes, "without what only saves time");
  }
  return text;
}

std::string Inspection::refusals_text() const {
  constexpr size_t kPlaces = 12;
  std::string text = "\nCannot be run:\n";
  for (const Refusal& refusal : refusals()) {
    std::vector<std::string> shown(
        refusal.places.begin(),
        refusal.places.begin() + static_cast<ptrdiff_t>(std::min(kPlaces, refusal.places.size())));
    if (shown.size() < refusal.places.size()) shown.emplace_back("...");
    text += fmt::format("  {} x {}: {} (op {})\n", refusal.places.size(), refusal.operator_name,
                        refusal.reason, fmt::join(shown, ", "));
  }
  if (report_.refusals.empty()) text += fmt::format("  {}\n", sentence(report_.status, &session_.model()));
  return text;
}

std::string Inspection::text(const InspectOptions& options) const {
  std::string text = header_text();
  for (const Graph& graph : graphs_) {
    if (called(graph)) text += operators_text(graph);
  }
  if (options.tensors) text += tensors_text();
  if (report_.status.ok()) {
    text += arena_text();
    if (options.arena) text += '\n' + arena_map_text(report_, main_);
  } else {
    text += "The arena is not known while there is something that cannot be run.\n";
  }
  if (!runs()) text += refusals_text();
  return text;
}

// ---- JSON

json Inspection::operator_json(const Graph& graph, uint32_t index) const {
  const OperatorInfo op = graph.subgraph.op(index);
  json object{{"index", index},
              {"operator", operator_name(op)},
              {"inputs", indices(op.inputs)},
              {"outputs", indices(op.outputs)},
              {"constant_bytes", constant_bytes(graph.subgraph, op)}};
  if (const Status* refusal = graph.refusals[index]) {
    object["refused"] = sentence(*refusal, &session_.model());
    return object;
  }
  uint64_t macs = 0;
  object["steps"] = json::array();
  for (const PlannedStep& step : graph.steps[index]) {
    macs += step.work.macs;
    object["steps"].push_back(
        {{"kernel", kernel_name(step.kernel)}, {"units", step.work.units}, {"macs", step.work.macs}});
  }
  object["macs"] = macs;
  if (graph.index == 0 && report_.status.ok()) object["alive_bytes"] = report_.alive_bytes[index];
  return object;
}

json Inspection::operators_json(const Graph& graph) const {
  json list = json::array();
  for (uint32_t i = 0; i < graph.subgraph.operator_count(); ++i) list.push_back(operator_json(graph, i));
  return list;
}

json block_json(const ArenaBlock& block) {
  return {{"offset", block.offset}, {"bytes", block.bytes}, {"first", block.first}, {"last", block.last}};
}

json Inspection::tensor_json(int32_t index) const {
  const TensorInfo tensor = main_.tensor(index);
  json object{{"index", index},
              {"name", std::string(main_.tensor_name(index))},
              {"type", type_name(tensor.type)},
              {"shape", std::vector<int32_t>(tensor.shape.dims, tensor.shape.dims + tensor.shape.rank)},
              {"bytes", tensor.bytes},
              {"place", place(tensor)}};
  const Quantization& q = tensor.quantization;
  if (q.present()) {
    json& quantization = object["quantization"] = {{"scales", json::array()}, {"zero_points", json::array()}};
    for (uint32_t i = 0; i < q.scales.count; ++i) {
      quantization["scales"].push_back(q.scale(i));
      quantization["zero_points"].push_back(q.zero_point(i));
    }
    if (q.per_channel()) quantization["axis"] = q.axis;
  }
  if (const auto found = blocks_.find(static_cast<uint32_t>(index)); found != blocks_.end()) {
    object["arena"] = block_json(found->second);
    if (found->second.in_place >= 0) object["arena"]["in_place_of"] = found->second.in_place;
  }
  return object;
}

json Inspection::arena_json() const {
  const ArenaNeed& need = report_.need;
  json arena{{"workers", workers_},
             {"plan_bytes", need.plan_bytes},
             {"tensor_bytes", need.tensor_bytes},
             {"persistent_bytes", need.persistent_bytes},
             {"called_bytes", report_.called_bytes},
             {"lower_bound", need.lower_bound},
             {"workspace_bytes", need.workspace_bytes},
             {"arena_bytes", need.arena_bytes},
             {"arena_bytes_32bit", report_.arena_bytes_32bit},
             {"least_arena_bytes", report_.least_arena_bytes},
             {"scratch", json::array()}};
  for (const auto& [buffer, block] : blocks_) {
    const uint32_t tensors_and_scratch = main_.tensor_count() + main_.operator_count();
    if (buffer < main_.tensor_count() || buffer >= tensors_and_scratch) continue;
    json scratch = block_json(block);
    scratch["op"] = buffer - main_.tensor_count();
    arena["scratch"].push_back(scratch);
  }
  return arena;
}

json Inspection::as_json() const {
  json object{{"model", session_.name()},
              {"bytes", session_.model().bytes().size()},
              {"description", std::string(root_.string(field::kDescription))},
              {"inputs", indices(main_.inputs())},
              {"outputs", indices(main_.outputs())},
              {"runs", runs()},
              {"macs", graphs_[0].macs},
              {"parameters", parameter_count(graphs_[0])},
              {"parameter_bytes", parameter_bytes(graphs_[0])},
              {"metadata", json::array()},
              {"subgraphs", json::array()},
              {"operators", json::array()},
              {"tensors", json::array()},
              {"refused", json::array()}};
  for (const Metadata& entry : read_metadata(root_)) {
    object["metadata"].push_back({{"name", entry.name}, {"bytes", entry.bytes}});
  }
  for (const Graph& graph : graphs_) {
    object["subgraphs"].push_back({{"name", subgraph_name(root_, graph.index)},
                                   {"operators", graph.subgraph.operator_count()},
                                   {"tensors", graph.subgraph.tensor_count()},
                                   {"called", called(graph)}});
    if (graph.index != 0) object["subgraphs"].back()["ops"] = operators_json(graph);
  }
  object["operators"] = operators_json(graphs_[0]);
  for (uint32_t i = 0; i < main_.tensor_count(); ++i) {
    object["tensors"].push_back(tensor_json(static_cast<int32_t>(i)));
  }
  if (report_.status.ok()) object["arena"] = arena_json();
  for (const Refusal& refusal : refusals()) {
    object["refused"].push_back({{"operator", refusal.operator_name},
                                 {"reason", refusal.reason},
                                 {"count", refusal.places.size()},
                                 {"ops", refusal.places}});
  }
  if (!runs() && report_.refusals.empty())
    object["refused_graph"] = sentence(report_.status, &session_.model());
  return object;
}

}  // namespace

int inspect(const InspectOptions& options) {
  const Outcome<std::unique_ptr<Session>> session = Session::open(options.model);
  if (!session.ok()) {
    fmt::print(stderr, "{}\n", session.problem().sentence);
    return EXIT_FAILURE;
  }
  const Inspection inspection(**session, options.workers);
  if (options.json) {
    // Names come from the file and need not be UTF-8.
    fmt::print("{}\n", inspection.as_json().dump(1, ' ', false, json::error_handler_t::replace));
  } else {
    fmt::print("{}", inspection.text(options));
  }
  if (inspection.runs()) return EXIT_SUCCESS;
  std::fflush(stdout);
  fmt::print(stderr, "{}\n", inspection.why_not());
  return EXIT_FAILURE;
}

}  // namespace tandem::cli
