#include "sim_profile.h"

#include <algorithm>

#include "memory_map.h"

namespace tandem::cli {

namespace {

/// Functions that have no symbol: those of the ROM above all.
std::string place_name(uint32_t address) {
  if (address < sim::kRomBytes) return "[boot ROM]";
  if (sim::region(address) == sim::kRegionXip) return "[flash]";
  return sim::region(address) == sim::kRegionSram ? "[SRAM]" : "[elsewhere]";
}

}  // namespace

Profile::Counts& Profile::Counts::operator+=(const Counts& other) {
  executions += other.executions;
  cycles += other.cycles;
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
  if (next != nullptr) next->on_instruction(core, pc, start, end, stalls);
}

std::vector<Profile::FunctionCounts> Profile::functions(int core, const sim::Image& image) const {
  std::map<std::string, Counts> by_name;
  for (const auto& [pc, counts] : cores_[static_cast<size_t>(core)].by_pc) {
    const sim::Symbol* function = image.function_at(pc);
    by_name[function != nullptr ? function->name : place_name(pc)] += counts;
  }
  std::vector<FunctionCounts> functions;
  for (auto& [name, counts] : by_name) functions.push_back({name, counts});
  std::stable_sort(functions.begin(), functions.end(), [](const FunctionCounts& a, const FunctionCounts& b) {
    return a.counts.cycles > b.counts.cycles;
  });
  return functions;
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
    began.reset();
  }
  if (pc == begin_) began = start;
}

}  // namespace tandem::cli
