#include "sim_functions.h"

#include <cxxabi.h>

#include <cstdlib>

#include "memory_map.h"

namespace tandem::cli {

namespace {

std::string_view place_name(uint32_t address) {
  if (address < sim::kRomBytes) return "[boot ROM]";
  if (sim::region(address) == sim::kRegionXip) return "[flash]";
  return sim::region(address) == sim::kRegionSram ? "[SRAM: no symbol, as of generated code]" : "[elsewhere]";
}

}  // namespace

std::string demangled(const std::string& symbol) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(
      symbol.starts_with("_Z") ? abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status) : nullptr,
      std::free);
  return name == nullptr ? symbol : name.get();
}

uint32_t FunctionIndex::look_up(uint32_t pc) {
  const sim::Symbol* function = image_.function_at(pc);
  std::string name = function != nullptr ? demangled(function->name) : std::string(place_name(pc));
  const auto [entry, added] = numbers_.try_emplace(name, static_cast<uint32_t>(names_.size()));
  if (added) names_.push_back(std::move(name));
  by_pc_[pc] = entry->second + 1;
  return entry->second;
}

}  // namespace tandem::cli
