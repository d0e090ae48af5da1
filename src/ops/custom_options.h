#pragma once

#include <string_view>

#include "ops/op_context.h"

namespace tandem {

/// Options of a custom operator that are 32-bit integers in TensorFlow Lite Micro; 0 where absent.
class CustomOptions {
 public:
  explicit CustomOptions(const OpContext& context) : context_(context), map_(context.custom_options()) {}

  [[nodiscard]] flex::Value find(std::string_view key) const { return map_.find(key); }
  [[nodiscard]] int32_t integer(std::string_view key) const {
    return static_cast<int32_t>(map_.find(key).integer());
  }
  /// Reads one into `value`; refuses what is outside of [least, most].
  [[nodiscard]] Status read(std::string_view key, int64_t least, int64_t most, uint32_t& value) const {
    const int32_t option = integer(key);
    if (option < least || option > most) return refused(option);
    value = static_cast<uint32_t>(option);
    return {};
  }
  /// Refuses an option's value.
  [[nodiscard]] Status refused(int32_t value) const {
    return context_.error(Code::kCustomOptionValue, value);
  }

 private:
  const OpContext& context_;
  flex::Value map_;
};

}  // namespace tandem
