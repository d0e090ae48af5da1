#include <algorithm>
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
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  const LevelChannel* levels;
  int32_t zero_point;
  Clamp clamp;
};

}  // namespace

// What the loops in assembly see, in their order.
extern "C" {
struct Gather;
// How a loop goes over a tile.
struct Walk {
  const uint32_t* end;       // of a row
  const uint32_t* full_end;  // where the last column ends, if it is done again with the one before it
  uint32_t rows;             // of each lane
  uint32_t plane_step;       // bytes from the end of a row to the next
  uint32_t out_step;
};
// A unit's channels. `own` is the assembly's.
struct Channels {
  uint32_t lane;  // bytes from p's output to q's
  uint32_t own_slack;
  uint32_t pixel;  // bytes from one output to the next
  uint32_t own_walk[5];
  int32_t max;
  const Exact* exact;
  uint32_t count;
  uint32_t own_groups;
  const int8_t* in;  // of the first channel, as all that follow
  uint8_t* out;
  const int8_t* weights;
  const LevelChannel* level;
  const uint8_t* loops;
  const uint16_t* slacks;
  uint32_t weights_stride;
  int32_t zero_point;
  const uint32_t* plane;
  Walk pairs;    // of columns
  Walk singles;  // kFiveSums
  const Gather* gather;
  uint32_t groups;               // outputs each
  const void* const* functions;  // by DepthwiseLoop
  // The last of an odd number of columns by pairs of rows, if there are any.
  uint32_t last_pairs;
  const uint32_t* last_plane;
  uint32_t last_out;    // bytes from the first column's output
  uint32_t out_row;     // bytes
  uint32_t plane_back;  // by how much the last of these pairs has to go back to be a whole one
  uint32_t out_back;
};
static_assert(sizeof(void*) == 4 && sizeof(LevelChannel) == 12 && sizeof(Channels) == 40 * 4);
static_assert(static_cast<int>(DepthwiseLoop::kFiveSums) == 4);

// Rows of a plane that are gathered in the same way.
struct Stretch {
  const uint8_t* entry;  // into unrolled code; null: there are no more
  int32_t in;            // bytes from the channel's first input
  uint32_t rows;
  uint32_t other;  // the word of the lane that is outside
  uint32_t lane;   // bytes from p's input to q's
  uint32_t* plane;
};
struct Gather {
  uint32_t in_step;  // bytes from the end of a row to the next
  uint32_t plane_step;
  uint32_t pixel;
  Stretch stretches[4];
};

struct Fill {
  uint8_t* out;
  uint32_t words;
  uint32_t rows;
  uint32_t pixel_step;  // bytes from the end of a pixel's words to the next
  uint32_t row_step;
  uint32_t columns;
  uint32_t what;
};

void tandem_depthwise_channels(const Channels* channels);
void tandem_depthwise_fill(const Fill* fill);
// The loops by DepthwiseLoop, of strides 1 and 2.
extern const void* const tandem_depthwise_loops1[];
extern const void* const tandem_depthwise_loops2[];
// The ends of the code that gathers a row's columns.
extern const uint8_t tandem_gather_both[], tandem_gather_p[], tandem_gather_q[];

// `product` is x·scale, x a sum less its channel's z; the output for it. `next` is the next channel's.
TANDEM_HOT("depthwise_conv_2d_exact")
int32_t tandem_depthwise_exact(uint32_t product, const Exact* e, const LevelChannel* next) {
  // x, by the inverse of scale's odd part modulo 2^32: each step doubles the bits that are right, from 3.
  const auto o = static_cast<uint32_t>(next - 1 - e->levels);
  uint32_t odd = e->levels[o].scale;
  while (odd % 2 == 0) {
    odd /= 2;
    product /= 2;
  }
  uint32_t inverse = odd;
  for (int bits = 3; bits < 32; bits *= 2) inverse *= 2 - odd * inverse;
  const int32_t bias = e->bias != nullptr ? e->bias[o] : 0;
  const portable::Requantizer f({e->multipliers[o], e->shifts[o]}, e->zero_point, e->clamp);
  return f(wrapping_add(static_cast<int32_t>(product * inverse), wrapping_sub(bias, e->levels[o].offset)));
}
}

namespace {

struct Range {
  int32_t begin;
  int32_t end;
};
constexpr Range overlap(Range a, Range b) { return {std::max(a.begin, b.begin), std::min(a.end, b.end)}; }

// A tile of the output: where its inputs are.
struct TileShape {
  int32_t y0;  // p's first row of input under the tile, q's is y0 + lane
  int32_t x0;
  int32_t lane;
  int32_t plane_rows;
  int32_t plane_columns;
};

// The part of a plane that is inside of the input; the rest is zero points.
struct Inside {
  Range columns;
  Range of_p;  // rows
  Range of_q;
};

inline Inside inside_of(const DepthwiseLanesParams& p, const TileShape& t) {
  const Size2d in = p.conv.window.in;
  return {.columns = overlap({0, t.plane_columns}, {-t.x0, in.w - t.x0}),
          .of_p = overlap({0, t.plane_rows}, {-t.y0, in.h - t.y0}),
          .of_q = overlap({0, t.plane_rows}, {-t.y0 - t.lane, in.h - t.y0 - t.lane})};
}

// What no channel's inputs are written over.
inline void fill_border(const TileShape& t, const Inside& inside, uint32_t word, uint32_t* plane,
                        uint32_t pitch) {
  const auto has = [](Range rows, int32_t y) { return y >= rows.begin && y < rows.end; };
  for (int32_t y = 0; y < t.plane_rows; ++y, plane += pitch / 4) {
    const bool gathered = has(inside.of_p, y) || has(inside.of_q, y);
    const int32_t left_end = gathered ? inside.columns.begin : t.plane_columns;
    for (int32_t x = 0; x < left_end; ++x) plane[x] = word;
    for (int32_t x = inside.columns.end; x < t.plane_columns; ++x) plane[x] = word;
  }
}

inline Gather plan_gather(const DepthwiseLanesParams& p, const TileShape& t, const Inside& inside,
                          uint32_t* plane) {
  const Window2d& w = p.conv.window;
  const uint32_t pitch = depthwise_pitch(w.stride.h);
  const int32_t row = w.in.w * p.conv.in_channels;
  const auto pad = static_cast<uint32_t>(p.conv.in_zero_point);
  const auto [columns, of_p, of_q] = inside;
  Gather gather{};
  if (columns.begin >= columns.end) return gather;
  const auto n = static_cast<uint32_t>(columns.end - columns.begin);
  gather.in_step = static_cast<uint32_t>(row - static_cast<int32_t>(n) * p.conv.in_channels);
  gather.plane_step = pitch - 4 * n;
  gather.pixel = static_cast<uint32_t>(p.conv.in_channels);
  uint32_t count = 0;
  const auto add = [&](const uint8_t* entry, Range rows, int32_t first, uint32_t other, int32_t lane) {
    if (rows.begin >= rows.end) return;
    gather.stretches[count++] = {
        .entry = entry,
        .in = (first + rows.begin) * row + (t.x0 + columns.begin) * p.conv.in_channels,
        .rows = static_cast<uint32_t>(rows.end - rows.begin),
        .other = other,
        .lane = static_cast<uint32_t>(lane * row),
        .plane = plane + static_cast<uint32_t>(rows.begin) * (pitch / 4) + columns.begin};
  };
  constexpr uint32_t kBothBytes = 12;  // of code, for a column
  constexpr uint32_t kOfPBytes = 8;
  constexpr uint32_t kOfQBytes = 10;
  add(tandem_gather_q - kOfQBytes * n, {of_q.begin, std::min(of_q.end, of_p.begin)}, t.y0 + t.lane, pad, 0);
  add(tandem_gather_both - kBothBytes * n, overlap(of_p, of_q), t.y0, 0, t.lane);
  add(tandem_gather_p - kOfPBytes * n, {std::max(of_p.begin, of_q.end), of_p.end}, t.y0, pad << 16, 0);
  return gather;
}

// The part of the output that a unit writes.
struct TileOut {
  uint8_t* out;
  uint32_t channels;
  uint32_t columns;
  uint32_t rows;
  uint32_t pixel;  // bytes
  uint32_t row;
};

// All of it to the smallest level, which the loops do not store.
inline void fill(const TileOut& t) {
  constexpr uint32_t kSmallest = 0x80808080;
  constexpr uint32_t kMostWords = 32;
  const uint32_t row_step = t.row - t.columns * t.pixel;
  if (((reinterpret_cast<uintptr_t>(t.out) | t.channels | t.pixel) & 3) != 0) {
    uint8_t* out = t.out;
    for (uint32_t y = t.rows; y != 0; --y, out += row_step) {
      for (uint32_t x = t.columns; x != 0; --x, out += t.pixel) {
        for (uint32_t c = 0; c < t.channels; ++c) out[c] = static_cast<uint8_t>(kSmallest);
      }
    }
    return;
  }
  const uint32_t all = t.channels / 4;
  for (uint32_t first = 0; first < all; first += kMostWords) {
    const uint32_t words = std::min(all - first, kMostWords);
    const Fill words_of_all{.out = t.out + 4 * first,
                            .words = words,
                            .rows = t.rows,
                            .pixel_step = t.pixel - 4 * words,
                            .row_step = row_step,
                            .columns = t.columns,
                            .what = kSmallest};
    tandem_depthwise_fill(&words_of_all);
  }
}

// Where a unit is.
struct Unit {
  Blocks::Range channels;
  Blocks::Range columns;
  Blocks::Range rows;
  uint32_t batch;
};

inline bool silent(const uint8_t* loops, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (loops[i] != static_cast<uint8_t>(DepthwiseLoop::kSilent)) return false;
  }
  return true;
}

TANDEM_HOT("depthwise_conv_2d_unit")
void run_unit(const DepthwiseLanesParams& p, const Task& task, const Unit& unit) {
  const Conv2dParams& conv = p.conv;
  const Window2d& w = conv.window;
  const auto* levels = task.in<LevelChannel>(p.level_channels);
  auto* const plane = task.scratch<uint32_t>(p.scratch);
  const auto pixel = static_cast<uint32_t>(conv.out_channels);
  const auto row_bytes = static_cast<uint32_t>(w.out.w) * pixel;
  const auto stride = static_cast<uint32_t>(w.stride.h);
  const uint32_t pitch = depthwise_pitch(w.stride.h);
  const auto groups = static_cast<uint32_t>(conv.groups);
  const uint32_t tile_rows = unit.rows.end - unit.rows.begin;
  const uint32_t lane_rows = (tile_rows + 1) / 2;
  const uint32_t lane = tile_rows - lane_rows;  // of an odd number the middle one is in both
  const uint32_t tile_columns = unit.columns.end - unit.columns.begin;
  const TileShape shape{.y0 = static_cast<int32_t>(unit.rows.begin * stride) - w.pad.h,
                        .x0 = static_cast<int32_t>(unit.columns.begin * stride) - w.pad.w,
                        .lane = static_cast<int32_t>(lane * stride),
                        .plane_rows = static_cast<int32_t>((lane_rows - 1) * stride + 3),
                        .plane_columns = static_cast<int32_t>((tile_columns - 1) * stride + 3)};
  const Inside inside = inside_of(p, shape);
  const Gather gather = plan_gather(p, shape, inside, plane);
  const auto zero_point = static_cast<uint32_t>(conv.in_zero_point);
  fill_border(shape, inside, zero_point + (zero_point << 16), plane, pitch);

  const uint32_t first = unit.channels.begin * groups;
  const TileOut tile{.out = task.out<uint8_t>(conv.out) +
                            (unit.batch * static_cast<uint32_t>(w.out.h) + unit.rows.begin) * row_bytes +
                            unit.columns.begin * pixel + first,
                     .channels = (unit.channels.end - unit.channels.begin) * groups,
                     .columns = tile_columns,
                     .rows = tile_rows,
                     .pixel = pixel,
                     .row = row_bytes};
  fill(tile);

  const Exact exact{.bias = task.in<int32_t>(conv.bias),
                    .multipliers = task.in<int32_t>(conv.multipliers),
                    .shifts = task.in<int8_t>(conv.shifts),
                    .levels = levels,
                    .zero_point = conv.out_zero_point,
                    .clamp = conv.clamp};
  // An odd column by pairs of rows, where there are such loops and two rows.
  const uint32_t even_columns = tile_columns & ~1U;
  const bool apart = stride == 1 && even_columns != tile_columns && lane_rows >= 2;
  const auto walk = [&](uint32_t columns, uint32_t full_columns) {
    return Walk{.end = plane + columns * stride,
                .full_end = plane + full_columns * stride,
                .rows = lane_rows,
                .plane_step = (pitch - 4 * full_columns) * stride,
                .out_step = row_bytes - full_columns * pixel};
  };
  Channels channels{.lane = lane * row_bytes,
                    .own_slack = 0,
                    .pixel = pixel,
                    .own_walk = {},
                    .max = conv.clamp.max,
                    .exact = &exact,
                    .count = 0,
                    .own_groups = 0,
                    .in = task.in<int8_t>(conv.in) +
                          unit.batch * static_cast<uint32_t>(w.in.h * w.in.w * conv.in_channels) +
                          unit.channels.begin,
                    .out = tile.out,
                    .weights = task.in<int8_t>(conv.weights) + first,
                    .level = levels + first,
                    .loops = task.in<uint8_t>(p.loops) + first,
                    .slacks = task.in<uint16_t>(p.slacks) + first,
                    .weights_stride = pixel,
                    .zero_point = conv.in_zero_point,
                    .plane = plane,
                    .pairs = walk(even_columns, apart ? even_columns : tile_columns),
                    .singles = walk(tile_columns, tile_columns),
                    .gather = &gather,
                    .groups = groups,
                    .functions = stride == 1 ? tandem_depthwise_loops1 : tandem_depthwise_loops2,
                    .last_pairs = apart ? (lane_rows + 1) / 2 : 0,
                    .last_plane = plane + even_columns,
                    .last_out = even_columns * pixel,
                    .out_row = row_bytes,
                    .plane_back = lane_rows % 2 * pitch,
                    .out_back = lane_rows % 2 * row_bytes};
  const uint32_t all = unit.channels.end - unit.channels.begin;
  if (!p.some_silent) {
    channels.count = all;
    tandem_depthwise_channels(&channels);
    return;
  }
  // Runs of channels that have an output to compute.
  for (uint32_t left = all; left != 0; left -= channels.count) {
    const bool is_silent = silent(channels.loops, groups);
    channels.count = 1;
    while (channels.count != left && silent(channels.loops + channels.count * groups, groups) == is_silent) {
      ++channels.count;
    }
    if (!is_silent) tandem_depthwise_channels(&channels);
    const uint32_t outputs = channels.count * groups;
    channels.in += channels.count;
    channels.out += outputs;
    channels.weights += outputs;
    channels.level += outputs;
    channels.loops += outputs;
    channels.slacks += outputs;
  }
}

// As Blocks::block(), whose product has 64 bits.
Blocks::Range range_of(const Blocks& blocks, uint32_t unit) {
  const uint32_t begin = unit * blocks.per_unit;
  return {begin, std::min(begin + blocks.per_unit, blocks.count)};
}

KernelResult depthwise(const DepthwiseLanesParams& p, const Task& task) {
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    uint32_t rest = unit;
    const auto next = [&rest](const Blocks& blocks, uint32_t units) {
      const uint32_t quotient = units == 1 ? rest : rest / units;  // most have one tile
      const Blocks::Range range = range_of(blocks, rest - quotient * units);
      rest = quotient;
      return range;
    };
    const Blocks::Range channels = next(p.channels, p.channel_units);
    const Blocks::Range columns = next(p.columns, p.column_units);
    const Blocks::Range rows = next(p.rows, p.row_units);
    run_unit(p, task, {.channels = channels, .columns = columns, .rows = rows, .batch = rest});
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(depthwise_conv_2d_s8__armv6m, DepthwiseLanesParams, depthwise)

}  // namespace tandem
