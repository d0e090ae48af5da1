#include <algorithm>

#include "kernels/depthwise_taps.h"
#include "kernels/portable/requantizer.h"

// A unit gathers a channel's inputs under its tile into a plane of pairs, makes a list of a filter's taps,
// and goes over the plane with it; once for each of the channel's outputs. All of it lies in flash, for few
// networks have such filters; the loops, depthwise_conv_2d_taps.S, are copied to the worker's memory.
namespace tandem {
namespace {

using Lanes = DepthwiseTaps;
using Axis = DepthwiseTapsAxis;

// What the exact function is told.
struct Exact {
  const int32_t* bias;
  const int32_t* multipliers;
  const int8_t* shifts;
  const LevelChannel* levels;
  int32_t out_zero_point;
  Clamp clamp;
  uint32_t channel;
};

// For sums that x alone does not decide.
int32_t exact(int32_t x, const Exact* e) {
  const uint32_t o = e->channel;
  const portable::Requantizer f({e->multipliers[o], e->shifts[o]}, e->out_zero_point, e->clamp);
  const int32_t bias = e->bias != nullptr ? e->bias[o] : 0;
  return f(wrapping_add(wrapping_sub(x, e->levels[o].offset), bias));
}

}  // namespace

// What the loops are given, in their order.
extern "C" {
struct TapList {
  const int8_t* weights;
  uint32_t step;  // bytes from one to the next
  const uint16_t* places;
  const uint16_t* places_end;
  uint32_t* list;
  int32_t sum;      // written: of the weights
  uint32_t groups;  // written
};

// Rows of a plane that are gathered in the same way. Of the lane that is outside p or q is the zero point,
// and its steps are 0.
struct Stretch {
  const int8_t* p;
  const int8_t* q;
  uint32_t* to;
  uint32_t p_step;
  uint32_t q_step;
  uint32_t count;
  uint32_t rows;
  uint32_t p_row;  // bytes from the end of a row to the next
  uint32_t q_row;
  uint32_t to_row;
};

struct TapsChannel {
  const uint32_t* list;
  uint32_t* sums;
  uint32_t* sums_end;
  const uint32_t* plane;
  uint32_t offset;
  uint32_t slack;  // << 8
  uint32_t limit;
  uint32_t scale;
  int8_t* out;
  uint32_t left;  // pairs of the row
  uint32_t step;  // bytes from an output to the next
  uint32_t lane;  // from p's to q's
  int32_t top;
  uint32_t columns;  // pairs of a row
  uint32_t rows;
  uint32_t plane_row;  // bytes from a row's last quad to the next row
  uint32_t out_row;    // bytes from a row's end to the next
  int32_t (*exact)(int32_t x, const Exact* e);
  const Exact* exact_context;
};
static_assert(sizeof(void*) == 4 && sizeof(TapsChannel) == 19 * 4 &&
              sizeof(Stretch) == DepthwiseTaps::kStretchBytes);

void depthwise_taps_list(TapList* list);
void depthwise_taps_gather(const Stretch* stretch);
void depthwise_taps_channel(const TapsChannel* channel);
}

namespace {

struct Range {
  int32_t begin;
  int32_t end;

  [[nodiscard]] bool empty() const { return begin >= end; }
};

// The parts of an axis of a plane where q alone, both and p alone are inside of the input.
struct Parts {
  Range q;
  Range both;
  Range p;
};

// Of `count` positions, `step` inputs apart, p's first being input `first`, q's `lane` further on.
Parts parts_of(int32_t first, int32_t lane, int32_t step, int32_t in, int32_t count) {
  const auto inside = [&](int32_t from) {
    const auto reach = [&](int32_t room) {
      return room <= 0 ? 0 : std::min((room + step - 1) / step, count);
    };
    return Range{reach(-from), reach(in - from)};
  };
  const Range of_p = inside(first);
  const Range of_q = inside(first + lane);
  return {.q = {of_q.begin, std::min(of_q.end, of_p.begin)},
          .both = {std::max(of_p.begin, of_q.begin), std::min(of_p.end, of_q.end)},
          .p = {std::max(of_p.begin, of_q.end), of_p.end}};
}

// Where a tile begins in an axis of p's part of the output, and how many outputs it has there.
struct Tile {
  Blocks::Range across;
  Blocks::Range along;

  [[nodiscard]] uint32_t rows() const { return across.end - across.begin; }
  [[nodiscard]] uint32_t columns() const { return along.end - along.begin; }
};

// A unit's plane.
struct Plane {
  uint32_t* words;
  uint32_t section;  // words
  uint32_t pitch;    // of a row
  uint32_t rows;

  Plane(const DepthwiseTapsParams& p, const Tile& tile, uint32_t* memory)
      : words(memory),
        section(Lanes::section_words(p.along, p.along.part.per_unit)),
        pitch(section * Lanes::sections(p.along)),
        rows(Lanes::reach(p.across, tile.rows())) {}

  void fill(uint32_t word) const {
    uint32_t* w = words;
    uint32_t left = rows * pitch;
    for (; left >= 4; left -= 4, w += 4) {
      w[0] = word;
      w[1] = word;
      w[2] = word;
      w[3] = word;
    }
    for (; left != 0; --left) *w++ = word;
  }

  // Where four neighbouring outputs' inputs under each tap begin, in bytes from the first quad's.
  void list_places(const DepthwiseTapsParams& p, uint16_t* places) const {
    const auto stride = static_cast<uint32_t>(p.along.stride);
    const uint32_t row_step = static_cast<uint32_t>(p.across.dilation) * pitch;
    uint32_t row = 0;
    for (int32_t r = p.across.filter; r != 0; --r, row += row_step, places += p.across.tap_step) {
      uint16_t* place = places;
      uint32_t column = row;
      uint32_t phase = 0;
      for (int32_t s = p.along.filter; s != 0; --s, place += p.along.tap_step) {
        *place = static_cast<uint16_t>((phase * section + column) * Lanes::kWord);
        for (phase += static_cast<uint32_t>(p.along.dilation); phase >= stride; phase -= stride) ++column;
      }
    }
  }
};

// How a channel's inputs under a tile come into a plane. Returns the end of the stretches.
Stretch* plan_gather(const DepthwiseTapsParams& p, const Tile& tile, const int8_t* in,
                     const int8_t* zero_point, const Plane& plane, Stretch* stretches) {
  const Axis& along = p.along;
  const Axis& across = p.across;
  const auto first_of = [](const Axis& axis, uint32_t begin) {
    return static_cast<int32_t>(begin) * axis.stride - axis.pad;
  };
  const auto lane_of = [](const Axis& axis) { return static_cast<int32_t>(axis.lane) * axis.stride; };
  const auto row_step = static_cast<int32_t>(across.in_step);
  const auto input_step = static_cast<int32_t>(along.in_step);
  const int32_t lane = lane_of(across) * row_step + lane_of(along) * input_step;
  const int32_t y = first_of(across, tile.across.begin);
  const Parts rows = parts_of(y, lane_of(across), 1, across.in, static_cast<int32_t>(plane.rows));
  const auto positions = static_cast<int32_t>(Lanes::reach(along, tile.columns()));
  for (int32_t phase = 0; phase < static_cast<int32_t>(Lanes::sections(along)); ++phase) {
    const int32_t x = first_of(along, tile.along.begin) + phase;
    const Parts columns = parts_of(x, lane_of(along), along.stride, along.in,
                                   (positions - phase + along.stride - 1) / along.stride);
    const auto add = [&](Range part_rows, Range part_columns, bool has_p, bool has_q) {
      if (part_rows.empty() || part_columns.empty()) return;
      const auto count = static_cast<uint32_t>(part_columns.end - part_columns.begin);
      const auto step = static_cast<uint32_t>(along.stride * input_step);
      const uint32_t next_row = across.in_step - count * step;
      const int8_t* const from =
          in + (y + part_rows.begin) * row_step + (x + part_columns.begin * along.stride) * input_step;
      *stretches++ = {.p = has_p ? from : zero_point,
                      .q = has_q ? from + lane : zero_point,
                      .to = plane.words + static_cast<uint32_t>(part_rows.begin) * plane.pitch +
                            static_cast<uint32_t>(phase) * plane.section + part_columns.begin,
                      .p_step = has_p ? step : 0,
                      .q_step = has_q ? step : 0,
                      .count = count,
                      .rows = static_cast<uint32_t>(part_rows.end - part_rows.begin),
                      .p_row = has_p ? next_row : 0,
                      .q_row = has_q ? next_row : 0,
                      .to_row = (plane.pitch - count) * Lanes::kWord};
    };
    // The lane is of one axis: in the other both are inside or none.
    add(rows.q, columns.both, false, true);
    add(rows.both, columns.q, false, true);
    add(rows.both, columns.both, true, true);
    add(rows.both, columns.p, true, false);
    add(rows.p, columns.both, true, false);
  }
  return stretches;
}

// Where a unit is.
struct Unit {
  Blocks::Range channels;
  Tile tile;
  uint32_t batch;
};

void run_unit(const DepthwiseTapsParams& p, const Task& task, const Unit& unit) {
  auto* const memory = task.scratch<uint8_t>(p.scratch);
  auto* const list = reinterpret_cast<uint32_t*>(memory + p.list_at);
  auto* const sums = reinterpret_cast<uint32_t*>(memory + p.sums_at);
  auto* const places = reinterpret_cast<uint16_t*>(memory + p.places_at);
  auto* const stretches = reinterpret_cast<Stretch*>(memory + p.stretches_at);
  const Tile& tile = unit.tile;
  const Plane plane(p, tile, reinterpret_cast<uint32_t*>(memory));
  const auto zero_point = static_cast<int8_t>(p.in_zero_point);
  const auto zero_word = static_cast<uint32_t>(p.in_zero_point);
  plane.fill(zero_word + (zero_word << 16));
  plane.list_places(p, places);
  Stretch* const stretches_end =
      plan_gather(p, tile, task.in<int8_t>(p.in) + unit.batch * p.in_image + unit.channels.begin, &zero_point,
                  plane, stretches);

  const Axis& along = p.along;
  const Axis& across = p.across;
  const uint32_t quads = (tile.columns() + Lanes::kQuad - 1) / Lanes::kQuad;
  auto* const out = task.out<int8_t>(p.out) + unit.batch * p.out_image + tile.across.begin * across.out_step +
                    tile.along.begin * along.out_step;
  const auto* const weights = task.in<int8_t>(p.weights);
  const auto* const levels = task.in<LevelChannel>(p.levels);
  const auto* const slacks = task.in<uint16_t>(p.slacks);
  Exact exact_of{.bias = task.in<int32_t>(p.bias),
                 .multipliers = task.in<int32_t>(p.multipliers),
                 .shifts = task.in<int8_t>(p.shifts),
                 .levels = levels,
                 .out_zero_point = p.out_zero_point,
                 .clamp = p.clamp,
                 .channel = 0};
  TapList taps{.weights = nullptr,
               .step = p.out_channels,
               .places = places,
               .places_end = places + p.taps(),
               .list = list,
               .sum = 0,
               .groups = 0};
  TapsChannel channel{
      .list = list,
      .sums = sums,
      .sums_end = nullptr,
      .plane = plane.words,
      .offset = 0,
      .slack = 0,
      .limit = 0,
      .scale = 0,
      .out = nullptr,
      .left = tile.columns(),
      .step = along.out_step,
      .lane = across.lane * across.out_step + along.lane * along.out_step,
      .top = p.clamp.max,
      .columns = tile.columns(),
      .rows = tile.rows(),
      .plane_row =
          (static_cast<uint32_t>(across.stride) * plane.pitch - (quads - 1) * Lanes::kQuad) * Lanes::kWord,
      .out_row = across.out_step - tile.columns() * along.out_step,
      .exact = exact,
      .exact_context = &exact_of};
  uint32_t o = unit.channels.begin * p.multiplier;
  for (uint32_t c = unit.channels.begin; c != unit.channels.end; ++c) {
    for (Stretch* s = stretches; s != stretches_end; ++s) {
      depthwise_taps_gather(s);
      s->p += s->p_step != 0 ? 1 : 0;
      s->q += s->q_step != 0 ? 1 : 0;
    }
    for (uint32_t i = 0; i < p.multiplier; ++i, ++o) {
      taps.weights = weights + o;
      depthwise_taps_list(&taps);
      const LevelChannel& level = levels[o];
      exact_of.channel = o;
      channel.sums_end = sums + (taps.groups - 1) * Lanes::kQuad;
      channel.offset = static_cast<uint32_t>(level.offset) - static_cast<uint32_t>(taps.sum) * zero_word;
      channel.slack = uint32_t{slacks[o]} << 16;
      channel.limit = level.limit;
      channel.scale = level.scale;
      channel.out = out + o;
      depthwise_taps_channel(&channel);
    }
  }
}

KernelResult taps(const DepthwiseTapsParams& p, const Task& task) {
  for (uint32_t unit = task.begin; unit < task.end; ++unit) {
    uint32_t rest = unit;
    const auto next = [&rest](const Blocks& blocks, uint32_t units) {
      const uint32_t quotient = rest / units;
      const Blocks::Range range = blocks.block(rest - quotient * units);
      rest = quotient;
      return range;
    };
    const Blocks::Range channels = next(p.channels, p.channel_units);
    const Blocks::Range along = next(p.along.part, p.along.tiles);
    const Blocks::Range across = next(p.across.part, p.across.tiles);
    run_unit(p, task, {.channels = channels, .tile = {.across = across, .along = along}, .batch = rest});
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_LARGE_KERNEL(depthwise_conv_2d_s8__armv6m_taps, DepthwiseTapsParams, taps)

}  // namespace tandem
