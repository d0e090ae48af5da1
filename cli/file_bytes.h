#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "outcome.h"

namespace tandem::cli {

/// A whole file, at most 1 GiB (so that a device node cannot fill the memory).
Outcome<std::vector<uint8_t>> read_file(const std::filesystem::path& path);

/// Creates or replaces a file.
std::optional<Problem> write_file(const std::filesystem::path& path, std::span<const uint8_t> bytes);

}  // namespace tandem::cli
