#include "sim.h"

#include <fmt/format.h>

#include <fstream>
#include <optional>
#include <vector>

#include "file_bytes.h"
#include "sim_report.h"
#include "sim_svg.h"
#include "sim_trace.h"
#include "sim_watchers.h"

namespace tandem::cli {

namespace {

std::optional<std::vector<uint8_t>> read_or_complain(const std::filesystem::path& path) {
  auto bytes = read_file(path);
  if (bytes.ok()) return std::move(*bytes);
  fmt::print(stderr, "tandem sim: {}\n", bytes.problem().sentence);
  return std::nullopt;
}

bool write_or_complain(const std::filesystem::path& path, auto write) {
  std::ofstream out(path, std::ios::binary);
  if (out) write(out);
  out.close();
  if (out) return true;
  fmt::print(stderr, "tandem sim: {} could not be written\n", path.string());
  return false;
}

}  // namespace

int simulate(const SimOptions& options) {
  constexpr int kFailed = 1;
  const auto complain = [](const std::string& sentence) {
    fmt::print(stderr, "tandem sim: {}\n", sentence);
    return kFailed;
  };
  const auto file = read_or_complain(options.firmware);
  if (!file) return kFailed;
  const std::string name = options.firmware.string();
  std::string error;
  auto image = sim::read_image(*file, &error);
  if (!image) return complain(name + " " + error);
  Firmware firmware{std::move(*image), std::nullopt};
  if (!options.bootrom.empty()) {
    const auto rom_file = read_or_complain(options.bootrom);
    if (!rom_file) return kFailed;
    firmware.rom = sim::read_rom_image(*rom_file, &error);
    if (!firmware.rom) return complain(options.bootrom.string() + " " + error);
  }
  FirmwareRun run(options, firmware, {}, false);
  if (!run.problem().empty()) return complain(run.problem());

  std::optional<std::pair<uint32_t, uint32_t>> mark_addresses;
  if (!options.marks.empty()) {
    const size_t comma = options.marks.find(',');
    const sim::Symbol* begin = firmware.image.find(options.marks.substr(0, comma));
    const sim::Symbol* end =
        comma == std::string::npos ? nullptr : firmware.image.find(options.marks.substr(comma + 1));
    if (begin == nullptr || end == nullptr) {
      return complain(fmt::format("--marks {}: both have to be symbols of {}", options.marks, name));
    }
    mark_addresses = {begin->address & ~1u, end->address & ~1u};
  }
  std::optional<CodeRange> annotated;
  if (!options.annotate.empty()) {
    annotated = find_code(firmware.image, options.annotate);
    if (!annotated) {
      return complain(fmt::format("--annotate {}: neither a symbol of {} nor a range like 20041000-20041040",
                                  options.annotate, name));
    }
  }

  // Nobody watches who isn't asked for: the machine runs faster alone.
  Watchers watchers;
  FunctionIndex functions(firmware.image);
  DebugInfo debug;
  std::optional<Marks> marks;
  std::optional<Profile> profile;
  std::optional<Trace> trace;
  std::optional<Occupancy> occupancy;
  if (mark_addresses) watchers.add(&marks.emplace(mark_addresses->first, mark_addresses->second));
  if (options.profile || annotated) {
    debug = DebugInfo(*file);
    watchers.add(&profile.emplace());
  }
  if (!options.trace.empty()) {
    watchers.add(&trace.emplace(functions, [&](int core) { return run.machine().core(core).reg(14); }));
  }
  if (!options.svg.empty()) watchers.add(&occupancy.emplace(functions));

  run.run(watchers.empty() ? nullptr : &watchers);
  watchers.finish(run.machine());

  bool written = true;
  const uint64_t clock_hz = run.machine().clocks().sys_hz;
  if (trace) {
    trace->finish();
    written &= write_or_complain(
        options.trace, [&](std::ostream& out) { trace->write(out, clock_hz, marks ? &*marks : nullptr); });
  }
  if (occupancy) {
    occupancy->finish();
    written &= write_or_complain(options.svg, [&](std::ostream& out) {
      out << draw_timeline(*occupancy, run.machine().now(), clock_hz, options.firmware.filename().string());
    });
  }
  const Report report{.run = run,
                      .image = firmware.image,
                      .functions = functions,
                      .debug = debug,
                      .profile = profile ? &*profile : nullptr,
                      .profile_tables = options.profile,
                      .marks = marks ? &*marks : nullptr,
                      .top = options.top,
                      .annotated = annotated,
                      .variations = options.sensitivity ? vary_parameters(options, firmware, mark_addresses)
                                                        : std::vector<Variation>{}};
  if (options.json) {
    print_json(report);
  } else {
    print_text(report);
  }
  if (!written) return kFailed;
  if (run.stop().kind == sim::StopKind::kExit) return run.stop().exit_code;
  return run.text_seen() ? 0 : kFailed;
}

}  // namespace tandem::cli
