#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "bus.h"
#include "clock_tree.h"
#include "core.h"
#include "device.h"
#include "dma.h"
#include "fault.h"
#include "firmware_image.h"
#include "observer.h"
#include "rom.h"
#include "semihosting.h"
#include "sio.h"
#include "timing.h"
#include "xip.h"

namespace tandem::sim {

/// A register that isn't modelled, or of a peripheral in reset, was touched; told once for each.
struct Warning {
  uint32_t address = 0;
  bool write = false;
  int core = 0;  ///< -1: the DMA
  uint32_t pc = 0;
  const char* held_block = nullptr;  ///< the peripheral, if it's held in reset
};

/// The chip, or one core of it, begins again.
struct Reboot {
  enum class Cause : uint8_t {
    kWatchdogTimer,   ///< WATCHDOG.REASON.TIMER
    kWatchdogForced,  ///< WATCHDOG.REASON.FORCE: CTRL.TRIGGER was written
    kCoreRequest,     ///< AIRCR.SYSRESETREQ
  };
  Cause cause{};
  int core = 0;  ///< that asked, for kCoreRequest: it alone is reset
};

/// What the machine asks of the program around it. The simulator itself opens no file and prints nothing.
class Host {
 public:
  Host() = default;
  virtual ~Host() = default;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  /// A byte from a UART or from semihosting.
  virtual void on_console(uint8_t byte, Cycles now) = 0;
  virtual void on_warning(const Warning& /*warning*/) {}
  /// A stack pointer fell below the range that Core::guard_stack was given. True: stop with this fault.
  /// Working firmware does this too, where the memory below is free: a big array in main, say.
  virtual bool on_stack_limit(const Fault& /*fault*/) { return false; }
  /// False: the run ends here, instead of the firmware beginning again.
  virtual bool on_reboot(const Reboot& /*reboot*/, Cycles /*now*/) { return true; }
  /// The contents of a host file that the firmware opens, or nothing if it may not have it.
  virtual std::optional<std::vector<uint8_t>> read_file(const std::string& /*name*/) { return std::nullopt; }
};

struct Options {
  FreeParameters parameters;
  uint32_t crystal_hz = 12'000'000;
  uint32_t ring_oscillator_hz = 6'500'000;  ///< nominal [DS 2.17]
  uint64_t system_hz = 0;     ///< fixes clk_sys, whatever the clock registers say; 0: as they say
  bool instant_uart = false;  ///< UARTs take bytes at once, instead of at their baud rate
  bool stop_on_fault = true;  ///< else HardFault is entered, as on the chip
};

enum class StopKind : uint8_t {
  kNone,  ///< the limit of cycles given to run() was reached
  kExit,  ///< semihosting exit
  kFault,
  kAsleep,       ///< both cores sleep and nothing can wake them
  kReset,        ///< a reboot that Host::on_reboot refused
  kUsbBoot,      ///< the ROM was asked for USB boot
  kNotBootable,  ///< no valid second stage in flash: the chip would wait for USB
};

struct Stop {
  StopKind kind = StopKind::kNone;
  int exit_code = 0;
  std::optional<Fault> fault;
};

/// What RESETS and the power-on state machine were told, which others have to know [DS 2.13.5, 2.14.3].
struct ResetControl {
  static constexpr uint32_t kAllBlocks = 0x01ffffff;
  uint32_t held = kAllBlocks;    ///< RESETS.RESET
  uint32_t watchdog_blocks = 0;  ///< RESETS.WDSEL
  uint32_t watchdog_stages = 0;  ///< PSM.WDSEL
};

/// An RP2040: composition, clock domains, and the loop that lets masters reach the bus in cycle order.
class Machine {
 public:
  Machine(const Options& options, Host& host);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// Puts an image into flash and SRAM. Returns the sections that have no memory behind them.
  std::vector<Segment> load(const Image& image);
  /// A boot ROM image instead of the high-level one.
  void use_rom(std::span<const uint8_t> image);

  /// Power-on: both cores start in the ROM.
  void power_on();
  /// Starts core 0 as a debugger would, core 1 in the ROM: for images in SRAM or without boot2.
  void start(uint32_t vectors);
  /// power_on if flash begins with a second stage whose checksum is right. If not, but there is a vector
  /// table where the image would have one, start there; an image in SRAM alone that says where it is entered
  /// starts there instead. True: the ROM boots.
  bool boot();

  /// Runs until cycle `limit` or until something stops the machine.
  Stop run(Cycles limit);
  /// Stops run() as soon as the instruction in progress ends.
  void stop(const Stop& why);
  /// Begins again as soon as the instruction in progress ends, if the host lets it.
  void reboot(const Reboot& how);

  void observe(Observer* observer) { observer_ = observer; }
  Observer* observer() { return observer_; }

  // ---- parts
  Core& core(int id) { return *cores_[static_cast<size_t>(id)]; }
  Bus& bus() { return bus_; }
  Xip& xip() { return xip_; }
  Sio& sio() { return sio_; }
  Dma& dma() { return dma_; }
  Rom& rom() { return rom_; }
  Semihosting& semihosting() { return semihosting_; }
  const Options& options() const { return options_; }
  Host& host() { return host_; }
  Cycles now() const { return now_; }
  /// Called by masters before they touch a peripheral: now is then.
  void arrive(Cycles now) { now_ = now; }
  const Clocks& clocks() const { return clocks_; }

  // ---- for parts
  ClockTree& clock_tree() { return clock_tree_; }
  const ClockTree& clock_tree() const { return clock_tree_; }
  /// The tree's registers changed at `now`.
  void update_clocks(Cycles now);
  ResetControl& reset_control() { return reset_control_; }
  /// The name of the peripheral at `address` if it's held in reset, else null.
  const char* held_block(uint32_t address) const;
  /// The timer's 64-bit microsecond count: clk_ref divided by the watchdog's tick.
  uint64_t ticks(Cycles now) const;
  /// The first cycle in which ticks() is `tick` or more; kNever if the tick is stopped.
  Cycles cycle_of_tick(uint64_t tick) const;
  void set_ticks(uint64_t ticks, Cycles now);
  void set_irq(unsigned line, bool level);
  /// Whether `master`, which asks for a free port in cycle `now`, has to let another one go first: one that
  /// may ask for it in this cycle too and has priority [DS 2.1.5], or the turn. Notes what it asks for.
  bool defers(Master master, PortId port, Cycles now);
  void set_priorities(uint32_t bus_priority) { priorities_ = bus_priority; }
  /// A device's next event or a master's next access may have changed.
  void reschedule();
  Device* device_at(uint32_t address);
  /// The first cycle >= now at which a DMA data request is up.
  Cycles dreq_at(unsigned dreq, Cycles now);
  /// Puts blocks (bits of RESETS.RESET) into reset.
  void reset_blocks(uint32_t blocks, Cycles now);
  void warn(int core, uint32_t address, bool write);
  void console(uint8_t byte, Cycles now) { host_.on_console(byte, now); }
  void yield() {
    cores_[0]->yield();
    cores_[1]->yield();
  }
  bool stopped() const { return stopped_; }

 private:
  struct Slot {
    std::unique_ptr<Device> device;
    int reset_bit;
  };
  void add_devices();
  void enter(Cycles now);
  void carry_out(const Reboot& how);
  void refresh_events();
  void run_events(Cycles now);
  void run_core(Core& core, Cycles horizon, bool tied);
  template <bool kObserved>
  void run_cores(Cycles until);
  void run_with_dma(Cycles until);
  void run_tied(Cycles now);
  bool goes_before(Master a, Master b, PortId port) const;
  Cycles next_access(size_t index);
  Master master_of(size_t index) const;

  Options options_;
  Host& host_;
  Observer* observer_ = nullptr;
  std::vector<uint8_t> flash_;
  Xip xip_;
  Bus bus_;
  std::array<std::unique_ptr<Core>, 2> cores_;
  Sio sio_;
  Dma dma_;
  Rom rom_;
  Semihosting semihosting_;
  std::vector<Slot> devices_;
  std::array<Device*, 32> apb_devices_{};  ///< by address bits 18:14
  std::array<Device*, 8> ahb_devices_{};   ///< by address bits 22:20
  std::array<Device*, 64> dreq_device_{};
  std::array<uint32_t, 32> apb_resets_{};  ///< bits of RESETS.RESET, by the same
  std::array<uint32_t, 8> ahb_resets_{};
  ResetControl reset_control_;

  Cycles now_ = 0;  ///< where run() has come to
  Cycles next_event_ = kNever;
  bool events_stale_ = true;
  /// What the cores and the DMA ask for in the present cycle, as far as it's known: those that put it off.
  std::array<std::optional<PortId>, 3> wanted_;
  uint32_t priorities_ = 0;
  bool stopped_ = false;
  Stop stop_;
  std::optional<Reboot> reboot_;
  ClockTree clock_tree_;
  Clocks clocks_;
  Cycles ticks_from_ = 0;
  uint64_t ticks_base_ = 0;
  uint32_t sram_vectors_ = 0;  ///< of an image that lies in SRAM alone
  std::optional<uint32_t> entry_;
  std::optional<uint32_t> vectors_;  ///< where core 0 begins; nothing: in the ROM
  std::set<uint32_t> warned_;
};

}  // namespace tandem::sim
