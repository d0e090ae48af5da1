#include "ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "model/model_view.h"
#include "ops/op_context.h"

namespace tandem::cli {
namespace {

// ---- what is registered

struct RegisteredOp {
  std::string_view name;      ///< in the schema, or a custom operator's code
  std::string_view function;  ///< in tandem::op
  const OpDef* def;
  bool custom;
  bool narrow;
};
constexpr RegisteredOp kOps[] = {
#define TANDEM_OP(builtin, name) {#builtin, #name, &op::name, false, false},
#define TANDEM_NARROW_OP(builtin, name) {#builtin, #name, &op::name, false, true},
#define TANDEM_CUSTOM_OP(code, name) {code, #name, &op::name, true, false},
#define TANDEM_NARROW_CUSTOM_OP(code, name) {code, #name, &op::name, true, true},
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
};

constexpr std::string_view kBuiltins[] = {
#define TANDEM_BUILTIN(name, number) #name,
#include "model/builtin_operators.inc"
#undef TANDEM_BUILTIN
};

struct Note {
  const OpDef* op;
  std::string_view text;
};
#define TANDEM_NO_NOTE(name, text)
constexpr Note kTypes[] = {
#define TANDEM_TYPES(name, text) {&op::name, text},
#define TANDEM_LIMIT TANDEM_NO_NOTE
#define TANDEM_DEVIATION TANDEM_NO_NOTE
#include "operator_notes.inc"
#undef TANDEM_TYPES
#undef TANDEM_LIMIT
#undef TANDEM_DEVIATION
};
constexpr Note kLimits[] = {
#define TANDEM_TYPES TANDEM_NO_NOTE
#define TANDEM_LIMIT(name, text) {&op::name, text},
#define TANDEM_DEVIATION TANDEM_NO_NOTE
#include "operator_notes.inc"
#undef TANDEM_TYPES
#undef TANDEM_LIMIT
#undef TANDEM_DEVIATION
};
constexpr Note kDeviations[] = {
#define TANDEM_TYPES TANDEM_NO_NOTE
#define TANDEM_LIMIT TANDEM_NO_NOTE
#define TANDEM_DEVIATION(name, text) {&op::name, text},
#include "operator_notes.inc"
#undef TANDEM_TYPES
#undef TANDEM_LIMIT
#undef TANDEM_DEVIATION
};
#undef TANDEM_NO_NOTE

// ---- what kernels' names say

// "conv_2d_s8_w4__armv6m_sparse": the contract's family and types, and the means.
struct KernelName {
  explicit KernelName(std::string_view name) {
    const size_t means_at = name.find("__");
    contract = name.substr(0, means_at);
    isa = name.substr(means_at + 2);
    isa = isa.substr(0, isa.find('_'));
    family = contract;
    for (size_t at = family.rfind('_'); at != family.npos && type(family.substr(at + 1));
         at = family.rfind('_')) {
      types.insert(types.begin(), family.substr(at + 1));
      family = family.substr(0, at);
    }
  }

  // The schema's name of a type, of weights and of a bias.
  static std::optional<std::string_view> type(std::string_view token) {
    static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
        {"s8", "INT8"},   {"s16", "INT16"},       {"s32", "INT32"},      {"s64", "INT64"},
        {"u8", "UINT8"},  {"u32", "UINT32"},      {"u64", "UINT64"},     {"f32", "FLOAT32"},
        {"bool", "BOOL"}, {"w4", "INT4 weights"}, {"b16", "INT16 bias"}, {"b32", "INT32 bias"},
    };
    for (const auto& [key, name] : kNames) {
      if (key == token) return name;
    }
    return std::nullopt;
  }

  // "INT8", "INT8 with INT4 weights", "INT8 to INT16"; "" of kernels that do not look at elements.
  [[nodiscard]] std::string description() const {
    if (types.empty()) return {};
    const std::string first(*type(types[0]));
    if (family == "quantize") return "FLOAT32 to " + first;
    if (family == "dequantize") return first + " to FLOAT32";
    if (types.size() == 1) return first;
    const std::string second(*type(types[1]));
    if (types[1][0] == 'w' || types[1][0] == 'b') return first + " with " + second;
    if (family == "svdf") return first + " with " + second + " state";
    return first + " to " + second;
  }

  std::string_view contract;
  std::string_view isa;
  std::string_view family;
  std::vector<std::string_view> types;
};

const std::vector<KernelName>& all_kernels() {
  static const std::vector<KernelName> kernels = [] {
    std::vector<KernelName> names;
    for (uint16_t i = 0; i < static_cast<uint16_t>(KernelId::kCount); ++i) {
      names.emplace_back(kernel_name(KernelId{i}));
    }
    return names;
  }();
  return kernels;
}

template <class Items>
std::string joined(const Items& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

void add_once(std::vector<std::string>& list, std::string text) {
  if (!text.empty() && std::ranges::find(list, text) == list.end()) list.push_back(std::move(text));
}

std::vector<std::string_view> notes(std::span<const Note> all, const OpDef* op) {
  std::vector<std::string_view> texts;
  for (const Note& note : all) {
    if (note.op == op) texts.push_back(note.text);
  }
  return texts;
}

// What the operator's own kernels compute, or else what a note says.
std::string types(const RegisteredOp& op) {
  if (const auto told = notes(kTypes, op.def); !told.empty()) return joined(told);
  std::vector<std::string> types;
  for (const AnyKernel* kernel : op.def->kernels) {
    add_once(types, KernelName(kernel_name(kernel->id)).description());
  }
  return types.empty() ? "any of whole bytes" : joined(types);
}

// Variants beside ref/ of the operator's contracts, on any machine: "INT8: portable, armv6m".
std::string fast_kernels(const RegisteredOp& op) {
  std::map<std::string, std::vector<std::string>> by_types;
  for (const AnyKernel* brought : op.def->kernels) {
    const KernelName contract(kernel_name(brought->id));
    for (const KernelName& kernel : all_kernels()) {
      if (kernel.contract != contract.contract || kernel.isa == "ref") continue;
      add_once(by_types[contract.description()], std::string(kernel.isa));
    }
  }
  std::vector<std::string> lines;
  for (auto& [types, machines] : by_types) {
    std::ranges::sort(machines, std::greater());  // portable first
    lines.push_back(fmt::format("{}: {}", types, joined(machines)));
  }
  return joined(lines);
}

std::string functions(const RegisteredOp& op) {
  std::string text = fmt::format("`{}`", op.function);
  for (const RegisteredOp& other : kOps) {
    if (other.narrow && other.name == op.name) text += fmt::format(" `{}`", other.function);
  }
  return text;
}

std::vector<const RegisteredOp*> operators(bool custom) {
  std::vector<const RegisteredOp*> list;
  for (const RegisteredOp& op : kOps) {
    if (!op.narrow && op.custom == custom) list.push_back(&op);
  }
  std::ranges::sort(list, {}, [](const RegisteredOp* op) { return op->name; });
  return list;
}

// ---- the page

std::string table(bool custom) {
  std::string text =
      "| Operator | `tandem::op` | Types | Kernels beside the reference |\n"
      "|---|---|---|---|\n";
  for (const RegisteredOp* op : operators(custom)) {
    text += fmt::format("| {} | {} | {} | {} |\n", op->name, functions(*op), types(*op), fast_kernels(*op));
  }
  return text;
}

std::string list(std::span<const Note> all) {
  std::string text;
  for (const bool custom : {false, true}) {
    for (const RegisteredOp* op : operators(custom)) {
      for (const std::string_view note : notes(all, op->def)) {
        text += fmt::format("- **{}** {}\n", op->name, note);
      }
    }
  }
  return text;
}

std::string missing() {
  std::set<std::string_view> names(std::begin(kBuiltins), std::end(kBuiltins));
  for (const RegisteredOp& op : kOps) names.erase(op.name);
  names.erase("CUSTOM");
  return joined(names);
}

}  // namespace

std::string operators_page() {
  const size_t builtin = operators(false).size();
  const size_t custom = operators(true).size();
  return fmt::format(
      R"(# Operators

Made by `tandem ops` from what is registered; after a change, `tandem ops > docs/operators.md`.

{0} operators of the TensorFlow Lite schema and {1} custom ones. What TensorFlow Lite Micro refuses (types, shapes,
options), Tandem refuses when the model is prepared, with a sentence that says what to do. Integer results are its bits
unless the last section says otherwise, and the same on every machine; where it takes them from the C library's exp, log
or sine, they can be one unit off its own.

A program that registers `tandem::op::conv_2d` can run all types of CONV_2D; a name with a type at its end, as
`conv_2d_s8`, links the kernels for that type only. Every kernel has a reference in plain C++. *portable* is a faster
one for any 32-bit machine, *armv6m* one for the Cortex-M0+ ([how they work](kernels.md)); an operator takes the best
that the program's machine has.

{2}
Custom operators, by their code in the model:

{3}
Programs bring others of their own with `tandem/custom_op.h`. `ethos-u` is refused: models compiled for an Arm Ethos-U
are for other hardware; give the model as it was before Vela compiled it.

## What to know

{4}
## Where results differ from TensorFlow Lite Micro's, on purpose

{5}
## Not there

Of the schema's operators, Tandem does not have these: {6}.
)",
      builtin, custom, table(false), table(true), list(kLimits), list(kDeviations), missing());
}

int ops() {
  fmt::print("{}", operators_page());
  return 0;
}

}  // namespace tandem::cli
