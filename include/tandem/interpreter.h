#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tandem/model.h"
#include "tandem/op_set.h"
#include "tandem/port.h"
#include "tandem/status.h"
#include "tandem/tensor.h"

namespace tandem {

struct AnyKernel;

/// How a run ended. A plan that was accepted can only be stopped by its data.
struct Outcome {
  enum class Kind : uint8_t {
    kOk,
    kNotYet,     ///< the operator waits for more invocations (CIRCULAR_BUFFER); not an error, state is kept
    kDataError,  ///< a value was out of range (an index in GATHER_ND, an iteration limit in WHILE)
  };
  Kind kind = Kind::kOk;
  int16_t op = -1;  ///< the operator of the main subgraph, if not kOk

  [[nodiscard]] constexpr bool ok() const { return kind == Kind::kOk; }
};

/// One executed step, as a profiler sees it.
/// One that runs a subgraph (IF, WHILE, CALL_ONCE) comes after the steps that it ran, and its time includes
/// theirs.
struct StepProfile {
  uint16_t step = 0;
  uint16_t subgraph = 0;  ///< 0: the model's main one
  int16_t op = 0;         ///< operator index in the subgraph
  uint16_t units = 0;     ///< how many pieces the step was cut into
  uint64_t begin = 0;     ///< Port::ticks
  uint64_t end = 0;
};

/// Is told of every step; null functions are not called.
struct Profiler {
  void* context = nullptr;
  void (*on_step)(void* context, const StepProfile& step) = nullptr;
};

/// How many steps the subgraphs that IF, WHILE and CALL_ONCE call may run in one invocation, each call
/// counted as one more: enough for a loop over every sample of seconds of sound, and an endless one ends in
/// moments.
constexpr uint32_t kDefaultCalledSteps = 1'000'000;

/// What a plan takes, in bytes.
struct ArenaNeed {
  // Of the fastest plan.
  size_t plan_bytes = 0;        ///< the plan: steps, parameters, prepared data, kernel table
  size_t persistent_bytes = 0;  ///< variables: kept from one invocation to the next
  size_t tensor_bytes = 0;      ///< variables, tensors and scratch together
  size_t lower_bound =
      0;  ///< largest sum of tensors alive at one step: no layout without in-place needs less
  size_t workspace_bytes = 0;  ///< what planning itself needs for a moment
  /// What to give to Interpreter::prepare at least, workspace included where it is not given apart. With less
  /// than the fastest plan takes, kernels that take memory are left out.
  size_t arena_bytes = 0;
  /// Up to here more arena makes it faster: all kernels, and constants that arrive ahead of need.
  size_t fast_arena_bytes = 0;
  /// Of weights that operators would have to wait for all the same: what becomes resident where an arena has
  /// as much beyond fast_arena_bytes. 0 for most models, whose weights arrive while other operators compute.
  size_t resident_bytes = 0;
};

/// Bytes of workspace that planning `model` needs, whatever its operators.
Result<size_t> workspace_bytes(const Model& model);

/// What `Interpreter::prepare` will need, found by planning without writing a plan. `workspace` is memory of
/// workspace_bytes(model) that may be used for anything else afterwards.
Result<ArenaNeed> arena_need(const Model& model, OpSet ops, std::span<uint8_t> workspace,
                             uint32_t workers = 1);
/// The same on a port that may stream constants, which takes some plan.
Result<ArenaNeed> arena_need(const Model& model, OpSet ops, std::span<uint8_t> workspace, const Port& port);

/// Runs a model. Uses no memory but the arena; the object itself is a few pointers and may lie anywhere.
///   tandem::Interpreter interpreter;
///   tandem::Status status = interpreter.prepare(*model, kOps, arena);
///   interpreter.input(0).data<int8_t>()[0] = 42;
///   interpreter.invoke();
class Interpreter {
 public:
  /// Plans `model` into `arena`. The arena, the model's bytes and the port stay in use until the interpreter
  /// is prepared anew or given up. `workspace` is memory for planning, workspace_bytes(model) of it, free
  /// again afterwards; without one the arena's tail serves. On failure the interpreter has no model, and the
  /// arena's content is undefined. On a port that streams, what the arena has beyond ArenaNeed::arena_bytes
  /// is used for constants that arrive ahead of need, up to fast_arena_bytes, and what it has beyond that for
  /// resident ones, which are copied here and now.
  Status prepare(const Model& model, OpSet ops, std::span<uint8_t> arena, const Port& port = kOneWorker,
                 std::span<uint8_t> workspace = {});
  /// A port that is gone after the call is a mistake; keep it in a variable.
  Status prepare(const Model&, OpSet, std::span<uint8_t>, const Port&&, std::span<uint8_t> = {}) = delete;

  /// Inputs are to be written before every invocation: a run may use their memory for other tensors
  /// afterwards.
  [[nodiscard]] uint32_t input_count() const;
  [[nodiscard]] uint32_t output_count() const;
  /// The view of an input or output; one with no bytes for an index out of range or before prepare().
  [[nodiscard]] TensorView input(uint32_t index) const;
  [[nodiscard]] TensorView output(uint32_t index) const;

  /// One inference. An interpreter that has not been prepared gives kDataError.
  Outcome invoke();

  /// Variables (state kept between invocations) back to their start: real zero.
  void reset_variables();

  /// An invocation in which called subgraphs would run more steps than this ends with kDataError at the
  /// operator that called. (An operator is one step, mostly; a call is one more.)
  void limit_called_steps(uint32_t steps) { most_called_steps_ = steps; }

  /// `profiler` must outlive its use; null ends it.
  void set_profiler(const Profiler* profiler) { profiler_ = profiler; }

  [[nodiscard]] size_t arena_used_bytes() const { return used_; }
  /// How much of it resident constants take: weights that the model file has too, and that could be read
  /// there, only slower.
  [[nodiscard]] size_t resident_bytes() const;
  /// The plan, position independent: with the same model bytes it runs anywhere (src/exec/executor.h).
  [[nodiscard]] std::span<const uint8_t> plan_bytes() const;
  /// The arena's bytes in which nothing is kept from one invocation to the next: tensors (inputs and outputs
  /// among them) and scratch. Between an invocation's last use of an output and the next one's inputs they
  /// are the program's, for anything.
  [[nodiscard]] std::span<uint8_t> scratch_memory() const;

 private:
  static const Port kOneWorker;

  const uint8_t* plan_ = nullptr;
  const AnyKernel* const* kernels_ = nullptr;
  uint8_t* tensors_ = nullptr;
  const uint8_t* constants_ = nullptr;
  const Port* port_ = &kOneWorker;
  const Profiler* profiler_ = nullptr;
  uint32_t used_ = 0;
  uint32_t most_called_steps_ = kDefaultCalledSteps;
};

}  // namespace tandem
