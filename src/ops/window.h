#pragma once

#include "kernels/window_2d.h"
#include "ops/op_context.h"

namespace tandem {

/// Padding of the TensorFlow Lite schema.
enum class Padding : int8_t { kSame = 0, kValid = 1 };

struct WindowRequest {
  Padding padding = Padding::kSame;
  Size2d filter;
  Size2d stride;
  Size2d dilation = {1, 1};
};

/// The window that slides over `in` to give `out` (both NHWC, rank 4), padded as TensorFlow does: SAME is
/// padded for ⌈in / stride⌉ outputs, the smaller half before; VALID is not. As in TensorFlow Lite Micro, the
/// file's `out` is what is computed, even where it has more or fewer rows than that. Errors: kStride,
/// kOptionValue (padding), kInputShape (an empty filter, positions beyond int32, VALID with a filter larger
/// than the input), kOutputShape (batches other than the input's).
Result<Window2d> plan_window(const OpContext& context, const Shape& in, const Shape& out,
                             const WindowRequest& request);

}  // namespace tandem
