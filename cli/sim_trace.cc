#include "sim_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

namespace tandem::cli {

namespace {

constexpr int kCoreThreads[] = {1, 2}, kMarkThreads[] = {3, 4}, kDmaThread = 10;
constexpr unsigned kFirstIrq = 16;

std::string exception_name(uint32_t number) {
  switch (number) {
    case 2:
      return "NMI";
    case 3:
      return "HardFault";
    case 11:
      return "SVC";
    case 14:
      return "PendSV";
    case 15:
      return "SysTick";
    default:
      return number >= kFirstIrq ? fmt::format("IRQ {}", number - kFirstIrq)
                                 : fmt::format("exception {}", number);
  }
}

}  // namespace

void Trace::keep(Track track, const Slice& slice) {
  Keep& to = tracks_[track];
  if (slice.end - slice.start < to.shortest) {
    ++to.dropped;
    return;
  }
  to.slices.push_back(slice);
  while (to.slices.size() > max_slices_) {
    to.shortest = std::max<sim::Cycles>(2 * to.shortest, 16);
    to.dropped += std::erase_if(to.slices, [&](const Slice& s) { return s.end - s.start < to.shortest; });
  }
}

void Trace::push(PerCore& core, Slice::Kind kind, uint32_t what, sim::Cycles start) {
  if (core.stack.size() >= core.base + kMaxDepth) pop(core, start);
  core.stack.push_back({{kind, what, start, start, core.stalls, 0}, core.base});
}

void Trace::pop(PerCore& core, sim::Cycles end) {
  Slice slice = core.stack.back().slice;
  core.stack.pop_back();
  slice.end = end;
  for (size_t i = 0; i < slice.stalls.size(); ++i) slice.stalls[i] = core.stalls[i] - slice.stalls[i];
  keep(track_of(core), slice);
}

void Trace::on_instruction(int core, uint32_t pc, sim::Cycles start, sim::Cycles end,
                           const sim::StallCycles& stalls) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  const uint32_t function = functions_.at(pc);
  // The callee's first instruction was executed by now, but it's a rare one that changes the link register.
  if (function != mine.last_function || mine.stack.size() == mine.base) {
    enter(mine, function, start, link_register_(core));
  }
  mine.last_function = function;
  mine.last_pc = pc;
  mine.now = end;
  mine.stalls = stalls;
  if (mine.leaving) leave_exception(mine);
}

void Trace::enter(PerCore& core, uint32_t function, sim::Cycles start, uint32_t link) {
  const uint32_t back = link & ~1u;
  const bool called = back == core.last_pc + 2 || back == core.last_pc + 4;
  if (!called) {
    for (size_t depth = core.stack.size(); depth > core.base; --depth) {
      if (core.stack[depth - 1].slice.what != function) continue;
      while (core.stack.size() > depth) pop(core, start);
      return;
    }
    if (core.stack.size() > core.base) pop(core, start);  // a jump: it takes the caller's place
  }
  push(core, Slice::Kind::kFunction, function, start);
}

void Trace::on_exception(int core, unsigned number, bool entry, sim::Cycles) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  if (!entry) {
    mine.leaving = true;  // told in the midst of the instruction that returns
    return;
  }
  push(mine, Slice::Kind::kException, number, mine.now);
  mine.stack.back().outer = mine.base;
  mine.stack.back().last_pc = mine.last_pc;
  mine.base = mine.stack.size();
  mine.last_function = kNoFunction;
  mine.last_pc = kNoCall;
}

void Trace::leave_exception(PerCore& core) {
  core.leaving = false;
  if (core.base == 0) return;
  while (core.stack.size() > core.base) pop(core, core.now);
  const Frame exception = core.stack.back();
  pop(core, core.now);
  core.base = exception.outer;
  // What was interrupted goes on in its own frame; it may have been about to enter a function.
  core.last_function = core.stack.size() > core.base ? core.stack.back().slice.what : kNoFunction;
  core.last_pc = exception.last_pc;
}

void Trace::on_sleep(int core, uint32_t, sim::Cycles start, sim::Cycles end) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  keep(track_of(mine), {Slice::Kind::kSleep, 0, start, end, {}, 0});
  mine.now = end;
}

void Trace::on_reset(int core, sim::Cycles) {
  PerCore& mine = cores_[static_cast<size_t>(core)];
  close(mine);
  mine.leaving = false;
  mine.last_function = kNoFunction;
  mine.last_pc = kNoCall;
}

void Trace::close(PerCore& core) {
  while (!core.stack.empty()) pop(core, core.now);
  core.base = 0;
}

void Trace::on_dma(unsigned channel, sim::Cycles start, sim::Cycles end, uint32_t transfers) {
  keep(kDma, {Slice::Kind::kDma, channel, start, end, {}, transfers});
}

void Trace::finish() {
  for (PerCore& core : cores_) close(core);
  // Outer slices first: of two that start together, readers nest the later one into the earlier.
  for (Keep& track : tracks_) {
    std::reverse(track.slices.begin(), track.slices.end());  // inner ones ended first
    std::stable_sort(track.slices.begin(), track.slices.end(), [](const Slice& a, const Slice& b) {
      return a.start != b.start ? a.start < b.start : a.end > b.end;
    });
  }
}

void Trace::write(std::ostream& out, uint64_t clock_hz, const Marks* marks) const {
  // Whole nanoseconds, so that rounding can't make a slice end after the one around it.
  const auto ns = [&](sim::Cycles cycles) {
    return std::round(static_cast<double>(cycles) * 1e9 / static_cast<double>(clock_hz));
  };
  const char* separator = "\n";
  const auto line = [&](const nlohmann::ordered_json& event) {
    out << separator << event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    separator = ",\n";
  };
  const auto name_thread = [&](int thread, const std::string& name) {
    line({{"ph", "M"}, {"pid", 1}, {"tid", thread}, {"name", "thread_name"}, {"args", {{"name", name}}}});
    line({{"ph", "M"},
          {"pid", 1},
          {"tid", thread},
          {"name", "thread_sort_index"},
          {"args", {{"sort_index", thread}}}});
  };
  const auto slice = [&](int thread, const std::string& name, sim::Cycles start, sim::Cycles end,
                         nlohmann::ordered_json args) {
    args["cycles"] = end - start;
    line({{"ph", "X"},
          {"pid", 1},
          {"tid", thread},
          {"name", name},
          {"ts", ns(start) / 1e3},
          {"dur", (ns(end) - ns(start)) / 1e3},
          {"args", std::move(args)}});
  };

  out << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"simulated\":true,\"clock_hz\":" << clock_hz
      << ",\"short_slices_dropped\":" << tracks_[0].dropped + tracks_[1].dropped + tracks_[2].dropped
      << "},\"traceEvents\":[";
  line({{"ph", "M"}, {"pid", 1}, {"name", "process_name"}, {"args", {{"name", "RP2040 (simulated)"}}}});
  for (const Track track : {kCore0, kCore1}) {
    name_thread(kCoreThreads[track], fmt::format("core {}", static_cast<int>(track)));
    for (const Slice& s : slices(track)) {
      nlohmann::ordered_json args;
      const std::string name = s.kind == Slice::Kind::kSleep       ? "sleeping"
                               : s.kind == Slice::Kind::kException ? exception_name(s.what)
                                                                   : functions_.name(s.what);
      for (size_t i = 0; i < s.stalls.size(); ++i) {
        if (s.stalls[i] != 0) args[kStallKeys[i]] = s.stalls[i];
      }
      slice(kCoreThreads[track], name, s.start, s.end, std::move(args));
    }
  }
  if (marks != nullptr) {
    for (const int id : {0, 1}) {
      const auto mine = [&](const Marks::Region& region) { return region.core == id; };
      if (std::none_of(marks->regions().begin(), marks->regions().end(), mine)) continue;
      name_thread(kMarkThreads[id], fmt::format("marks, core {}", id));
      for (const Marks::Region& region : marks->regions()) {
        if (mine(region)) slice(kMarkThreads[id], "marked", region.start, region.end, {});
      }
    }
  }
  std::array<bool, 16> named{};
  for (const Slice& s : slices(kDma)) {
    const int thread = kDmaThread + static_cast<int>(s.what);
    if (!std::exchange(named[s.what % named.size()], true))
      name_thread(thread, fmt::format("DMA channel {}", s.what));
    slice(thread, fmt::format("{} transfers", s.transfers), s.start, s.end, {{"transfers", s.transfers}});
  }
  out << "\n]}\n";
}

}  // namespace tandem::cli
