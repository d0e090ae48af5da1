#include <algorithm>
#include <optional>

#include "kernel_arena.h"
#include "kernels/depthwise_taps.h"
#include "kernels/level_requantization.h"
#include "ops/depthwise_taps.h"
#include "program.h"

// depthwise_conv_2d_s8__armv6m_taps against ref/, over filters, shapes, tile edges and extremes.
namespace {

using namespace tandem;

alignas(16) uint8_t memory[128 * 1024];
alignas(16) uint8_t expected[40 * 1024];

struct DepthwiseCase {
  Size2d filter;
  Size2d in;
  Size2d stride;
  Size2d dilation;
  int32_t in_channels;
  int32_t multiplier;
  bool same;  // padding
  int32_t batches;
  Size2d more_out = {};  // outputs that models claim beyond what their input gives
};
constexpr DepthwiseCase kShapes[] = {
    {{5, 5}, {12, 12}, {1, 1}, {1, 1}, 6, 1, true, 1},
    {{5, 5}, {13, 11}, {2, 2}, {1, 1}, 9, 1, true, 1},
    {{10, 4}, {25, 9}, {1, 1}, {1, 1}, 8, 1, true, 1},
    {{10, 8}, {25, 20}, {2, 2}, {1, 1}, 3, 2, true, 1},
    {{1, 5}, {7, 19}, {1, 1}, {1, 1}, 5, 1, true, 2},
    {{5, 1}, {19, 7}, {1, 1}, {1, 1}, 5, 1, true, 2},
    {{2, 2}, {8, 8}, {2, 2}, {1, 1}, 4, 3, false, 1},
    {{1, 1}, {6, 7}, {1, 1}, {1, 1}, 5, 2, true, 1},
    {{1, 1}, {9, 9}, {3, 2}, {1, 1}, 4, 1, true, 1},
    {{3, 3}, {11, 10}, {1, 1}, {2, 2}, 4, 1, true, 1},
    {{3, 3}, {12, 12}, {1, 1}, {3, 1}, 4, 1, false, 1},
    {{3, 2}, {14, 15}, {2, 3}, {3, 2}, 4, 1, true, 1},
    {{3, 3}, {14, 14}, {3, 3}, {1, 1}, 4, 1, true, 1},
    {{3, 3}, {15, 15}, {1, 2}, {1, 1}, 4, 1, true, 1},
    // Strides larger than filters; one output; one row; one column.
    {{2, 2}, {17, 17}, {5, 4}, {1, 1}, 3, 1, true, 1},
    {{7, 7}, {7, 7}, {1, 1}, {1, 1}, 8, 1, false, 1},
    {{1, 9}, {1, 50}, {1, 1}, {1, 1}, 6, 1, true, 1},
    {{9, 1}, {50, 1}, {1, 1}, {1, 1}, 6, 1, true, 1},
    {{3, 1}, {40, 1}, {1, 1}, {8, 1}, 6, 1, true, 1},
    {{7, 7}, {3, 2}, {1, 1}, {1, 1}, 6, 1, true, 1},
    // Several tiles across, along, and both ways.
    {{5, 5}, {90, 60}, {1, 1}, {1, 1}, 2, 1, true, 1},
    {{20, 2}, {100, 50}, {1, 1}, {1, 1}, 2, 1, true, 1},
    {{5, 5}, {120, 100}, {2, 2}, {1, 1}, 1, 2, true, 1},
    {{1, 3}, {1, 4500}, {1, 1}, {1, 1}, 2, 1, true, 1},
    {{3, 3}, {2, 3000}, {1, 2}, {1, 1}, 3, 1, true, 1},
    {{30, 3}, {60, 300}, {1, 1}, {1, 1}, 1, 1, true, 1},
};

enum class Data { kAny, kLeast, kMost, kExtremes, kCount };
enum class Weights { kAny, kSmall, kLeast, kMost, kExtremes, kFew, kNone, kCount };

// What has been seen.
uint32_t not_for_it = 0;
uint32_t always_ask = 0;
uint32_t along_rows = 0;
uint32_t along_columns = 0;
uint32_t lanes_along = 0;
uint32_t lanes_across = 0;
uint32_t tiles_along = 0;
uint32_t tiles_across = 0;
uint32_t ends_of_rows[DepthwiseTaps::kQuad];  // by pairs in the last quad

int32_t random_extreme(Random& random) { return random.pick(0, 1) == 0 ? -128 : 127; }

bool same(const DepthwiseCase& shape, Data data, Weights kind, uint32_t seed) {
  Random random(seed);
  KernelArena arena(memory);
  Conv2dParams conv;
  Window2d& w = conv.window;
  w = {.batches = shape.batches,
       .in = shape.in,
       .filter = shape.filter,
       .stride = shape.stride,
       .dilation = shape.dilation};
  const auto along = [&](int32_t in, int32_t filter, int32_t dilation, int32_t stride, int32_t& pad) {
    const int32_t extent = (filter - 1) * dilation + 1;
    const int32_t out = shape.same ? (in + stride - 1) / stride : (in - extent) / stride + 1;
    pad = shape.same ? std::max((out - 1) * stride + extent - in, int32_t{0}) / 2 : 0;
    return out;
  };
  w.out = {along(w.in.h, w.filter.h, w.dilation.h, w.stride.h, w.pad.h),
           along(w.in.w, w.filter.w, w.dilation.w, w.stride.w, w.pad.w)};
  w.out = {w.out.h + shape.more_out.h, w.out.w + shape.more_out.w};
  conv.in_channels = shape.in_channels;
  conv.groups = shape.multiplier;
  conv.out_channels = shape.in_channels * shape.multiplier;
  conv.in_zero_point = random.pick(0, 1) == 0 ? -128 : random.pick(-128, 127);
  conv.out_zero_point = random.pick(0, 1) == 0 ? -128 : random.pick(-128, 127);
  conv.clamp = {-128, random.pick(0, 1) == 0 ? 127 : random.pick(-127, 127)};
  const auto channels = static_cast<uint32_t>(conv.out_channels);
  const auto rows = static_cast<uint32_t>(w.batches * w.out.h);
  const auto taps = static_cast<uint32_t>(w.filter.h * w.filter.w);
  conv.rows = {.count = rows, .per_unit = rows};
  conv.channels = {.count = channels, .per_unit = channels};
  conv.in = arena.add<int8_t>(static_cast<uint32_t>(w.batches * w.in.h * w.in.w * conv.in_channels), [&] {
    return data == Data::kLeast      ? -128
           : data == Data::kMost     ? 127
           : data == Data::kExtremes ? random_extreme(random)
                                     : random.pick(-128, 127);
  });
  conv.weights = arena.add<int8_t>(taps * channels, [&] {
    return kind == Weights::kLeast      ? -128
           : kind == Weights::kMost     ? 127
           : kind == Weights::kExtremes ? random_extreme(random)
           : kind == Weights::kSmall    ? random.pick(-8, 8)
           : kind == Weights::kFew      ? (random.pick(0, 9) == 0 ? random.pick(-128, 127) : 0)
           : kind == Weights::kNone     ? 0
                                        : random.pick(-128, 127);
  });
  conv.bias = arena.add<int32_t>(channels, [&] { return random.pick(-20000, 20000); });
  conv.multipliers =
      arena.add<int32_t>(channels, [&] { return (1 << 30) + random.pick(0, (1 << 22)) * 255; });
  conv.shifts = arena.add<int8_t>(
      channels, [&] { return random.pick(0, 9) == 0 ? random.pick(-31, 3) : random.pick(-13, -2); });

  auto p = cut_into_depthwise_taps(conv);
  if (!p) {
    ++not_for_it;
    return true;
  }
  p->levels = arena.room(channels * sizeof(LevelChannel));
  p->slacks = arena.room(channels * sizeof(uint16_t));
  for (uint32_t o = 0; o < channels; ++o) {
    const auto found = level_constants(
        {arena.at<int32_t>(conv.multipliers)[o], arena.at<int8_t>(conv.shifts)[o]},
        arena.at<int32_t>(conv.bias)[o], conv.out_zero_point, conv.clamp, kDepthwiseTapsSlack.most);
    always_ask += found ? 0 : 1;
    // As planned for channels that have none.
    const LevelConstants asks{.channel = {.offset = 1 << 29, .limit = INT32_MAX, .scale = 0}, .slack = 1};
    const LevelConstants constants = found.value_or(asks);
    arena.at<LevelChannel>(p->levels)[o] = constants.channel;
    arena.at<uint16_t>(p->slacks)[o] = static_cast<uint16_t>((constants.slack + 0xff) >> 8);
  }
  ++(p->along.tap_step == 1 ? along_columns : along_rows);
  ++(p->along.lane != 0 ? lanes_along : lanes_across);
  tiles_along += p->along.tiles > 1 ? 1 : 0;
  tiles_across += p->across.tiles > 1 ? 1 : 0;
  ++ends_of_rows[p->along.part.per_unit % DepthwiseTaps::kQuad];
  p->scratch.stride = (lay_out_depthwise_taps(*p, arena.at<int8_t>(conv.weights)) + 15) / 16 * 16;
  // Between guards; what it holds afterwards is nobody's business.
  p->scratch.base = arena.room(2 * p->scratch.stride);
  const uint32_t out_bytes = rows * static_cast<uint32_t>(w.out.w) * channels;
  conv.out = arena.room(out_bytes);
  p->out = conv.out;
  if (arena.bytes() > sizeof memory || out_bytes + 64 > sizeof expected) return false;

  arena.run(depthwise_conv_2d_s8__ref, &conv, 1, 1);
  const uint32_t end = arena.bytes() - conv.out.offset();
  std::memcpy(expected, arena.data() + conv.out.offset(), end);
  std::memset(arena.data() + conv.out.offset(), 0, out_bytes);
  const auto hash = [&] {
    uint32_t value = 0;
    for (uint32_t i = 0; i < p->scratch.base.offset(); ++i) value = value * 31 + memory[i];
    for (uint32_t i = p->scratch.base.offset() + 2 * p->scratch.stride; i < conv.out.offset(); ++i)
      value = value * 31 + memory[i];
    return value;
  };
  const uint32_t before = hash();
  arena.run(depthwise_conv_2d_s8__armv6m_taps, &*p, p->units(), 2);
  return before == hash() && std::memcmp(expected, arena.data() + conv.out.offset(), end) == 0;
}

// Sizes at random, filters that may hang over all sides, strides beyond them.
DepthwiseCase random_shape(Random& random) {
  DepthwiseCase shape{.filter = {random.pick(1, 6), random.pick(1, 6)},
                      .in = {random.pick(1, 20), random.pick(1, 20)},
                      .stride = {random.pick(1, 3), random.pick(1, 3)},
                      .dilation = {1, 1},
                      .in_channels = random.pick(1, 7),
                      .multiplier = random.pick(1, 3),
                      .same = random.pick(0, 2) != 0,
                      .batches = random.pick(1, 2)};
  if (shape.stride.h == 1 && shape.stride.w == 1 && random.pick(0, 1) == 0) {
    shape.dilation = {random.pick(1, 3), random.pick(1, 4)};
  }
  if (random.pick(0, 5) == 0) shape.more_out = {random.pick(0, 9), random.pick(0, 9)};
  if ((shape.filter.h - 1) * shape.dilation.h >= shape.in.h ||
      (shape.filter.w - 1) * shape.dilation.w >= shape.in.w) {
    shape.same = true;
  }
  return shape;
}

}  // namespace

int main() {
  uint32_t cases = 0;
  uint32_t wrong = 0;
  const auto try_case = [&](const DepthwiseCase& shape, Data data, Weights weights) {
    ++cases;
    if (same(shape, data, weights, cases)) return;
    ++wrong;
    tandem::rp2040::print(
        "FAILED %ldx%ld on %ldx%ldx%ld, stride %ldx%ld, dilation %ldx%ld, data %d, weights %d, "
        "seed %lu\n",
        shape.filter.h, shape.filter.w, shape.in.h, shape.in.w, shape.in_channels, shape.stride.h,
        shape.stride.w, shape.dilation.h, shape.dilation.w, static_cast<int>(data), static_cast<int>(weights),
        cases);
  };
  for (const DepthwiseCase& shape : kShapes) {
    const bool small = shape.in.h * shape.in.w < 400;
    for (const Weights weights : {Weights::kAny, Weights::kSmall}) try_case(shape, Data::kAny, weights);
    for (const Weights weights : {Weights::kLeast, Weights::kMost, Weights::kExtremes}) {
      for (const Data data : {Data::kLeast, Data::kMost, Data::kExtremes}) {
        if (small || data == Data::kExtremes) try_case(shape, data, weights);
      }
    }
  }
  Random random(1);
  constexpr uint32_t kRandomShapes = 300;
  for (uint32_t i = 0; i < kRandomShapes; ++i) {
    const DepthwiseCase shape = random_shape(random);
    const auto data = static_cast<Data>(random.pick(0, static_cast<int32_t>(Data::kCount) - 1));
    const auto weights = static_cast<Weights>(random.pick(0, static_cast<int32_t>(Weights::kCount) - 1));
    try_case(shape, data, weights);
  }
  check("all cases are for this kernel", not_for_it == 0);
  check("some channels always ask", always_ask > 100);
  check("quads lay along rows and along columns", along_rows > 50 && along_columns > 50);
  check("lanes lay along and across", lanes_along > 50 && lanes_across > 50);
  check("there were tiles along and across", tiles_along > 5 && tiles_across > 5);
  check("rows ended with one to four pairs",
        std::ranges::all_of(ends_of_rows, [](uint32_t n) { return n > 20; }));
  check("depthwise taps say what ref says", wrong == 0);
  end();
}
