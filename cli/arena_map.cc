#include "arena_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "text_table.h"

namespace tandem::cli {
namespace {

constexpr uint32_t kBarColumns = 66;  // 64 operators, the inputs before them and the outputs behind

// Columns of a bar. With many operators, one column is several of them.
class Bar {
 public:
  explicit Bar(uint32_t operators)
      : operators_(operators), times_per_column_(1 + (operators + 1) / kBarColumns) {}

  [[nodiscard]] uint32_t times_per_column() const { return times_per_column_; }

  [[nodiscard]] std::string text(int32_t first, int32_t last, char mark) const {
    std::string bar(column(static_cast<int32_t>(operators_)) + 1, '.');
    std::fill(bar.begin() + column(first), bar.begin() + column(last) + 1, mark);
    return bar;
  }

  // "i0.......10........20.......o": where the inputs are, every tenth operator, the outputs.
  [[nodiscard]] std::string ruler() const {
    std::string bar(column(static_cast<int32_t>(operators_)) + 1, ' ');
    bar.front() = 'i';
    bar.back() = 'o';
    size_t free = 1;
    for (uint32_t op = 0; op < operators_; ++op) {
      const size_t at = column(static_cast<int32_t>(op));
      const std::string number = std::to_string(op);
      if (op % (10 * times_per_column_) != 0 || at < free || at + number.size() >= bar.size()) continue;
      bar.replace(at, number.size(), number);
      free = at + number.size() + 1;
    }
    return bar;
  }

 private:
  [[nodiscard]] ptrdiff_t column(int32_t time) const {
    return static_cast<ptrdiff_t>(static_cast<uint32_t>(time + 1) / times_per_column_);
  }

  uint32_t operators_;
  uint32_t times_per_column_;
};

std::string block_name(const ArenaBlock& block, const PlanReport& report, const Subgraph& subgraph) {
  const uint32_t tensors = subgraph.tensor_count();
  if (block.buffer >= tensors) {
    const uint32_t op = block.buffer - tensors;
    if (op == subgraph.operator_count()) return "state of operators";
    if (op > subgraph.operator_count()) return "called subgraphs";
    return fmt::format("scratch of op {} {}", op, operator_name(subgraph.op(op)));
  }
  const std::string name = short_tensor_name(subgraph, static_cast<int32_t>(block.buffer));
  if (report.buffers[block.buffer].variable != 0) return fmt::format("variable {} {}", block.buffer, name);
  if (block.in_place >= 0) return fmt::format("tensor {} {} (over {})", block.buffer, name, block.in_place);
  return fmt::format("tensor {} {}", block.buffer, name);
}

}  // namespace

std::vector<ArenaBlock> arena_blocks(const PlanReport& report, const Subgraph& subgraph) {
  const auto operators = static_cast<int32_t>(subgraph.operator_count());
  std::vector<ArenaBlock> blocks;
  for (uint32_t i = 0; i < report.buffers.size(); ++i) {
    const Buffer& buffer = report.buffers[i];
    if (buffer.bytes == 0 || buffer.constant != 0) continue;
    const bool variable = buffer.variable != 0;
    blocks.push_back({.buffer = i,
                      .offset = report.need.plan_bytes + buffer.offset,
                      .bytes = buffer.bytes,
                      .first = variable ? -1 : buffer.first,
                      .last = variable ? operators : buffer.last});
  }
  std::ranges::sort(blocks, {}, [](const ArenaBlock& b) { return std::tuple(b.offset, b.first, b.buffer); });
  // Tensors of one root follow each other in time; planning has stretched the root's life over all of them.
  std::map<uint16_t, ArenaBlock*> latest;  // of each root
  for (ArenaBlock& block : blocks) {
    ArenaBlock*& before = latest[report.buffers[block.buffer].root];
    if (before != nullptr) {
      before->last = block.first;
      block.in_place = static_cast<int32_t>(before->buffer);
    }
    before = &block;
  }
  return blocks;
}

std::string arena_map_text(const PlanReport& report, const Subgraph& subgraph) {
  using enum TextTable::Align;
  const Bar bar(subgraph.operator_count());
  TextTable table({{"offset", kRight}, {"bytes", kRight}, {"what", kLeft}, {bar.ruler(), kLeft}});
  table.row({"0", grouped(report.need.plan_bytes), "plan",
             bar.text(-1, static_cast<int32_t>(subgraph.operator_count()), 'p')});
  for (const ArenaBlock& block : arena_blocks(report, subgraph)) {
    const bool scratch = block.buffer >= subgraph.tensor_count();
    const char mark = report.buffers[block.buffer].variable != 0 ? 'v'
                      : scratch                                  ? 's'
                      : block.in_place >= 0                      ? '='
                                                                 : '#';
    table.row({grouped(block.offset), grouped(block.bytes), block_name(block, report, subgraph),
               bar.text(block.first, block.last, mark)});
  }
  std::string text = fmt::format(
      "Memory map of the arena. A column is {}; i: inputs are written, o: outputs are read.\n",
      bar.times_per_column() == 1 ? "an operator" : fmt::format("{} operators", bar.times_per_column()));
  return text + table.text();
}

}  // namespace tandem::cli
