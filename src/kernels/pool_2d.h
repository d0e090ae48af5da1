#pragma once

#include "base/fixed_point.h"
#include "kernels/blocks.h"
#include "kernels/kernel.h"
#include "kernels/window_2d.h"

namespace tandem {

/// AVERAGE_POOL_2D  y[b,i,j,c] = clamp(mean of x over the window's taps inside the input)
/// MAX_POOL_2D      y[b,i,j,c] = clamp(maximum of x over them)
/// L2_POOL_2D       y[b,i,j,c] = clamp(√(mean of x² over them)), f32
/// Layout           x, y NHWC with the same channels and quantization. Every window has a tap inside.
/// Rounding         integer means: nearest, ties away from zero.
/// Units            tiles: blocks of rows of the output, over all batches, times blocks of channels; channels
///                  first. tile(unit) tells which.
struct Pool2dTile {
  Blocks::Range rows;
  Blocks::Range channels;
};

struct Pool2dParams {
  Ref in;
  Ref out;
  Window2d window;
  Blocks rows;
  Blocks channel_blocks;
  int32_t channels = 0;
  Clamp clamp;
  ClampF32 clamp_f32;

  [[nodiscard]] uint32_t tiles() const { return rows.units() * channel_blocks.units(); }
  [[nodiscard]] Pool2dTile tile(uint32_t unit) const {
    const uint32_t channel_units = channel_blocks.units();
    const uint32_t row_unit = unit / channel_units;
    return {.rows = rows.block(row_unit), .channels = channel_blocks.block(unit - row_unit * channel_units)};
  }
};

}  // namespace tandem
