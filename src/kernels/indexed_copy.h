#pragma once

#include <span>

#include "kernels/blocks.h"
#include "kernels/indices.h"

// Copies that follow a table for each dimension: where one dimension's index leads does not depend on the
// others', but not at equal distances either. Tables of constant operands are prepared; those of operands
// that come at run time a step before the copy computes, in shared scratch.
namespace tandem {

/// A dimension walked through a table.
struct IndexedDim {
  uint32_t count = 1;   ///< entries: the dimension of the tensor that is walked in order
  uint32_t extent = 1;  ///< the dimension of the other tensor
  uint32_t stride = 0;  ///< bytes from one index of that to the next
};

/// y[n · run_bytes + k] = x[at(i) + k], or, if `scatter`, y[at(i) + k] = x[n · run_bytes + k],
///                at(i) = Σ_d offsets[d][i_d],  k ∈ [0, run_bytes),  for every index i below the dimensions'
///                counts, in order; i is run number n.
/// Layout         offsets: uint32 bytes, the outermost dimension's first; dims: 1 to kMaxDims.
/// Preconditions  at(i) + run_bytes is at most the other tensor's size; if `scatter`, no two runs overlap.
/// Units          runs.units() blocks of runs.
struct IndexedCopyParams {
  static constexpr uint32_t kMaxDims = 12;

  Ref in;
  Ref out;
  Ref dims;  ///< IndexedDim[rank]
  Ref offsets;
  uint32_t rank = 0;
  uint32_t run_bytes = 0;
  uint32_t scatter = 0;
  Blocks runs;
};

/// What is added to a dimension at its two ends, or taken away.
struct Margin {
  int64_t before = 0;
  int64_t after = 0;
};

// ---- padding with a mirror image: MIRROR_PAD

/// Where index i < before + extent + after of a padded dimension lies in the dimension. `edge`: 1 if the
/// mirrors stand on the outermost elements (REFLECT), 0 if behind them (SYMMETRIC). As in TensorFlow Lite
/// Micro, a right margin that is wider than the image ends in copies of element 0.
constexpr uint32_t mirrored_index(uint32_t i, uint32_t before, uint32_t extent, uint32_t edge) {
  if (i < before) return before + edge - 1 - i;
  if (i - before < extent) return i - before;
  const uint32_t beyond = i - before - extent;
  return extent > edge + beyond ? extent - edge - 1 - beyond : 0;
}
static_assert(mirrored_index(0, 2, 3, 1) == 2 && mirrored_index(0, 2, 3, 0) == 1);
static_assert(mirrored_index(5, 2, 3, 1) == 1 && mirrored_index(5, 2, 3, 0) == 2 &&
              mirrored_index(7, 2, 3, 1) == 0);

/// Whether `dim`, with its count for the padded dimension, can be that of such a margin.
constexpr bool mirror_fits(const IndexedDim& dim, Margin margin, uint32_t edge) {
  const int64_t image = int64_t{dim.extent} - edge;
  return margin.before >= 0 && margin.before <= std::max<int64_t>(image, 0) && margin.after >= 0 &&
         margin.after <= dim.count && margin.before + dim.extent + margin.after == dim.count &&
         (dim.extent > 0 || dim.count == 0);
}

/// The offsets of a padded tensor, all of whose dimensions fit.
template <class MarginOf>
void write_mirror_offsets(std::span<const IndexedDim> dims, uint32_t edge, MarginOf margin_of,
                          uint32_t* offsets) {
  for (uint32_t d = 0; d < dims.size(); ++d) {
    const auto before = static_cast<uint32_t>(margin_of(d).before);
    for (uint32_t i = 0; i < dims[d].count; ++i) {
      *offsets++ = mirrored_index(i, before, dims[d].extent, edge) * dims[d].stride;
    }
  }
}

/// Writes the offsets of paddings that come at run time. One unit. Data error: one that does not fit.
struct MirrorOffsetsParams {
  Indices paddings;  ///< [rank][2]
  Ref dims;          ///< IndexedDim[rank]
  uint32_t rank = 0;
  uint32_t edge = 0;
  Ref offsets;  ///< written
};

// ---- blocks of space moved to the batch: SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND

/// How a dimension of space is cut: index i, after `margin.before` more, is element i / block of batch i %
/// block.
struct Blocking {
  int64_t block = 1;
  Margin margin;
};

/// The dimension that cannot be that of such blocks, kBlocksFit if there is none. dims[0] is the batch; the
/// others, of space, are cut by blocking[0], blocking[1]...
constexpr int32_t kBlocksFit = -1;
constexpr int32_t misfit(std::span<const IndexedDim> dims, std::span<const Blocking> blocking) {
  uint64_t batches = dims[0].count;
  for (uint32_t d = 1; d < dims.size(); ++d) {
    const auto [block, margin] = blocking[d - 1];
    constexpr int64_t kLimit = int64_t{1} << 30;  // of elements: keeps what follows from overflowing
    if (block < 1 || block > kLimit || margin.before < 0 || margin.before > kLimit || margin.after < 0 ||
        margin.after > kLimit || margin.before + dims[d].count + margin.after != block * dims[d].extent) {
      return static_cast<int32_t>(d);
    }
    batches *= static_cast<uint64_t>(block);
    if (batches > static_cast<uint64_t>(kLimit)) return 0;
  }
  return batches == dims[0].extent ? kBlocksFit : 0;
}

/// The offsets in the tensor of blocks for the elements of the other, whose dimensions fit.
inline void write_block_offsets(std::span<const IndexedDim> dims, std::span<const Blocking> blocking,
                                uint32_t* offsets) {
  uint32_t batches = dims[0].extent;  // from an index within a block to the next
  for (uint32_t i = 0; i < dims[0].count; ++i) *offsets++ = i * dims[0].stride;
  for (uint32_t d = 1; d < dims.size(); ++d) {
    const auto block = static_cast<uint32_t>(blocking[d - 1].block);
    const auto before = static_cast<uint32_t>(blocking[d - 1].margin.before);
    batches /= block;
    for (uint32_t i = before; i < before + dims[d].count; ++i) {
      *offsets++ = i % block * batches * dims[0].stride + i / block * dims[d].stride;
    }
  }
}

/// Writes the offsets of blocks and margins that come at run time. One unit. Data error: some that do not
/// fit.
struct BlockOffsetsParams {
  static constexpr uint32_t kMaxDims = 3;

  Indices blocks;   ///< [rank − 1]
  Indices margins;  ///< [rank − 1][2]
  Ref dims;         ///< IndexedDim[rank], rank ≤ kMaxDims
  uint32_t rank = 0;
  Ref offsets;  ///< written
};

}  // namespace tandem
