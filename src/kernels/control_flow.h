#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// Bytes that go from one place to another, the places apart or the same.
struct Move {
  Ref from;
  Ref to;
  uint32_t bytes = 0;
};

/// In the plan.
struct MoveList {
  Ref moves;  ///< Move[count]
  uint32_t count = 0;
};

/// A subgraph that an operator calls: what goes to its inputs, its steps, what comes from its outputs.
struct Call {
  MoveList arguments;
  Section section;
  MoveList results;
};

/// IF: one of two subgraphs, as a bool says that comes at run time.
/// Units   one. The sections run on all workers.
struct IfParams {
  Ref condition;
  Call then_call;
  Call else_call;
};

/// WHILE: y = x; as long as condition(y): y = body(y). Condition(y) is a bool, a subgraph's one result.
/// Units   one.
struct WhileParams {
  MoveList initial;  ///< x to y
  Call condition;
  Ref holds;  ///< where the condition's result lies
  Call body;
};

/// CALL_ONCE: a section, in the first run after its state was reset.
/// Units   one.
struct CallOnceParams {
  Ref done;  ///< uint8, kept between invocations; 0 at the start
  Section section;
};

}  // namespace tandem
