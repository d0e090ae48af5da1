#include "sim_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <numeric>

namespace tandem::cli {

namespace {

using sim::Cycles;

std::string place(const sim::Image& image, uint32_t address) {
  const sim::Symbol* function = image.function_at(address);
  if (function == nullptr) return fmt::format("0x{:08x}", address);
  return fmt::format("0x{:08x} {}+{}", address, function->name, address - function->address);
}

const char* what_happened(sim::FaultKind kind) {
  switch (kind) {
    case sim::FaultKind::kUnaligned:
      return "unaligned access";
    case sim::FaultKind::kUnmapped:
      return "access to an address where nothing is";
    case sim::FaultKind::kFetchUnmapped:
      return "instruction fetch where no memory is";
    case sim::FaultKind::kUndefined:
      return "undefined instruction";
    case sim::FaultKind::kArmState:
      return "branch to an address without Thumb bit";
    case sim::FaultKind::kBreakpoint:
      return "breakpoint";
    case sim::FaultKind::kSvcPriority:
      return "SVC where its exception cannot preempt";
    case sim::FaultKind::kStackLimit:
      return "stack under its limit";
    case sim::FaultKind::kStacking:
      return "exception frame could not be accessed";
    case sim::FaultKind::kVector:
      return "exception vector without Thumb bit";
    case sim::FaultKind::kDmaRead:
      return "DMA read where nothing answers";
    case sim::FaultKind::kDmaWrite:
      return "DMA write where nothing answers";
  }
  return "fault";
}

/// Values on the stack that point behind a call: an unwinder for code without unwind tables. Stale words can
/// appear in it, which is why it says "maybe".
std::vector<uint32_t> guess_callers(sim::Machine& machine, const sim::Image& image, uint32_t sp) {
  constexpr int kWords = 256;
  constexpr size_t kCallers = 8;
  std::vector<uint32_t> callers;
  for (int i = 0; i < kWords && callers.size() < kCallers; ++i) {
    uint32_t value = 0, before = 0;
    if (!machine.bus().read(-1, (sp & ~3u) + 4 * static_cast<uint32_t>(i), 4, machine.now(), &value)) break;
    if (!(value & 1) || image.function_at(value & ~1u) == nullptr) continue;
    uint32_t left = 0;
    const uint8_t* code = machine.bus().memory((value & ~1u) - 4, &left);
    if (code == nullptr || left < 4) continue;
    before = static_cast<uint32_t>(code[0] | code[1] << 8 | code[2] << 16) | uint32_t{code[3]} << 24;
    const bool bl = (before & 0xd000f800) == 0xd000f000, blx = (before >> 16 & 0xff87) == 0x4780;
    if (bl || blx) callers.push_back(value & ~1u);
  }
  return callers;
}

std::string block(const sim::Fault& fault) {
  return fault.block == nullptr ? "" : fmt::format(" ({}, see RESETS.RESET)", fault.block);
}

std::string describe(const sim::Fault& fault, sim::Machine& machine, const sim::Image& image) {
  if (fault.core < 0) {
    return fmt::format("fault: {}: channel {}, {} bytes at 0x{:08x}{}, cycle {}\n", what_happened(fault.kind),
                       fault.channel, fault.bytes, fault.address, block(fault), fault.cycle);
  }
  std::string text = fmt::format("fault: {}", what_happened(fault.kind));
  if (fault.bytes != 0) {
    text += fmt::format(": {} of {} bytes at 0x{:08x}{}", fault.write ? "store" : "load", fault.bytes,
                        fault.address, block(fault));
  } else if (fault.kind == sim::FaultKind::kStackLimit) {
    text += fmt::format(": sp 0x{:08x}, the stack ends at 0x{:08x}", fault.registers[13], fault.address);
  } else if (fault.kind == sim::FaultKind::kUndefined) {
    text += fmt::format(": 0x{:04x}", fault.opcode);
  } else if (fault.kind == sim::FaultKind::kArmState || fault.kind == sim::FaultKind::kFetchUnmapped) {
    text += fmt::format(": 0x{:08x}", fault.address);
  }
  text += fmt::format("\n  core {}, cycle {}, at {}", fault.core, fault.cycle, place(image, fault.pc));
  if (const uint32_t exception = fault.xpsr & 63; exception != 0)
    text += fmt::format(", in exception {}", exception);
  text += "\n";
  constexpr const char* kNames[16] = {"r0", "r1", "r2",  "r3",  "r4",  "r5", "r6", "r7",
                                      "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"};
  for (size_t i = 0; i < fault.registers.size(); ++i) {
    text += fmt::format("  {:>3} 0x{:08x}{}", kNames[i], fault.registers[i], i % 4 == 3 ? "\n" : "");
  }
  text += fmt::format("  xpsr 0x{:08x} {}{}{}{}  msp 0x{:08x}  psp 0x{:08x}  primask {}  control {}\n",
                      fault.xpsr, fault.xpsr >> 31 & 1 ? 'N' : 'n', fault.xpsr >> 30 & 1 ? 'Z' : 'z',
                      fault.xpsr >> 29 & 1 ? 'C' : 'c', fault.xpsr >> 28 & 1 ? 'V' : 'v', fault.msp,
                      fault.psp, fault.primask, fault.control);
  text += fmt::format("  called from {} (lr)\n", place(image, fault.registers[14] & ~1u));
  for (const uint32_t caller : guess_callers(machine, image, fault.registers[13])) {
    text += fmt::format("  maybe from  {}\n", place(image, caller));
  }
  return text;
}

double milliseconds(const Report& r, Cycles cycles) {
  return 1e3 * static_cast<double>(cycles) / static_cast<double>(r.run.machine().clocks().sys_hz);
}

uint64_t instructions(const Report& r) {
  const Cycles now = r.run.machine().now();
  return r.run.machine().core(0).statistics(now).instructions +
         r.run.machine().core(1).statistics(now).instructions;
}

double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

sim::Port all_banks(const Report& r) {
  sim::Port sum;
  for (size_t i = 0; i <= static_cast<size_t>(sim::PortId::kSram5); ++i) {
    const sim::Port& port = r.run.machine().bus().port(static_cast<sim::PortId>(i));
    sum.contested += port.contested;
    sum.accesses += port.accesses;
  }
  return sum;
}

bool executed(const Report& r, const std::vector<CodeLine>& code, int core) {
  return std::any_of(code.begin(), code.end(),
                     [&](const CodeLine& line) { return r.profile->at(core, line.address).executions != 0; });
}

void print_table(const std::string& title, const char* what, const std::vector<Profile::Row>& rows,
                 const Profile::Counts& total, size_t top) {
  if (rows.empty()) return;
  fmt::print(stderr, "{}\n", title);
  fmt::print(stderr, "{:>14} {:>6} {:>14} {:>6} {:>12} {:>12} {:>12} {:>12} {:>12}  {}\n", "cycles", "%",
             "instructions", "each", "flash miss", "other's miss", "bank", "bus wait", "sleeping", what);
  for (size_t i = 0; i < std::min(top, rows.size()); ++i) {
    const Profile::Counts& c = rows[i].counts;
    const double each =
        c.executions == 0 ? 0 : static_cast<double>(c.cycles) / static_cast<double>(c.executions);
    fmt::print(stderr, "{:>14} {:>6.2f} {:>14} {:>6.2f} {:>12} {:>12} {:>12} {:>12} {:>12}  {}\n", c.cycles,
               percent(c.cycles, total.cycles), c.executions, each, c.stalls[0], c.stalls[1], c.stalls[2],
               c.stalls[3], c.sleeping, rows[i].name);
  }
}

/// By how many percent `now` is more than `before`.
double change(double before, double now) { return before == 0 ? 0 : 100 * (now - before) / before; }

double mean(const Marks::Summary& marks) {
  return marks.count == 0 ? 0 : static_cast<double>(marks.total) / static_cast<double>(marks.count);
}

void print_variations(const Report& r) {
  if (r.variations.empty()) return;
  fmt::print(stderr, "simulated: totals under other values of what nobody has measured\n");
  for (const Variation& v : r.variations) {
    fmt::print(stderr, "{:>14} {:>+7.3f} %  {}", v.cycles,
               change(static_cast<double>(r.run.machine().now()), static_cast<double>(v.cycles)), v.name);
    if (r.marks != nullptr) {
      fmt::print(stderr, "; marks {:.1f} {:+.3f} %", mean(v.marks),
                 change(mean(r.marks->summary()), mean(v.marks)));
    }
    fmt::print(stderr, "{}\n", v.ended == r.run.reason() ? "" : "; ended: " + v.ended);
  }
  if (r.run.stop().kind == sim::StopKind::kNone && !r.run.text_seen()) {
    fmt::print(stderr, "  (the limit ended these runs: totals tell nothing; --marks or --stop-on would)\n");
  }
}

}  // namespace

void print_text(const Report& r) {
  const Cycles now = r.run.machine().now();
  if (r.run.stop().fault) fmt::print(stderr, "{}", describe(*r.run.stop().fault, r.run.machine(), r.image));
  fmt::print(stderr, "simulated: {} cycles, {:.3f} ms at {:.3f} MHz; ended: {}\n", now, milliseconds(r, now),
             static_cast<double>(r.run.machine().clocks().sys_hz) / 1e6, r.run.reason());
  for (int id = 0; id < 2; ++id) {
    const auto s = r.run.machine().core(id).statistics(now);
    const Cycles active = now - std::min(now, s.sleeping + s.held);
    fmt::print(stderr,
               "simulated: core {}: {} instructions, {} cycles awake, {} asleep, {} in reset; stalls:", id,
               s.instructions, active, s.sleeping, s.held);
    for (size_t i = 0; i < sim::kStallCauses; ++i) {
      fmt::print(stderr, "{} {} {}", i == 0 ? "" : ",", kStallNames[i], s.stalls[i]);
    }
    fmt::print(stderr, "\n");
  }
  const sim::Xip& xip = r.run.machine().xip();
  fmt::print(stderr,
             "simulated: flash cache: {} accesses, {:.2f} % hits, {} cycles a miss; {} words streamed\n",
             xip.accesses(), percent(xip.hits(), xip.accesses()), xip.miss_cycles(), xip.streamed());
  const sim::Port sram = all_banks(r);
  fmt::print(stderr, "simulated: SRAM: {} accesses, {} bank conflicts ({:.3f} %); DMA: {} transfers\n",
             sram.accesses, sram.contested, percent(sram.contested, sram.accesses),
             r.run.machine().dma().transfers());
  if (r.marks != nullptr) {
    const Marks::Summary& m = r.marks->summary();
    if (m.count == 0) {
      fmt::print(stderr, "simulated: marks: never passed\n");
    } else {
      fmt::print(stderr, "simulated: marks: {} times, {} cycles on average ({:.3f} ms), {} to {}\n", m.count,
                 m.total / m.count, milliseconds(r, m.total / m.count), m.least, m.most);
    }
  }
  if (r.profile_tables) {
    for (int id = 0; id < 2; ++id) {
      const Profile::Counts total = r.profile->total(id);
      if (total == Profile::Counts{}) continue;
      const auto awake =
          fmt::format("simulated: core {}, {} cycles awake, {} asleep", id, total.cycles, total.sleeping);
      print_table(awake + ", by function", "function", r.profile->functions(id, r.functions), total, r.top);
      const auto lines = r.profile->lines(id, r.debug);
      const Cycles covered =
          std::accumulate(lines.begin(), lines.end(), Cycles{0},
                          [](Cycles sum, const auto& row) { return sum + row.counts.cycles; });
      print_table(fmt::format("simulated: core {}, the {:.1f} % of its cycles whose source line is known", id,
                              percent(covered, total.cycles)),
                  "line", lines, total, r.top);
    }
  }
  if (r.annotated) {
    const auto code = disassemble(r.run.machine(), *r.annotated, r.debug);
    for (int id = 0; id < 2; ++id) {
      if (executed(r, code, id) || (id == 0 && !executed(r, code, 1))) {
        fmt::print(stderr, "{}", annotate(*r.annotated, code, id, *r.profile, r.debug));
      }
    }
  }
  print_variations(r);
  fmt::print(stderr, "host: {:.2f} s, {:.1f} M instructions/s\n", r.run.host_seconds(),
             static_cast<double>(instructions(r)) / r.run.host_seconds() / 1e6);
}

namespace {

nlohmann::ordered_json stalls_json(const sim::StallCycles& stalls) {
  nlohmann::ordered_json out;
  for (size_t i = 0; i < sim::kStallCauses; ++i) out[kStallKeys[i]] = stalls[i];
  return out;
}

nlohmann::ordered_json counts_json(const Profile::Counts& c) {
  return {{"cycles", c.cycles},
          {"instructions", c.executions},
          {"sleeping", c.sleeping},
          {"stalls", stalls_json(c.stalls)}};
}

nlohmann::ordered_json rows_json(const std::vector<Profile::Row>& rows, const char* what, size_t top) {
  auto out = nlohmann::ordered_json::array();
  for (size_t i = 0; i < std::min(top, rows.size()); ++i) {
    nlohmann::ordered_json row = {{what, rows[i].name}};
    row.update(counts_json(rows[i].counts));
    out.push_back(std::move(row));
  }
  return out;
}

nlohmann::ordered_json annotation_json(const Report& r) {
  auto lines = nlohmann::ordered_json::array();
  for (const CodeLine& line : disassemble(r.run.machine(), *r.annotated, r.debug)) {
    nlohmann::ordered_json row = {{"address", line.address}, {"text", line.text}};
    if (line.source) row["source"] = fmt::format("{}:{}", r.debug.file(line.source->file), line.source->line);
    for (int id = 0; id < 2; ++id) row["cores"].push_back(counts_json(r.profile->at(id, line.address)));
    lines.push_back(std::move(row));
  }
  return {{"name", r.annotated->name}, {"lines", std::move(lines)}};
}

nlohmann::ordered_json marks_json(const Marks::Summary& m) {
  return {{"count", m.count}, {"total", m.total}, {"least", m.count == 0 ? 0 : m.least}, {"most", m.most}};
}

}  // namespace

void print_json(const Report& r) {
  const Cycles now = r.run.machine().now();
  nlohmann::ordered_json out;
  out["simulated"] = true;
  out["cycles"] = now;
  out["clock_hz"] = r.run.machine().clocks().sys_hz;
  out["ended"] = r.run.reason();
  out["reboots"] = r.run.reboots();
  for (int id = 0; id < 2; ++id) {
    const auto s = r.run.machine().core(id).statistics(now);
    out["cores"].push_back({{"instructions", s.instructions},
                            {"sleeping", s.sleeping},
                            {"held", s.held},
                            {"stalls", stalls_json(s.stalls)}});
  }
  const sim::Xip& xip = r.run.machine().xip();
  out["xip"] = {{"accesses", xip.accesses()}, {"hits", xip.hits()},
                {"misses", xip.misses()},     {"hit_rate", percent(xip.hits(), xip.accesses()) / 100},
                {"streamed", xip.streamed()}, {"miss_cycles", xip.miss_cycles()}};
  for (size_t i = 0; i < sim::kPorts; ++i) {
    constexpr const char* kNames[sim::kPorts] = {"sram0", "sram1", "sram2", "sram3", "sram4",
                                                 "sram5", "xip",   "rom",   "apb",   "ahb"};
    const sim::Port& port = r.run.machine().bus().port(static_cast<sim::PortId>(i));
    out["ports"][kNames[i]] = {{"accesses", port.accesses}, {"contested", port.contested}};
  }
  out["dma_transfers"] = r.run.machine().dma().transfers();
  const sim::Port sram = all_banks(r);
  out["sram"] = {{"accesses", sram.accesses}, {"bank_conflicts", sram.contested}};
  if (r.marks != nullptr) out["marks"] = marks_json(r.marks->summary());
  if (r.profile_tables) {
    for (int id = 0; id < 2; ++id) {
      out["profile"].push_back(
          {{"total", counts_json(r.profile->total(id))},
           {"functions", rows_json(r.profile->functions(id, r.functions), "function", r.top)},
           {"lines", rows_json(r.profile->lines(id, r.debug), "line", r.top)}});
    }
  }
  if (r.annotated) out["annotation"] = annotation_json(r);
  for (const Variation& v : r.variations) {
    nlohmann::ordered_json row = {
        {"cycles", v.cycles},
        {"change_percent", change(static_cast<double>(r.run.machine().now()), static_cast<double>(v.cycles))},
        {"ended", v.ended}};
    if (r.marks != nullptr) row["marks"] = marks_json(v.marks);
    out["sensitivity"][v.key] = std::move(row);
  }
  if (r.run.stop().fault) out["fault"] = describe(*r.run.stop().fault, r.run.machine(), r.image);
  out["host_seconds"] = r.run.host_seconds();
  fmt::print(stderr, "{}\n", out.dump(2));
}

}  // namespace tandem::cli
