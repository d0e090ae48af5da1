#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

// FlatBuffers' wire format, read totally: every position, vtable entry, length and string is checked against
// the file before it is used. What leads outside reads as absent or zero, and its position is noted where the
// caller asked for that (Model::load does, and refuses the file). Source: the FlatBuffers documentation,
// "FlatBuffer Internals".
namespace tandem::flat {

/// The file, and where to note the first position that was wrong.
struct File {
  Bytes bytes;
  uint32_t* first_error = nullptr;  ///< stays what it is if nothing is wrong; null: not noted

  void fail(uint64_t at) const {
    if (first_error != nullptr && *first_error == 0)
      *first_error = at == 0 || at > UINT32_MAX ? 1 : static_cast<uint32_t>(at);
  }
  [[nodiscard]] bool holds(uint64_t at, uint64_t size) const {
    return at <= bytes.size() && size <= bytes.size() - at;
  }
  /// The T at `at`; zero if it does not lie inside.
  template <class T>
  [[nodiscard]] T read(uint64_t at) const {
    if (!holds(at, sizeof(T))) {
      fail(at);
      return T{};
    }
    return read_unaligned<T>(bytes.data() + at);
  }
  /// The position that the offset stored at `at` leads to; 0 if outside.
  [[nodiscard]] uint32_t follow(uint64_t at) const;
};

/// A vector of `count` elements of `element_bytes` each, entirely inside the file.
struct Vector {
  File file;
  uint32_t at = 0;
  uint32_t count = 0;

  template <class T>
  [[nodiscard]] T get(uint32_t index) const {
    return index < count ? file.read<T>(at + uint64_t{index} * sizeof(T)) : T{};
  }
};

/// A table: fields found through its vtable. A default-constructed one has no fields.
struct Table {
  File file;
  uint32_t at = 0;
  uint32_t vtable = 0;
  uint16_t vtable_bytes = 0;

  /// The table at `at`; one without fields if that is not a table inside the file.
  static Table open(File file, uint32_t at);

  [[nodiscard]] bool valid() const { return at != 0; }
  /// Where the value of field `id` lies, `size` bytes inside the file; 0 if the field is absent.
  [[nodiscard]] uint32_t field(uint32_t id, uint32_t size) const;
  template <class T>
  [[nodiscard]] T scalar(uint32_t id, T absent = T{}) const {
    const uint32_t position = field(id, sizeof(T));
    return position == 0 ? absent : file.read<T>(position);
  }
  [[nodiscard]] Table table(uint32_t id) const;
  [[nodiscard]] Vector vector(uint32_t id, uint32_t element_bytes) const;
  /// Element `index` of a vector of tables.
  static Table element(const Vector& tables, uint32_t index);
  [[nodiscard]] std::string_view string(uint32_t id) const;
};

/// The root table.
Table root(File file);

}  // namespace tandem::flat
