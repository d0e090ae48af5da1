#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "outcome.h"
#include "tandem/tensor.h"

namespace tandem::cli {

/// A model's output and what to call it.
struct OutputTensor {
  std::string name;
  TensorView tensor;
};

/// Lines for a person: name, type, shape and quantization; the stored values; the real values where they
/// differ. Of more than `max_elements` only the first and the last are shown. Ends with a newline.
std::string output_text(const OutputTensor& output, size_t max_elements = 16);

/// {"name", "type", "shape", "scale", "zero_point", "raw": [...], "real": [...]}: all elements in one list.
/// "raw" are the stored values of integers and BOOL; scale and zero_point are there if quantized; NaN and
/// infinities, which JSON has not, are the strings "nan", "inf" and "-inf".
nlohmann::json output_json(const OutputTensor& output);

/// An element and its real value.
struct Score {
  size_t index;
  double value;
};

/// The `k` elements of largest real value, largest first, equal ones in their order, NaN last.
std::vector<Score> top_k(const TensorView& tensor, size_t k);

/// A label a line.
Outcome<std::vector<std::string>> read_labels(const std::filesystem::path& path);

/// "  0.9414  person" a line; "#3" for a score without a label.
std::string top_k_text(std::span<const Score> scores, std::span<const std::string> labels);

/// Writes all outputs to `path`, whose ending is .npy, .json, .raw or .bin. JSON is one array of
/// `output_json`; of the other formats several outputs go to several files, with .0, .1, ... before the
/// ending. Returns the files.
Outcome<std::vector<std::filesystem::path>> write_outputs(const std::filesystem::path& path,
                                                          std::span<const OutputTensor> outputs);

}  // namespace tandem::cli
