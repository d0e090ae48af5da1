#include "kernels/control_flow.h"

#include <cstring>

namespace tandem {
namespace {

void move_all(const MoveList& list, const Task& task) {
  const Move* const moves = task.in<Move>(list.moves);
  for (uint32_t i = 0; i < list.count; ++i) {
    const Move& move = moves[i];
    if (move.bytes > 0) std::memmove(task.out<uint8_t>(move.to), task.in<uint8_t>(move.from), move.bytes);
  }
}

KernelResult call(const Call& call, const Task& task) {
  move_all(call.arguments, task);
  const KernelResult result = task.sections->run(*task.sections, call.section);
  if (result == KernelResult::kOk) move_all(call.results, task);
  return result;
}

KernelResult if_else(const IfParams& p, const Task& task) {
  return call(*task.in<uint8_t>(p.condition) != 0 ? p.then_call : p.else_call, task);
}

KernelResult while_loop(const WhileParams& p, const Task& task) {
  move_all(p.initial, task);
  for (;;) {
    KernelResult result = call(p.condition, task);
    if (result != KernelResult::kOk) return result;
    if (*task.in<uint8_t>(p.holds) == 0) return KernelResult::kOk;
    result = call(p.body, task);
    if (result != KernelResult::kOk) return result;
  }
}

KernelResult call_once(const CallOnceParams& p, const Task& task) {
  uint8_t& done = *task.out<uint8_t>(p.done);
  if (done != 0) return KernelResult::kOk;
  const KernelResult result = task.sections->run(*task.sections, p.section);
  if (result == KernelResult::kOk) done = 1;
  return result;
}

}  // namespace

TANDEM_DEFINE_KERNEL(call_once__ref, CallOnceParams, call_once)
TANDEM_DEFINE_KERNEL(if__ref, IfParams, if_else)
TANDEM_DEFINE_KERNEL(while__ref, WhileParams, while_loop)

}  // namespace tandem
