#include "sim_profile.h"

#include <algorithm>
#include <map>

namespace tandem::cli {

namespace {

constexpr size_t kMaxRegions = 20'000;

template <class Name>
std::vector<Profile::Row> rows_by_cycles(const std::map<Name, Profile::Counts>& counts, auto name_of) {
  std::vector<Profile::Row> rows;
  for (const auto& [name, sum] : counts) rows.push_back({name_of(name), sum});
  std::stable_sort(rows.begin(), rows.end(), [](const Profile::Row& a, const Profile::Row& b) {
    return a.counts.cycles > b.counts.cycles;
  });
  return rows;
}

}  // namespace

Profile::Counts& Profile::Counts::operator+=(const Counts& other) {
  executions += other.executions;
  cycles += other.cycles;
  sleeping += other.sleeping;
  for (size_t i = 0; i < stalls.size(); ++i) stalls[i] += other.stalls[i];
  return *this;
}

void Profile::on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                             const sim::StallCycles& stalls) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  Counts& counts = mine.by_pc[pc];
  ++counts.executions;
  counts.cycles += end - start;
  for (size_t i = 0; i < stalls.size(); ++i) counts.stalls[i] += stalls[i] - mine.seen[i];
  mine.seen = stalls;
}

void Profile::on_sleep(int core, uint32_t pc, sim::Cycles start, sim::Cycles end) {
  cores_[static_cast<size_t>(core)].by_pc[pc - 2].sleeping += end - start;  // WFE and WFI are halfwords
}

std::vector<Profile::Row> Profile::functions(int core, FunctionIndex& index) const {
  std::map<uint32_t, Counts> sums;
  cores_[static_cast<size_t>(core)].by_pc.for_each([&](uint32_t pc, const Counts& counts) {
    if (counts != Counts{}) sums[index.at(pc)] += counts;
  });
  return rows_by_cycles(sums, [&](uint32_t function) { return index.name(function); });
}

std::vector<Profile::Row> Profile::lines(int core, const DebugInfo& debug) const {
  std::map<std::pair<uint32_t, uint32_t>, Counts> sums;
  cores_[static_cast<size_t>(core)].by_pc.for_each([&](uint32_t pc, const Counts& counts) {
    if (counts == Counts{}) return;
    if (const auto line = debug.line_at(pc)) sums[{line->file, line->line}] += counts;
  });
  return rows_by_cycles(sums, [&](const std::pair<uint32_t, uint32_t>& line) {
    return debug.file(line.first) + ":" + std::to_string(line.second);
  });
}

Profile::Counts Profile::total(int core) const {
  Counts sum;
  cores_[static_cast<size_t>(core)].by_pc.for_each([&](uint32_t, const Counts& counts) { sum += counts; });
  return sum;
}

void Marks::on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles /*end*/,
                           const sim::StallCycles&) {
  auto& began = began_[static_cast<size_t>(core)];
  if (pc == end_ && began) {
    const sim::Cycles cycles = start - *began;
    ++summary_.count;
    summary_.total += cycles;
    summary_.least = std::min(summary_.least, cycles);
    summary_.most = std::max(summary_.most, cycles);
    if (regions_.size() < kMaxRegions) regions_.push_back({core, *began, start});
    began.reset();
  }
  if (pc == begin_) began = start;
}

}  // namespace tandem::cli
