#include "kernels/resize_bilinear.h"

#include <cmath>
#include <type_traits>

#include "base/fixed_point.h"

namespace tandem {
namespace {

// Between which two indices of the input an output lies, and how far from the first.
template <class Weight>
struct Place {
  uint32_t lower = 0;
  uint32_t upper = 0;
  Weight weight = {};
};

using Axis = ResizeBilinearParams::Axis;

constexpr int kFractionBits = 10;
constexpr int32_t kOne = 1 << kFractionBits;

Place<float> place_f32(const Axis& axis, bool half_pixels, uint32_t i) {
  const auto index = static_cast<float>(i);
  const float at = half_pixels ? (index + 0.5F) * axis.scale_f32 - 0.5F : index * axis.scale_f32;
  const auto last = static_cast<int32_t>(axis.in - 1);
  const int32_t lower = std::clamp<int32_t>(truncate_to_int32(std::floor(at)), 0, last);
  const int32_t upper = std::clamp<int32_t>(truncate_to_int32(std::ceil(at)), 0, last);
  return {static_cast<uint32_t>(lower), static_cast<uint32_t>(upper), at - static_cast<float>(lower)};
}

Place<int32_t> place_s8(const Axis& axis, bool half_pixels, uint32_t i) {
  int64_t at = int64_t{i} * axis.scale_q10;
  if (half_pixels) at += axis.scale_q10 / 2 - kOne / 2;
  const int64_t last = int64_t{axis.in} - 1;
  // Outside of the image both are its edge, and it does not matter how far.
  if (at <= 0) return {};
  const int64_t lower = at >> kFractionBits;
  if (lower >= last) return {static_cast<uint32_t>(last), static_cast<uint32_t>(last), 0};
  const auto weight = static_cast<int32_t>(at & (kOne - 1));
  return {static_cast<uint32_t>(lower), static_cast<uint32_t>(lower + 1), weight};
}

template <class Element>
KernelResult resize_bilinear(const ResizeBilinearParams& p, const Task& task) {
  const auto* in = task.in<Element>(p.in);
  auto* out = task.out<Element>(p.out);
  const bool half_pixels = p.half_pixels != 0;
  const auto place = [half_pixels](const Axis& axis, uint32_t i) {
    if constexpr (std::is_same_v<Element, float>) {
      return place_f32(axis, half_pixels, i);
    } else {
      return place_s8(axis, half_pixels, i);
    }
  };
  const uint32_t in_row = p.width.in * p.channels;
  const uint32_t out_row = p.width.out * p.channels;
  for (uint32_t row = p.rows.begin(task); row < p.rows.end(task); ++row) {
    const uint32_t batch = row / p.height.out;
    const auto r = place(p.height, row % p.height.out);
    const Element* above = in + size_t{batch * p.height.in + r.lower} * in_row;
    const Element* below = in + size_t{batch * p.height.in + r.upper} * in_row;
    Element* y = out + size_t{row} * out_row;
    for (uint32_t j = 0; j < p.width.out; ++j) {
      const auto q = place(p.width, j);
      const uint32_t left = q.lower * p.channels;
      const uint32_t right = q.upper * p.channels;
      for (uint32_t c = 0; c < p.channels; ++c) {
        if constexpr (std::is_same_v<Element, float>) {
          *y++ = above[left + c] * (1 - r.weight) * (1 - q.weight) +
                 below[left + c] * r.weight * (1 - q.weight) + above[right + c] * (1 - r.weight) * q.weight +
                 below[right + c] * r.weight * q.weight;
        } else {
          const int32_t at_left = above[left + c] * (kOne - r.weight) + below[left + c] * r.weight;
          const int32_t at_right = above[right + c] * (kOne - r.weight) + below[right + c] * r.weight;
          const int32_t sum = at_left * (kOne - q.weight) + at_right * q.weight;
          *y++ = static_cast<Element>(rdiv_pot(sum, 2 * kFractionBits));
        }
      }
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(resize_bilinear_f32__ref, ResizeBilinearParams, resize_bilinear<float>)
TANDEM_DEFINE_KERNEL(resize_bilinear_s8__ref, ResizeBilinearParams, resize_bilinear<int8_t>)

}  // namespace tandem
