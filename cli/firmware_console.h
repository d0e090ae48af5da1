#pragma once

#include <functional>
#include <string>

#include "machine.h"

namespace tandem::cli {

/// What firmware on a simulated chip writes, line by line.
class FirmwareConsole final : public sim::Host {
 public:
  explicit FirmwareConsole(std::function<void(const std::string&)> on_line) : on_line_(std::move(on_line)) {}
  void on_console(uint8_t byte, sim::Cycles) override {
    if (byte == '\r') return;
    all_ += static_cast<char>(byte);
    if (byte != '\n') {
      line_ += static_cast<char>(byte);
      return;
    }
    on_line_(line_);
    line_.clear();
  }
  [[nodiscard]] const std::string& all() const { return all_; }

 private:
  std::function<void(const std::string&)> on_line_;
  std::string line_, all_;
};

}  // namespace tandem::cli
