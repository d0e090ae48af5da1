#pragma once

#include <string>
#include <vector>

#include "benchmark_image.h"
#include "session.h"

namespace tandem::cli {

/// Inputs to measure a model with. Each of `sources` is one of
///  - the name of a recorded input of that model in the reference data: "person"
///  - random:SEED or all:lowest, all:highest, all:zero, all:alternating, for all of the model's inputs
///  - a file for each of the model's inputs, as `tandem run --input` takes it, with commas between them
/// Without sources: every recorded input but `zp` and scrambled ones (`_m128`); where there is none, random
/// with seeds 1 and 2. A recorded sequence of a model with state is an input for each invocation, which go on
/// from one another. `session` has to be prepared.
Outcome<std::vector<BenchmarkInput>> benchmark_inputs(Session& session,
                                                      const std::vector<std::string>& sources, bool bytes);

}  // namespace tandem::cli
