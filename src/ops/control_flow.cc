#include "kernels/control_flow.h"

#include "ops/op_context.h"

// IF, WHILE, CALL_ONCE. What goes into a subgraph and comes out of it is copied, as in TensorFlow Lite Micro:
// a subgraph may be called from several places. Operands must agree in type and size; their shapes are not
// compared, as there. Other than there, all that are called are checked while planning, not when they run.
namespace tandem {
namespace {

// Operands of a subgraph, or of an operator in it.
struct Operands {
  int32_t subgraph = 0;
  flat::Vector tensors;
  uint32_t skip = 0;  ///< of `tensors`

  [[nodiscard]] uint32_t count() const { return tensors.count < skip ? 0 : tensors.count - skip; }
  [[nodiscard]] TensorInfo tensor(const OpContext& c, uint32_t i) const {
    return c.subgraph(subgraph).tensor(tensors.get<int32_t>(skip + i));
  }
};

Operands inputs_of(const OpContext& c, uint32_t skip = 0) {
  return {.subgraph = c.subgraph_index(), .tensors = c.op().inputs, .skip = skip};
}
Operands outputs_of(const OpContext& c) {
  return {.subgraph = c.subgraph_index(), .tensors = c.op().outputs};
}

// Moves `from` to `to`; each pair that does not agree is refused with `refusal`.
Status plan_moves(OpContext& c, const Operands& from, const Operands& to, const Status& refusal,
                  MoveList& list) {
  list.count = to.count();
  uint8_t* const moves = c.reserve(uint64_t{list.count} * sizeof(Move), alignof(Move), list.moves);
  for (uint32_t i = 0; i < list.count; ++i) {
    const TensorInfo source = from.tensor(c, i);
    const TensorInfo target = to.tensor(c, i);
    if (!source.present() || source.type != target.type || source.bytes != target.bytes) {
      Status status = refusal;
      status.b = static_cast<int32_t>(i);
      return status;
    }
    const Ref from_ref = c.ref(from.subgraph, source);
    const Ref to_ref = c.ref(to.subgraph, target);
    if (moves != nullptr) {
      reinterpret_cast<Move*>(moves)[i] = {.from = from_ref, .to = to_ref, .bytes = target.bytes};
    }
  }
  return {};
}

Status plan_arguments(OpContext& c, int32_t subgraph, const Operands& arguments, MoveList& list) {
  const Operands inputs{.subgraph = subgraph, .tensors = c.subgraph(subgraph).inputs()};
  if (inputs.count() != arguments.count()) {
    return c.error(Code::kCalledOperands, subgraph, static_cast<int32_t>(inputs.count()));
  }
  return plan_moves(c, arguments, inputs, c.error(Code::kCalledInput, subgraph), list);
}

// A call whose results are the operator's outputs.
Status plan_call(OpContext& c, int32_t subgraph, const Operands& arguments, Call& call) {
  TANDEM_TRY(plan_arguments(c, subgraph, arguments, call.arguments));
  call.section = c.section(subgraph);
  const Operands results{.subgraph = subgraph, .tensors = c.subgraph(subgraph).outputs()};
  const Operands outputs = outputs_of(c);
  if (results.count() != outputs.count()) {
    return c.error(Code::kCalledOperands, subgraph, static_cast<int32_t>(results.count()));
  }
  return plan_moves(c, results, outputs, c.error(Code::kCalledOutput, subgraph), call.results);
}

Status plan_if(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, kMaxOperands, c.output_count()));
  TANDEM_TRY(c.expect_input_type(0, {Type::kBool}));
  const TensorInfo condition = c.input(0);
  if (condition.elements != 1) return c.error(Code::kInputShape, 0, 0);
  IfParams params{.condition = c.ref(condition)};
  Call* const calls[] = {&params.then_call, &params.else_call};
  const CalledSubgraphs called = called_subgraphs(c.op());
  for (uint32_t i = 0; i < called.count; ++i) {
    TANDEM_TRY(c.expect_subgraph(called.subgraphs[i]));
    TANDEM_TRY(plan_call(c, called.subgraphs[i], inputs_of(c, 1), *calls[i]));
  }
  c.emit(kernel_id::if__ref, params);
  return {};
}

// The condition and the body get their arguments from the operator's outputs, where the loop's values live.
Status plan_while(OpContext& c) {
  const CalledSubgraphs called = called_subgraphs(c.op());
  const auto [condition, body] = called.subgraphs;
  TANDEM_TRY(c.expect_subgraph(condition));
  TANDEM_TRY(c.expect_subgraph(body));
  TANDEM_TRY(c.expect_operands(0, kMaxOperands, c.input_count()));
  const Operands values = outputs_of(c);
  WhileParams params;
  for (uint32_t i = 0; i < c.input_count(); ++i) {
    const TensorInfo in = c.input(i);
    if (!in.present()) return c.error(Code::kOperandMissing, static_cast<int32_t>(i));
    TANDEM_TRY(c.expect_output_type(i, in.type));
    if (in.bytes != c.output(i).bytes) return c.error(Code::kOutputShape, static_cast<int32_t>(i), -1);
  }
  TANDEM_TRY(plan_moves(c, inputs_of(c), values, c.error(Code::kOutputShape), params.initial));
  TANDEM_TRY(plan_arguments(c, condition, values, params.condition.arguments));
  params.condition.section = c.section(condition);
  const TensorInfo holds = c.subgraph(condition).tensor(c.subgraph(condition).outputs().get<int32_t>(0));
  if (c.subgraph(condition).outputs().count == 0 || holds.type != Type::kBool || holds.elements == 0) {
    return c.error(Code::kLoopCondition, condition);
  }
  params.holds = c.ref(condition, holds);
  TANDEM_TRY(plan_call(c, body, values, params.body));
  c.emit(kernel_id::while__ref, params);
  return {};
}

Status plan_call_once(OpContext& c) {
  TANDEM_TRY(c.expect_operands(0, 0, 0));
  const int32_t called = called_subgraphs(c.op()).subgraphs[0];
  TANDEM_TRY(c.expect_subgraph(called));
  // TensorFlow Lite Micro lets inputs pass, and the subgraph read what nobody wrote.
  const uint32_t inputs = c.subgraph(called).inputs().count;
  if (inputs > 0) return c.error(Code::kCalledOperands, called, static_cast<int32_t>(inputs));
  c.emit(kernel_id::call_once__ref, {.done = c.state(1), .section = c.section(called)});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(CALL_ONCE, call_once, plan_call_once, call_once__ref)
TANDEM_DEFINE_OP(IF, if_, plan_if, if__ref)
TANDEM_DEFINE_OP(WHILE, while_, plan_while, while__ref)

}  // namespace tandem
