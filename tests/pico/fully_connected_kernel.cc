#include "kernel_arena.h"
#include "kernels/fully_connected.h"
#include "program.h"

// fully_connected_s8__armv6m against ref/, over numbers of rows, depths and extremes.
namespace {

using namespace tandem;

alignas(16) uint8_t memory[48 * 1024];
alignas(16) uint8_t expected[1024];

constexpr uint32_t kDepths[] = {0, 1, 2, 3, 4, 5, 7, 8, 31, 64, 257};
constexpr uint32_t kChannels[] = {1, 2, 3, 4, 5, 6, 7, 9, 16};

enum class Data { kAny, kZero, kHalfZero, kLeast, kMost };
enum class Weights { kAny, kLeast, kMost };

bool same(uint32_t depth, uint32_t channels, Data data, Weights kind, uint32_t seed) {
  Random random(seed);
  KernelArena arena(memory);
  FullyConnectedParams p;
  const auto batches = static_cast<uint32_t>(random.pick(1, 3));
  p.channels = channels;
  p.depth = depth;
  constexpr int32_t kZeroPoints[] = {-128, 127, 0, 5};
  p.in_zero_point = kZeroPoints[seed % 4];
  p.weights_zero_point = random.pick(0, 4) == 0 ? random.pick(-128, 127) : 0;
  p.out_zero_point = random.pick(-128, 127);
  p.clamp = random.pick(0, 1) == 0 ? Clamp{-128, 127} : Clamp{p.out_zero_point, 127};
  p.in = arena.add<int8_t>(batches * depth, [&]() -> int32_t {
    switch (data) {
      case Data::kZero:
        return p.in_zero_point;
      case Data::kLeast:
        return -128;
      case Data::kMost:
        return 127;
      case Data::kHalfZero:
        if (random.pick(0, 1) == 0) return p.in_zero_point;
        [[fallthrough]];
      case Data::kAny:
        break;
    }
    return random.pick(-128, 127);
  });
  // Rows lie anywhere in the file.
  static_cast<void>(arena.add<uint8_t>(static_cast<uint32_t>(random.pick(0, 3)), [] { return 0; }));
  p.weights = arena.add<int8_t>(channels * depth, [&] {
    return kind == Weights::kLeast ? -128 : kind == Weights::kMost ? 127 : random.pick(-128, 127);
  });
  if (random.pick(0, 3) != 0) {
    p.bias = arena.add<int32_t>(channels, [&] { return random.pick(-8000000, 8000000) * 255; });
  }
  if (random.pick(0, 1) == 0) {
    p.multipliers = arena.add<int32_t>(channels, [&] { return (1 << 30) + random.pick(0, 1 << 22) * 255; });
    p.shifts = arena.add<int8_t>(channels, [&] { return random.pick(-14, 2); });
  }
  p.factor = {(1 << 30) + random.pick(0, 1 << 22) * 255, random.pick(-14, 2)};
  p.outputs = {.count = batches * channels, .per_unit = static_cast<uint32_t>(random.pick(1, 7))};
  p.out = arena.room(batches * channels);
  if (arena.bytes() > sizeof memory || arena.bytes() - p.out.offset() > sizeof expected) return false;

  arena.run(fully_connected_s8__ref, &p, p.outputs.units(), 1);
  const uint32_t end = arena.bytes() - p.out.offset();
  std::memcpy(expected, arena.data() + p.out.offset(), end);
  std::memset(arena.data() + p.out.offset(), 0, batches * channels);
  const auto hash = [&] {
    uint32_t value = 0;
    for (uint32_t i = 0; i < p.out.offset(); ++i) value = value * 31 + memory[i];
    return value;
  };
  const uint32_t before = hash();
  arena.run(fully_connected_s8__armv6m, &p, p.outputs.units(), 2);
  return before == hash() && std::memcmp(expected, arena.data() + p.out.offset(), end) == 0;
}

}  // namespace

int main() {
  uint32_t cases = 0;
  uint32_t wrong = 0;
  for (const uint32_t depth : kDepths) {
    for (const uint32_t channels : kChannels) {
      for (const Data data : {Data::kAny, Data::kZero, Data::kHalfZero, Data::kLeast, Data::kMost}) {
        for (const Weights weights : {Weights::kAny, Weights::kLeast, Weights::kMost}) {
          ++cases;
          if (same(depth, channels, data, weights, cases)) continue;
          ++wrong;
          tandem::rp2040::print("FAILED depth %lu, channels %lu, data %d, weights %d, seed %lu\n", depth,
                                channels, static_cast<int>(data), static_cast<int>(weights), cases);
        }
      }
    }
  }
  check("fully connected says what ref says", wrong == 0);
  end();
}
