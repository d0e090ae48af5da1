#pragma once

#include "kernels/blocks.h"
#include "kernels/kernel.h"

namespace tandem {

/// y[b, o, n] = row at(b, n) of x[b, o],  at(b, n) = Σ_k indices[b, n, k] · strides[k],  k < depth
/// Layout         x [batches][outer][extent][row], y [batches][outer][lookups][row], indices int32
///                [batches][lookups][depth]; a row has row_elements elements.
/// gather         rows are copied: GATHER and EMBEDDING_LOOKUP (depth 1), GATHER_ND (no batches, no outer).
/// gather_s8_f32  each element becomes x · scale: EMBEDDING_LOOKUP of int8 rows as floats.
/// Data error     a row outside of [0, extent). As in TensorFlow Lite Micro it is the row that counts: one of
///                several indices may lie outside of its dimension where another makes up for it.
/// Units          rows: blocks of rows of y.
struct GatherParams {
  static constexpr uint32_t kMaxDepth = 5;

  Ref in;
  Ref indices;
  Ref out;
  uint32_t outer = 1;
  uint32_t lookups = 0;
  uint32_t extent = 0;
  uint32_t depth = 1;
  uint32_t strides[kMaxDepth] = {};  ///< in rows
  uint32_t row_elements = 0;
  uint32_t element_bytes = 0;  ///< gather only
  float scale = 0;             ///< gather_s8_f32 only
  Blocks rows;
};

}  // namespace tandem
