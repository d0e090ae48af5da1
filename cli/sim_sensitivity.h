#pragma once

#include <string>
#include <vector>

#include "sim_profile.h"
#include "sim_run.h"

namespace tandem::cli {

/// A run under another value of one of the parameters that nobody has measured.
struct Variation {
  std::string name;  ///< for people
  std::string key;   ///< for JSON
  sim::FreeParameters parameters;
  sim::Cycles cycles = 0;
  std::string ended;
  Marks::Summary marks;  ///< if marks were asked for
};

/// Runs the firmware again under each: cycles of a flash miss, replacement in the cache, the stream's
/// cooldown. Several at a time, as the host has processors.
std::vector<Variation> vary_parameters(const SimOptions& options, const Firmware& firmware,
                                       const std::optional<std::pair<uint32_t, uint32_t>>& marks);

}  // namespace tandem::cli
