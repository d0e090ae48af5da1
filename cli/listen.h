#pragma once

#include "run.h"

namespace tandem::cli {

/// Runs a model over a sound as a device would while it listens: pieces of the sound, each `hop` samples
/// behind the last, go through the model `options.preprocess`; what comes out of the last of them is the
/// model's input, time and again. Prints what was heard when. Returns the exit code: 1 if anything was
/// refused.
int listen(const RunOptions& options);

}  // namespace tandem::cli
