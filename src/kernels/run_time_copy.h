#pragma once

#include "kernels/indices.h"
#include "kernels/strided_copy.h"

// What strided copies need whose bounds come at run time: one-unit steps that check the operands and write to
// shared scratch what the copy after them reads.
namespace tandem {

/// A strided copy of single elements, to be filled in.
struct RunTimeCopy {
  Ref dims;   ///< StridedDim[rank], rank ≤ StridedCopyParams::kMaxDims
  Ref shift;  ///< uint32, of the input
};

/// SLICE: the copy of a part of a dense tensor. It begins at begins[d] and has sizes[d] elements along
/// dimension d, -1: all there are from there. Data errors  a part that does not lie inside; one of another
/// number of elements than the output has.
struct SliceBoundsParams {
  Indices begins;
  Indices sizes;
  Ref dims;  ///< StridedDim[rank]: the tensor's sizes and strides
  uint32_t rank = 0;
  uint32_t element_bytes = 0;
  uint32_t elements = 0;  ///< of the output, not 0
  RunTimeCopy copy;       ///< written
};

/// REVERSE_V2: the copy of a dense tensor backwards along the named axes.
/// Data errors  an axis that the tensor does not have; axes that are not neighbours, or named twice.
struct ReversalParams {
  Indices axes;
  uint32_t axis_count = 0;
  Ref dims;  ///< StridedDim[rank]: the tensor's sizes and strides, no size 0
  uint32_t rank = 0;
  RunTimeCopy copy;  ///< written
};

/// DYNAMIC_UPDATE_SLICE: where an update goes, shift = Σ_d clamp(starts[d], 0, room_d) · stride_d.
/// Bound  shift is the place of an element of a tensor, so that it fits 30 bits.
struct ClampedStartParams {
  struct Dim {
    uint32_t room = 0;    ///< the largest start at which the update lies inside
    uint32_t stride = 0;  ///< bytes
  };
  Indices starts;
  Ref dims;  ///< Dim[rank]
  uint32_t rank = 0;
  Ref shift;  ///< uint32, written
};

/// The dimensions that `axis(i)` names for i < count, negative ones counted from the back: bit d is dimension
/// d. `usable` unless one does not exist, is named twice, or they are not neighbours.
struct AxisRun {
  uint32_t axes = 0;
  bool usable = false;
};
template <class Axis>
constexpr AxisRun run_of_axes(uint32_t count, uint32_t rank, Axis axis) {
  uint32_t axes = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const int64_t named = axis(i);
    const int64_t d = named < 0 ? named + rank : named;
    if (d < 0 || d >= rank || (axes >> d & 1) != 0) return {};
    axes |= uint32_t{1} << d;
  }
  const uint32_t lowest = axes & (~axes + 1);
  return {.axes = axes, .usable = (axes & (axes + lowest)) == 0};
}
static_assert(run_of_axes(2, 4, [](uint32_t i) { return i == 0 ? -1 : 2; }).axes == 0b1100);
static_assert(!run_of_axes(2, 4, [](uint32_t i) { return i == 0 ? 0 : 2; }).usable);
static_assert(!run_of_axes(2, 4, [](uint32_t) { return 1; }).usable &&
              run_of_axes(0, 4, [](uint32_t) { return 9; }).usable);

}  // namespace tandem
