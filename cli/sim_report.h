#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim_annotate.h"
#include "sim_debug_info.h"
#include "sim_functions.h"
#include "sim_profile.h"
#include "sim_run.h"
#include "sim_sensitivity.h"

namespace tandem::cli {

/// What there is to tell after a run. Null and empty: was not asked for.
struct Report {
  FirmwareRun& run;
  const sim::Image& image;
  FunctionIndex& functions;
  const DebugInfo& debug;
  Profile* profile = nullptr;
  bool profile_tables = false;  ///< by function and by source line; else the profile serves annotations alone
  const Marks* marks = nullptr;
  size_t top = 20;
  std::optional<CodeRange> annotated;
  std::vector<Variation> variations;
};

/// To stderr.
void print_text(const Report& report);
void print_json(const Report& report);

}  // namespace tandem::cli
