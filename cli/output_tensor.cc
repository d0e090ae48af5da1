#include "output_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

#include "file_bytes.h"
#include "npy.h"
#include "tensor_values.h"

namespace tandem::cli {
namespace {

using nlohmann::json;

// The elements as text, those in the middle of a long list left out.
template <class Text>
std::string elided(size_t count, size_t max_elements, Text&& text) {
  const size_t head = count <= max_elements ? count : (max_elements + 1) / 2;
  const size_t tail = count <= max_elements ? 0 : max_elements / 2;
  std::string line;
  for (size_t i = 0; i < head; ++i) line += " " + text(i);
  if (head + tail < count) line += fmt::format(" ... ({} more) ...", count - head - tail);
  for (size_t i = count - tail; i < count; ++i) line += " " + text(i);
  return line;
}

json json_number(double value) {
  if (std::isfinite(value)) return value;
  return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
}

}  // namespace

std::string output_text(const OutputTensor& output, size_t max_elements) {
  const TensorView& tensor = output.tensor;
  const WholeByteElements elements =
      unpack(tensor.type, tensor.bytes, element_count(tensor.dims).value_or(0));
  std::string text = fmt::format("{}: {}", output.name, tensor_text(tensor));
  if (is_quantized(tensor)) text += fmt::format(", scale {}, zero point {}", tensor.scale, tensor.zero_point);
  text += '\n';
  const bool known = visit_type(elements.type, [&](auto element) {
    using T = decltype(element);
    const auto stored = [&](size_t i) {
      const T value = load<T>(elements.bytes, i);
      if constexpr (std::is_integral_v<T>) return fmt::format("{}", value);
      return fmt::format("{:.6g}", static_cast<double>(value));
    };
    const size_t count = elements.bytes.size() / sizeof(T);
    text += fmt::format("  {}{}\n", is_quantized(tensor) ? "raw " : "", elided(count, max_elements, stored));
  });
  if (!known) return text + fmt::format("   {} bytes\n", tensor.bytes.size());
  if (is_quantized(tensor)) {
    const std::vector<double> reals = dequantize(tensor);
    text += "  real" +
            elided(reals.size(), max_elements, [&](size_t i) { return fmt::format("{:.6g}", reals[i]); });
    text += '\n';
  }
  return text;
}

json output_json(const OutputTensor& output) {
  const TensorView& tensor = output.tensor;
  json object{{"name", output.name}, {"type", type_name(tensor.type)}, {"shape", json::array()}};
  for (const int32_t dim : tensor.dims) object["shape"].push_back(dim);
  if (is_quantized(tensor)) {
    object["scale"] = tensor.scale;
    object["zero_point"] = tensor.zero_point;
  }
  const WholeByteElements elements =
      unpack(tensor.type, tensor.bytes, element_count(tensor.dims).value_or(0));
  visit_type(elements.type, [&](auto element) {
    using T = decltype(element);
    if constexpr (std::is_integral_v<T>) {
      json& raw = object["raw"] = json::array();
      for (size_t i = 0; i < elements.bytes.size() / sizeof(T); ++i)
        raw.push_back(load<T>(elements.bytes, i));
    }
  });
  json& real = object["real"] = json::array();
  for (const double value : dequantize(tensor)) real.push_back(json_number(value));
  return object;
}

std::vector<Score> top_k(const TensorView& tensor, size_t k) {
  const std::vector<double> reals = dequantize(tensor);
  std::vector<Score> scores;
  for (size_t i = 0; i < reals.size(); ++i) scores.push_back({i, reals[i]});
  std::ranges::stable_sort(scores, [](const Score& a, const Score& b) {
    return std::isnan(b.value) ? !std::isnan(a.value) : a.value > b.value;
  });
  scores.resize(std::min(k, scores.size()));
  return scores;
}

Outcome<std::vector<std::string>> read_labels(const std::filesystem::path& path) {
  const Outcome<std::vector<uint8_t>> file = read_file(path);
  if (!file.ok()) return file.problem();
  std::string_view text(reinterpret_cast<const char*>(file->data()), file->size());
  std::vector<std::string> labels;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    labels.emplace_back(line);
  }
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  if (labels.empty()) return problem("{}: has no labels; it should have one a line.", path.string());
  return labels;
}

std::string top_k_text(std::span<const Score> scores, std::span<const std::string> labels) {
  std::string text;
  for (const auto& [index, value] : scores) {
    text += fmt::format("  {:<10.4g} {}\n", value,
                        index < labels.size() ? labels[index] : fmt::format("#{}", index));
  }
  return text;
}

Outcome<std::vector<std::filesystem::path>> write_outputs(const std::filesystem::path& path,
                                                          std::span<const OutputTensor> outputs) {
  const std::string ending = path.extension().string();
  if (ending == ".json") {
    json array = json::array();
    for (const OutputTensor& output : outputs) array.push_back(output_json(output));
    // Names come from the model's file and need not be UTF-8.
    const std::string text = array.dump(1, ' ', false, json::error_handler_t::replace) + '\n';
    const auto wrong = write_file(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
    if (wrong) return *wrong;
    return std::vector{path};
  }
  if (ending != ".npy" && ending != ".raw" && ending != ".bin") {
    return problem("{}: outputs are written as .npy, .json, .raw or .bin; choose one of these endings.",
                   path.string());
  }
  std::vector<std::filesystem::path> files;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const TensorView& tensor = outputs[i].tensor;
    std::filesystem::path file = path;
    if (outputs.size() > 1) file.replace_extension(fmt::format(".{}{}", i, ending));
    std::vector<uint8_t> bytes(tensor.bytes.begin(), tensor.bytes.end());
    if (ending == ".npy") {
      Outcome<std::vector<uint8_t>> npy = write_npy(tensor);
      if (!npy.ok()) return problem("{}: {}", file.string(), npy.problem().sentence);
      bytes = std::move(*npy);
    }
    if (const auto wrong = write_file(file, bytes)) return *wrong;
    files.push_back(file);
  }
  return files;
}

}  // namespace tandem::cli
