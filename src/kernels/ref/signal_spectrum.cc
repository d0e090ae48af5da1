#include "kernels/signal_spectrum.h"

#include <algorithm>
#include <bit>

#include "base/fixed_point.h"

namespace tandem {
namespace {

KernelResult window(const SignalWindowParams& p, const Task& task) {
  const auto* in = task.in<int16_t>(p.in);
  const auto* weights = task.in<int16_t>(p.weights);
  auto* out = task.out<int16_t>(p.out);
  const uint32_t end = p.elements.end(task);
  uint32_t i = p.elements.begin(task);
  for (uint32_t k = i % p.window_size; i < end; ++i, k = k + 1 < p.window_size ? k + 1 : 0) {
    out[i] = saturate_cast<int16_t>((in[i] * weights[k]) >> p.shift);
  }
  return KernelResult::kOk;
}

KernelResult energy(const EnergyParams& p, const Task& task) {
  const auto* in = task.in<int16_t>(p.in);
  auto* out = task.out<uint32_t>(p.out);
  const auto square = [](int32_t x) { return static_cast<uint32_t>(x * x); };
  for (uint32_t k = 0; k < p.count; ++k) {
    const bool inside = k >= p.start && k < p.end;
    out[k] = inside ? square(in[2 * k]) + square(in[2 * k + 1]) : 0;
  }
  return KernelResult::kOk;
}

// One band of a filter bank.
struct Band {
  uint32_t frequency;
  uint32_t weight;
  uint32_t width;
};

bool read_band(const FilterBankParams& p, const Task& task, uint32_t index, Band& band) {
  const int16_t width = task.in<int16_t>(p.widths)[index];
  const int16_t frequency = task.in<int16_t>(p.frequency_starts)[index];
  const int16_t weight = task.in<int16_t>(p.weight_starts)[index];
  if (width <= 0) {
    band = {};
    return true;
  }
  band = {.frequency = static_cast<uint32_t>(frequency),
          .weight = static_cast<uint32_t>(weight),
          .width = static_cast<uint32_t>(width)};
  return frequency >= 0 && weight >= 0 && band.frequency + band.width <= p.bins &&
         band.weight + band.width <= p.weight_count;
}

uint64_t weighted_sum(const uint32_t* spectrum, const int16_t* weights, const Band& band) {
  uint64_t sum = 0;
  for (uint32_t j = 0; j < band.width; ++j) {
    sum += static_cast<uint64_t>(int64_t{weights[band.weight + j]}) * spectrum[band.frequency + j];
  }
  return sum;
}

KernelResult filter_bank(const FilterBankParams& p, const Task& task) {
  const auto* in = task.in<uint32_t>(p.in);
  const auto* weights = task.in<int16_t>(p.weights);
  const auto* unweights = task.in<int16_t>(p.unweights);
  auto* out = task.out<uint64_t>(p.out);
  for (uint32_t c = p.channels.begin(task); c < p.channels.end(task); ++c) {
    Band falling;
    Band rising;
    if (!read_band(p, task, c, falling) || !read_band(p, task, c + 1, rising))
      return KernelResult::kDataError;
    out[c] = weighted_sum(in, unweights, falling) + weighted_sum(in, weights, rising);
  }
  return KernelResult::kOk;
}

constexpr int kLogFractionBits = 16;
constexpr uint32_t kLogHalf = uint32_t{1} << (kLogFractionBits - 1);

// log2 x with 16 fraction bits, x ≥ 1.
uint32_t log2_fixed(uint32_t x, const uint16_t* table) {
  constexpr int kSegmentBits = kLogFractionBits - 7;
  const int integer = floor_log2(x);
  const uint32_t above = x - (uint32_t{1} << integer);
  const uint32_t line = integer < kLogFractionBits ? above << (kLogFractionBits - integer)
                                                   : above >> (integer - kLogFractionBits);
  const uint32_t segment = line >> kSegmentBits;
  const auto position = static_cast<int32_t>(line - (segment << kSegmentBits));
  const int32_t rise = table[segment + 1] - table[segment];
  const int32_t correction = table[segment] + ((rise * position) >> kLogFractionBits);
  return (static_cast<uint32_t>(integer) << kLogFractionBits) + line + static_cast<uint32_t>(correction);
}

KernelResult filter_bank_log(const FilterBankLogParams& p, const Task& task) {
  constexpr uint64_t kLn2 = 45426;  // 2^16 · ln 2
  constexpr uint32_t kLargest = INT16_MAX;
  const auto* in = task.in<uint32_t>(p.in);
  const auto* table = task.in<uint16_t>(p.table);
  auto* out = task.out<int16_t>(p.out);
  for (uint32_t i = p.elements.begin(task); i < p.elements.end(task); ++i) {
    const uint32_t x = in[i] << p.correction_bits;
    uint32_t y = 0;
    if (x > 1) {
      const auto ln = static_cast<uint32_t>((kLn2 * log2_fixed(x, table) + kLogHalf) >> kLogFractionBits);
      y = (p.scale * ln + kLogHalf) >> kLogFractionBits;
    }
    out[i] = static_cast<int16_t>(std::min(y, kLargest));
  }
  return KernelResult::kOk;
}

// √x rounded to nearest, digit by digit.
uint32_t rounded_root(uint64_t x) {
  if (x == 0) return 0;
  uint64_t rest = x;
  uint64_t root = 0;
  for (uint64_t bit = uint64_t{1} << ((63 - std::countl_zero(x)) & ~1); bit != 0; bit >>= 2) {
    const bool fits = rest >= root + bit;
    if (fits) rest -= root + bit;
    root = (root >> 1) + (fits ? bit : 0);
  }
  // (root + 1/2)² = root² + root + 1/4: above it if the rest is more than the root.
  const uint64_t largest = x >> 32 == 0 ? UINT16_MAX : UINT32_MAX;
  return static_cast<uint32_t>(root + (rest > root && root != largest ? 1 : 0));
}

KernelResult square_root(const SquareRootParams& p, const Task& task) {
  const int32_t shift = *task.in<int32_t>(p.shift);
  if (shift < 0 || shift > 31) return KernelResult::kDataError;
  const auto* in = task.in<uint64_t>(p.in);
  auto* out = task.out<uint32_t>(p.out);
  for (uint32_t i = p.elements.begin(task); i < p.elements.end(task); ++i)
    out[i] = rounded_root(in[i]) >> shift;
  return KernelResult::kOk;
}

KernelResult spectral_subtraction(const SpectralSubtractionParams& p, const Task& task) {
  const auto* in = task.in<uint32_t>(p.in);
  auto* out = task.out<uint32_t>(p.out);
  auto* noise = task.out<uint32_t>(p.noise);
  auto* estimates = task.out<uint32_t>(p.estimate);
  for (uint32_t c = p.channels.begin(task); c < p.channels.end(task); ++c) {
    const uint32_t scaled = in[c] << p.smoothing_bits;
    const auto estimate = static_cast<uint32_t>(
        (uint64_t{scaled} * p.smoothing[c & 1] + uint64_t{estimates[c]} * p.one_minus_smoothing[c & 1]) >>
        p.bits);
    const uint32_t subtracted = std::min(estimate, scaled);
    estimates[c] = p.clamping != 0 ? subtracted : estimate;
    const auto least = static_cast<uint32_t>((uint64_t{in[c]} * p.least_remaining) >> p.bits);
    out[c] = std::max((scaled - subtracted) >> p.smoothing_bits, least);
    noise[c] = estimates[c];
  }
  return KernelResult::kOk;
}

// The gain for a noise, or false where the table ends before.
bool read_gain(uint32_t noise, const int16_t* table, uint32_t table_size, int16_t& gain) {
  if (noise <= 2) {
    gain = noise < table_size ? table[noise] : int16_t{0};
    return noise < table_size;
  }
  constexpr uint32_t kFractionBits = 10;
  const uint32_t length = 32 - static_cast<uint32_t>(std::countl_zero(noise));
  const uint32_t piece = 4 * length - 6;
  if (piece + 2 >= table_size) return false;
  const uint32_t aligned =
      length <= kFractionBits ? noise << (kFractionBits + 1 - length) : noise >> (length - kFractionBits - 1);
  const auto fraction = static_cast<int32_t>(aligned & ((1U << kFractionBits) - 1));
  const int16_t* coefficients = table + piece;
  const int32_t slope = ((coefficients[2] * fraction) >> 5) + coefficients[1] * 32;
  // |slope| ≤ 2^21, fraction < 2^10: no overflow.
  gain = static_cast<int16_t>(((slope * fraction + (1 << 14)) >> 15) + coefficients[0]);
  return true;
}

uint32_t shrink(uint32_t snr) {
  constexpr uint32_t kInBits = 12;
  constexpr uint32_t kOutBits = 6;
  return snr < 2U << kInBits ? (snr * snr) >> (2 + 2 * kInBits - kOutBits)
                             : (snr >> (kInBits - kOutBits)) - (1U << kOutBits);
}

KernelResult pcan(const PcanParams& p, const Task& task) {
  const auto* in = task.in<uint32_t>(p.in);
  const auto* noise = task.in<uint32_t>(p.noise);
  const auto* table = task.in<int16_t>(p.table);
  auto* out = task.out<uint32_t>(p.out);
  for (uint32_t i = p.elements.begin(task); i < p.elements.end(task); ++i) {
    int16_t gain = 0;
    if (!read_gain(noise[i], table, p.table_size, gain)) return KernelResult::kDataError;
    const uint64_t product = uint64_t{in[i]} * static_cast<uint32_t>(int32_t{gain});
    out[i] = shrink(static_cast<uint32_t>(product >> p.shift));
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(signal_window_s16__ref, SignalWindowParams, window)
TANDEM_DEFINE_KERNEL(energy_s16__ref, EnergyParams, energy)
TANDEM_DEFINE_KERNEL(filter_bank_u32__ref, FilterBankParams, filter_bank)
TANDEM_DEFINE_KERNEL(filter_bank_log_u32__ref, FilterBankLogParams, filter_bank_log)
TANDEM_DEFINE_KERNEL(square_root_u64__ref, SquareRootParams, square_root)
TANDEM_DEFINE_KERNEL(spectral_subtraction_u32__ref, SpectralSubtractionParams, spectral_subtraction)
TANDEM_DEFINE_KERNEL(pcan_u32__ref, PcanParams, pcan)

}  // namespace tandem
