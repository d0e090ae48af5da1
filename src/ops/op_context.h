#pragma once

#include <cstring>
#include <initializer_list>

#include "base/status_macros.h"
#include "kernels/kernel.h"
#include "model/flexbuffer.h"
#include "model/model_view.h"
#include "tandem/op_def.h"
#include "tandem/op_set.h"

namespace tandem {

class PlanPass;
struct ResourceTable;

/// How a step is cut and what it costs.
struct Work {
  uint32_t units = 1;          ///< independent pieces; what a piece is, the kernel's contract says
  uint64_t macs = 0;           ///< multiply-accumulates, for reports
  uint32_t cycles_of_mac = 2;  ///< roughly, on one worker; when copies start depends on it
};

/// Channels (of the last dimension) of a tensor that are the least value of its type everywhere, whatever
/// goes into the model.
struct SilentChannels {
  static constexpr uint32_t kMost = 256;  ///< of others nothing is known

  uint32_t bits[kMost / 32] = {};

  [[nodiscard]] bool has(uint32_t channel) const {
    return channel < kMost && (bits[channel / 32] >> (channel % 32) & 1) != 0;
  }
};

/// What planning an operator may see and ask for. Planning runs twice over a model with the same questions
/// and the same answers: once to measure, once to write; an operator's code does not notice.
class OpContext {
 public:
  OpContext(PlanPass& pass, const Subgraph& subgraph, const OperatorInfo& op)
      : pass_(pass), subgraph_(subgraph), op_(op) {}

  // ---- the operator
  [[nodiscard]] uint32_t input_count() const { return op_.inputs.count; }
  [[nodiscard]] uint32_t output_count() const { return op_.outputs.count; }
  /// An operand; not present() if it is optional and absent, or beyond the list.
  [[nodiscard]] TensorInfo input(uint32_t i) const { return subgraph_.tensor(index(op_.inputs, i)); }
  [[nodiscard]] TensorInfo output(uint32_t i) const { return subgraph_.tensor(index(op_.outputs, i)); }
  [[nodiscard]] const OperatorInfo& op() const { return op_; }
  /// The options table (fields by their number in the schema); one with no fields if absent or of another
  /// type.
  [[nodiscard]] flat::Table options(uint8_t options_type) const {
    return op_.options_type == options_type ? op_.options : flat::Table{};
  }

  /// A custom operator's options, mostly a FlexBuffers map: null if they are not one.
  [[nodiscard]] Bytes custom_option_bytes() const;
  [[nodiscard]] flex::Value custom_options() const { return flex::Value::root(custom_option_bytes()); }

  // ---- refusals, placed at this operator
  [[nodiscard]] Status error(Code code, int32_t a = 0, int32_t b = 0) const {
    return {.code = code, .op = op_.index, .a = a, .b = b};
  }
  /// Refuses unless the numbers of operands are in these ranges and the first `inputs_min` inputs are
  /// present.
  [[nodiscard]] Status expect_operands(uint32_t inputs_min, uint32_t inputs_max, uint32_t outputs) const;
  /// Refuses unless input `i`'s type is one of `types`.
  [[nodiscard]] Status expect_input_type(uint32_t i, std::initializer_list<Type> types) const;
  /// Refuses unless output `i` has exactly this type / this shape.
  [[nodiscard]] Status expect_output_type(uint32_t i, Type type) const;
  [[nodiscard]] Status expect_output_shape(uint32_t i, const Shape& shape) const;
  /// Refuses unless the operand has one scale (any zero point).
  [[nodiscard]] Status expect_input_quantized(uint32_t i) const;
  [[nodiscard]] Status expect_output_quantized(uint32_t i) const;
  /// Refuses unless output 0 has the scale and zero point of input `i`.
  [[nodiscard]] Status expect_same_quantization(uint32_t i) const;

  /// How many workers may run the operator's steps.
  [[nodiscard]] uint32_t workers() const;

  // ---- what is known of values
  /// The silent channels of input `i`; null: none, or not known.
  [[nodiscard]] const SilentChannels* silent_input(uint32_t i) const;
  /// Notes a silent channel of output 0.
  void set_output_silent(uint32_t channel);
  [[nodiscard]] bool output_silent(uint32_t channel) const;

  // ---- memory
  /// Where an operand lies. A constant that the file does not align for its type is copied into the plan.
  [[nodiscard]] Ref ref(const TensorInfo& tensor);
  /// Where a constant lies that a kernel reads once, from end to end: in the arena if the planner finds room
  /// and time to bring it there before the operator starts, else where ref() says. The kernel sees no
  /// difference; it may take from each worker no time but that of a few reads of slow memory.
  [[nodiscard]] Ref streamed(const TensorInfo& tensor);
  /// The same of one that the operator's only step reads piece by piece: unit u nothing but the first
  /// (u + 1)·unit_bytes. The step may then run while the rest arrives.
  [[nodiscard]] Ref streamed_by_units(const TensorInfo& tensor, uint32_t unit_bytes);
  /// The same of a constant that is read in parts of `part_bytes`, the last one shorter: where part `part`
  /// lies. It may be in the arena only while the first step of that part runs, so that two parts' memory is
  /// enough. The operator asks for all parts in turn and emits the same number of steps for each.
  [[nodiscard]] Ref streamed_part(const TensorInfo& tensor, uint32_t part, uint32_t part_bytes);
  /// Lets output 0 use the memory of input `i` if nothing else needs that any more and the sizes agree. True:
  /// it does. Only for kernels that read an element of that input before they, or another worker, write its
  /// place.
  [[nodiscard]] bool try_in_place(uint32_t i);
  /// Memory for each worker during this operator, 8-aligned. At most one request an operator.
  [[nodiscard]] Scratch scratch(uint32_t bytes_per_worker);
  /// The same and, in the same request, `shared_bytes` for all of them.
  [[nodiscard]] Scratch scratch(uint32_t bytes_per_worker, uint32_t shared_bytes, Ref& shared);
  /// Whether a constant may be copied into the plan for nothing but speed: not if the plan would not fit
  /// then.
  [[nodiscard]] bool may_copy();
  /// Memory shared by all workers during this operator, 8-aligned. At most one request an operator, instead
  /// of scratch().
  [[nodiscard]] Ref shared_scratch(uint32_t bytes);
  /// Memory that lives from one invocation to the next, 8-aligned; every byte of it is `fill` at the start
  /// and after Interpreter::reset_variables(). Any number of requests.
  [[nodiscard]] Ref state(uint32_t bytes, uint8_t fill = 0);
  /// Memory of the plan to be filled when it is written: null until then.
  [[nodiscard]] uint8_t* reserve(uint64_t bytes, uint32_t alignment, Ref& ref);
  /// `count` elements kept in the plan; `fill(std::span<T>)` computes them when the plan is written.
  template <class T, class Fill>
  [[nodiscard]] Ref prepared(uint32_t count, Fill&& fill) {
    Ref ref;
    if (uint8_t* memory = reserve(uint64_t{count} * sizeof(T), alignof(T), ref)) {
      fill(std::span<T>(reinterpret_cast<T*>(memory), count));
    }
    return ref;
  }

  // ---- other subgraphs, of operators that call them (called_subgraphs())
  /// The operator's own.
  [[nodiscard]] int32_t subgraph_index() const;
  /// Refuses unless the model has this subgraph. If it has, the others may be asked.
  [[nodiscard]] Status expect_subgraph(int32_t index) const;
  [[nodiscard]] Subgraph subgraph(int32_t index) const;
  /// Its steps.
  [[nodiscard]] Section section(int32_t index) const;
  /// Where a tensor of it lies.
  [[nodiscard]] Ref ref(int32_t subgraph, const TensorInfo& tensor);

  // ---- resource variables
  /// The number of the resource variable of these names; one that is new until now gets its own.
  [[nodiscard]] Result<uint32_t> resource(std::string_view container, std::string_view shared_name);
  /// Takes note that values like `value` are kept in this one; refuses if others have another size.
  [[nodiscard]] Status keep_in_resource(uint32_t resource, const TensorInfo& value, bool assigned);
  /// The places of all.
  [[nodiscard]] ResourceTable resources() const;
  /// The operator of this subgraph that writes `tensor`; its index is -1 if none does.
  [[nodiscard]] OperatorInfo writer(const TensorInfo& tensor) const;

  // ---- the result
  /// Appends a step. An operator may emit none (RESHAPE in place), one or several.
  /// Where the program has no such kernel, the operator is refused (kKernelNotRegistered) once its plan
  /// function returns.
  template <class Params>
  void emit(TypedKernelId<Params> kernel, const Params& params, Work work = {}) {
    static_assert(std::is_trivially_copyable_v<Params> && alignof(Params) <= 8);
    emit(kernel.id, &params, sizeof params, work);
  }
  /// Appends a step whose parameters are those of the step before it, which is this operator's too.
  template <class Params>
  void emit_with_same_params(TypedKernelId<Params> kernel, Work work = {}) {
    emit(kernel.id, nullptr, sizeof(Params), work);
  }
  /// The same of a kernel that is a program's own. Kernels of the same number are refused (kKernelNumber).
  void emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, Work work);
  /// Whether the program has this kernel: what it registers for this operator brings it. With it an operator
  /// chooses between variants of one contract: the best that is there.
  template <class Params>
  [[nodiscard]] bool has(TypedKernelId<Params> kernel) const {
    return has(kernel.id);
  }
  /// Runs the one unit of a kernel that the program has, now, on `arena`: to tabulate what it makes of
  /// values.
  template <class Params>
  void run(TypedKernelId<Params> kernel, const Params& params, uint8_t* arena) const {
    run(kernel.id, &params, arena);
  }

 private:
  static int32_t index(const flat::Vector& list, uint32_t i) {
    return i < list.count ? list.get<int32_t>(i) : -1;
  }
  void emit(KernelId kernel, const void* params, uint32_t params_bytes, Work work);
  [[nodiscard]] bool has(KernelId kernel) const;
  void run(KernelId kernel, const void* params, uint8_t* arena) const;

  PlanPass& pass_;
  const Subgraph& subgraph_;
  const OperatorInfo& op_;
};

/// Whether `def` is for this operator.
inline bool serves(const OpDef& def, const OperatorInfo& op) {
  return def.builtin == op.builtin && (def.custom_code == nullptr || op.custom_code == def.custom_code);
}

/// Defines op::name, one of those in ops.inc: the operator `builtin` of the schema, planned by `function`,
/// with the kernels that follow.
#define TANDEM_DEFINE_OP(builtin_name, name, function, ...)                              \
  constinit const OpDef op::name{.builtin = static_cast<int32_t>(Builtin::builtin_name), \
                                 .plan = function,                                       \
                                 .kernels = kKernelList<__VA_ARGS__>};
/// The same for a custom operator of that code.
#define TANDEM_DEFINE_CUSTOM_OP(code, name, function, ...)  \
  constinit const OpDef op::name{.builtin = OpDef::kCustom, \
                                 .custom_code = code,       \
                                 .plan = function,          \
                                 .kernels = kKernelList<__VA_ARGS__>};

}  // namespace tandem
