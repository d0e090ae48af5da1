#pragma once

#include <cstdint>

// A filter sliding over the rows and columns of an NHWC tensor: what convolutions and pooling have in common.
namespace tandem {

struct Size2d {
  int32_t h = 0;
  int32_t w = 0;
};

/// Output pixel (y, x) looks at input rows y·stride.h − pad.h + dilation.h·[0, filter.h), columns alike; what
/// lies outside of the input is skipped. All sizes ≥ 1 where there are elements; positions fit int32 (checked
/// in planning).
struct Window2d {
  int32_t batches = 0;
  Size2d in;
  Size2d out;
  Size2d filter;
  Size2d stride = {1, 1};
  Size2d dilation = {1, 1};
  Size2d pad;  ///< rows above and columns left of the input
};

/// Whether the filter is one tap, which lies inside of the input for every output. Models may claim more
/// output than there is input: what is outside counts as the zero point.
constexpr bool is_one_tap_inside(const Window2d& w) {
  const auto inside = [](int32_t outputs, int32_t step, int32_t inputs) {
    return int64_t{outputs - 1} * step < inputs;
  };
  return w.filter.h == 1 && w.filter.w == 1 && w.pad.h == 0 && w.pad.w == 0 &&
         inside(w.out.h, w.stride.h, w.in.h) && inside(w.out.w, w.stride.w, w.in.w);
}

/// The taps of a window that lie inside the input, along one axis: [begin, end).
struct Taps {
  int32_t begin = 0;
  int32_t end = 0;
};
constexpr Taps taps_inside(int32_t origin, int32_t in, int32_t filter, int32_t dilation) {
  const int32_t begin = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
  const int32_t room = in - origin;
  const int32_t end = room <= 0 ? 0 : (room + dilation - 1) / dilation;
  return {.begin = begin < filter ? begin : filter, .end = end < filter ? end : filter};
}
static_assert(taps_inside(-1, 4, 3, 1).begin == 1 && taps_inside(-3, 4, 3, 2).begin == 2);
static_assert(taps_inside(2, 4, 3, 1).end == 2 && taps_inside(2, 4, 3, 2).end == 1);

}  // namespace tandem
