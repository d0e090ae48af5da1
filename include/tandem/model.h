#pragma once

#include <cstdint>
#include <span>

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

 private:
  std::span<const uint8_t> bytes_;
};

}  // namespace tandem
