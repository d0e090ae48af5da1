#pragma once

#include <cstdint>
#include <span>

namespace tandem {

/// Element types, numbered as TensorType of the TensorFlow Lite schema.
enum class Type : uint8_t {
  kFloat32 = 0,
  kFloat16 = 1,
  kInt32 = 2,
  kUInt8 = 3,
  kInt64 = 4,
  kString = 5,
  kBool = 6,
  kInt16 = 7,
  kComplex64 = 8,
  kInt8 = 9,
  kFloat64 = 10,
  kComplex128 = 11,
  kUInt64 = 12,
  kResource = 13,
  kVariant = 14,
  kUInt32 = 15,
  kUInt16 = 16,
  kInt4 = 17,
};

/// The schema's name of a type ("INT8"), "?" for a number it does not have.
const char* type_name(Type type);

/// Bits of one element; 0 for types without a fixed size (STRING, RESOURCE, VARIANT).
uint32_t type_bits(Type type);

/// A model's input or output, or one of its variables: where it is and what it means.
/// real value = scale · (stored value − zero_point); scale 0: not quantized.
struct TensorView {
  Type type = Type::kFloat32;
  std::span<const int32_t> dims;
  float scale = 0;
  int32_t zero_point = 0;
  std::span<uint8_t> bytes;
  int16_t tensor = -1;  ///< index in the model's main subgraph

  /// The elements as T. The caller picks the T that `type` says.
  template <class T>
  [[nodiscard]] std::span<T> data() const {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

}  // namespace tandem
