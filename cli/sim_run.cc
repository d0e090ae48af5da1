#include "sim_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "file_bytes.h"

namespace tandem::cli {

namespace {

using sim::Cycles;

/// How often the loop comes back to look at the clock on the wall: a fraction of a second.
constexpr Cycles kSlice = 5'000'000;
constexpr double kProgressAfter = 2, kProgressEvery = 0.5;  // seconds

std::string what_reboots(const sim::Reboot& reboot) {
  switch (reboot.cause) {
    case sim::Reboot::Cause::kWatchdogTimer:
      return "the watchdog ran out: reboot";
    case sim::Reboot::Cause::kWatchdogForced:
      return "the watchdog was triggered: reboot";
    case sim::Reboot::Cause::kCoreRequest:
      return fmt::format("core {} reset itself (SYSRESETREQ)", reboot.core);
  }
  return "reboot";
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

}  // namespace

class FirmwareRun::Console final : public sim::Host {
 public:
  Console(const SimOptions& options, bool quiet)
      : options_(options), quiet_(quiet), terminal_(!quiet && isatty(STDERR_FILENO) == 1) {}

  void on_console(uint8_t byte, Cycles) override {
    if (!quiet_) {
      clear_progress();
      std::fputc(byte, stdout);
      line_begun_ = byte != '\n';
    }
    if (options_.stop_on.empty()) return;
    recent_ += static_cast<char>(byte);
    if (recent_.size() > options_.stop_on.size()) recent_.erase(0, recent_.size() - options_.stop_on.size());
    if (recent_ == options_.stop_on) {
      seen_ = true;
      machine->stop({sim::StopKind::kNone, 0, std::nullopt});
    }
  }
  void on_warning(const sim::Warning& warning) override {
    if (quiet_) return;
    clear_progress();
    std::fflush(stdout);
    const std::string why =
        warning.held_block == nullptr
            ? "which isn't modelled"
            : fmt::format("{}, without effect: RESETS.RESET holds it", warning.held_block);
    fmt::print(stderr, "tandem sim: {} of 0x{:08x}, {}, by {} at 0x{:08x}\n",
               warning.write ? "write" : "read", warning.address, why,
               warning.core < 0 ? "the DMA" : fmt::format("core {}", warning.core), warning.pc);
  }
  /// Firmware may know what it does: below the stack that the linker script marks there often is free memory.
  bool on_stack_limit(const sim::Fault& fault) override {
    if (options_.stack_limit) return true;
    if (quiet_ || stack_told_[static_cast<size_t>(fault.core)]) return false;
    stack_told_[static_cast<size_t>(fault.core)] = true;
    clear_progress();
    std::fflush(stdout);
    fmt::print(stderr,
               "tandem sim: core {}'s stack fell under its limit 0x{:08x}, to 0x{:08x}, at 0x{:08x} "
               "(--stack-limit ends there)\n",
               fault.core, fault.address, fault.registers[13], fault.pc);
    return false;
  }
  bool on_reboot(const sim::Reboot& reboot, Cycles now) override {
    ++reboots_;
    if (!quiet_) {
      clear_progress();
      std::fflush(stdout);
      fmt::print(stderr, "tandem sim: cycle {}: {}\n", now, what_reboots(reboot));
    }
    return reboots_ <= options_.max_reboots;
  }
  unsigned reboots() const { return reboots_; }
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

  void show_progress(double seconds) {
    if (!terminal_ || line_begun_ || seconds < kProgressAfter || seconds < next_progress_) return;
    next_progress_ = seconds + kProgressEvery;
    std::fflush(stdout);
    const Cycles now = machine->now();
    fmt::print(stderr, "\r\033[Ksimulated: {:.0f} M cycles, {:.1f} ms; host: {:.0f} s",
               static_cast<double>(now) / 1e6,
               1e3 * static_cast<double>(now) / static_cast<double>(machine->clocks().sys_hz), seconds);
    std::fflush(stderr);
    progress_shown_ = true;
  }
  void clear_progress() {
    if (!progress_shown_) return;
    progress_shown_ = false;
    fmt::print(stderr, "\r\033[K");
    std::fflush(stderr);
  }

  sim::Machine* machine = nullptr;

 private:
  const SimOptions& options_;
  bool quiet_, terminal_;
  std::string recent_;
  bool seen_ = false;
  unsigned reboots_ = 0;
  bool line_begun_ = false;           ///< the console stands inside a line, which progress would overwrite
  std::array<bool, 2> stack_told_{};  ///< by core
  bool progress_shown_ = false;
  double next_progress_ = 0;
};

FirmwareRun::FirmwareRun(const SimOptions& options, const Firmware& firmware,
                         const sim::FreeParameters& parameters, bool quiet)
    : options_(options), quiet_(quiet), console_(std::make_unique<Console>(options, quiet)) {
  sim::Options machine_options;
  machine_options.parameters = parameters;
  machine_options.instant_uart = options.instant_uart;
  machine_options.system_hz = static_cast<uint64_t>(options.clock_mhz * 1e6);
  machine_ = std::make_unique<sim::Machine>(machine_options, *console_);
  console_->machine = machine_.get();
  if (firmware.rom) machine_->use_rom(*firmware.rom);
  for (const sim::Segment& segment : machine_->load(firmware.image)) {
    problem_ =
        fmt::format("{} bytes at 0x{:08x} have no memory to go to", segment.bytes.size(), segment.address);
  }
  guard_stacks(*machine_, firmware.image);
}

FirmwareRun::~FirmwareRun() = default;

bool FirmwareRun::text_seen() const { return console_->seen(); }
unsigned FirmwareRun::reboots() const { return console_->reboots(); }

void FirmwareRun::run(sim::Observer* observer) {
  machine_->observe(observer);
  if (!machine_->boot() && !quiet_ && !options_.json) {
    fmt::print(
        stderr,
        "tandem sim: no second stage with a valid checksum: started at the vector table, flash set up\n");
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const Cycles limit = options_.max_cycles != 0 ? options_.max_cycles : sim::kNever - 1;
  while (machine_->now() < limit && !machine_->stopped()) {
    stop_ = machine_->run(std::min(limit, machine_->now() + kSlice));
    const double seconds = elapsed();
    if (options_.timeout_seconds > 0 && seconds > options_.timeout_seconds) break;
    console_->show_progress(seconds);
  }
  console_->clear_progress();
  std::fflush(stdout);
  host_seconds_ = elapsed();
}

std::string FirmwareRun::reason() const {
  switch (stop_.kind) {
    case sim::StopKind::kNone:
      return text_seen() ? "text seen" : "limit";
    case sim::StopKind::kExit:
      return fmt::format("exit {}", stop_.exit_code);
    case sim::StopKind::kFault:
      return "fault";
    case sim::StopKind::kAsleep:
      return "both cores sleep, and nothing can wake them";
    case sim::StopKind::kReset:
      return fmt::format("reboot number {} refused (--max-reboots)", reboots());
    case sim::StopKind::kUsbBoot:
      return "USB boot requested: nobody is at the port";
    case sim::StopKind::kNotBootable:
      return "no valid second stage in flash: the chip would wait for USB";
  }
  return "";
}

}  // namespace tandem::cli
