#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tandem {

/// Why something was refused. status_codes.inc is the list, with a sentence for each.
enum class Code : uint16_t {
  kOk = 0,
#define TANDEM_STATUS(code, sentence) code,
#include "tandem/status_codes.inc"
#undef TANDEM_STATUS
};

/// The outcome of anything that can be refused: a code and where in the model it happened.
/// Sixteen bytes, no text; `describe` makes the sentence, and only programs that call it link the texts.
struct [[nodiscard]] Status {
  Code code = Code::kOk;
  int16_t subgraph = 0;
  int16_t op = -1;      ///< operator index in the subgraph, -1 if none
  int16_t tensor = -1;  ///< tensor index in the subgraph, -1 if none
  int32_t a = 0;        ///< the sentence's {a}
  int32_t b = 0;        ///< the sentence's {b}

  [[nodiscard]] constexpr bool ok() const { return code == Code::kOk; }
};

/// A value or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  constexpr Result(T value) : value_(std::move(value)) {}
  constexpr Result(Status status) : status_(status) {}
  constexpr Result(Code code) : status_{.code = code} {}

  [[nodiscard]] constexpr bool ok() const { return status_.ok(); }
  [[nodiscard]] constexpr Status status() const { return status_; }
  /// The value; a default-constructed T unless ok().
  [[nodiscard]] constexpr const T& value() const { return value_; }
  constexpr T& value() { return value_; }
  constexpr const T& operator*() const { return value_; }
  constexpr const T* operator->() const { return &value_; }

 private:
  T value_{};
  Status status_{};
};

class Model;

/// Writes a sentence for `status` into `out`: where, what is wrong, what to do. `model` (may be null) gives
/// the names of operator and tensor. Returns the length written; always null-terminated if out is not empty.
size_t describe(const Status& status, const Model* model, std::span<char> out);

}  // namespace tandem
