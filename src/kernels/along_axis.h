#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// The lines of a tensor along one of its dimensions: `outer` · `inner` lines of `length` elements that lie
/// `inner` apart.
struct Lines {
  uint32_t outer = 1;
  uint32_t length = 1;
  uint32_t inner = 1;

  [[nodiscard]] constexpr uint32_t count() const { return outer * inner; }
  /// Position of a line's first element, line i of row-major order of the other dimensions.
  [[nodiscard]] constexpr uint32_t first(uint32_t i) const { return i / inner * inner * length + i % inner; }
};

/// The lines along dimension `axis`, which counts from the back if negative. False if there is none.
constexpr bool find_lines(const int32_t* dims, uint32_t rank, int32_t axis, Lines& lines) {
  const int64_t dimension = axis < 0 ? int64_t{axis} + rank : axis;
  if (dimension < 0 || dimension >= rank) return false;
  lines = {};
  for (uint32_t d = 0; d < rank; ++d) {
    uint32_t& extent = d < dimension ? lines.outer : d > dimension ? lines.inner : lines.length;
    extent *= static_cast<uint32_t>(dims[d]);
  }
  return true;
}

/// What operators along one axis share: the axis is known when planning, or comes at run time.
/// Data errors  an axis at run time that x does not have.
/// Units        blocks of lines; a single one for an axis at run time, unless y has one element a line.
struct AxisOperands {
  Ref in;
  Ref out;
  Lines lines;  ///< where `axis` is absent
  Ref axis;     ///< int32[1]; absent: known
  Ref dims;     ///< int32[rank], for an axis at run time
  uint32_t rank = 0;
  Blocks blocks;  ///< of lines; with an axis at run time, of what y has room for
};

/// ARG_MAX      y[line] = the first i with x[line, i] ≥ all others; s8, f32 to s32
/// ARG_MIN      the same with ≤
///              NaN is neither more nor less than another number: one in front is the answer. Of nothing: 0.
/// Data errors  an axis at run time that gives another number of lines than y has elements.
struct ArgParams {
  AxisOperands operands;
};

/// CUMSUM       y[line, i] = Σ x[line, k], k ≤ i; k < i if exclusive; from the other end if reverse
/// f32          in that order.
/// s8           a = Σ 2^19 · (x − z_x), int32, wrapping; it starts at −2^19 · z_x as in TensorFlow Lite
/// Micro: at
///              the real value of a stored 0. y = clamp(z_y + R(a, m)), m = scale_x / (2^19 · scale_y), shift
///              ≤ 0.
/// In place     y may be x.
struct CumsumParams {
  AxisOperands operands;
  uint8_t exclusive = 0;
  uint8_t reverse = 0;
  int32_t in_zero_point = 0;
  int32_t out_zero_point = 0;
  QuantizedMultiplier multiplier;
};

}  // namespace tandem
