#include "rom.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core.h"
#include "machine.h"

namespace tandem::sim {

namespace {

constexpr uint32_t kImage[] = {
#include "rom_image.inc"
};
static_assert(sizeof kImage <= kRomBytes);

// Numbers of the UDF instructions in rom.S.
enum Service : unsigned { kBoot = 0, kConnect, kExitXip, kErase, kProgram, kFlushCache, kEnterXip, kUsbBoot };
constexpr unsigned kFloatServices = 32, kDoubleServices = 64, kTableEntries = 32;

// RESETS, atomic clear; IO_QSPI and PADS_QSPI [DS 2.14.3]: what the ROM releases before it reads flash.
constexpr uint32_t kResetsClear = 0x4000f000, kQspiResets = 1u << 6 | 1u << 9;

// Typical times of the W25Q16JV, section 9.6: 4 KB sector erase, 64 KB block erase, page program.
constexpr double kSectorEraseSeconds = 0.045, kBlockEraseSeconds = 0.15, kPageProgramSeconds = 0.0004;
constexpr uint32_t kSectorBytes = 4096, kBlockBytes = 65536, kPageBytes = 256;

// Words of the soft-float tables, by position [DS 2.8.3.2; the Pico SDK's sf_table.h].
enum Entry : unsigned {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kCompareFast,
  kCompareFlags,
  kSqrt,
  kToInt,
  kToFix,
  kToUint,
  kToUfix,
  kFromInt,
  kFromFix,
  kFromUint,
  kFromUfix,
  kCos,
  kSin,
  kTan,
  kSinCos,
  kExp,
  kLn,
  kCompare,
  kAtan2,
  kFromInt64,
  kFromFix64,
  kFromUint64,
  kFromUfix64,
  kToInt64,
  kToFix64,
  kToUint64,
  kToUfix64,
  kConvert
};

/// Typical cycles of the ROM's routines, to two digits: orders of magnitude from [DS 2.8.3.2], not measured.
Cycles float_cycles(unsigned entry) {
  switch (entry) {
    case kAdd:
    case kSub:
    case kMul:
    case kDiv:
    case kSqrt:
      return 70;
    case kCos:
    case kSin:
    case kTan:
    case kSinCos:
    case kExp:
    case kLn:
    case kAtan2:
      return 600;
    default:
      return 40;
  }
}
Cycles double_cycles(unsigned entry) {
  switch (entry) {
    case kAdd:
    case kSub:
      return 90;
    case kMul:
    case kDiv:
    case kSqrt:
      return 170;
    case kCos:
    case kSin:
    case kTan:
    case kSinCos:
    case kExp:
    case kLn:
    case kAtan2:
      return 1700;
    default:
      return 60;
  }
}

/// The ROM's arithmetic has no denormals, and takes NaN for an infinity.
template <typename T>
T tamed(T value) {
  if (std::isnan(value)) return std::copysign(std::numeric_limits<T>::infinity(), value);
  return std::fpclassify(value) == FP_SUBNORMAL ? std::copysign(T{0}, value) : value;
}

/// Rounds down, and keeps to the type's range, as the ROM's conversions do.
template <typename Int>
Int floor_to(double value) {
  const double floored = std::floor(value);
  // The largest value itself may not be a double; the power of two above it is.
  const double above = std::ldexp(1.0, std::numeric_limits<Int>::digits);
  if (floored >= above) return std::numeric_limits<Int>::max();
  if (floored <= static_cast<double>(std::numeric_limits<Int>::min())) return std::numeric_limits<Int>::min();
  return static_cast<Int>(floored);
}

/// What both tables have in common: one entry on operands of type T. Operands and results are in registers of
/// the caller, widths by type.
template <typename T>
class SoftFloat {
 public:
  explicit SoftFloat(Core& core) : core_(core) {}

  bool run(unsigned entry) {
    constexpr unsigned kWidth = sizeof(T) / 4;
    const T a = real(0), b = real(kWidth);
    // Scales: the exponent follows the value.
    const int scale = static_cast<int32_t>(core_.reg(kWidth)), scale32 = static_cast<int32_t>(core_.reg(1)),
              scale64 = static_cast<int32_t>(core_.reg(2));
    const uint32_t word = core_.reg(0);
    const uint64_t pair = word | uint64_t{core_.reg(1)} << 32;
    switch (entry) {
      case kAdd:
        set_real(0, a + b);
        break;
      case kSub:
        set_real(0, a - b);
        break;
      case kMul:
        set_real(0, a * b);
        break;
      case kDiv:
        set_real(0, a / b);
        break;
      case kSqrt:
        set_real(0, a < 0 ? -std::numeric_limits<T>::infinity() : std::sqrt(a));
        break;
      case kCos:
        set_real(0, std::cos(a));
        break;
      case kSin:
        set_real(0, std::sin(a));
        break;
      case kTan:
        set_real(0, std::tan(a));
        break;
      case kSinCos:
        set_real(0, std::sin(a));
        set_real(kWidth, std::cos(a));
        break;
      case kExp:
        set_real(0, std::exp(a));
        break;
      case kLn:
        set_real(0, a <= 0 ? -std::numeric_limits<T>::infinity() : std::log(a));
        break;
      case kAtan2:
        set_real(0, std::atan2(a, b));
        break;
      case kCompareFast:
      case kCompare:
        core_.set_reg(0, static_cast<uint32_t>((a > b) - (a < b)));
        break;
      case kCompareFlags:  // as after a comparison of integers
        core_.set_flags((a < b ? 1u << 31 : 0) | (a == b ? 1u << 30 : 0) | (a >= b ? 1u << 29 : 0));
        break;
      case kToInt:
        to<int32_t>(a, 0);
        break;
      case kToFix:
        to<int32_t>(a, scale);
        break;
      case kToUint:
        to<uint32_t>(a, 0);
        break;
      case kToUfix:
        to<uint32_t>(a, scale);
        break;
      case kToInt64:
        to<int64_t>(a, 0);
        break;
      case kToFix64:
        to<int64_t>(a, scale);
        break;
      case kToUint64:
        to<uint64_t>(a, 0);
        break;
      case kToUfix64:
        to<uint64_t>(a, scale);
        break;
      case kFromInt:
        from(static_cast<int32_t>(word), 0);
        break;
      case kFromFix:
        from(static_cast<int32_t>(word), scale32);
        break;
      case kFromUint:
        from(word, 0);
        break;
      case kFromUfix:
        from(word, scale32);
        break;
      case kFromInt64:
        from(static_cast<int64_t>(pair), 0);
        break;
      case kFromFix64:
        from(static_cast<int64_t>(pair), scale64);
        break;
      case kFromUint64:
        from(pair, 0);
        break;
      case kFromUfix64:
        from(pair, scale64);
        break;
      case kConvert:
        convert(a);
        break;
      default:
        return false;
    }
    return true;
  }

 private:
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  T real(unsigned reg) const {
    Bits bits = core_.reg(reg);
    if constexpr (sizeof(T) == 8) bits |= uint64_t{core_.reg(reg + 1)} << 32;
    return tamed(std::bit_cast<T>(bits));
  }
  template <typename Real>
  void put(unsigned reg, Real value) {
    if constexpr (sizeof(Real) == 4) {
      core_.set_reg(reg, std::bit_cast<uint32_t>(tamed(value)));
    } else {
      const auto bits = std::bit_cast<uint64_t>(tamed(value));
      core_.set_reg(reg, static_cast<uint32_t>(bits));
      core_.set_reg(reg + 1, static_cast<uint32_t>(bits >> 32));
    }
  }
  void set_real(unsigned reg, T value) { put(reg, value); }
  /// `value` * 2^scale as an integer, in one register or two.
  template <typename Int>
  void to(T value, int scale) {
    const auto bits = static_cast<uint64_t>(floor_to<Int>(std::ldexp(static_cast<double>(value), scale)));
    core_.set_reg(0, static_cast<uint32_t>(bits));
    if constexpr (sizeof(Int) == 8) core_.set_reg(1, static_cast<uint32_t>(bits >> 32));
  }
  /// An integer * 2^-scale.
  template <typename Int>
  void from(Int value, int scale) {
    set_real(0, static_cast<T>(std::ldexp(static_cast<T>(value), -scale)));
  }
  /// To the other width.
  void convert(T value) {
    if constexpr (sizeof(T) == 4) {
      put(0, static_cast<double>(value));
    } else {
      put(0, static_cast<float>(value));
    }
  }
  Core& core_;
};

}  // namespace

uint32_t boot2_checksum(std::span<const uint8_t> bytes) {
  uint32_t crc = ~0u;
  for (const uint8_t byte : bytes) {
    crc ^= uint32_t{byte} << 24;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1u << 31 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  }
  return crc;
}

void Rom::use_high_level() {
  auto& rom = machine_.bus().rom();
  std::fill(rom.begin(), rom.end(), 0);
  std::memcpy(rom.data(), kImage, sizeof kImage);
  high_level_ = true;
}

void Rom::use_image(std::span<const uint8_t> image) {
  auto& rom = machine_.bus().rom();
  std::fill(rom.begin(), rom.end(), 0);
  std::copy_n(image.begin(), std::min(image.size(), rom.size()), rom.begin());
  high_level_ = false;
}

void Rom::spend_seconds(Core& core, double seconds) {
  core.spend(static_cast<Cycles>(seconds * static_cast<double>(machine_.clocks().sys_hz)));
}

bool Rom::call(Core& core, unsigned service) {
  if (!high_level_) return false;
  if (service == kBoot) return boot(core);
  bool known = false;
  if (service >= kDoubleServices && service < kDoubleServices + kTableEntries) {
    known = SoftFloat<double>(core).run(service - kDoubleServices);
    core.spend(double_cycles(service - kDoubleServices));
  } else if (service >= kFloatServices && service < kFloatServices + kTableEntries) {
    known = SoftFloat<float>(core).run(service - kFloatServices);
    core.spend(float_cycles(service - kFloatServices));
  } else {
    known = flash_service(core, service);
  }
  if (known) core.branch(core.reg(14) & ~1u, 2);
  return known;
}

/// [DS 2.8.1.1]: firmware may leave an entry point and a stack in the watchdog's scratch registers 4 to 7.
bool Rom::watchdog_boot(Core& core) {
  constexpr uint32_t kScratch4 = 0x4005801c, kMagic = 0xb007c0d3;
  Bus& bus = machine_.bus();
  std::array<uint32_t, 4> scratch{};
  for (uint32_t i = 0; i < scratch.size(); ++i) bus.read(-1, kScratch4 + 4 * i, 4, core.time(), &scratch[i]);
  const auto [magic, check, stack, entry] = scratch;
  if (magic != kMagic || check != (entry ^ -kMagic)) return false;
  bus.write(-1, kScratch4, 4, core.time(), 0);  // once
  core.set_reg(13, stack);
  core.branch(entry & ~1u, 2);
  return true;
}

/// [DS 2.8.1.3]: the first 256 bytes of flash go to the end of SRAM5 and are entered if their checksum is
/// right.
bool Rom::boot(Core& core) {
  if (watchdog_boot(core)) return true;
  Bus& bus = machine_.bus();
  uint32_t left = 0;
  const uint8_t* flash = bus.memory(kFlashBase, &left);
  const std::span<const uint8_t> boot2(flash, kBoot2Bytes);
  uint32_t checksum = 0;
  std::memcpy(&checksum, flash + kBoot2Bytes - 4, 4);
  if (boot2_checksum(boot2.first(kBoot2Bytes - 4)) != checksum) {
    machine_.stop({StopKind::kNotBootable, 0, std::nullopt});
    core.branch(core.pc(), 2);
    return true;
  }
  bus.write(-1, kResetsClear, 4, core.time(), kQspiResets);
  for (uint32_t i = 0; i < kBoot2Bytes; ++i) bus.write(-1, kBoot2Address + i, 1, core.time(), boot2[i]);
  core.set_reg(14, 0);
  core.branch(kBoot2Address, 2);
  return true;
}

bool Rom::flash_service(Core& core, unsigned service) {
  uint32_t left = 0;
  uint8_t* flash = machine_.bus().memory(kFlashBase, &left);
  switch (service) {
    case kConnect:
    case kExitXip:
      return true;
    case kErase: {  // offset, count
      const uint32_t offset = core.reg(0), count = core.reg(1);
      if (offset > left || count > left - offset) return false;
      std::fill_n(flash + offset, count, 0xff);
      const uint32_t blocks = count / kBlockBytes, sectors = count % kBlockBytes / kSectorBytes;
      spend_seconds(core, kBlockEraseSeconds * blocks + kSectorEraseSeconds * sectors);
      return true;
    }
    case kProgram: {  // offset, data, count
      const uint32_t offset = core.reg(0), from = core.reg(1), count = core.reg(2);
      if (offset > left || count > left - offset) return false;
      for (uint32_t i = 0; i < count; ++i) {
        uint32_t byte = 0;
        if (!machine_.bus().read(core.id(), from + i, 1, core.time(), &byte)) return false;
        flash[offset + i] &= static_cast<uint8_t>(byte);
      }
      const uint32_t pages = count / kPageBytes;
      spend_seconds(core, kPageProgramSeconds * pages);
      return true;
    }
    case kFlushCache:
      machine_.xip().flush_cache(core.time());
      return true;
    case kEnterXip:
      machine_.xip().configure_serial_read();
      return true;
    case kUsbBoot:
      machine_.stop({StopKind::kUsbBoot, 0, std::nullopt});
      return true;
    default:
      return false;
  }
}

}  // namespace tandem::sim
