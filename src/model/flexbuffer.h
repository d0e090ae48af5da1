#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

// FlexBuffers, in which custom operators keep their options, read totally: every width, offset and length is
// checked against the bytes before it is used, and what leads outside reads as null. Source: the FlatBuffers
// documentation, "FlexBuffers", and its flexbuffers.h.
namespace tandem::flex {

/// One value of a buffer: a number, a boolean, or a map or vector of values. Default-constructed: null.
class Value {
 public:
  /// The buffer's value; null if the bytes are none.
  static Value root(Bytes buffer);

  [[nodiscard]] bool null() const { return type_ == kNull; }
  /// A number or boolean, floats towards zero; 0 for what is neither.
  [[nodiscard]] int64_t integer() const;
  /// A number or boolean; 0 for what is neither.
  [[nodiscard]] double number() const;
  [[nodiscard]] bool boolean() const { return type_ == kFloat ? number() != 0 : integer() != 0; }

  /// How many values a map or vector has.
  [[nodiscard]] uint32_t size() const { return size_; }
  /// Value `index` of a map, in the order of keys, or of a vector; null beyond its end.
  [[nodiscard]] Value operator[](uint32_t index) const;
  /// A map's value under `key`; null if there is none.
  [[nodiscard]] Value find(std::string_view key) const;

 private:
  // The types that have a value for a reader of options; others read as null.
  enum Type : uint8_t {
    kNull = 0,
    kInt = 1,
    kUInt = 2,
    kFloat = 3,
    kIndirectInt = 6,
    kIndirectUInt = 7,
    kIndirectFloat = 8,
    kMap = 9,
    kVector = 10,
    kIntVector = 11,
    kUIntVector = 12,
    kFloatVector = 13,
    kBool = 26,
    kBoolVector = 36,
  };

  // A value of `packed_type` that lies at `at`, or whose place is stored there, in `width` bytes.
  static Value read(Bytes buffer, uint64_t at, uint32_t width, uint8_t packed_type);

  Bytes buffer_;
  uint32_t at_ = 0;    // of the number, or of the first element
  uint8_t width_ = 1;  // bytes of the number, or of an element
  uint8_t type_ = kNull;
  uint32_t size_ = 0;
};

}  // namespace tandem::flex
