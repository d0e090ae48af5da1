#include "port/rp2040/registers.h"
#include "port/rp2040/rp2040.h"

// Who has which DMA channel.
namespace tandem::rp2040 {
namespace {

uint32_t claimed = 0;  // a bit for each channel

}  // namespace

bool claim_dma_channel(uint32_t channel) {
  if (channel >= kDmaChannels || (claimed >> channel & 1) != 0) return false;
  claimed |= 1U << channel;
  return true;
}

int32_t claim_dma_channel() {
  for (uint32_t channel = kDmaChannels; channel-- > 0;) {
    if (claim_dma_channel(channel)) return static_cast<int32_t>(channel);
  }
  return -1;
}

void release_dma_channel(uint32_t channel) { claimed &= ~(1U << channel); }

}  // namespace tandem::rp2040
