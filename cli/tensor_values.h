#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "outcome.h"
#include "tandem/tensor.h"

namespace tandem::cli {

static_assert(std::endian::native == std::endian::little, "tensors and files are copied byte by byte");

/// An IEEE 754 binary16 number, FLOAT16.
class Half {
 public:
  Half() = default;
  explicit Half(double value);  ///< nearest, ties to even
  explicit operator double() const;

 private:
  uint16_t bits_ = 0;
};

/// Element `i` of packed elements of type T, whatever the alignment.
template <class T>
T load(std::span<const uint8_t> bytes, size_t i) {
  T value;
  std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(std::span<uint8_t> bytes, size_t i, T value) {
  std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
}

/// Calls f(T{}) with the C++ type of one element: Half for FLOAT16, uint8_t for BOOL.
/// False, and no call, for types whose elements are not whole bytes or not single numbers.
template <class F>
bool visit_type(Type type, F&& f) {
  switch (type) {
    case Type::kFloat32:
      f(float{});
      return true;
    case Type::kFloat16:
      f(Half{});
      return true;
    case Type::kFloat64:
      f(double{});
      return true;
    case Type::kInt8:
      f(int8_t{});
      return true;
    case Type::kInt16:
      f(int16_t{});
      return true;
    case Type::kInt32:
      f(int32_t{});
      return true;
    case Type::kInt64:
      f(int64_t{});
      return true;
    case Type::kBool:
    case Type::kUInt8:
      f(uint8_t{});
      return true;
    case Type::kUInt16:
      f(uint16_t{});
      return true;
    case Type::kUInt32:
      f(uint32_t{});
      return true;
    case Type::kUInt64:
      f(uint64_t{});
      return true;
    default:
      return false;
  }
}

/// A whole number (or infinity, never NaN) as integer T, clamped to its range.
template <class T>
T clamp_to(double whole) {
  static_assert(std::is_integral_v<T>);
  // For 64-bit types max() rounds up to a power of two as a double, hence >=.
  if (whole >= static_cast<double>(std::numeric_limits<T>::max())) return std::numeric_limits<T>::max();
  if (whole <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  return static_cast<T>(whole);
}

/// The stored value of `real`, not yet clamped: what QUANTIZE computes, in float32, ties away from zero.
inline double quantize(double real, float scale, int32_t zero_point) {
  return double{std::round(static_cast<float>(real) / scale)} + zero_point;
}

bool is_float(Type type);
bool is_integer(Type type);  ///< not BOOL

/// An integer tensor whose elements stand for real values.
inline bool is_quantized(const TensorView& tensor) { return is_integer(tensor.type) && tensor.scale != 0; }

/// Product of the dimensions; nullopt if one is negative or the product needs more than 48 bits.
std::optional<uint64_t> element_count(std::span<const int32_t> dims);

/// "[1,96,96,1]"
std::string shape_text(std::span<const int32_t> dims);

/// "INT8 [1,96,96,1]"
std::string tensor_text(const TensorView& tensor);

/// INT4 as INT8, one byte an element (the low nibble comes first); other types as they are.
struct WholeByteElements {
  Type type;
  std::vector<uint8_t> bytes;
};
WholeByteElements unpack(Type type, std::span<const uint8_t> bytes, size_t count);

/// The real values: scale · (stored − zero point) for quantized tensors, the stored values for others.
/// Empty for types that are not numbers (STRING, RESOURCE, VARIANT, complex).
std::vector<double> dequantize(const TensorView& tensor);

}  // namespace tandem::cli
