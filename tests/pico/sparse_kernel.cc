#include <algorithm>

#include "kernel_arena.h"
#include "kernels/conv_2d.h"
#include "kernels/level_requantization.h"
#include "program.h"

// conv_2d_s8__armv6m_sparse against ref/, over tile edges and extremes.
namespace {

using namespace tandem;

alignas(16) uint8_t memory[150 * 1024];
alignas(16) uint8_t expected[24 * 1024];

struct Shape {
  int32_t in_channels;
  int32_t out_channels;
  uint32_t pixels;
  uint32_t pass_tiles;
};
constexpr Shape kShapes[] = {
    {4, 1, 1, 1},    {4, 10, 3, 1},   {8, 11, 2, 2},   {12, 13, 5, 1}, {48, 24, 7, 3},  {64, 25, 9, 2},
    {128, 12, 4, 2}, {128, 37, 5, 4}, {256, 14, 3, 1}, {64, 96, 6, 4}, {512, 10, 1, 1}, {16, 20, 9, 2},
    {64, 64, 5, 7},  {8, 15, 3, 2},   {20, 26, 4, 1},  {12, 38, 3, 2}, {16, 19, 2, 2},  {512, 5, 2, 1},
    {36, 39, 3, 3},  {28, 65, 4, 3},  {40, 27, 1, 4},  {12, 16, 2, 2}, {24, 18, 3, 1},  {44, 21, 2, 2},
    {512, 22, 1, 2}, {12, 3, 4, 1},   {32, 8, 3, 1},
};

enum class Data { kSparse, kFull, kAllZero, kAllLargest, kTiny, kSeldom, kAtBound, kDense, kMixed };
enum class Weights { kUsual, kExtremes, kAllLeast, kAllMost, kAtBound };

// Σ |w|·u of nine inputs is as much as a group takes, in every channel, whatever the signs.
constexpr struct {
  int32_t u;
  int32_t weight;
} kAtBound[] = {{255, 127}, {255, 127}, {255, 127}, {255, 127}, {255, 127},
                {255, 127}, {255, 127}, {254, 123}, {1, 110}};

uint32_t not_for_it = 0;

bool same(const Shape& shape, uint16_t threes, Data data, Weights kind, uint32_t seed) {
  Random random(seed);
  const auto units_at_once = static_cast<uint32_t>(random.pick(1, 4));
  KernelArena arena(memory);
  SparseConv2dParams p{.threes = threes, .workers = 2};
  Conv2dParams conv;
  const auto k = static_cast<uint32_t>(shape.in_channels);
  const auto channels = static_cast<uint32_t>(shape.out_channels);
  conv.window = {.batches = 1,
                 .in = {1, static_cast<int32_t>(shape.pixels)},
                 .out = {1, static_cast<int32_t>(shape.pixels)},
                 .filter = {1, 1}};
  conv.in_channels = shape.in_channels;
  conv.out_channels = shape.out_channels;
  conv.in_zero_point = -128;
  conv.out_zero_point = random.pick(0, 1) == 0 ? -128 : random.pick(-128, 127);
  conv.clamp = random.pick(0, 1) == 0 ? Clamp{-128, 127} : Clamp{conv.out_zero_point, 127};
  if (conv.clamp.min == 127) conv.clamp.min = 0;
  conv.rows = {.count = 1, .per_unit = 1};
  conv.channels = {.count = channels, .per_unit = channels};
  uint32_t input = 0;  // of a pixel, or of a channel's weights
  const auto next_input = [&] {
    const uint32_t now = input++;
    if (input == k) input = 0;
    return now;
  };
  uint32_t inputs = 0;
  conv.in = arena.add<int8_t>(shape.pixels * k, [&]() -> int32_t {
    const auto pixel = static_cast<int32_t>(inputs++ / k);
    switch (data) {
      case Data::kDense:  // no zeros, around another mean in each pixel
        return pixel % 5 * 40 - 127 + random.pick(0, 90);
      case Data::kMixed:  // of a ReLU, then dense, then as far apart as can be
        return pixel % 3 == 0   ? std::max(random.pick(-383, 127), int32_t{-128})
               : pixel % 3 == 1 ? 60 + random.pick(-20, 20)
                                : 127 - random.pick(0, 1) * 254;
      case Data::kAtBound:
        return kAtBound[next_input() % std::size(kAtBound)].u - 128;
      case Data::kAllZero:
        return -128;
      case Data::kAllLargest:
        return 127;
      case Data::kTiny:
        return random.pick(-128, -127);
      case Data::kSeldom:
        return random.pick(0, 15) == 0 ? random.pick(-128, 127) : -128;
      case Data::kSparse:
        return random.pick(0, 1) == 0 ? -128 : random.pick(-128, 127);
      default:
        return random.pick(-128, 127);
    }
  });
  bool negative = false;
  conv.weights = arena.add<int8_t>(channels * k, [&]() -> int32_t {
    switch (kind) {
      case Weights::kAtBound: {
        if (input == 0) negative = random.pick(0, 1) == 0;
        const int32_t weight = kAtBound[next_input() % std::size(kAtBound)].weight;
        return negative ? -weight : weight;
      }
      case Weights::kExtremes:
        return random.pick(0, 1) == 0 ? -128 : 127;
      case Weights::kAllLeast:
        return -128;
      case Weights::kAllMost:
        return 127;
      default:
        return random.pick(-60, 60);
    }
  });
  conv.bias = arena.add<int32_t>(channels, [&] { return random.pick(-20000, 20000); });
  conv.multipliers =
      arena.add<int32_t>(channels, [&] { return (1 << 30) + random.pick(0, (1 << 22)) * 255; });
  conv.shifts = arena.add<int8_t>(channels, [&] { return random.pick(-12, -5); });
  p.level_channels = arena.room(channels * sizeof(LevelChannel));
  for (uint32_t o = 0; o < channels; ++o) {
    const auto constants =
        level_constants({arena.at<int32_t>(conv.multipliers)[o], arena.at<int8_t>(conv.shifts)[o]},
                        arena.at<int32_t>(conv.bias)[o], conv.out_zero_point, conv.clamp);
    if (!constants) {  // the planner takes another kernel then
      ++not_for_it;
      return true;
    }
    arena.at<LevelChannel>(p.level_channels)[o] = constants->channel;
    p.slack = std::max(p.slack, constants->slack);
  }
  p.weight_max = arena.add<uint8_t>(k, [&] {
    const uint32_t of = next_input();
    int32_t largest = 0;
    for (uint32_t o = 0; o < channels; ++o) {
      const int32_t weight = arena.at<int8_t>(conv.weights)[o * k + of];
      largest = std::max(largest, weight < 0 ? -weight : weight);
    }
    return largest;
  });
  // Between guards; what they hold afterwards is nobody's business.
  p.scratch.stride = (sparse_worker_bytes(threes, k) + 15) / 16 * 16;
  p.scratch.base = arena.room(2 * p.scratch.stride);
  p.tiles = arena.room(shape.pass_tiles * sparse_tile_bytes(threes, k));
  conv.out = arena.room(shape.pixels * channels);
  if (arena.bytes() > sizeof memory) return false;

  arena.run(conv_2d_s8__ref, &conv, 1, 1);
  const uint32_t end = arena.bytes() - conv.out.offset();
  std::memcpy(expected, arena.data() + conv.out.offset(), end);
  std::memset(arena.data() + conv.out.offset(), 0, shape.pixels * channels);
  const uint32_t inputs_end = p.scratch.base.offset();
  uint32_t before = 0;
  for (uint32_t i = 0; i < inputs_end; ++i) before = before * 31 + memory[i];
  p.in = conv.in;
  p.bias = conv.bias;
  p.out = conv.out;
  p.multipliers = conv.multipliers;
  p.shifts = conv.shifts;
  p.pixels = shape.pixels;
  p.in_channels = k;
  p.out_channels = channels;
  p.out_zero_point = conv.out_zero_point;
  p.clamp = conv.clamp;
  const uint32_t tile_channels = sparse_tile_channels(threes);
  const uint32_t tiles = (channels + tile_channels - 1) / tile_channels;
  for (p.first_tile = 0; p.first_tile < tiles; p.first_tile += shape.pass_tiles) {
    p.weights = Ref::make(Ref::kArena, conv.weights.offset() + p.first_tile * tile_channels * k);
    p.pass_tiles = std::min(shape.pass_tiles, tiles - p.first_tile);
    const bool splits_last = shape.pixels % 2 == 1 && p.pass_tiles > 1;
    p.first_half_tiles = splits_last ? p.pass_tiles / 2 : p.pass_tiles;
    const uint32_t workers = p.first_tile == 0 ? p.workers : 0;
    arena.run(conv_2d_s8__armv6m_sparse_begin, &p, sparse_pass_parts(p) + workers, 2);
    arena.run(conv_2d_s8__armv6m_sparse, &p, shape.pixels + (splits_last ? 1 : 0), 2, units_at_once);
  }
  uint32_t after = 0;
  for (uint32_t i = 0; i < inputs_end; ++i) after = after * 31 + memory[i];
  return before == after && std::memcmp(expected, arena.data() + conv.out.offset(), end) == 0;
}

}  // namespace

int main() {
  uint32_t cases = 0;
  uint32_t wrong = 0;
  for (const Shape& shape : kShapes) {
    for (const uint16_t threes : {0, 1}) {
      for (const Data data : {Data::kSparse, Data::kFull, Data::kAllZero, Data::kAllLargest, Data::kTiny,
                              Data::kSeldom, Data::kAtBound, Data::kDense, Data::kMixed}) {
        for (const Weights weights : {Weights::kUsual, Weights::kExtremes, Weights::kAllLeast,
                                      Weights::kAllMost, Weights::kAtBound}) {
          ++cases;
          if (same(shape, threes, data, weights, cases)) continue;
          ++wrong;
          tandem::rp2040::print("FAILED %ldx%ld, %lu pixels, %u threes, data %d, weights %d, seed %lu\n",
                                shape.in_channels, shape.out_channels, shape.pixels,
                                static_cast<unsigned>(threes), static_cast<int>(data),
                                static_cast<int>(weights), cases);
        }
      }
    }
  }
  check("nearly all cases are for this kernel", not_for_it * 20 < cases);
  check("sparse says what ref says", wrong == 0);
  end();
}
