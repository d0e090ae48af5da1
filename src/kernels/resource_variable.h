#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// Where a resource variable lies.
struct ResourcePlace {
  Ref data;
  uint32_t bytes = 0;
};

/// All resource variables of a plan; a handle is a position in it.
struct ResourceTable {
  Ref places;  ///< ResourcePlace[count]
  uint32_t count = 0;
};

/// READ_VARIABLE: value = variable; ASSIGN_VARIABLE: variable = value. Which variable it is says a handle, an
/// int32 that comes at run time: one that is no variable's, or a variable's of another size, is a data error.
/// Units   one.
struct VariableParams {
  Ref handle;
  Ref value;
  uint32_t bytes = 0;  ///< of the value
  ResourceTable resources;
};

}  // namespace tandem
