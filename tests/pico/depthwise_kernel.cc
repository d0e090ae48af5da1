#include <algorithm>
#include <optional>

#include "kernel_arena.h"
#include "kernels/depthwise_lanes.h"
#include "kernels/level_requantization.h"
#include "ops/depthwise_lanes.h"
#include "program.h"

// depthwise_conv_2d_s8__armv6m against ref/, over shapes, tile edges and extremes.
namespace {

using namespace tandem;

alignas(16) uint8_t memory[120 * 1024];
alignas(16) uint8_t expected[36 * 1024];

struct DepthwiseCase {
  Size2d in;
  int32_t stride;
  int32_t in_channels;
  int32_t multiplier;
  bool same;  // padding
  int32_t batches;
};
constexpr DepthwiseCase kShapes[] = {
    // Odd and even sizes; the smallest; rows that one lane has only.
    {{3, 3}, 1, 5, 1, true, 1},
    {{1, 2}, 1, 4, 1, true, 1},
    {{2, 3}, 1, 3, 2, true, 2},
    {{6, 6}, 1, 12, 1, true, 1},
    {{7, 5}, 1, 8, 1, true, 1},
    {{7, 6}, 2, 9, 1, true, 1},
    {{6, 7}, 2, 4, 3, true, 2},
    {{6, 6}, 2, 16, 1, true, 1},
    {{3, 4}, 1, 6, 1, false, 1},
    {{9, 8}, 2, 7, 1, false, 1},
    {{25, 5}, 1, 16, 1, true, 1},
    // Several tiles, of rows and columns; 57 = 2·28 + 1 leaves no column alone.
    {{4, 57}, 1, 4, 1, true, 1},
    {{3, 29}, 1, 5, 1, true, 1},
    {{5, 61}, 2, 4, 1, true, 1},
    {{105, 4}, 1, 2, 1, true, 1},
    {{61, 33}, 2, 3, 1, true, 1},
    {{40, 30}, 2, 1, 8, true, 1},
    {{28, 28}, 1, 4, 1, true, 1},
};

enum class Data { kAny, kLeast, kMost, kExtremes };
enum class Weights { kAny, kSmall, kLeast, kMost, kExtremes };

uint32_t not_for_it = 0;
uint32_t always_ask = 0;
uint32_t silent = 0;
uint32_t loops_used[static_cast<size_t>(DepthwiseLoop::kCount)];
uint32_t last_columns[static_cast<size_t>(DepthwiseLoop::kCount)];  // done by pairs of rows

int32_t random_extreme(Random& random, int32_t least) { return random.pick(0, 1) == 0 ? least : 127; }

bool same(const DepthwiseCase& shape, Data data, Weights kind, uint32_t seed) {
  Random random(seed);
  KernelArena arena(memory);
  DepthwiseLanesParams p;
  Conv2dParams& conv = p.conv;
  const auto along = [&](int32_t in, int32_t& pad) {
    const int32_t out = shape.same ? (in + shape.stride - 1) / shape.stride : (in - 3) / shape.stride + 1;
    pad = shape.same ? std::max((out - 1) * shape.stride + 3 - in, int32_t{0}) / 2 : 0;
    return out;
  };
  Window2d& w = conv.window;
  w = {.batches = shape.batches, .in = shape.in, .filter = {3, 3}, .stride = {shape.stride, shape.stride}};
  w.out = {along(shape.in.h, w.pad.h), along(shape.in.w, w.pad.w)};
  conv.in_channels = shape.in_channels;
  conv.groups = shape.multiplier;
  conv.out_channels = shape.in_channels * shape.multiplier;
  conv.in_zero_point = random.pick(0, 1) == 0 ? -128 : random.pick(-128, 127);
  conv.out_zero_point = random.pick(0, 1) == 0 ? -128 : random.pick(-128, 127);
  conv.clamp = {-128, random.pick(0, 1) == 0 ? 127 : random.pick(-127, 127)};
  const auto channels = static_cast<uint32_t>(conv.out_channels);
  const auto rows = static_cast<uint32_t>(w.batches * w.out.h);
  conv.rows = {.count = rows, .per_unit = rows};
  conv.channels = {.count = channels, .per_unit = channels};
  conv.in = arena.add<int8_t>(static_cast<uint32_t>(w.batches * w.in.h * w.in.w * conv.in_channels), [&] {
    return data == Data::kLeast      ? -128
           : data == Data::kMost     ? 127
           : data == Data::kExtremes ? random_extreme(random, -128)
                                     : random.pick(-128, 127);
  });
  conv.weights = arena.add<int8_t>(9 * channels, [&] {
    return kind == Weights::kLeast      ? -127
           : kind == Weights::kMost     ? 127
           : kind == Weights::kExtremes ? random_extreme(random, -127)
           : kind == Weights::kSmall    ? random.pick(-60, 60)
                                        : random.pick(-127, 127);
  });
  // Some channels never get above the least output.
  const bool with_silent = random.pick(0, 2) == 0;
  constexpr int32_t kFarBelow = -(1 << 24);
  conv.bias = arena.add<int32_t>(channels, [&] {
    return with_silent && random.pick(0, 1) == 0 ? kFarBelow : random.pick(-20000, 20000);
  });
  conv.multipliers =
      arena.add<int32_t>(channels, [&] { return (1 << 30) + random.pick(0, (1 << 22)) * 255; });
  conv.shifts = arena.add<int8_t>(
      channels, [&] { return random.pick(0, 9) == 0 ? random.pick(-31, 3) : random.pick(-11, -2); });
  p.level_channels = arena.room(channels * sizeof(LevelChannel));
  p.loops = arena.room(channels);
  p.slacks = arena.room(channels * sizeof(uint16_t));
  for (uint32_t o = 0; o < channels; ++o) {
    const QuantizedMultiplier factor{arena.at<int32_t>(conv.multipliers)[o],
                                     arena.at<int8_t>(conv.shifts)[o]};
    const auto found = level_constants(factor, arena.at<int32_t>(conv.bias)[o], conv.out_zero_point,
                                       conv.clamp, kDepthwiseLanesSlack.most);
    always_ask += found ? 0 : 1;
    const LevelConstants constants = found.value_or(kAlwaysAsks);
    const auto loop = depthwise_loop(arena.at<int8_t>(conv.weights) + o, conv.out_channels);
    if (!loop) {  // the planner takes another kernel then
      ++not_for_it;
      return true;
    }
    arena.at<LevelChannel>(p.level_channels)[o] = constants.channel;
    arena.at<uint16_t>(p.slacks)[o] = static_cast<uint16_t>((constants.slack + 0xff) >> 8);
    constexpr int32_t kLargestSum = 9 * 128 * 255;
    if (arena.at<int32_t>(conv.bias)[o] == kFarBelow &&
        requantize(kFarBelow + kLargestSum, factor) + conv.out_zero_point <= -128) {
      arena.at<uint8_t>(p.loops)[o] = static_cast<uint8_t>(DepthwiseLoop::kSilent);
      p.some_silent = true;
      ++silent;
      continue;
    }
    arena.at<uint8_t>(p.loops)[o] = static_cast<uint8_t>(*loop);
    ++loops_used[static_cast<size_t>(*loop)];
    if (shape.stride == 1 && w.out.w % 2 == 1 && w.out.h > 2) ++last_columns[static_cast<size_t>(*loop)];
  }
  p.scratch.stride = (cut_into_depthwise_tiles(p) + 15) / 16 * 16;
  // Between guards; what it holds afterwards is nobody's business.
  p.scratch.base = arena.room(2 * p.scratch.stride);
  const uint32_t out_bytes = rows * static_cast<uint32_t>(w.out.w) * channels;
  conv.out = arena.room(out_bytes);
  if (arena.bytes() > sizeof memory || out_bytes + 64 > sizeof expected) return false;

  arena.run(depthwise_conv_2d_s8__ref, &conv, 1, 1);
  const uint32_t end = arena.bytes() - conv.out.offset();
  std::memcpy(expected, arena.data() + conv.out.offset(), end);
  std::memset(arena.data() + conv.out.offset(), 0, out_bytes);
  const auto hash = [&] {
    uint32_t value = 0;
    for (uint32_t i = 0; i < p.scratch.base.offset(); ++i) value = value * 31 + memory[i];
    for (uint32_t i = p.scratch.base.offset() + 2 * p.scratch.stride; i < conv.out.offset(); ++i)
      value = value * 31 + memory[i];
    return value;
  };
  const uint32_t before = hash();
  arena.run(depthwise_conv_2d_s8__armv6m, &p, p.units(), 2);
  return before == hash() && std::memcmp(expected, arena.data() + conv.out.offset(), end) == 0;
}

}  // namespace

int main() {
  uint32_t cases = 0;
  uint32_t wrong = 0;
  for (const DepthwiseCase& shape : kShapes) {
    for (const Data data : {Data::kAny, Data::kLeast, Data::kMost, Data::kExtremes}) {
      for (const Weights weights :
           {Weights::kAny, Weights::kSmall, Weights::kLeast, Weights::kMost, Weights::kExtremes}) {
        ++cases;
        if (same(shape, data, weights, cases)) continue;
        ++wrong;
        tandem::rp2040::print("FAILED %ldx%ldx%ld, stride %ld, data %d, weights %d, seed %lu\n", shape.in.h,
                              shape.in.w, shape.in_channels, shape.stride, static_cast<int>(data),
                              static_cast<int>(weights), cases);
      }
    }
  }
  check("nearly all cases are for this kernel", not_for_it * 20 < cases);
  check("some channels always ask", always_ask > 100);
  check("some channels are silent", silent > 100);
  check("every loop was taken", std::ranges::all_of(loops_used, [](uint32_t n) { return n > 20; }));
  check("every loop left a last column", std::ranges::all_of(last_columns, [](uint32_t n) { return n > 5; }));
  check("depthwise says what ref says", wrong == 0);
  end();
}
