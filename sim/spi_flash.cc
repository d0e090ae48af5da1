#include "spi_flash.h"

#include <algorithm>

namespace tandem::sim {

namespace {

// Winbond W25Q16JV datasheet, section 8: instructions.
constexpr uint8_t kWriteStatus = 0x01, kPageProgram = 0x02, kRead = 0x03, kWriteDisable = 0x04,
                  kReadStatus1 = 0x05, kWriteEnable = 0x06, kSectorErase = 0x20, kReadStatus2 = 0x35,
                  kUniqueId = 0x4b, kBlockErase32 = 0x52, kJedecId = 0x9f, kBlockErase64 = 0xd8;
constexpr uint8_t kIdentity[3] = {0xef, 0x40, 0x15};
constexpr uint32_t kPageBytes = 256, kAddressBytes = 3;

uint32_t erase_bytes(uint8_t command) {
  switch (command) {
    case kSectorErase:
      return 4096;
    case kBlockErase32:
      return 32768;
    case kBlockErase64:
      return 65536;
    default:
      return 0;
  }
}

}  // namespace

void SpiFlash::reset() {
  selected_ = write_enabled_ = false;
  position_ = 0;
  page_.clear();
}

void SpiFlash::select(bool low) {
  if (selected_ && !low) execute();
  if (low && !selected_) {
    position_ = address_ = 0;
    page_.clear();
  }
  selected_ = low;
}

uint8_t SpiFlash::transfer(uint8_t in) {
  if (!selected_) return 0xff;
  const uint8_t out = respond(in);
  ++position_;
  return out;
}

uint8_t SpiFlash::respond(uint8_t in) {
  if (position_ == 0) {
    command_ = in;
    return 0xff;
  }
  const bool addressing = position_ <= kAddressBytes;
  switch (command_) {
    case kReadStatus1:
      return static_cast<uint8_t>(status_[0] | (write_enabled_ ? 2 : 0));
    case kReadStatus2:
      return status_[1];
    case kJedecId:
      return kIdentity[(position_ - 1) % 3];
    case kUniqueId:
      return position_ < 5 ? 0xff : static_cast<uint8_t>(0xe0 + position_ - 5);
    case kWriteStatus:
      if (write_enabled_ && position_ <= 2) status_[position_ - 1] = in;
      return 0xff;
    case kRead:
    case kPageProgram:
    case kSectorErase:
    case kBlockErase32:
    case kBlockErase64:
      if (addressing) {
        address_ = address_ << 8 | in;
        return 0xff;
      }
      if (command_ == kRead) {
        const uint32_t at = address_ + position_ - 1 - kAddressBytes;
        return memory_[at % memory_.size()];
      }
      if (command_ == kPageProgram) page_.push_back(in);
      return 0xff;
    default:
      return 0xff;
  }
}

/// Commands that change something do so when the chip is deselected.
void SpiFlash::execute() {
  if (command_ == kWriteEnable) write_enabled_ = true;
  if (command_ == kWriteDisable || command_ == kWriteStatus) write_enabled_ = false;
  if (!write_enabled_) return;
  if (command_ == kPageProgram) {  // wraps within its page, and can only clear bits
    for (uint32_t i = 0; i < page_.size(); ++i) {
      const uint32_t at = (address_ & ~(kPageBytes - 1)) | ((address_ + i) & (kPageBytes - 1));
      memory_[at % memory_.size()] &= page_[i];
    }
    write_enabled_ = false;
  } else if (const uint32_t bytes = erase_bytes(command_); bytes != 0) {
    const auto begin = memory_.begin() + (address_ & ~(bytes - 1)) % memory_.size();
    std::fill(begin, begin + bytes, 0xff);
    write_enabled_ = false;
  }
}

}  // namespace tandem::sim
