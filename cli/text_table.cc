#include "text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::cli {

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  row(std::move(titles));
}

void TextTable::row(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<size_t> widths(columns_.size());
  for (const auto& cells : rows_) {
    for (size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  }
  std::string text;
  for (const auto& cells : rows_) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      line += columns_[i].align == Align::kLeft ? fmt::format("  {:<{}}", cells[i], widths[i])
                                                : fmt::format("  {:>{}}", cells[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

std::string grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

std::string counted(uint64_t number, std::string_view what) {
  return fmt::format("{} {}{}", grouped(number), what, number == 1 ? "" : "s");
}

std::string printable(std::string_view name) {
  std::string text(name);
  std::ranges::replace_if(
      text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

std::string shortened(std::string_view text, size_t width) {
  constexpr std::string_view kGap = "..";
  if (text.size() <= width || width <= kGap.size()) return std::string(text.substr(0, width));
  const size_t tail = (width - kGap.size()) / 2;
  const size_t head = width - kGap.size() - tail;
  return fmt::format("{}{}{}", text.substr(0, head), kGap, text.substr(text.size() - tail));
}

}  // namespace tandem::cli
