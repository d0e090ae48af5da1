#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tandem/status.h"

namespace tandem {

/// A .tflite model (FlatBuffers, identifier TFL3, schema version 3), read in place: the bytes stay the
/// caller's, unchanged, for as long as the model or an interpreter prepared from it is in use. They may lie
/// in flash.
class Model {
 public:
  Model() = default;

  /// Checks that every offset, length and index of the file stays inside it, and every tensor's shape, size
  /// and quantization. Any bytes are safe to give. Time is linear in their number; no memory is used.
  static Result<Model> load(std::span<const uint8_t> bytes);

  [[nodiscard]] std::span<const uint8_t> bytes() const { return bytes_; }

  /// Of the main subgraph: how many operators; an operator's name ("CONV_2D", or a custom operator's own); a
  /// tensor's name as the converter wrote it. Empty for an index out of range.
  [[nodiscard]] uint32_t operator_count() const;
  [[nodiscard]] std::string_view operator_name(int32_t index) const;
  [[nodiscard]] std::string_view tensor_name(int32_t index) const;

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace tandem
