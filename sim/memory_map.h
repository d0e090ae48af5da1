#pragma once

#include <cstdint>

// The RP2040's address map [DS 2.2].

namespace tandem::sim {

inline constexpr uint32_t kRomBytes = 16 * 1024;
inline constexpr uint32_t kFlashBase = 0x10000000;
inline constexpr uint32_t kFlashWindowBytes = 16u << 20;
inline constexpr uint32_t kXipCtrlBase = 0x14000000;
inline constexpr uint32_t kCacheSramBase = 0x15000000;
inline constexpr uint32_t kCacheBytes = 16 * 1024;
inline constexpr uint32_t kSsiBase = 0x18000000;
inline constexpr uint32_t kSramBase = 0x20000000;
inline constexpr uint32_t kSramBytes = 264 * 1024;
inline constexpr uint32_t kStripedBytes = 256 * 1024;
inline constexpr uint32_t kScratchBytes = 4 * 1024;
/// The four main banks once more, not striped.
inline constexpr uint32_t kSramPlainBase = 0x21000000;
inline constexpr uint32_t kApbBase = 0x40000000;
inline constexpr uint32_t kAhbBase = 0x50000000;
inline constexpr uint32_t kXipAuxBase = 0x50400000;
inline constexpr uint32_t kSioBase = 0xd0000000;
inline constexpr uint32_t kPpbBase = 0xe0000000;

/// The 256 MB region of an address: what the first level of the bus decodes.
constexpr uint32_t region(uint32_t address) { return address >> 28; }
inline constexpr uint32_t kRegionRom = 0x0, kRegionXip = 0x1, kRegionSram = 0x2, kRegionApb = 0x4,
                          kRegionAhb = 0x5, kRegionSio = 0xd, kRegionPpb = 0xe;

/// Where boot2 lies, and the vector table behind it [DS 2.8.1.3].
inline constexpr uint32_t kBoot2Bytes = 256;
inline constexpr uint32_t kBoot2Address = 0x20041f00;
inline constexpr uint32_t kFlashVectors = kFlashBase + kBoot2Bytes;

}  // namespace tandem::sim
