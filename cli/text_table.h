#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tandem::cli {

/// Lines of cells under titles, each column as wide as its widest cell.
class TextTable {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };

  explicit TextTable(std::vector<Column> columns);

  /// As many cells as columns; missing ones are empty.
  void row(std::vector<std::string> cells);
  /// All lines, indented by two blanks.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;  // the titles first
};

/// "7,157,888"
std::string grouped(uint64_t number);

/// "1 operator", "2,048 operators"
std::string counted(uint64_t number, std::string_view what);

/// A name from a file, safe for a terminal: what is not printable ASCII is shown as '?'.
std::string printable(std::string_view name);

/// At most `width` characters of `text`: the middle of a longer one is replaced by "..".
std::string shortened(std::string_view text, size_t width);

}  // namespace tandem::cli
