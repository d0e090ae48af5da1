#pragma once

#include "tandem/status.h"

// Leaves the function with the Status of an expression that was refused.
#define TANDEM_TRY(expression)                                                                          \
  do {                                                                                                  \
    if (const ::tandem::Status tandem_status = (expression); !tandem_status.ok()) return tandem_status; \
  } while (false)
