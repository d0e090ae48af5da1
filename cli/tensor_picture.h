#pragma once

#include <filesystem>

#include "outcome.h"
#include "tandem/tensor.h"

namespace tandem::cli {

/// Writes a tensor as a PNG, to see what a network is given: [1,H,W,C] or [H,W,C] with C = 1, 3, 4, else
/// [H,W] or [W], dimensions of one in front left out. Grey or colour 0 is the smallest value of 8-bit types,
/// 0 of floats and wider integers whose real values lie in [0, 1], -1 in [-1, 1]; else the smallest there.
/// Returns what was done, for the user to read.
Outcome<std::string> write_picture(const TensorView& tensor, const std::filesystem::path& path);

}  // namespace tandem::cli
