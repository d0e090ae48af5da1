#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// y = x, byte by byte; for operators that only rename (RESHAPE) where they cannot work in place.
struct CopyParams {
  Ref in;
  Ref out;
  uint32_t bytes = 0;
};

}  // namespace tandem
