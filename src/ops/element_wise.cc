#include "ops/element_wise.h"

#include <algorithm>

namespace tandem {
namespace {

// Elementary operations an element, for the cut into work units: small tensors are one unit.
constexpr uint64_t kElementCost = 3;

// Dimension `d` of a shape that dimensions of 1 in front have brought to `rank`.
int32_t dimension(const Shape& shape, uint32_t rank, uint32_t d) {
  return d + shape.rank < rank ? 1 : shape[d + shape.rank - rank];
}

// Whether two shapes are the same but for dimensions of 1 in front.
bool same(const Shape& a, const Shape& b) {
  const uint32_t rank = std::max(a.rank, b.rank);
  for (uint32_t d = 0; d < rank; ++d) {
    if (dimension(a, rank, d) != dimension(b, rank, d)) return false;
  }
  return true;
}

// The nested loops of a broadcast, innermost first.
template <uint32_t kInputs>
struct Loops {
  using Loop = typename BroadcastOperands<kInputs>::Loop;
  Loop loops[kMaxRank];
  uint32_t count = 1;

  // Adds the next dimension outwards.
  void add(const Loop& next) {
    if (next.extent == 1) return;
    Loop& last = loops[count - 1];
    bool joins = true;
    for (uint32_t k = 0; k < kInputs; ++k) joins &= next.strides[k] == last.strides[k] * last.extent;
    if (last.extent == 1) {
      last = next;
    } else if (joins) {
      last.extent *= next.extent;
    } else {
      loops[count++] = next;
    }
  }
};

// Reduces the inputs' shapes against the output's to loops. Errors: as plan_broadcast.
template <uint32_t kInputs>
Result<Loops<kInputs>> find_loops(const OpContext& c, const TensorInfo& out) {
  Loops<kInputs> loops;
  Shape shapes[kInputs];
  // Inputs of one shape need no broadcasting; TensorFlow Lite then does not look at how the output's
  // dimensions divide the same elements.
  bool flat = c.input(0).elements == out.elements;
  uint32_t rank = out.shape.rank;
  for (uint32_t k = 0; k < kInputs; ++k) {
    shapes[k] = c.input(k).shape;
    flat &= same(shapes[0], shapes[k]);
    rank = std::max(rank, shapes[k].rank);
  }
  if (flat) {
    loops.loops[0].extent = out.elements;
    for (uint32_t& stride : loops.loops[0].strides) stride = 1;
    return loops;
  }
  uint32_t dense_strides[kInputs];
  for (uint32_t& stride : dense_strides) stride = 1;
  for (uint32_t d = rank; d-- > 0;) {
    const int32_t extent = dimension(out.shape, rank, d);
    typename Loops<kInputs>::Loop loop{.extent = static_cast<uint32_t>(extent)};
    for (uint32_t k = 0; k < kInputs; ++k) {
      const int32_t size = dimension(shapes[k], rank, d);
      if (size != extent && size != 1) {
        return c.error(Code::kInputShape, static_cast<int32_t>(k), static_cast<int32_t>(d));
      }
      if (size != 1) loop.strides[k] = dense_strides[k];
      dense_strides[k] *= static_cast<uint32_t>(size);
    }
    loops.add(loop);
  }
  return loops;
}

}  // namespace

Result<UnaryOperands> plan_unary(OpContext& c) {
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  if (in.elements != out.elements) return c.error(Code::kOutputShape, 0, -1);
  if (in.bytes == out.bytes) static_cast<void>(c.try_in_place(0));
  return UnaryOperands{
      .in = c.ref(in), .out = c.ref(out), .elements = cut_into_blocks(out.elements, kElementCost)};
}

Status emit_lookup(OpContext& c, Ref table, int32_t lowest) {
  const Result<UnaryOperands> operands = plan_unary(c);
  TANDEM_TRY(operands.status());
  LookupParams params{.operands = *operands, .table = table, .lowest = lowest};
  params.operands.elements = cut_into_blocks(params.operands.elements.count, kLookupCost);
  c.emit(kernel_id::lookup_s8__portable, params, {.units = params.operands.elements.units()});
  return {};
}

template <uint32_t kInputs>
Result<BroadcastOperands<kInputs>> plan_broadcast(OpContext& c) {
  using Operands = BroadcastOperands<kInputs>;
  static_assert(Operands::kMaxOuterLoops >= kMaxRank - 1);
  const TensorInfo out = c.output(0);
  const Result<Loops<kInputs>> loops = find_loops<kInputs>(c, out);
  TANDEM_TRY(loops.status());
  // An input that has all the output's elements has them in the output's order.
  for (uint32_t k = 0; k < kInputs; ++k) {
    const TensorInfo in = c.input(k);
    if (in.elements == out.elements && in.bytes == out.bytes && c.try_in_place(k)) break;
  }
  Operands operands;
  for (uint32_t k = 0; k < kInputs; ++k) operands.in[k] = c.ref(c.input(k));
  operands.out = c.ref(out);
  operands.elements = cut_into_blocks(out.elements, kElementCost);
  operands.inner = loops->loops[0];
  operands.outer_loops = loops->count - 1;
  if (operands.outer_loops > 0) {
    operands.outer = c.prepared<typename Operands::Loop>(operands.outer_loops, [&](auto outer) {
      for (uint32_t i = 0; i < outer.size(); ++i) outer[i] = loops->loops[i + 1];
    });
  }
  return operands;
}

Status expect_symmetric(const OpContext& c, uint32_t inputs) {
  for (uint32_t i = 0; i < inputs; ++i) {
    TANDEM_TRY(c.expect_input_quantized(i));
    if (c.input(i).quantization.zero_point() != 0) {
      return c.error(Code::kInputZeroPoint, static_cast<int32_t>(i), 0);
    }
  }
  TANDEM_TRY(c.expect_output_quantized(0));
  return c.output(0).quantization.zero_point() == 0 ? Status{} : c.error(Code::kOutputZeroPoint, 0, 0);
}

Status expect_unquantized(const OpContext& c, uint32_t inputs) {
  for (uint32_t i = 0; i < inputs; ++i) {
    const TensorInfo in = c.input(i);
    if (in.quantization.present()) {
      return c.error(Code::kQuantizedInput, static_cast<int32_t>(i), static_cast<int32_t>(in.type));
    }
  }
  return {};
}

template Result<BroadcastOperands<2>> plan_broadcast<2>(OpContext& c);
template Result<BroadcastOperands<3>> plan_broadcast<3>(OpContext& c);

}  // namespace tandem
