#include <cstddef>

#include "base/placement.h"
#include "kernels/depthwise_lanes.h"
#include "kernels/level_requantization.h"
#include "kernels/portable/requantizer.h"

// DEPTHWISE_CONV_2D of int8, 3x3, two output rows in the lanes of one word. A unit gathers a channel's inputs
// under its tile into a plane of words, with the zero point around, and then runs over it once for each of
// the channel's outputs. The loops are in depthwise_conv_2d.S.
namespace tandem {
namespace {

// For outputs that need the exact function.
struct Exact {
  uint32_t scale;
  int32_t bias_less_offset;
  QuantizedMultiplier factor;
  int32_t zero_point;
  Clamp clamp;
};

}  // namespace

// What the loops in assembly see, in their order.
extern "C" {
struct Rows {
  const int8_t* weights;
  uint32_t weights_stride;
  int32_t zero_point;
  const uint32_t* plane;
  LevelChannel level;
  uint8_t* out;
  uint32_t lane;   // bytes from p's output to q's
  uint32_t slack;  // << 8
  uint32_t pixel;  // bytes from one output to the next
  const uint32_t* end;
  const uint32_t* full_end;
  uint32_t rows;
  uint32_t plane_step;  // bytes from the end of a row to the next
  uint32_t out_step;
  int32_t max;
  const Exact* exact;
};
static_assert(sizeof(void*) == 4 && sizeof(LevelChannel) == 12 && sizeof(Rows) == 72);

struct Gather {
  const int8_t* in;
  uint32_t columns;
  uint32_t rows;
  uint32_t other;  // the word of the lane that is outside
  uint32_t lane;   // bytes from p's input to q's
  uint32_t pixel;
  uint32_t* plane;
  uint32_t in_step;  // bytes from the end of a row to the next
  uint32_t plane_step;
};

using RowsFunction = void(const Rows*);
RowsFunction tandem_depthwise1_two, tandem_depthwise1_three, tandem_depthwise1_other_three,
    tandem_depthwise1_five;
RowsFunction tandem_depthwise2_two, tandem_depthwise2_three, tandem_depthwise2_other_three,
    tandem_depthwise2_five;

using GatherFunction = void(const Gather*);
GatherFunction tandem_gather_both, tandem_gather_p, tandem_gather_q;

// `product` is x·scale, x a sum less its channel's z; the output for it.
TANDEM_HOT("depthwise_conv_2d_exact")
int32_t tandem_depthwise_exact(uint32_t product, const Exact* e) {
  // x, by the inverse of scale's odd part modulo 2^32: each step doubles the bits that are right, from 3.
  uint32_t odd = e->scale;
  while (odd % 2 == 0) {
    odd /= 2;
    product /= 2;
  }
  uint32_t inverse = odd;
  for (int bits = 3; bits < 32; bits *= 2) inverse *= 2 - odd * inverse;
  const portable::Requantizer f(e->factor, e->zero_point, e->clamp);
  return f(wrapping_add(static_cast<int32_t>(product * inverse), e->bias_less_offset));
}
}

namespace {

constexpr RowsFunction* kLoops[2][static_cast<size_t>(DepthwiseLoop::kCount)] = {
    {tandem_depthwise1_two, tandem_depthwise1_three, tandem_depthwise1_other_three, tandem_depthwise1_five},
    {tandem_depthwise2_two, tandem_depthwise2_three, tandem_depthwise2_other_three, tandem_depthwise2_five},
};

// Rows of a plane that are gathered in the same way.
struct Stretch {
  GatherFunction* gather = nullptr;
  Gather args{};
};

struct Range {
  int32_t begin;
  int32_t end;
};
constexpr Range overlap(Range a, Range b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

// A tile of the output: where its inputs are, but for the channel.
struct Tile {
  Stretch stretches[3];
  uint32_t count = 0;
};

struct TileShape {
  int32_t y0;  // p's first row of input under the tile, q's is y0 + lane
  int32_t x0;
  int32_t lane;
  int32_t plane_rows;
  int32_t plane_columns;
};

Tile plan_tile(const DepthwiseLanesParams& p, const TileShape& t, uint32_t* plane) {
  const Window2d& w = p.conv.window;
  const uint32_t pitch = depthwise_pitch(w.stride.h);
  const auto pixel = static_cast<uint32_t>(p.conv.in_channels);
  const int32_t row = w.in.w * p.conv.in_channels;
  const auto pad = static_cast<uint32_t>(p.conv.in_zero_point);
  const Range columns = overlap({0, t.plane_columns}, {-t.x0, w.in.w - t.x0});
  const Range of_p = overlap({0, t.plane_rows}, {-t.y0, w.in.h - t.y0});
  const Range of_q = overlap({0, t.plane_rows}, {-t.y0 - t.lane, w.in.h - t.y0 - t.lane});
  Tile tile;
  if (columns.begin >= columns.end) return tile;
  const auto add = [&](GatherFunction* gather, Range rows, int32_t first, uint32_t other, uint32_t lane) {
    if (rows.begin >= rows.end) return;
    const auto n = static_cast<uint32_t>(columns.end - columns.begin);
    const int32_t at = (first + rows.begin) * row + (t.x0 + columns.begin) * p.conv.in_channels;
    tile.stretches[tile.count++] = {
        gather,
        {.in = reinterpret_cast<const int8_t*>(static_cast<intptr_t>(at)),
         .columns = n,
         .rows = static_cast<uint32_t>(rows.end - rows.begin),
         .other = other,
         .lane = lane,
         .pixel = pixel,
         .plane = plane + static_cast<uint32_t>(rows.begin) * (pitch / 4) + columns.begin,
         .in_step = static_cast<uint32_t>(row) - n * pixel,
         .plane_step = pitch - 4 * n}};
  };
  add(tandem_gather_q, {of_q.begin, std::min(of_q.end, of_p.begin)}, t.y0 + t.lane, pad, 0);
  add(tandem_gather_both, overlap(of_p, of_q), t.y0, 0, static_cast<uint32_t>(t.lane * row));
  add(tandem_gather_p, {std::max(of_p.begin, of_q.end), of_p.end}, t.y0, pad << 16, 0);
  return tile;
}

// `count` channels of an image's tile to the smallest level, which the loops do not store.
TANDEM_HOT("depthwise_conv_2d_fill")
void fill(uint8_t* out, uint32_t count, uint32_t columns, uint32_t rows, uint32_t pixel, uint32_t row_step) {
  constexpr uint32_t kSmallest = 0x80808080;
  const bool words = ((reinterpret_cast<uintptr_t>(out) | count | pixel | row_step) & 3) == 0;
  for (; rows != 0; --rows, out += row_step) {
    for (uint32_t x = columns; x != 0; --x, out += pixel) {
      if (words) {
        for (uint32_t c = 0; c < count; c += 4) *reinterpret_cast<uint32_t*>(out + c) = kSmallest;
      } else {
        for (uint32_t c = 0; c < count; ++c) out[c] = static_cast<uint8_t>(kSmallest);
      }
    }
  }
}

KernelResult depthwise(const DepthwiseLanesParams& p, const Task& task) {
  const Conv2dParams& conv = p.conv;
  const Window2d& w = conv.window;
  const auto* in = task.in<int8_t>(conv.in);
  const auto* weights = task.in<int8_t>(conv.weights);
  const auto* bias = task.in<int32_t>(conv.bias);
  const auto* multipliers = task.in<int32_t>(conv.multipliers);
  const auto* shifts = task.in<int8_t>(conv.shifts);
  const auto* levels = task.in<LevelChannel>(p.level_channels);
  const auto* slacks = task.in<uint16_t>(p.slacks);
  const auto* loops = task.in<uint8_t>(p.loops);
  auto* const plane = task.scratch<uint32_t>(p.scratch);
  auto* const out = task.out<uint8_t>(conv.out);
  const auto pixel = static_cast<uint32_t>(conv.out_channels);
  const auto row_bytes = static_cast<uint32_t>(w.out.w) * pixel;
  const auto stride = static_cast<uint32_t>(w.stride.h);
  const uint32_t pitch = depthwise_pitch(w.stride.h);
  const auto groups = static_cast<uint32_t>(conv.groups);

  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    uint32_t rest = unit;
    const auto next = [&rest](uint32_t count) {
      const uint32_t quotient = rest / count;
      const uint32_t index = rest - quotient * count;
      rest = quotient;
      return index;
    };
    const Blocks::Range channels = p.channels.block(next(p.channels.units()));
    const Blocks::Range columns = p.columns.block(next(p.columns.units()));
    const Blocks::Range rows = p.rows.block(next(p.rows.units()));
    const uint32_t batch = rest;

    const uint32_t tile_rows = rows.end - rows.begin;
    const uint32_t lane_rows = (tile_rows + 1) / 2;
    const uint32_t lane = tile_rows - lane_rows;  // of an odd number the middle one is in both
    const uint32_t tile_columns = columns.end - columns.begin;
    const TileShape shape{.y0 = static_cast<int32_t>(rows.begin * stride) - w.pad.h,
                          .x0 = static_cast<int32_t>(columns.begin * stride) - w.pad.w,
                          .lane = static_cast<int32_t>(lane * stride),
                          .plane_rows = static_cast<int32_t>((lane_rows - 1) * stride + 3),
                          .plane_columns = static_cast<int32_t>((tile_columns - 1) * stride + 3)};
    Tile tile = plan_tile(p, shape, plane);
    const uint32_t zero_point = static_cast<uint32_t>(conv.in_zero_point);
    for (int32_t y = 0; y < shape.plane_rows; ++y) {
      uint32_t* const row = plane + static_cast<uint32_t>(y) * (pitch / 4);
      for (int32_t x = 0; x < shape.plane_columns; ++x) row[x] = zero_point + (zero_point << 16);
    }

    const uint32_t first = channels.begin * groups;
    uint8_t* const tile_out =
        out + (batch * static_cast<uint32_t>(w.out.h) + rows.begin) * row_bytes + columns.begin * pixel;
    fill(tile_out + first, (channels.end - channels.begin) * groups, tile_columns, tile_rows, pixel,
         row_bytes - tile_columns * pixel);

    Exact exact{.zero_point = conv.out_zero_point, .clamp = conv.clamp};
    const uint32_t step = 4 * stride;
    Rows args{.weights_stride = pixel,
              .zero_point = conv.in_zero_point,
              .plane = plane,
              .lane = lane * row_bytes,
              .pixel = pixel,
              .full_end = plane + tile_columns * stride,
              .rows = lane_rows,
              .plane_step = pitch * stride - tile_columns * step,
              .out_step = row_bytes - tile_columns * pixel,
              .max = conv.clamp.max,
              .exact = &exact};
    const int8_t* const image = in + batch * static_cast<uint32_t>(w.in.h * w.in.w * conv.in_channels);
    uint32_t o = first;
    for (uint32_t c = channels.begin; c < channels.end; ++c) {
      for (uint32_t i = 0; i < tile.count; ++i) {
        Gather args_of_channel = tile.stretches[i].args;
        args_of_channel.in = image + reinterpret_cast<intptr_t>(args_of_channel.in) + c;
        tile.stretches[i].gather(&args_of_channel);
      }
      for (uint32_t j = 0; j < groups; ++j, ++o) {
        const auto loop = static_cast<DepthwiseLoop>(loops[o]);
        args.weights = weights + o;
        args.level = levels[o];
        args.slack = uint32_t{slacks[o]} << 16;
        args.out = tile_out + o;
        args.end = loop == DepthwiseLoop::kFiveSums ? args.full_end : plane + (tile_columns & ~1U) * stride;
        exact.scale = levels[o].scale;
        exact.bias_less_offset = wrapping_sub(bias != nullptr ? bias[o] : 0, levels[o].offset);
        exact.factor = {multipliers[o], shifts[o]};
        kLoops[stride - 1][static_cast<size_t>(loop)](&args);
      }
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(depthwise_conv_2d_s8__armv6m, DepthwiseLanesParams, depthwise)

}  // namespace tandem
