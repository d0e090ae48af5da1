#include "ops/window.h"

namespace tandem {
namespace {

struct Axis {
  int32_t in;
  int32_t out;
  int32_t filter;
  int32_t stride;
  int32_t dilation;
};

enum class Refusal { kNone, kOptions, kFilter };

Refusal pad_axis(const Axis& axis, Padding padding, int32_t& before) {
  constexpr int64_t kLargest = int64_t{1} << 30;
  if (axis.stride < 1 || axis.dilation < 1) return Refusal::kOptions;
  const int64_t extent = int64_t{axis.filter - 1} * axis.dilation + 1;
  if (axis.filter < 1 || extent > kLargest || int64_t{axis.out} * axis.stride > kLargest)
    return Refusal::kFilter;
  if (padding == Padding::kValid) {
    before = 0;
    return int64_t{axis.in} + axis.stride - extent < 0 ? Refusal::kFilter : Refusal::kNone;
  }
  const int64_t out = (int64_t{axis.in} + axis.stride - 1) / axis.stride;
  const int64_t total = (out - 1) * axis.stride + extent - axis.in;
  before = total > 0 ? static_cast<int32_t>(total / 2) : 0;
  return Refusal::kNone;
}

}  // namespace

Result<Window2d> plan_window(const OpContext& context, const Shape& in, const Shape& out,
                             const WindowRequest& request) {
  if (request.padding != Padding::kSame && request.padding != Padding::kValid) {
    return context.error(Code::kOptionValue, 0, static_cast<int32_t>(request.padding));
  }
  if (out[0] != in[0]) return context.error(Code::kOutputShape, 0, 0);
  Window2d window{.batches = in[0],
                  .in = {in[1], in[2]},
                  .out = {out[1], out[2]},
                  .filter = request.filter,
                  .stride = request.stride,
                  .dilation = request.dilation,
                  .pad = {}};
  const Axis rows{in[1], out[1], request.filter.h, request.stride.h, request.dilation.h};
  const Axis columns{in[2], out[2], request.filter.w, request.stride.w, request.dilation.w};
  for (const bool vertical : {true, false}) {
    const Refusal refusal = vertical ? pad_axis(rows, request.padding, window.pad.h)
                                     : pad_axis(columns, request.padding, window.pad.w);
    const int32_t dimension = vertical ? 1 : 2;
    switch (refusal) {
      case Refusal::kNone:
        break;
      case Refusal::kOptions:
        return context.error(Code::kStride, (vertical ? rows : columns).stride,
                             (vertical ? rows : columns).dilation);
      case Refusal::kFilter:
        return context.error(Code::kInputShape, 1, dimension);
    }
  }
  return window;
}

}  // namespace tandem
