#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "firmware_image.h"

namespace tandem::cli {

/// A value for every instruction's address, in pages: programs touch few of them, and one after the other.
template <class T>
class PerInstruction {
 public:
  T& operator[](uint32_t pc) {
    const uint32_t page = pc / kPageBytes;
    if (page != recent_page_ || recent_ == nullptr) {
      auto& found = pages_[page];
      if (found == nullptr) found = std::make_unique<Page>();
      recent_ = found.get();
      recent_page_ = page;
    }
    return (*recent_)[pc % kPageBytes / 2];
  }
  /// Calls visit(pc, value) for every address of the pages touched, in no order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const auto& [page, values] : pages_) {
      for (uint32_t i = 0; i < values->size(); ++i) visit(page * kPageBytes + 2 * i, (*values)[i]);
    }
  }

 private:
  static constexpr uint32_t kPageBytes = 2048;
  using Page = std::array<T, kPageBytes / 2>;
  std::unordered_map<uint32_t, std::unique_ptr<Page>> pages_;
  uint32_t recent_page_ = 0;
  Page* recent_ = nullptr;
};

/// What a C++ symbol is called in its source, parameters included; other symbols as they are.
std::string demangled(const std::string& symbol);

/// Numbers for the functions of an image, fast to find by address. Addresses without a symbol belong to their
/// memory: "[boot ROM]", "[flash]", "[SRAM: …]".
class FunctionIndex {
 public:
  explicit FunctionIndex(const sim::Image& image) : image_(image) {}

  uint32_t at(uint32_t pc) {
    const uint32_t known = by_pc_[pc];
    return known != 0 ? known - 1 : look_up(pc);
  }
  const std::string& name(uint32_t function) const { return names_[function]; }
  size_t count() const { return names_.size(); }

 private:
  uint32_t look_up(uint32_t pc);

  const sim::Image& image_;
  PerInstruction<uint32_t> by_pc_;  ///< number + 1
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> numbers_;
};

}  // namespace tandem::cli
