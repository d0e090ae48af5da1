#include "port_sync.h"
#include "rp2040/registers.h"

// The RP2040's words of flash to SRAM beside the cores: the XIP stream reads them whenever no cache miss
// does, a DMA channel takes them out of its FIFO [2.6.3.6]. No interrupt is used; cores go on to run and to
// read from flash. Used by ports whose port_sync.h has barrier and claim_stream_channel.
namespace tandem::port {
namespace {

using namespace rp2040;

// Of the first interpreter, and kept: -1 before it, and where there is none left.
int32_t stream_channel = -1;

#define TANDEM_STREAM_CODE(name) __attribute__((section(".time_critical.tandem_" name), noinline))

enum ChannelRegister : uint32_t { kRead = 0x0, kWrite = 0x4, kCount = 0x8, kControlTrigger = 0xc };
[[gnu::always_inline]] inline volatile uint32_t& channel_register(ChannelRegister which) {
  return reg(kDma + static_cast<uint32_t>(stream_channel) * kDmaChannelStride + which);
}

// Volatile, so that it does not become a call of memcpy, which lies in flash.
[[gnu::always_inline]] inline void copy_by_core(uint32_t to, uint32_t from, uint32_t words) {
  for (; words > 0; --words, to += 4, from += 4) reg(to) = reg(from);
}

}  // namespace

TANDEM_STREAM_CODE("stream_start")
void start_stream(void*, void* destination, const void* source, uint32_t bytes) {
  constexpr uint32_t kEnable = 1 << 0, kWords = 2 << 2, kIncrementWrite = 1 << 5, kQuiet = 1 << 21;
  const auto to = reinterpret_cast<uint32_t>(destination);
  const auto from = reinterpret_cast<uint32_t>(source);
  const uint32_t words = (bytes + 3) / 4;
  if (stream_channel < 0) stream_channel = claim_stream_channel();
  // The program may have given all channels to others, or use the XIP stream itself.
  if (stream_channel < 0 || reg(kXipStreamCount) != 0 || (reg(kXipStatus) & kXipStreamFifoEmpty) == 0) {
    copy_by_core(to, from, words);
    return;
  }
  reg(kXipStreamAddress) = from;
  reg(kXipStreamCount) = words;
  channel_register(kRead) = kXipStreamFifo;
  channel_register(kWrite) = to;
  channel_register(kCount) = words;
  // Chained to itself: to none.
  channel_register(kControlTrigger) = kEnable | kWords | kIncrementWrite |
                                      static_cast<uint32_t>(stream_channel) << 11 |
                                      kDmaRequestXipStream << 15 | kQuiet;
}

TANDEM_STREAM_CODE("stream_left")
uint32_t stream_left(void*) {
  if (stream_channel < 0 || (channel_register(kControlTrigger) & kDmaBusy) == 0) {
    barrier();
    return 0;
  }
  // The count falls when a word is read out of the FIFO; some may be on their way to their destination.
  constexpr uint32_t kUnderWay = 4;
  const uint32_t words = channel_register(kCount) + kUnderWay;
  barrier();
  return words * 4;
}

TANDEM_STREAM_CODE("stream_ended")
bool stream_ended(void*, bool wait) {
  if (stream_channel >= 0) {
    while ((channel_register(kControlTrigger) & kDmaBusy) != 0) {
      if (!wait) return false;
    }
  }
  barrier();
  return true;
}

}  // namespace tandem::port
