#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "machine.h"
#include "sim.h"

namespace tandem::cli {

/// What runs: the image, and the boot ROM if there is one.
struct Firmware {
  sim::Image image;
  std::optional<std::vector<uint8_t>> rom;
};

/// One run of firmware on a machine of its own, from power-on to the end that `options` set.
class FirmwareRun {
 public:
  /// `quiet`: the console goes nowhere, and nothing is told.
  FirmwareRun(const SimOptions& options, const Firmware& firmware, const sim::FreeParameters& parameters,
              bool quiet);
  ~FirmwareRun();
  FirmwareRun(const FirmwareRun&) = delete;
  FirmwareRun& operator=(const FirmwareRun&) = delete;

  /// Why the image can't run; empty if it can.
  const std::string& problem() const { return problem_; }
  /// Runs to the end; `observer` may be null. On a terminal, long runs show how far they are.
  void run(sim::Observer* observer);

  sim::Machine& machine() { return *machine_; }
  const sim::Stop& stop() const { return stop_; }
  bool text_seen() const;
  unsigned reboots() const;  ///< asked for, the refused one included
  double host_seconds() const { return host_seconds_; }
  /// Why it ended, in words.
  std::string reason() const;

 private:
  class Console;

  const SimOptions& options_;
  bool quiet_;
  std::unique_ptr<Console> console_;
  std::unique_ptr<sim::Machine> machine_;
  std::string problem_;
  sim::Stop stop_;
  double host_seconds_ = 0;
};

}  // namespace tandem::cli
