#include "base/elementary.h"

#include <algorithm>

namespace tandem {
namespace {

constexpr std::array<uint16_t, 256> sigmoid_table() {
  std::array<uint16_t, 256> table{};
  for (int i = 0; i < 255; ++i) {
    const double sample = elementary::logistic(i / 24.0);
    const double middle = elementary::logistic((i + 0.5) / 24.0);
    const double next = elementary::logistic((i + 1) / 24.0);
    const double line_error = (sample + next) / 2 - middle;
    table[static_cast<size_t>(i)] = static_cast<uint16_t>(round_to_int32(65536 * (sample - line_error / 2)));
  }
  table[255] = 65535;  // where the kernels saturate, so that the last segment leads there
  return table;
}

/// 513 samples of f over [first, last], scaled so that ±32767.5 stands for ±1. Each sample but the last is
/// moved by half the error that a straight line to the next sample makes in the middle.
/// The arithmetic is float, and every rounding is TensorFlow Lite's: the tables have the same bits.
template <class Function>
constexpr std::array<int16_t, kLutSize> interpolation_lut(float first, float last, Function f) {
  constexpr float kOutputStep = 2.0f / 65535;
  constexpr float kPerUnit = 65536.0f / (kOutputStep * 32767 - kOutputStep * -32768);
  const float step = (last - first) / 512;
  const auto scaled = [&](float x) { return f(x) * kPerUnit; };
  const auto to_int16 = [](int32_t x) { return saturate_cast<int16_t>(x); };

  std::array<int16_t, kLutSize> table{};
  for (int i = 0; i < 512; ++i) {
    const float x = first + static_cast<float>(i) * step;
    const float x_next = first + static_cast<float>(i + 1) * step;
    const int32_t sample = round_to_int32(scaled(x));
    const int32_t middle = round_to_int32(scaled(x + step / 2));
    const int32_t interpolated = round_to_int32((scaled(x_next) + static_cast<float>(sample)) / 2);
    table[static_cast<size_t>(i)] = to_int16(sample - rdiv_pot(interpolated - middle, 1));
  }
  table[512] = to_int16(round_to_int32(scaled(last)));
  return table;
}

}  // namespace

constexpr std::array<uint16_t, 256> kSigmoidTable = sigmoid_table();

constexpr std::array<int16_t, kLutSize> kExpLut =
    interpolation_lut(10.0f / 65535 * -65535, 0.0f,
                      [](float x) { return static_cast<float>(elementary::exp(static_cast<double>(x))); });

constexpr std::array<int16_t, kLutSize> kOneOverOnePlusXLut =
    interpolation_lut(0.0f, 1.0f / 65535 * 65535, [](float x) { return 1.0f / (1.0f + x); });

void fill_exp_lut(std::span<int16_t, kLutSize> table) { std::ranges::copy(kExpLut, table.begin()); }

void fill_one_over_one_plus_x_lut(std::span<int16_t, kLutSize> table) {
  std::ranges::copy(kOneOverOnePlusXLut, table.begin());
}

}  // namespace tandem
