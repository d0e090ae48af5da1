#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reference_data.h"
#include "tandem/interpreter.h"

namespace tandem::cli {

/// A case of the reference data with its inputs and expected outputs.
struct LoadedCase {
  Case info;
  IoFile io;
};

/// What a runtime made of a case, on whatever machine.
struct ObservedCase {
  struct Refusal {
    Code code = Code::kOk;
    std::string sentence;
  };
  struct Output {
    Type type = Type::kFloat32;
    std::vector<int32_t> dims;
    std::vector<uint8_t> bytes;
  };
  struct Invocation {
    tandem::Outcome outcome;
    std::vector<Output> outputs;  ///< of the model, in its order; none if the outcome is not kOk
  };

  std::optional<Refusal> refusal;  ///< by loading or planning; then there are no invocations
  std::vector<Invocation> invocations;
  std::string wrong;  ///< what must not happen whatever the case: it did not end, or wrote where it must not
};

/// Runs a case in this process. `port` is that of its interpreter.
ObservedCase observe_on_host(const LoadedCase& c, const Port& port);

}  // namespace tandem::cli
