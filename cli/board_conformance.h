#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "device_build.h"
#include "observed_case.h"
#include "outcome.h"

namespace tandem::cli {

/// Runs cases on a simulated RP2040, on one of its cores or both, with all operators and `kernels`:
/// firmware/conformance, which is built if need be, several cases to a boot. `on_progress` is told how many
/// are done. The result has as many elements as `cases`, in their order.
Outcome<std::vector<ObservedCase>> observe_on_board(std::span<const LoadedCase> cases, uint32_t cores,
                                                    DeviceKernels kernels,
                                                    const std::function<void(size_t)>& on_progress);

}  // namespace tandem::cli
