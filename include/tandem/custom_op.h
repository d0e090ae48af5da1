#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include "tandem/kernel.h"
#include "tandem/op_def.h"
#include "tandem/op_set.h"
#include "tandem/status.h"
#include "tandem/tensor.h"

// Operators of a program's own: what a model has as CUSTOM and Tandem does not bring. An operator is a
// kernel, which computes and cannot fail, and a plan function, which runs once when the interpreter is
// prepared and does everything else:
//
//   struct ScaleParams { tandem::Ref in, out; uint32_t count; float factor; };
//   tandem::KernelResult run_scale(const ScaleParams& p, const tandem::Task& task) { ... }
//   TANDEM_DEFINE_USER_KERNEL(scale_kernel, 0, ScaleParams, run_scale)
//   tandem::Status plan_scale(tandem::CustomOpContext& c) { ...; c.emit(scale_kernel, {...}); return {}; }
//   TANDEM_DEFINE_USER_OP(scale, "Scale", plan_scale, scale_kernel)
//   static constexpr const tandem::OpDef* kOps[] = {&tandem::op::add, &scale};
//
// examples/custom_op is a whole program. docs/adding_an_op.md tells the rules.
namespace tandem {

/// An operand of the operator, as the model describes it.
struct OperandInfo {
  static constexpr uint32_t kMaxRank = 12;

  bool present = false;  ///< false: an optional input that is absent, or beyond the list
  Type type = Type::kFloat32;
  bool variable = false;  ///< lives from one invocation to the next; operators may write inputs that are
  uint32_t rank = 0;
  int32_t dims[kMaxRank] = {};
  uint32_t elements = 0;
  uint32_t bytes = 0;
  float scale = 0;  ///< of the whole tensor, or of channel 0; 0: not quantized
  int32_t zero_point = 0;
  /// A constant's bytes in the model, not necessarily aligned; empty where the data come at run time.
  std::span<const uint8_t> constant;
};

/// How a step is cut and what it costs.
struct StepWork {
  uint32_t units = 1;  ///< pieces that workers may share, at most 65535; the kernel says what a piece is
  uint64_t macs = 0;   ///< multiply-accumulates, for reports
};

/// What the plan function of a program's own operator may see and ask for. It runs twice for each operator of
/// the model, to measure and to write, and must ask for the same both times; it must check everything that
/// its kernel relies on, since the model may be anybody's.
class CustomOpContext {
 public:
  explicit CustomOpContext(OpContext& context) : context_(context) {}

  // ---- the operator
  [[nodiscard]] uint32_t input_count() const;
  [[nodiscard]] uint32_t output_count() const;
  [[nodiscard]] OperandInfo input(uint32_t i) const;
  [[nodiscard]] OperandInfo output(uint32_t i) const;

  /// The custom options as they stand in the model.
  [[nodiscard]] std::span<const uint8_t> option_bytes() const;
  /// Options that are a FlexBuffers map, as converters write them: the value under `key`, or `absent`.
  [[nodiscard]] int64_t int_option(const char* key, int64_t absent = 0) const;
  [[nodiscard]] double number_option(const char* key, double absent = 0) const;
  [[nodiscard]] bool bool_option(const char* key, bool absent = false) const;

  // ---- refusals, placed at this operator; return them
  /// One of the refusals of status_codes.inc, with its numbers.
  [[nodiscard]] Status error(Code code, int32_t a = 0, int32_t b = 0) const;
  /// The operator's own: `reason` is what its documentation calls it.
  [[nodiscard]] Status refuse(int32_t reason, int32_t value = 0) const {
    return error(Code::kCustomOption, reason, value);
  }
  /// Refuses unless there are so many operands, all of them present.
  [[nodiscard]] Status expect_operands(uint32_t inputs, uint32_t outputs) const;
  [[nodiscard]] Status expect_input_type(uint32_t i, Type type) const;
  [[nodiscard]] Status expect_output_type(uint32_t i, Type type) const;
  /// Refuses unless output `i` has the shape of input `input`.
  [[nodiscard]] Status expect_output_shape_of(uint32_t i, uint32_t input) const;

  // ---- memory
  /// How many workers may run the operator's steps.
  [[nodiscard]] uint32_t workers() const;
  /// Where an operand lies, aligned for its type.
  [[nodiscard]] Ref input_ref(uint32_t i);
  [[nodiscard]] Ref output_ref(uint32_t i);
  /// Lets output 0 use the memory of input `i` if nothing else needs that any more and the sizes agree. True:
  /// it does. Only for kernels that read an element of that input before they, or another worker, write its
  /// place.
  [[nodiscard]] bool try_in_place(uint32_t i);
  /// Memory for each worker during this operator, 8-aligned, with any content. At most one request.
  [[nodiscard]] Scratch scratch(uint32_t bytes_per_worker);
  /// Memory that lives from one invocation to the next, 8-aligned; every byte of it is `fill` at the start
  /// and after Interpreter::reset_variables(). Any number of requests.
  [[nodiscard]] Ref state(uint32_t bytes, uint8_t fill = 0);
  /// `count` elements kept in the plan; `fill(std::span<T>)` computes them when the plan is written.
  template <class T, class Fill>
  [[nodiscard]] Ref prepared(uint32_t count, Fill&& fill) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    Ref ref;
    if (uint8_t* memory = reserve(uint64_t{count} * sizeof(T), alignof(T), ref)) {
      fill(std::span<T>(reinterpret_cast<T*>(memory), count));
    }
    return ref;
  }

  // ---- the result
  /// Appends a step. An operator may emit several, which run one after the other.
  template <class Params>
  void emit(const Kernel<Params>& kernel, const std::type_identity_t<Params>& params, StepWork work = {}) {
    static_assert(std::is_trivially_copyable_v<Params> && alignof(Params) <= 8);
    emit(kernel, &params, sizeof params, work);
  }

 private:
  uint8_t* reserve(uint64_t bytes, uint32_t alignment, Ref& ref);
  void emit(const AnyKernel& kernel, const void* params, uint32_t params_bytes, StepWork work);

  OpContext& context_;
};

/// A plan function of a program's own, as OpDef has it.
template <Status (*kPlan)(CustomOpContext&)>
Status plan_user_op(OpContext& context) {
  CustomOpContext custom(context);
  return kPlan(custom);
}

/// Defines a kernel of a program's own under its `number`, 0 to kUserKernels - 1, each for one kernel, by
/// `function`, a KernelResult(const Params&, const Task&). Outside of namespace tandem.
#define TANDEM_DEFINE_USER_KERNEL(name, number, Params, function)                                    \
  static_assert((number) < ::tandem::kUserKernels, "a program has at most kUserKernels of its own"); \
  TANDEM_DEFINE_KERNEL_AS(name, ::tandem::user_kernel_id(number), Params, function, false)

/// Defines an OpDef `name` for models' operators CUSTOM of that code: a plan function, a
/// Status(CustomOpContext&), and the kernels that it may emit.
#define TANDEM_DEFINE_USER_OP(name, code, plan_function, ...)                         \
  constinit const ::tandem::OpDef name{.builtin = ::tandem::OpDef::kCustom,           \
                                       .custom_code = code,                           \
                                       .plan = ::tandem::plan_user_op<plan_function>, \
                                       .kernels = ::tandem::kKernelList<__VA_ARGS__>};

}  // namespace tandem
