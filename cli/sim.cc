#include "sim.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "file_bytes.h"
#include "machine.h"
#include "sim_profile.h"

namespace tandem::cli {

namespace {

using sim::Cycles;

/// How often the loop comes back to look at the clock on the wall: a fraction of a second.
constexpr Cycles kSlice = 5'000'000;
constexpr const char* kStallNames[sim::kStallCauses] = {"flash miss", "other core's miss", "bank conflict",
                                                        "bus wait"};
constexpr const char* kStallKeys[sim::kStallCauses] = {"flash_miss", "other_miss", "bank_conflict",
                                                       "bus_wait"};

class ConsoleHost final : public sim::Host {
 public:
  explicit ConsoleHost(const SimOptions& options) : options_(options) {}

  void on_console(uint8_t byte, Cycles) override {
    std::fputc(byte, stdout);
    if (options_.stop_on.empty()) return;
    recent_ += static_cast<char>(byte);
    if (recent_.size() > options_.stop_on.size()) recent_.erase(0, recent_.size() - options_.stop_on.size());
    if (recent_ == options_.stop_on) {
      seen_ = true;
      machine->stop({sim::StopKind::kNone, 0, std::nullopt});
    }
  }
  void on_warning(const sim::Warning& warning) override {
    std::fflush(stdout);
    fmt::print(stderr, "tandem sim: {} of 0x{:08x}, which isn't modelled, by {} at 0x{:08x}\n",
               warning.write ? "write" : "read", warning.address,
               warning.core < 0 ? "the DMA" : fmt::format("core {}", warning.core), warning.pc);
  }
  std::optional<std::vector<uint8_t>> read_file(const std::string& name) override {
    if (options_.files.empty()) return std::nullopt;
    const auto root = std::filesystem::weakly_canonical(options_.files);
    const auto path = std::filesystem::weakly_canonical(root / name);
    if (std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first != root.end())
      return std::nullopt;
    auto bytes = cli::read_file(path);
    if (!bytes.ok()) return std::nullopt;
    return std::move(*bytes);
  }
  bool seen() const { return seen_; }

  sim::Machine* machine = nullptr;

 private:
  const SimOptions& options_;
  std::string recent_;
  bool seen_ = false;
};

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
      return "DMA read where nothing is";
    case sim::FaultKind::kDmaWrite:
      return "DMA write where nothing is";
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

std::string describe(const sim::Fault& fault, sim::Machine& machine, const sim::Image& image) {
  if (fault.core < 0) {
    return fmt::format("fault: {}: channel {}, {} bytes at 0x{:08x}, cycle {}\n", what_happened(fault.kind),
                       fault.channel, fault.bytes, fault.address, fault.cycle);
  }
  std::string text = fmt::format("fault: {}", what_happened(fault.kind));
  if (fault.bytes != 0) {
    text += fmt::format(": {} of {} bytes at 0x{:08x}", fault.write ? "store" : "load", fault.bytes,
                        fault.address);
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

std::string reason(const sim::Stop& stop, bool text_seen) {
  switch (stop.kind) {
    case sim::StopKind::kNone:
      return text_seen ? "text seen" : "limit";
    case sim::StopKind::kExit:
      return fmt::format("exit {}", stop.exit_code);
    case sim::StopKind::kFault:
      return "fault";
    case sim::StopKind::kAsleep:
      return "both cores sleep, and nothing can wake them";
    case sim::StopKind::kReset:
      return "reset requested";
    case sim::StopKind::kNotBootable:
      return "no valid second stage in flash: the chip would wait for USB";
  }
  return "";
}

struct Report {
  sim::Machine& machine;
  const sim::Image& image;
  const sim::Stop& stop;
  bool text_seen;
  double host_seconds;
  const Profile* profile;
  const Marks* marks;
  size_t top;
};

double milliseconds(const Report& r, Cycles cycles) {
  return 1e3 * static_cast<double>(cycles) / static_cast<double>(r.machine.clocks().sys_hz);
}

uint64_t instructions(const Report& r) {
  const Cycles now = r.machine.now();
  return r.machine.core(0).statistics(now).instructions + r.machine.core(1).statistics(now).instructions;
}

double percent(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

void print_text(const Report& r) {
  const Cycles now = r.machine.now();
  if (r.stop.fault) fmt::print(stderr, "{}", describe(*r.stop.fault, r.machine, r.image));
  fmt::print(stderr, "simulated: {} cycles, {:.3f} ms at {:.3f} MHz; ended: {}\n", now, milliseconds(r, now),
             static_cast<double>(r.machine.clocks().sys_hz) / 1e6, reason(r.stop, r.text_seen));
  for (int id = 0; id < 2; ++id) {
    const auto s = r.machine.core(id).statistics(now);
    const Cycles active = now - std::min(now, s.sleeping + s.held);
    fmt::print(stderr,
               "simulated: core {}: {} instructions, {} cycles awake, {} asleep, {} in reset; stalls:", id,
               s.instructions, active, s.sleeping, s.held);
    for (size_t i = 0; i < sim::kStallCauses; ++i) {
      fmt::print(stderr, "{} {} {}", i == 0 ? "" : ",", kStallNames[i], s.stalls[i]);
    }
    fmt::print(stderr, "\n");
  }
  const sim::Xip& xip = r.machine.xip();
  fmt::print(stderr,
             "simulated: flash cache: {} accesses, {:.2f} % hits, {} cycles a miss; {} words streamed\n",
             xip.accesses(), percent(xip.hits(), xip.accesses()), xip.miss_cycles(), xip.streamed());
  uint64_t conflicts = 0, accesses = 0;
  for (size_t i = 0; i <= static_cast<size_t>(sim::PortId::kSram5); ++i) {
    const sim::Port& port = r.machine.bus().port(static_cast<sim::PortId>(i));
    conflicts += port.contested;
    accesses += port.accesses;
  }
  fmt::print(stderr, "simulated: SRAM: {} accesses, {} bank conflicts; DMA: {} transfers\n", accesses,
             conflicts, r.machine.dma().transfers());
  if (r.marks != nullptr) {
    const Marks::Summary& m = r.marks->summary();
    if (m.count == 0) {
      fmt::print(stderr, "simulated: marks: never passed\n");
    } else {
      fmt::print(stderr, "simulated: marks: {} times, {} cycles on average ({:.3f} ms), {} to {}\n", m.count,
                 m.total / m.count, milliseconds(r, m.total / m.count), m.least, m.most);
    }
  }
  if (r.profile != nullptr) {
    for (int id = 0; id < 2; ++id) {
      const auto functions = r.profile->functions(id, r.image);
      if (functions.empty()) continue;
      Cycles total = 0;
      for (const auto& f : functions) total += f.counts.cycles;
      fmt::print(stderr, "simulated: core {}, {} cycles awake by function\n", id, total);
      fmt::print(stderr, "{:>14} {:>6} {:>14} {:>6} {:>12} {:>12} {:>12} {:>12}  function\n", "cycles", "%",
                 "instructions", "each", "flash miss", "other's miss", "bank", "bus wait");
      for (size_t i = 0; i < std::min(r.top, functions.size()); ++i) {
        const Profile::Counts& c = functions[i].counts;
        fmt::print(stderr, "{:>14} {:>6.2f} {:>14} {:>6.2f} {:>12} {:>12} {:>12} {:>12}  {}\n", c.cycles,
                   percent(c.cycles, total), c.executions,
                   static_cast<double>(c.cycles) / static_cast<double>(c.executions), c.stalls[0],
                   c.stalls[1], c.stalls[2], c.stalls[3], functions[i].name);
      }
    }
  }
  fmt::print(stderr, "host: {:.2f} s, {:.1f} M instructions/s\n", r.host_seconds,
             static_cast<double>(instructions(r)) / r.host_seconds / 1e6);
}

nlohmann::ordered_json stalls_json(const sim::StallCycles& stalls) {
  nlohmann::ordered_json out;
  for (size_t i = 0; i < sim::kStallCauses; ++i) out[kStallKeys[i]] = stalls[i];
  return out;
}

void print_json(const Report& r) {
  const Cycles now = r.machine.now();
  nlohmann::ordered_json out;
  out["simulated"] = true;
  out["cycles"] = now;
  out["clock_hz"] = r.machine.clocks().sys_hz;
  out["ended"] = reason(r.stop, r.text_seen);
  for (int id = 0; id < 2; ++id) {
    const auto s = r.machine.core(id).statistics(now);
    out["cores"].push_back({{"instructions", s.instructions},
                            {"sleeping", s.sleeping},
                            {"held", s.held},
                            {"stalls", stalls_json(s.stalls)}});
  }
  const sim::Xip& xip = r.machine.xip();
  out["xip"] = {{"accesses", xip.accesses()},
                {"hits", xip.hits()},
                {"misses", xip.misses()},
                {"streamed", xip.streamed()},
                {"miss_cycles", xip.miss_cycles()}};
  for (size_t i = 0; i < sim::kPorts; ++i) {
    constexpr const char* kNames[sim::kPorts] = {"sram0", "sram1", "sram2", "sram3", "sram4",
                                                 "sram5", "xip",   "rom",   "apb",   "ahb"};
    const sim::Port& port = r.machine.bus().port(static_cast<sim::PortId>(i));
    out["ports"][kNames[i]] = {{"accesses", port.accesses}, {"contested", port.contested}};
  }
  out["dma_transfers"] = r.machine.dma().transfers();
  if (r.marks != nullptr) {
    const Marks::Summary& m = r.marks->summary();
    out["marks"] = {
        {"count", m.count}, {"total", m.total}, {"least", m.count == 0 ? 0 : m.least}, {"most", m.most}};
  }
  if (r.profile != nullptr) {
    for (int id = 0; id < 2; ++id) {
      auto core = nlohmann::ordered_json::array();
      const auto functions = r.profile->functions(id, r.image);
      for (size_t i = 0; i < std::min(r.top, functions.size()); ++i) {
        const Profile::Counts& c = functions[i].counts;
        core.push_back({{"function", functions[i].name},
                        {"cycles", c.cycles},
                        {"instructions", c.executions},
                        {"stalls", stalls_json(c.stalls)}});
      }
      out["profile"].push_back(core);
    }
  }
  if (r.stop.fault) out["fault"] = describe(*r.stop.fault, r.machine, r.image);
  out["host_seconds"] = r.host_seconds;
  fmt::print(stderr, "{}\n", out.dump(2));
}

/// The stacks that the Pico SDK's linker scripts mark, one for each core.
void guard_stacks(sim::Machine& machine, const sim::Image& image) {
  constexpr const char* kNames[2][2] = {{"__StackBottom", "__StackTop"},
                                        {"__StackOneBottom", "__StackOneTop"}};
  for (int id = 0; id < 2; ++id) {
    const sim::Symbol* bottom = image.find(kNames[id][0]);
    const sim::Symbol* top = image.find(kNames[id][1]);
    if (bottom != nullptr && top != nullptr) machine.core(id).guard_stack({bottom->address, top->address});
  }
}

std::optional<std::vector<uint8_t>> read_or_complain(const std::filesystem::path& path) {
  auto bytes = read_file(path);
  if (bytes.ok()) return std::move(*bytes);
  fmt::print(stderr, "tandem sim: {}\n", bytes.problem().sentence);
  return std::nullopt;
}

}  // namespace

int simulate(const SimOptions& options) {
  constexpr int kFailed = 1;
  const auto file = read_or_complain(options.firmware);
  if (!file) return kFailed;
  std::string error;
  const auto image = sim::read_image(*file, &error);
  if (!image) {
    fmt::print(stderr, "tandem sim: {} {}\n", options.firmware.string(), error);
    return kFailed;
  }

  sim::Options machine_options;
  machine_options.instant_uart = options.instant_uart;
  machine_options.system_hz = static_cast<uint64_t>(options.clock_mhz * 1e6);
  ConsoleHost host(options);
  sim::Machine machine(machine_options, host);
  host.machine = &machine;
  if (!options.bootrom.empty()) {
    const auto rom_file = read_or_complain(options.bootrom);
    if (!rom_file) return kFailed;
    const auto rom = sim::read_rom_image(*rom_file, &error);
    if (!rom) {
      fmt::print(stderr, "tandem sim: {} {}\n", options.bootrom.string(), error);
      return kFailed;
    }
    machine.use_rom(*rom);
  }
  for (const sim::Segment& segment : machine.load(*image)) {
    fmt::print(stderr, "tandem sim: {} bytes at 0x{:08x} have no memory to go to\n", segment.bytes.size(),
               segment.address);
    return kFailed;
  }
  guard_stacks(machine, *image);

  std::optional<Marks> marks;
  if (!options.marks.empty()) {
    const size_t comma = options.marks.find(',');
    const sim::Symbol* begin = image->find(options.marks.substr(0, comma));
    const sim::Symbol* end =
        comma == std::string::npos ? nullptr : image->find(options.marks.substr(comma + 1));
    if (begin == nullptr || end == nullptr) {
      fmt::print(stderr, "tandem sim: --marks {}: both have to be symbols of {}\n", options.marks,
                 options.firmware.string());
      return kFailed;
    }
    marks.emplace(begin->address & ~1u, end->address & ~1u);
  }
  std::optional<Profile> profile;
  if (options.profile) {
    profile.emplace();
    if (marks) profile->next = &*marks;
  }
  if (profile) {
    machine.observe(&*profile);
  } else if (marks) {
    machine.observe(&*marks);
  }

  if (!machine.boot() && !options.json) {
    fmt::print(
        stderr,
        "tandem sim: no second stage with a valid checksum: started at the vector table, flash set up\n");
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const Cycles limit = options.max_cycles != 0 ? options.max_cycles : sim::kNever - 1;
  sim::Stop stop;
  while (machine.now() < limit && !machine.stopped()) {
    stop = machine.run(std::min(limit, machine.now() + kSlice));
    if (options.timeout_seconds > 0 && elapsed() > options.timeout_seconds) break;
  }
  std::fflush(stdout);
  const Report report{machine,
                      *image,
                      stop,
                      host.seen(),
                      elapsed(),
                      profile ? &*profile : nullptr,
                      marks ? &*marks : nullptr,
                      options.top};
  if (options.json) {
    print_json(report);
  } else {
    print_text(report);
  }
  if (stop.kind == sim::StopKind::kExit) return stop.exit_code;
  return host.seen() ? 0 : kFailed;
}

}  // namespace tandem::cli
