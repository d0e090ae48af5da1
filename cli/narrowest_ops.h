#pragma once

#include <string>
#include <vector>

#include "tandem/model.h"

namespace tandem::cli {

/// The operators that a program has to register to run a model's main subgraph and that link least, by their
/// names in tandem::op and in the order of ops.inc: narrow ones where those together bring all kernels that
/// the plan uses, else the full one. An operator that cannot be planned gets the full one; one that Tandem
/// does not have gets none.
std::vector<std::string> narrowest_ops(const Model& model);

}  // namespace tandem::cli
