#include "kernel_arena.h"
#include "kernels/arithmetic.h"
#include "program.h"

// add_s8__armv6m_levels against ref/, over lengths, broadcasts, clamps and extremes.
namespace {

using namespace tandem;

alignas(16) uint8_t memory[16 * 1024];
alignas(16) uint8_t expected[2048];

constexpr uint32_t kColumns[] = {1, 2, 3, 7, 64, 257};

enum class Data { kAny, kLeast, kMost };
enum class Broadcast { kNone, kRow, kOfA, kOfB };

bool same(uint32_t columns, Broadcast broadcast, Data data, uint32_t seed) {
  Random random(seed);
  KernelArena arena(memory);
  AddParams p;
  constexpr int32_t kZeroPoints[] = {-128, 127, 0, 5};
  p.a_zero_point = kZeroPoints[seed % 4];
  p.b_zero_point = random.pick(-128, 127);
  p.out_zero_point = kZeroPoints[random.pick(0, 3)];
  const auto multiplier = [&] {
    return (1 << 30) + (random.pick(0, 2) == 0 ? 0 : random.pick(0, 1 << 22) * 255);
  };
  p.a_multiplier = {multiplier(), random.pick(-3, -1)};
  p.b_multiplier = {multiplier(), random.pick(-3, -1)};
  p.out_multiplier = {multiplier(), random.pick(-21, -18)};
  p.subtracts = random.pick(0, 1) == 1;
  p.clamp = random.pick(0, 1) == 0 ? Clamp{-128, 127} : Clamp{p.out_zero_point, 127};
  const std::optional<uint32_t> slack = add_level_slack(p);
  if (!slack) return false;
  p.slack = *slack;
  const auto rows = static_cast<uint32_t>(random.pick(1, 3));
  const auto value = [&]() -> int32_t {
    return data == Data::kLeast ? -128 : data == Data::kMost ? 127 : random.pick(-128, 127);
  };
  const uint32_t a_stride = broadcast == Broadcast::kOfA ? 0 : 1;
  const uint32_t b_stride = broadcast == Broadcast::kOfB ? 0 : 1;
  p.operands.inner = {.extent = columns, .strides = {a_stride, b_stride}};
  const BinaryOperands::Loop outer{.extent = rows,
                                   .strides = {a_stride == 0 ? 1 : columns, broadcast == Broadcast::kRow ? 0
                                                                            : b_stride == 0              ? 1
                                                                                            : columns}};
  p.operands.outer_loops = 1;
  p.operands.outer = arena.add<BinaryOperands::Loop>(1, [&] { return outer; });
  // Operands lie anywhere.
  static_cast<void>(arena.add<uint8_t>(static_cast<uint32_t>(random.pick(0, 3)), [] { return 0; }));
  for (Ref& in : p.operands.in) in = arena.add<int8_t>(rows * columns, value);
  p.tables = arena.room(2 * kAddLevelValues * sizeof(int32_t));
  fill_add_levels(p, {arena.at<int32_t>(p.tables), 2 * kAddLevelValues});
  const uint32_t elements = rows * columns;
  p.operands.elements = {.count = elements, .per_unit = static_cast<uint32_t>(random.pick(1, 300))};
  p.operands.out = arena.room(elements);
  if (arena.bytes() > sizeof memory || elements + 64 > sizeof expected) return false;

  const uint32_t units = p.operands.elements.units();
  arena.run(p.subtracts ? static_cast<const AnyKernel&>(sub_s8__ref) : add_s8__ref, &p, units, 1);
  const uint32_t end = arena.bytes() - p.operands.out.offset();
  std::memcpy(expected, arena.data() + p.operands.out.offset(), end);
  std::memset(arena.data() + p.operands.out.offset(), 0, elements);
  arena.run(add_s8__armv6m_levels, &p, units, 2);
  return std::memcmp(expected, arena.data() + p.operands.out.offset(), end) == 0;
}

}  // namespace

int main() {
  uint32_t cases = 0;
  uint32_t wrong = 0;
  for (const uint32_t columns : kColumns) {
    for (const Broadcast broadcast : {Broadcast::kNone, Broadcast::kRow, Broadcast::kOfA, Broadcast::kOfB}) {
      for (const Data data : {Data::kAny, Data::kAny, Data::kAny, Data::kAny, Data::kLeast, Data::kMost}) {
        ++cases;
        if (same(columns, broadcast, data, cases)) continue;
        ++wrong;
        tandem::rp2040::print("FAILED columns %lu, broadcast %d, data %d, seed %lu\n", columns,
                              static_cast<int>(broadcast), static_cast<int>(data), cases);
      }
    }
  }
  check("add says what ref says", wrong == 0);
  end();
}
