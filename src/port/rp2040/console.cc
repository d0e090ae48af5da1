#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

// There is no heap: what asks newlib for one gets none.
extern "C" void* _sbrk(ptrdiff_t) {
  errno = ENOMEM;
  return reinterpret_cast<void*>(-1);
}

namespace tandem::rp2040 {
namespace {

constexpr uint32_t kTransmitFull = 1 << 5;
constexpr uint32_t kBusy = 1 << 3;

void put(char c) {
  while ((reg(kUart0Flags) & kTransmitFull) != 0) {
  }
  reg(kUart0Data) = static_cast<uint8_t>(c);
}

}  // namespace

void write(std::span<const char> text) {
  for (const char c : text) {
    if (c == '\n') put('\r');
    put(c);
  }
}

void print(const char* format, ...) {
  char line[251];
  va_list arguments;
  va_start(arguments, format);
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  const auto wanted = static_cast<size_t>(length);
  write({line, wanted < sizeof line ? wanted : sizeof line - 1});
}

void flush_console() {
  while ((reg(kUart0Flags) & kBusy) != 0) {
  }
}

}  // namespace tandem::rp2040
