#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "kernels/arithmetic.h"
#include "kernels/conv_2d.h"
#include "kernels/fully_connected.h"
#include "kernels/pool_2d.h"
#include "kernels/portable/requantizer.h"
#include "kernels/quantize.h"
#include "kernels/reduce.h"
#include "kernels/softmax.h"
#include "kernels/unary.h"

// Each portable kernel against the ref/ kernel of its contract, and the requantizer against fixed_point.h.
namespace tandem {
namespace {

constexpr uint8_t kGuard = 0x5a;
constexpr uint32_t kGuardBytes = 64;

/// Memory as a plan has it: operands one after the other in one arena, guard bytes between them.
class Arena {
 public:
  explicit Arena(uint32_t seed) : random_(seed) {}

  std::mt19937& random() { return random_; }
  int32_t pick(int32_t low, int32_t high) {
    return std::uniform_int_distribution<int32_t>(low, high)(random_);
  }

  Ref room(size_t bytes) {
    const auto at = static_cast<uint32_t>((bytes_.size() + kGuardBytes + 15) / 16 * 16);
    bytes_.resize(at + bytes, kGuard);
    bytes_.resize(at + bytes + kGuardBytes, kGuard);
    return Ref::make(Ref::kArena, at);
  }
  template <class T>
  Ref fill(size_t count, int32_t low, int32_t high) {
    const Ref ref = room(count * sizeof(T));
    for (size_t i = 0; i < count; ++i) {
      const T value = static_cast<T>(pick(low, high));
      std::memcpy(bytes_.data() + ref.offset() + i * sizeof(T), &value, sizeof(T));
    }
    return ref;
  }
  template <class T, size_t kCount>
  void set(Ref ref, const std::array<T, kCount>& values) {
    std::memcpy(bytes_.data() + ref.offset(), values.data(), sizeof values);
  }
  /// Extremes as often as anything between.
  template <class T = int8_t>
  Ref activations(size_t count) {
    constexpr int32_t kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
    const int32_t kind = pick(0, 3);
    return fill<T>(count, kind == 1 ? kMost : kLeast, kind == 0 ? kLeast : kMost);
  }

  /// The whole arena after running units in pieces of `step`.
  std::vector<uint8_t> after(const AnyKernel& kernel, const void* params, uint32_t units,
                             uint32_t step) const {
    std::vector<uint8_t> memory = bytes_;
    const Bases bases{.arena = memory.data()};
    for (uint32_t unit = 0; unit < units; unit += step) {
      EXPECT_EQ(kernel.run(params, {.bases = bases, .begin = unit, .end = std::min(unit + step, units)}),
                KernelResult::kOk);
    }
    return memory;
  }

 private:
  std::mt19937 random_;
  std::vector<uint8_t> bytes_;
};

const AnyKernel& any(const AnyKernel& kernel) { return kernel; }

// Scratch may hold anything afterwards.
void forget(std::vector<uint8_t>& memory, const Scratch& scratch) {
  if (!scratch.base.present()) return;
  std::fill_n(memory.begin() + scratch.base.offset(), scratch.stride, uint8_t{0});
}

Clamp some_clamp(Arena& arena, int32_t zero_point) {
  switch (arena.pick(0, 2)) {
    case 0:
      return kRangeOf<int8_t>;
    case 1:
      return {zero_point, 127};
    default:
      return {-100, arena.pick(-100, 127)};
  }
}

Conv2dParams random_window(Arena& arena) {
  Conv2dParams p;
  Window2d& w = p.window;
  w.batches = arena.pick(1, 2);
  w.filter = {arena.pick(1, 5), arena.pick(1, 5)};
  w.stride = {arena.pick(1, 3), arena.pick(1, 3)};
  w.dilation = {arena.pick(1, 2), arena.pick(1, 2)};
  w.in = {arena.pick(1, 9), arena.pick(1, 9)};
  const auto out = [&](int32_t in, int32_t filter, int32_t stride, int32_t dilation, int32_t& pad) {
    const int32_t span = (filter - 1) * dilation + 1;
    if (in < span || arena.pick(0, 1) == 0) {  // SAME
      const int32_t size = (in + stride - 1) / stride;
      pad = std::max((size - 1) * stride + span - in, 0) / 2;
      return size;
    }
    pad = 0;
    return (in - span) / stride + 1;
  };
  w.out.h = out(w.in.h, w.filter.h, w.stride.h, w.dilation.h, w.pad.h);
  w.out.w = out(w.in.w, w.filter.w, w.stride.w, w.dilation.w, w.pad.w);
  p.in_zero_point = arena.pick(-128, 127);
  p.out_zero_point = arena.pick(-128, 127);
  p.clamp = some_clamp(arena, p.out_zero_point);
  return p;
}

void add_operands(Arena& arena, Conv2dParams& p, int32_t weights) {
  const Window2d& w = p.window;
  const auto channels = static_cast<size_t>(p.out_channels);
  p.in = arena.activations(static_cast<size_t>(w.batches * w.in.h * w.in.w * p.in_channels));
  p.weights = arena.fill<int8_t>(static_cast<size_t>(weights), -128, 127);
  if (arena.pick(0, 3) != 0) p.bias = arena.fill<int32_t>(channels, -100000, 100000);
  p.multipliers = arena.fill<int32_t>(channels, 1 << 30, INT32_MAX);
  p.shifts = arena.fill<int8_t>(channels, -14, arena.pick(-10, 2));
  const auto rows = static_cast<uint32_t>(w.batches * w.out.h);
  p.rows = {.count = rows, .per_unit = static_cast<uint32_t>(arena.pick(1, static_cast<int32_t>(rows)))};
  p.channels = {.count = static_cast<uint32_t>(p.out_channels),
                .per_unit = static_cast<uint32_t>(arena.pick(1, p.out_channels))};
  p.worker_weights = {.base = arena.room(static_cast<size_t>(w.filter.h * w.filter.w) * 4),
                      .stride = static_cast<uint32_t>(w.filter.h * w.filter.w) * 4};
  p.out = arena.room(static_cast<size_t>(w.batches * w.out.h * w.out.w) * channels);
}

// The same of int16 activations, or of int4 weights.
void add_operands_s16(Arena& arena, Conv2dParams& p, int32_t weights, bool wide_bias) {
  add_operands(arena, p, weights);
  const Window2d& w = p.window;
  const auto channels = static_cast<size_t>(p.out_channels);
  p.in_zero_point = 0;
  p.out_zero_point = 0;
  p.clamp = arena.pick(0, 1) == 0 ? kRangeOf<int16_t> : Clamp{0, arena.pick(0, 32767)};
  p.in = arena.activations<int16_t>(static_cast<size_t>(w.batches * w.in.h * w.in.w * p.in_channels));
  if (arena.pick(0, 3) == 0) p.weights = arena.fill<int8_t>(static_cast<size_t>(weights), -128, -128);
  if (p.bias.present()) {
    p.bias = wide_bias ? arena.fill<int64_t>(channels, INT32_MIN, INT32_MAX)
                       : arena.fill<int32_t>(channels, INT32_MIN, INT32_MAX);
  }
  p.shifts = arena.fill<int8_t>(channels, -31, arena.pick(-20, 3));
  p.out = arena.room(static_cast<size_t>(w.batches * w.out.h * w.out.w) * channels * 2);
}
void add_operands_w4(Arena& arena, Conv2dParams& p, int32_t filter, int32_t filters) {
  add_operands(arena, p, filter * filters);
  p.weights = arena.fill<int8_t>(static_cast<size_t>(filter * filters + 1) / 2, -128, 127);
  const auto room = static_cast<uint32_t>(std::max(filter * 2, p.window.filter.h * p.window.filter.w * 4));
  p.worker_weights = {.base = arena.room(room), .stride = room};
}

void expect_convs_alike(const Arena& arena, const Conv2dParams& p, const AnyKernel& fast,
                        const AnyKernel& plain, uint32_t step) {
  auto quick = arena.after(fast, &p, p.tiles(), step);
  auto expected = arena.after(plain, &p, p.tiles(), p.tiles());
  forget(quick, p.worker_weights);
  forget(expected, p.worker_weights);
  EXPECT_EQ(quick, expected);
}

constexpr uint32_t kCases = 400;

TEST(PortableKernels, ConvS8SaysWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    Conv2dParams p = random_window(arena);
    p.groups = arena.pick(0, 3) == 0 ? arena.pick(2, 3) : 1;
    p.in_channels = arena.pick(1, 9) * p.groups;
    p.out_channels = arena.pick(1, 9) * p.groups;
    add_operands(arena, p,
                 p.out_channels * p.window.filter.h * p.window.filter.w * (p.in_channels / p.groups));
    EXPECT_EQ(arena.after(conv_2d_s8__portable, &p, p.tiles(), 1 + seed % 3),
              arena.after(conv_2d_s8__ref, &p, p.tiles(), p.tiles()));
  }
}

TEST(PortableKernels, DepthwiseConvS8SaysWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    Conv2dParams p = random_window(arena);
    p.groups = arena.pick(1, 3);
    p.in_channels = arena.pick(1, 9);
    p.out_channels = p.in_channels * p.groups;
    add_operands(arena, p, p.out_channels * p.window.filter.h * p.window.filter.w);
    auto fast = arena.after(depthwise_conv_2d_s8__portable, &p, p.tiles(), 1 + seed % 3);
    auto plain = arena.after(depthwise_conv_2d_s8__ref, &p, p.tiles(), p.tiles());
    forget(fast, p.worker_weights);
    forget(plain, p.worker_weights);
    EXPECT_EQ(fast, plain);
  }
}

TEST(PortableKernels, ConvS16AndConvW4SayWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    Conv2dParams p = random_window(arena);
    p.groups = arena.pick(0, 3) == 0 ? arena.pick(2, 3) : 1;
    // Sometimes more products than 32 bits hold.
    p.in_channels = (seed % 8 == 0 ? arena.pick(100, 700) : arena.pick(1, 9)) * p.groups;
    p.out_channels = arena.pick(1, 9) * p.groups;
    const int32_t filter = p.window.filter.h * p.window.filter.w * (p.in_channels / p.groups);
    Conv2dParams w4 = p;
    add_operands_s16(arena, p, p.out_channels * filter, seed % 2 == 0);
    expect_convs_alike(arena, p, seed % 2 == 0 ? any(conv_2d_s16__portable) : any(conv_2d_s16_b32__portable),
                       seed % 2 == 0 ? any(conv_2d_s16__ref) : any(conv_2d_s16_b32__ref), 1 + seed % 3);
    add_operands_w4(arena, w4, filter, w4.out_channels);
    expect_convs_alike(arena, w4, conv_2d_s8_w4__portable, conv_2d_s8_w4__ref, 1 + seed % 3);
  }
}

TEST(PortableKernels, DepthwiseConvS16AndW4SayWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    Conv2dParams p = random_window(arena);
    if (seed % 16 == 0) {  // more taps than 32 bits hold products
      p.window.in.w = 700;
      p.window.filter = {1, arena.pick(500, 600)};
      p.window.dilation = {1, 1};
      p.window.stride = {1, 50};
      p.window.pad = {0, arena.pick(0, 60)};
      p.window.out = {1, 3};
    }
    p.groups = arena.pick(1, 3);
    p.in_channels = arena.pick(1, 5);
    p.out_channels = p.in_channels * p.groups;
    const int32_t taps = p.window.filter.h * p.window.filter.w;
    Conv2dParams w4 = p;
    add_operands_s16(arena, p, p.out_channels * taps, true);
    expect_convs_alike(arena, p, depthwise_conv_2d_s16__portable, depthwise_conv_2d_s16__ref, 1 + seed % 3);
    add_operands_w4(arena, w4, taps, w4.out_channels);
    expect_convs_alike(arena, w4, depthwise_conv_2d_s8_w4__portable, depthwise_conv_2d_s8_w4__ref,
                       1 + seed % 3);
  }
}

// What fuzzing found: a dilation whose product with the pixel's bytes leaves int32, under a filter of one
// column.
TEST(PortableKernels, TakeAnyDilationOfAFilterOfOneTap) {
  Arena arena(1);
  Conv2dParams p;
  p.window = {
      .batches = 1, .in = {4, 4}, .out = {4, 4}, .filter = {1, 1}, .dilation = {536870914, 536870914}};
  p.groups = 1;
  p.in_channels = 4;
  p.out_channels = 4;
  p.clamp = kRangeOf<int8_t>;
  add_operands(arena, p, 4);
  auto fast = arena.after(depthwise_conv_2d_s8__portable, &p, p.tiles(), 1);
  auto plain = arena.after(depthwise_conv_2d_s8__ref, &p, p.tiles(), 1);
  forget(fast, p.worker_weights);
  forget(plain, p.worker_weights);
  EXPECT_EQ(fast, plain);
}

// What fuzzing found: more output than a filter of one tap has input, where all beyond it is zero.
TEST(PortableKernels, ReadNothingBeyondTheInputByAFilterOfOneTap) {
  for (const Size2d out : {Size2d{4, 6}, Size2d{6, 4}, Size2d{6, 6}}) {
    Arena arena(1);
    Conv2dParams p;
    p.window = {.batches = 1, .in = {4, 4}, .out = out, .filter = {1, 1}};
    p.groups = 1;
    p.in_channels = 3;
    p.out_channels = 5;
    p.in_zero_point = -111;
    p.clamp = kRangeOf<int8_t>;
    add_operands(arena, p, 15);
    EXPECT_FALSE(is_one_tap_inside(p.window));
    EXPECT_EQ(arena.after(conv_2d_s8__portable, &p, p.tiles(), 1),
              arena.after(conv_2d_s8__ref, &p, p.tiles(), p.tiles()));
  }
}

Pool2dParams random_pool(Arena& arena, Window2d window, int32_t channels) {
  Pool2dParams p;
  p.window = window;
  p.channels = channels;
  p.clamp = some_clamp(arena, arena.pick(-128, 127));
  const auto elements = [&](Size2d size) {
    return static_cast<size_t>(window.batches * size.h * size.w * p.channels);
  };
  p.in = arena.activations(elements(window.in));
  p.out = arena.room(elements(window.out));
  const auto rows = static_cast<uint32_t>(window.batches * window.out.h);
  p.rows = {.count = rows, .per_unit = static_cast<uint32_t>(arena.pick(1, static_cast<int32_t>(rows)))};
  p.channel_blocks = {.count = static_cast<uint32_t>(channels),
                      .per_unit = static_cast<uint32_t>(arena.pick(1, channels))};
  return p;
}

void expect_pools_alike(const Arena& arena, const Pool2dParams& p, uint32_t step) {
  EXPECT_EQ(arena.after(average_pool_2d_s8__portable, &p, p.tiles(), step),
            arena.after(average_pool_2d_s8__ref, &p, p.tiles(), p.tiles()));
  EXPECT_EQ(arena.after(max_pool_2d_s8__portable, &p, p.tiles(), step),
            arena.after(max_pool_2d_s8__ref, &p, p.tiles(), p.tiles()));
}

TEST(PortableKernels, PoolsS8SayWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    Window2d window = random_window(arena).window;
    // Pooling has no dilation, and no window without a tap inside.
    const Size2d span = {(window.filter.h - 1) * window.dilation.h + 1,
                         (window.filter.w - 1) * window.dilation.w + 1};
    window.filter = span;
    window.dilation = {1, 1};
    expect_pools_alike(arena, random_pool(arena, window, arena.pick(1, 17)), 1 + seed % 3);
  }
}

// More than the halves of a word hold, and more than are divided by with one product.
TEST(PortableKernels, PoolsS8OfManyTapsSayWhatRefSays) {
  constexpr int32_t kSides[][2] = {{1, 257}, {1, 258}, {2, 129}, {18, 20}, {19, 19}, {3, 600}, {40, 41}};
  uint32_t seed = 0;
  for (const auto& [h, w] : kSides) {
    for (int i = 0; i < 8; ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Arena arena(seed++);
      const Window2d window{.batches = 1, .in = {h, w}, .out = {1, 1}, .filter = {h, w}};
      expect_pools_alike(arena, random_pool(arena, window, i % 2 == 0 ? 8 : 7), 1);
    }
  }
}

TEST(PortableKernels, FullyConnectedS8SaysWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    FullyConnectedParams p;
    const auto batches = static_cast<uint32_t>(arena.pick(1, 3));
    p.channels = static_cast<uint32_t>(arena.pick(1, 9));
    p.depth = static_cast<uint32_t>(arena.pick(0, 300));
    p.in_zero_point = arena.pick(-128, 127);
    p.weights_zero_point = arena.pick(0, 2) == 0 ? arena.pick(-128, 127) : 0;
    p.out_zero_point = arena.pick(-128, 127);
    p.clamp = some_clamp(arena, p.out_zero_point);
    p.in = arena.activations(batches * p.depth);
    p.weights = arena.activations(p.channels * p.depth);
    if (arena.pick(0, 3) != 0) p.bias = arena.fill<int32_t>(p.channels, -100000, 100000);
    if (arena.pick(0, 1) == 0) {
      p.multipliers = arena.fill<int32_t>(p.channels, 1 << 30, INT32_MAX);
      p.shifts = arena.fill<int8_t>(p.channels, -14, 2);
    }
    p.factor = {arena.pick(1 << 30, INT32_MAX), arena.pick(-14, 2)};
    p.outputs = {.count = batches * p.channels, .per_unit = static_cast<uint32_t>(arena.pick(1, 7))};
    p.out = arena.room(batches * p.channels);
    EXPECT_EQ(arena.after(fully_connected_s8__portable, &p, p.outputs.units(), 1 + seed % 3),
              arena.after(fully_connected_s8__ref, &p, p.outputs.units(), p.outputs.units()));
  }
}

TEST(PortableKernels, SoftmaxSaysWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    SoftmaxParams p;
    // Up to where the sum saturates.
    p.depth = static_cast<uint32_t>(seed % 50 == 0 ? arena.pick(4000, 5000) : arena.pick(1, 40));
    const auto rows = static_cast<uint32_t>(arena.pick(1, 5));
    p.rows = {.count = rows, .per_unit = static_cast<uint32_t>(arena.pick(1, 5))};
    p.multiplier = {arena.pick(1 << 30, INT32_MAX), arena.pick(0, 27)};
    p.diff_min = -input_radius(kSoftmaxInputIntegerBits, p.multiplier.shift);
    p.in = arena.activations(rows * p.depth);
    p.out = arena.room(2 * rows * p.depth);
    const uint32_t units = p.rows.units();
    const auto s8 = arena.after(softmax_s8__ref, &p, units, units);
    const auto s16 = arena.after(softmax_s8_s16__ref, &p, units, units);
    p.exps = arena.room(kSoftmaxDifferences * sizeof(int32_t));
    std::array<int32_t, kSoftmaxDifferences> exps;
    for (size_t d = 0; d < exps.size(); ++d) exps[d] = softmax_exp(p, -static_cast<int32_t>(d));
    arena.set(p.exps, exps);
    const auto same = [&](const AnyKernel& fast, std::vector<uint8_t> expected) {
      auto memory = arena.after(fast, &p, units, 1 + seed % 2);
      memory.resize(expected.size());
      EXPECT_EQ(memory, expected);
    };
    same(softmax_s8__portable, s8);
    same(softmax_s8_s16__portable, s16);
    p.exps = {};
    p.row_exps = {.base = arena.room(p.depth * sizeof(int32_t)), .stride = 0};
    same(softmax_s8__portable, s8);
    same(softmax_s8_s16__portable, s16);
  }
}

TEST(PortableKernels, MeanAndSumSayWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    const auto some = [&](uint32_t most) {
      return static_cast<uint32_t>(arena.pick(1, static_cast<int32_t>(most)));
    };
    RunMeanParams p;
    const uint32_t outer = some(4);
    p.count = seed % 5 == 0 ? some(1000) : some(60);
    p.inner = seed % 3 == 0 ? 1 : seed % 3 == 1 ? some(20) : 4 * some(6);
    p.outputs = {.count = outer * p.inner, .per_unit = some(12)};
    p.factor = {arena.pick(1 << 30, INT32_MAX), arena.pick(-8, 1)};
    p.in_zero_point = arena.pick(-128, 127);
    p.out_zero_point = arena.pick(-128, 127);
    p.in = arena.activations(outer * p.count * p.inner);
    p.out = arena.room(outer * p.inner);
    const std::array<int32_t, 3> dims = {static_cast<int32_t>(outer), static_cast<int32_t>(p.count),
                                         static_cast<int32_t>(p.inner)};
    ReduceParams plain{.in = p.in,
                       .out = p.out,
                       .dims = arena.room(sizeof dims),
                       .axis_values = {},
                       .outputs = p.outputs,
                       .rank = 3,
                       .axes = 2,
                       .factor = p.factor,
                       .in_zero_point = p.in_zero_point,
                       .out_zero_point = p.out_zero_point};
    arena.set(plain.dims, dims);
    const uint32_t units = p.outputs.units();
    EXPECT_EQ(arena.after(mean_s8__portable, &p, units, 1 + seed % 3),
              arena.after(sum_s8__ref, &plain, units, units));
    p.factor = divide_multiplier(p.factor, p.count);
    EXPECT_EQ(arena.after(mean_s8__portable, &p, units, 1 + seed % 3),
              arena.after(mean_s8__ref, &plain, units, units));
  }
}

TEST(PortableKernels, FullyConnectedOfOtherTypesSaysWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    FullyConnectedParams p;
    const auto batches = static_cast<uint32_t>(arena.pick(1, 3));
    p.channels = static_cast<uint32_t>(arena.pick(1, 9));
    p.depth = static_cast<uint32_t>(seed % 4 == 0 ? arena.pick(0, 1200) : arena.pick(0, 20));
    p.weights_zero_point = arena.pick(0, 2) == 0 ? arena.pick(-128, 127) : 0;
    p.weights = arena.activations(p.channels * p.depth);
    const auto factors = [&](int32_t most) {
      p.factor = {arena.pick(1 << 30, INT32_MAX), arena.pick(-31, most)};
      if (arena.pick(0, 1) == 0) {
        p.multipliers = arena.fill<int32_t>(p.channels, 1 << 30, INT32_MAX);
        p.shifts = arena.fill<int8_t>(p.channels, -31, most);
      }
    };
    p.outputs = {.count = batches * p.channels, .per_unit = static_cast<uint32_t>(arena.pick(1, 7))};
    p.out = arena.room(2 * batches * p.channels);
    const auto same = [&](const AnyKernel& fast, const AnyKernel& plain) {
      EXPECT_EQ(arena.after(fast, &p, p.outputs.units(), 1 + seed % 3),
                arena.after(plain, &p, p.outputs.units(), p.outputs.units()));
    };
    p.in = arena.activations(batches * p.depth);
    p.in_zero_point = arena.pick(-128, 127);
    p.out_zero_point = arena.pick(-128, 127);
    p.clamp = some_clamp(arena, p.out_zero_point);
    factors(2);
    same(fully_connected_s8_w4__portable, fully_connected_s8_w4__ref);
    p.in = arena.activations<int16_t>(batches * p.depth);
    p.in_zero_point = arena.pick(0, 2) == 0 ? arena.pick(-32768, 32767) : 0;
    p.out_zero_point = arena.pick(0, 2) == 0 ? arena.pick(-32768, 32767) : 0;
    p.clamp = kRangeOf<int16_t>;
    factors(kRequantize64MaxShift);
    if (arena.pick(0, 2) != 0) p.bias = arena.fill<int64_t>(p.channels, INT32_MIN, INT32_MAX);
    same(fully_connected_s16__portable, fully_connected_s16__ref);
    if (p.bias.present()) p.bias = arena.fill<int32_t>(p.channels, INT32_MIN, INT32_MAX);
    same(fully_connected_s16_b32__portable, fully_connected_s16_b32__ref);
  }
}

TEST(PortableKernels, AddAndSubS8SayWhatRefSays) {
  uint32_t by_levels = 0;
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    const bool subtracts = seed % 2 == 1;
    AddParams p;
    p.a_zero_point = arena.pick(-128, 127);
    p.b_zero_point = arena.pick(-128, 127);
    p.out_zero_point = arena.pick(-128, 127);
    p.a_multiplier = {arena.pick(1 << 30, INT32_MAX), arena.pick(-8, -1)};
    p.b_multiplier = {arena.pick(1 << 30, INT32_MAX), arena.pick(-8, -1)};
    p.out_multiplier = {arena.pick(1 << 30, INT32_MAX),
                        seed % 5 == 0 ? arena.pick(-24, 0) : arena.pick(-21, -15)};
    p.subtracts = subtracts;
    p.clamp = some_clamp(arena, p.out_zero_point);
    // Rows of one operand, or of the other, may be one value or one row again and again.
    const auto columns = static_cast<uint32_t>(arena.pick(1, 40));
    const auto rows = static_cast<uint32_t>(arena.pick(1, 5));
    const uint32_t a_step = seed % 3 == 0 ? 0 : 1;
    p.operands.inner = {.extent = columns, .strides = {a_step, 1}};
    const std::array<BinaryOperands::Loop, 1> outer = {{{.extent = rows, .strides = {columns * a_step, 0}}}};
    p.operands.outer_loops = 1;
    p.operands.outer = arena.room(sizeof outer);
    p.operands.in[0] = arena.activations(rows * columns);
    p.operands.in[1] = arena.activations(columns);
    p.tables = arena.room(2 * 256 * sizeof(int32_t));
    p.operands.elements = {.count = rows * columns, .per_unit = static_cast<uint32_t>(arena.pick(1, 50))};
    p.operands.out = arena.room(rows * columns);
    arena.set(p.operands.outer, outer);
    const uint32_t units = p.operands.elements.units();
    const std::optional<uint32_t> slack = add_level_slack(p);
    if (slack) {
      p.slack = *slack;
      std::array<int32_t, 2 * kAddLevelValues> tables;
      fill_add_levels(p, tables);
      arena.set(p.tables, tables);
      ++by_levels;
    }
    const auto expected = arena.after(subtracts ? any(sub_s8__ref) : any(add_s8__ref), &p, units, units);
    EXPECT_EQ(arena.after(subtracts ? any(sub_s8__portable) : any(add_s8__portable), &p, units, 1), expected);
    if (slack) {
      EXPECT_EQ(arena.after(add_s8__portable_levels, &p, units, 1 + seed % 3), expected);
    }
  }
  EXPECT_GT(by_levels, kCases / 2);
}

// All pairs of values: every sum that can be within the slack is.
TEST(PortableKernels, AddsAllPairsOfS8ByLevelsAsRefDoes) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    AddParams p;
    p.a_zero_point = arena.pick(-128, 127);
    p.b_zero_point = arena.pick(-128, 127);
    p.out_zero_point = arena.pick(-128, 127);
    // Ratios of scales such as 1 and 2, in which many sums are ties, and any others.
    const auto some = [&] { return seed % 2 == 0 ? 1 << 30 : arena.pick(1 << 30, INT32_MAX); };
    p.a_multiplier = {some(), seed % 2 == 0 ? 0 : -1};
    p.b_multiplier = {some(), -1 - static_cast<int32_t>(seed % 3)};
    p.out_multiplier = {some(), arena.pick(-20, -16)};
    p.subtracts = seed % 7 < 3;
    p.clamp = some_clamp(arena, p.out_zero_point);
    p.operands.inner = {.extent = 256, .strides = {1, 0}};
    const std::array<BinaryOperands::Loop, 1> outer = {{{.extent = 256, .strides = {0, 1}}}};
    p.operands.outer_loops = 1;
    p.operands.outer = arena.room(sizeof outer);
    arena.set(p.operands.outer, outer);
    for (Ref& in : p.operands.in) {
      in = arena.room(256);
      std::array<int8_t, 256> values;
      for (size_t i = 0; i < 256; ++i) values[i] = static_cast<int8_t>(i);
      arena.set(in, values);
    }
    p.operands.elements = {.count = 1 << 16, .per_unit = 1 << 16};
    p.operands.out = arena.room(1 << 16);
    p.tables = arena.room(2 * kAddLevelValues * sizeof(int32_t));
    const std::optional<uint32_t> slack = add_level_slack(p);
    ASSERT_TRUE(slack);
    p.slack = *slack;
    std::array<int32_t, 2 * kAddLevelValues> tables;
    fill_add_levels(p, tables);
    arena.set(p.tables, tables);
    EXPECT_EQ(arena.after(add_s8__portable_levels, &p, 1, 1),
              arena.after(p.subtracts ? any(sub_s8__ref) : any(add_s8__ref), &p, 1, 1));
  }
}

TEST(PortableKernels, MulSaysWhatRefSays) {
  uint32_t by_levels = 0;
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    MulParams p;
    p.a_zero_point = arena.pick(-128, 127);
    p.b_zero_point = arena.pick(-128, 127);
    p.out_zero_point = arena.pick(-128, 127);
    p.multiplier = {seed % 4 == 0 ? 1 << 30 : arena.pick(1 << 30, INT32_MAX),
                    seed % 5 == 0 ? arena.pick(-31, 14) : arena.pick(-12, -4)};
    p.clamp = some_clamp(arena, p.out_zero_point);
    const auto columns = static_cast<uint32_t>(arena.pick(1, 300));
    const auto rows = static_cast<uint32_t>(arena.pick(1, 50));
    p.operands.inner = {.extent = columns, .strides = {1, seed % 3 == 0 ? 0U : 1U}};
    const std::array<BinaryOperands::Loop, 1> outer = {{{.extent = rows, .strides = {columns, 1}}}};
    p.operands.outer_loops = 1;
    p.operands.outer = arena.room(sizeof outer);
    arena.set(p.operands.outer, outer);
    p.operands.in[0] = arena.activations(rows * columns);
    p.operands.in[1] = arena.activations(rows + columns);
    p.operands.elements = {.count = rows * columns, .per_unit = static_cast<uint32_t>(arena.pick(1, 5000))};
    p.operands.out = arena.room(rows * columns);
    const uint32_t units = p.operands.elements.units();
    const auto expected = arena.after(mul_s8__ref, &p, units, units);
    EXPECT_EQ(arena.after(mul_s8__portable, &p, units, 1), expected);
    if (const auto level = level_constants(p.multiplier, 0, p.out_zero_point, p.clamp)) {
      p.level = *level;
      ++by_levels;
      EXPECT_EQ(arena.after(mul_s8__portable, &p, units, 1 + seed % 3), expected);
    }
  }
  EXPECT_GT(by_levels, kCases / 2);
}

TEST(PortableKernels, AddAndMulS16SayWhatRefSays) {
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    AddParams p;
    const auto some = [&] { return arena.pick(1 << 30, INT32_MAX); };
    p.a_multiplier = {some(), arena.pick(-8, -1)};
    p.b_multiplier = {some(), arena.pick(-8, -1)};
    p.out_multiplier = {some(), arena.pick(-24, 0)};
    p.clamp = arena.pick(0, 1) == 0 ? kRangeOf<int16_t> : Clamp{0, arena.pick(0, 32767)};
    const auto count = static_cast<uint32_t>(arena.pick(1, 500));
    p.operands.inner = {.extent = count, .strides = {1, seed % 3 == 0 ? 0U : 1U}};
    p.operands.elements = {.count = count, .per_unit = count};
    const int32_t least = seed % 4 == 0 ? 32767 : -32768;
    for (Ref& in : p.operands.in) in = arena.fill<int16_t>(count, least, seed % 4 == 1 ? -32768 : 32767);
    p.operands.out = arena.room(2 * count);
    EXPECT_EQ(arena.after(add_s16__portable, &p, 1, 1), arena.after(add_s16__ref, &p, 1, 1));
    EXPECT_EQ(arena.after(sub_s16__portable, &p, 1, 1), arena.after(sub_s16__ref, &p, 1, 1));
    const MulParams product{
        .operands = p.operands, .multiplier = {some(), arena.pick(-31, 2)}, .clamp = p.clamp, .level = {}};
    EXPECT_EQ(arena.after(mul_s16__portable, &product, 1, 1), arena.after(mul_s16__ref, &product, 1, 1));
  }
}

TEST(PortableKernels, LookupSaysWhatRefSays) {
  for (uint32_t count = 1; count < 40; ++count) {
    Arena arena(count);
    LookupParams p;
    p.operands.in = count % 2 == 0 ? arena.activations(count) : arena.fill<int8_t>(count, -128, 127);
    p.operands.out = count % 5 == 0 ? p.operands.in : arena.room(count);
    p.operands.elements = {.count = count, .per_unit = static_cast<uint32_t>(arena.pick(1, 20))};
    p.table = arena.fill<int8_t>(LookupParams::kValues, -128, 127);
    const uint32_t units = p.operands.elements.units();
    EXPECT_EQ(arena.after(lookup_s8__portable, &p, units, 1), arena.after(lookup_s8__ref, &p, units, units))
        << count;
  }
}

TEST(PortableKernels, LookupRefusesWhatIsBelowTheLowest) {
  Arena arena(1);
  LookupParams p{.operands = {}, .table = arena.fill<int8_t>(LookupParams::kValues, 0, 0), .lowest = -3};
  p.operands.in = arena.room(5);
  p.operands.out = p.operands.in;
  p.operands.elements = {.count = 5, .per_unit = 5};
  const auto run = [&](int8_t last) {
    std::array<uint8_t, 1024> memory{};
    memory[p.operands.in.offset() + 4] = static_cast<uint8_t>(last);
    const Bases bases{.arena = memory.data()};
    return lookup_s8__portable.run(&p, {.bases = bases, .begin = 0, .end = 1});
  };
  EXPECT_EQ(run(-3), KernelResult::kOk);
  EXPECT_EQ(run(-4), KernelResult::kDataError);
}

TEST(PortableKernels, RequantizeSaysWhatRefSays) {
  uint32_t by_levels = 0;
  for (uint32_t seed = 0; seed < kCases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Arena arena(seed);
    QuantizeParams p;
    const auto count = static_cast<uint32_t>(arena.pick(1, 2000));
    p.operands = {.in = arena.fill<int16_t>(count, seed % 7 == 0 ? 32767 : -32768, 32767),
                  .out = arena.room(2 * count),
                  .elements = {.count = count, .per_unit = static_cast<uint32_t>(arena.pick(1, 2000))}};
    p.in_zero_point = seed % 3 == 0 ? arena.pick(-32768, 32767) : 0;
    p.out_zero_point = arena.pick(-128, 127);
    p.multiplier = {seed % 4 == 0 ? 1 << 30 : arena.pick(1 << 30, INT32_MAX),
                    seed % 5 == 0 ? arena.pick(-31, 31) : arena.pick(-12, -2)};
    const uint32_t units = p.operands.elements.units();
    const auto same = [&](const AnyKernel& fast, const AnyKernel& plain) {
      EXPECT_EQ(arena.after(fast, &p, units, 1), arena.after(plain, &p, units, units));
    };
    same(requantize_s16_s16__portable, requantize_s16_s16__ref);
    same(requantize_s8_s16__portable, requantize_s8_s16__ref);
    same(requantize_s16_s8__portable, requantize_s16_s8__ref);
    if (const auto level = level_constants(p.multiplier, 0, p.out_zero_point, kRangeOf<int8_t>)) {
      p.level = *level;
      ++by_levels;
      same(requantize_s16_s8__portable, requantize_s16_s8__ref);
    }
  }
  EXPECT_GT(by_levels, kCases / 2);
}

TEST(Requantizer, GivesTheBitsOfRequantize) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::array<int32_t, 14> kEdges = {
      INT32_MIN, INT32_MIN + 1, -65537, -65536, -65535,        -32768,   -1, 0,
      1,         32767,         65535,  65536,  INT32_MAX - 1, INT32_MAX};
  const auto some = [&] {
    const auto bits = static_cast<int32_t>(random());
    switch (random() % 3) {
      case 0:
        return kEdges[random() % kEdges.size()];
      case 1:
        return bits >> (random() % 31);
      default:
        return bits;
    }
  };
  for (int i = 0; i < 2'000'000; ++i) {
    const QuantizedMultiplier m{some() & INT32_MAX, static_cast<int32_t>(random() % 63) - 31};
    const int32_t sum = some();
    const auto zero_point = static_cast<int32_t>(random() % 256) - 128;
    const Clamp clamp = random() % 2 == 0 ? kRangeOf<int8_t> : Clamp{zero_point, 127};
    const auto expected = static_cast<int8_t>(clamp.apply(wrapping_add(requantize(sum, m), zero_point)));
    ASSERT_EQ(portable::Requantizer(m, zero_point, clamp)(sum), expected)
        << sum << " * " << m.multiplier << " << " << m.shift << " + " << zero_point;
  }
}

TEST(Requantizer64, GivesTheBitsOfRequantize64) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::array<int64_t, 10> kEdges = {
      INT32_MIN,           INT32_MIN - int64_t{1}, INT32_MAX, INT32_MAX + 1LL, -65536, -1, 0, 65535,
      -(int64_t{1} << 47), (int64_t{1} << 47) - 1};
  for (int i = 0; i < 1'000'000; ++i) {
    const QuantizedMultiplier m{static_cast<int32_t>(random() >> (33 + random() % 31)),
                                static_cast<int32_t>(random() % 46) - 31};
    const int64_t sum = random() % 4 == 0 ? kEdges[random() % kEdges.size()]
                                          : static_cast<int64_t>(random()) >> (16 + random() % 47);
    const Clamp clamp = random() % 2 == 0 ? kRangeOf<int16_t> : Clamp{0, 32767};
    const auto expected = static_cast<int16_t>(clamp.apply(requantize64(sum, m)));
    ASSERT_EQ(portable::Requantizer64(m, 0, clamp)(sum), expected)
        << sum << " * " << m.multiplier << " << " << m.shift;
  }
}

}  // namespace
}  // namespace tandem
