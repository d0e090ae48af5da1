#include "semihosting.h"

#include <algorithm>

#include "core.h"
#include "machine.h"

namespace tandem::sim {

namespace {

enum Operation : uint32_t {
  kOpen = 0x01,
  kClose = 0x02,
  kWriteC = 0x03,
  kWrite0 = 0x04,
  kWrite = 0x05,
  kRead = 0x06,
  kIsTty = 0x09,
  kSeek = 0x0a,
  kFileLength = 0x0c,
  kClock = 0x10,
  kErrno = 0x13,
  kExit = 0x18,
  kExitExtended = 0x20,
  kElapsed = 0x30,
  kTickFrequency = 0x31
};
constexpr uint32_t kFailed = ~0u;
constexpr uint32_t kApplicationExit = 0x20026;
constexpr uint32_t kMaxPath = 4096;

}  // namespace

uint32_t Semihosting::word(uint32_t address) const {
  uint32_t value = 0;
  machine_.bus().read(-1, address, 4, machine_.now(), &value);
  return value;
}

Semihosting::File* Semihosting::file(uint32_t handle) {
  return handle != 0 && handle <= files_.size() && files_[handle - 1] ? &*files_[handle - 1] : nullptr;
}

/// name, mode, length of the name. ":tt" is the console; files can only be read.
uint32_t Semihosting::open(uint32_t arguments) {
  const uint32_t name_at = word(arguments), mode = word(arguments + 4);
  const uint32_t length = std::min(word(arguments + 8), kMaxPath);
  std::string name;
  for (uint32_t i = 0; i < length; ++i) {
    uint32_t byte = 0;
    machine_.bus().read(-1, name_at + i, 1, machine_.now(), &byte);
    name += static_cast<char>(byte);
  }
  File opened;
  if (name == ":tt") {
    opened.console = true;
  } else {
    constexpr uint32_t kFirstWritingMode = 2;  // r, rb; r+ and on can write
    if (mode >= kFirstWritingMode) return kFailed;
    auto bytes = machine_.host().read_file(name);
    if (!bytes) return kFailed;
    opened.bytes = std::move(*bytes);
  }
  files_.emplace_back(std::move(opened));
  return static_cast<uint32_t>(files_.size());
}

/// handle, buffer, count; returns how many bytes were not read.
uint32_t Semihosting::read(uint32_t arguments) {
  File* from = file(word(arguments));
  const uint32_t to = word(arguments + 4), count = word(arguments + 8);
  if (from == nullptr) return count;
  uint32_t done = 0;
  for (; done < count && from->position < from->bytes.size(); ++done, ++from->position) {
    if (!machine_.bus().write(-1, to + done, 1, machine_.now(), from->bytes[from->position])) break;
  }
  return count - done;
}

void Semihosting::call(Core& core) {
  const uint32_t arguments = core.reg(1);
  const Cycles now = core.time();
  machine_.arrive(now);
  Bus& bus = machine_.bus();
  const auto put = [&](uint32_t address) {
    uint32_t byte = 0;
    const bool ok = bus.read(-1, address, 1, now, &byte);
    if (ok) machine_.console(static_cast<uint8_t>(byte), now);
    return ok;
  };
  uint32_t answer = 0;
  switch (core.reg(0)) {
    case kOpen:
      answer = open(arguments);
      break;
    case kClose:
      answer = file(word(arguments)) ? 0 : kFailed;
      if (answer == 0) files_[word(arguments) - 1].reset();
      break;
    case kWriteC:
      put(arguments);
      return;
    case kWrite0:
      for (uint32_t at = arguments;; ++at) {
        uint32_t byte = 0;
        if (!bus.read(-1, at, 1, now, &byte) || byte == 0) return;
        machine_.console(static_cast<uint8_t>(byte), now);
      }
    case kWrite: {
      uint32_t left = word(arguments + 8);
      for (uint32_t at = word(arguments + 4); left != 0 && put(at); ++at) --left;
      answer = left;
      break;
    }
    case kRead:
      answer = read(arguments);
      break;
    case kIsTty: {
      const File* asked = file(word(arguments));
      answer = asked == nullptr || asked->console ? 1 : 0;
      break;
    }
    case kSeek: {
      File* moved = file(word(arguments));
      const uint32_t position = word(arguments + 4);
      if (moved == nullptr || position > moved->bytes.size()) {
        answer = kFailed;
      } else {
        moved->position = position;
      }
      break;
    }
    case kFileLength: {
      const File* asked = file(word(arguments));
      answer = asked == nullptr ? kFailed : static_cast<uint32_t>(asked->bytes.size());
      break;
    }
    case kClock:  // hundredths of a second
      answer = static_cast<uint32_t>(now / std::max<uint64_t>(machine_.clocks().sys_hz / 100, 1));
      break;
    case kErrno:
      break;
    case kExit:
      machine_.stop({StopKind::kExit, arguments == kApplicationExit ? 0 : 1, std::nullopt});
      return;
    case kExitExtended:
      machine_.stop({StopKind::kExit,
                     word(arguments) == kApplicationExit ? static_cast<int>(word(arguments + 4)) : 1,
                     std::nullopt});
      return;
    case kElapsed:  // clk_sys cycles, 64 bits
      bus.write(-1, arguments, 4, now, static_cast<uint32_t>(now));
      bus.write(-1, arguments + 4, 4, now, static_cast<uint32_t>(now >> 32));
      break;
    case kTickFrequency:
      answer = static_cast<uint32_t>(machine_.clocks().sys_hz);
      break;
    default:
      answer = kFailed;
      break;
  }
  core.set_reg(0, answer);
}

}  // namespace tandem::sim
