#pragma once

#include <string>
#include <vector>

#include "machine.h"

// What the simulator's tests share: a machine whose programs are given as halfwords, in SRAM.

namespace tandem::sim {

class TestHost final : public Host {
 public:
  void on_console(uint8_t byte, Cycles) override { console += static_cast<char>(byte); }
  void on_warning(const Warning& warning) override { warnings.push_back(warning); }
  std::optional<std::vector<uint8_t>> read_file(const std::string& name) override {
    if (name != file_name) return std::nullopt;
    return file;
  }
  bool on_stack_limit(const Fault& fault) override {
    ++stack_falls;
    last_fall = fault;
    return stop_at_stack_limit;
  }
  bool on_reboot(const Reboot& reboot, Cycles) override {
    reboots.push_back(reboot);
    return reboots.size() <= max_reboots;
  }
  std::vector<Reboot> reboots;
  size_t max_reboots = 2;
  int stack_falls = 0;
  Fault last_fall;
  bool stop_at_stack_limit = true;
  std::string console;
  std::vector<Warning> warnings;
  std::string file_name;
  std::vector<uint8_t> file;
};

struct TestMachine {
  TestHost host;
  Machine machine;

  explicit TestMachine(const Options& options = {}) : machine(options, host) {
    machine.xip().configure_as_boot2();  // not powered on: cores stay in reset until they are started
    machine.reset_control().held = 0;    // peripherals are ready
  }
  /// Puts code at `address` and starts `core` there at cycle 0.
  void start(int core, uint32_t address, const std::vector<uint16_t>& code, uint32_t sp) {
    put(address, code);
    machine.core(core).start_at(address, sp, 0);
  }
  void put(uint32_t address, const std::vector<uint16_t>& code) {
    for (const uint16_t halfword : code) {
      uint32_t left = 0;
      uint8_t* memory = machine.bus().memory(address, &left);
      memory[0] = static_cast<uint8_t>(halfword);
      memory[1] = static_cast<uint8_t>(halfword >> 8);
      address += 2;
    }
  }
  uint32_t word(uint32_t address) {
    uint32_t value = 0;
    machine.bus().read(-1, address, 4, 0, &value);
    return value;
  }
  void set_word(uint32_t address, uint32_t value) { machine.bus().write(-1, address, 4, 0, value); }
  /// Runs `core` alone until its instruction at `pc` is next; returns the cycle.
  Cycles run_to(int core, uint32_t pc, Cycles limit = 100000) {
    Core& c = machine.core(core);
    while (machine.now() < limit && !machine.stopped()) {
      if (c.pc() == pc && c.next_access() == c.time()) return c.time();
      machine.run(machine.now() + 1);
    }
    return kNever;
  }
};

}  // namespace tandem::sim
