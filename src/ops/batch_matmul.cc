#include "kernels/batch_matmul.h"

#include <algorithm>

#include "ops/element_wise.h"

// BATCH_MATMUL.
namespace tandem {
namespace {

constexpr uint8_t kBatchMatMulOptions = 101;
enum Field { kAdjX, kAdjY };

constexpr uint32_t kMinRank = 2;
constexpr uint32_t kLargestRank = 5;

using Loop = BinaryOperands::Loop;

// An input as matrices [rows, columns] of what is multiplied, transposed in memory or not.
struct Matrices {
  Matrices(const Shape& of, bool transposed)
      : shape(of),
        rows(of[of.rank - (transposed ? 1 : 2)]),
        columns(of[of.rank - (transposed ? 2 : 1)]),
        row_stride(transposed ? 1 : static_cast<uint32_t>(columns)),
        column_stride(transposed ? static_cast<uint32_t>(rows) : 1) {}

  // How many matrices along the `d`-th dimension before them.
  [[nodiscard]] int32_t batches(uint32_t d) const {
    return d + 2 < shape.rank ? shape[shape.rank - 3 - d] : 1;
  }

  const Shape& shape;
  int32_t rows;
  int32_t columns;
  uint32_t row_stride;
  uint32_t column_stride;
};

// The loops over the output's elements, innermost first.
struct Loops {
  Loop loops[kLargestRank];
  uint32_t count = 0;
  uint64_t elements = 1;  ///< or kMoreThanATensor

  static constexpr uint64_t kMoreThanATensor = uint64_t{1} << 32;

  void add(int32_t extent, uint32_t a_stride, uint32_t b_stride) {
    loops[count++] = {.extent = static_cast<uint32_t>(extent), .strides = {a_stride, b_stride}};
    elements = std::min(elements * static_cast<uint32_t>(extent), kMoreThanATensor);
  }
};

Result<Loops> find_loops(const OpContext& c, const Matrices& a, const Matrices& b) {
  if (a.columns != b.rows) return c.error(Code::kInputShape, 1, static_cast<int32_t>(b.shape.rank) - 2);
  Loops loops;
  loops.add(b.columns, 0, b.column_stride);
  loops.add(a.rows, a.row_stride, 0);
  uint32_t a_dense = static_cast<uint32_t>(a.rows) * static_cast<uint32_t>(a.columns);
  uint32_t b_dense = static_cast<uint32_t>(b.rows) * static_cast<uint32_t>(b.columns);
  for (uint32_t d = 0; d + 2 < std::max(a.shape.rank, b.shape.rank); ++d) {
    const int32_t a_size = a.batches(d);
    const int32_t b_size = b.batches(d);
    if (a_size != b_size && a_size != 1 && b_size != 1) {
      return c.error(Code::kInputShape, 1, static_cast<int32_t>(b.shape.rank - 3 - d));
    }
    loops.add(a_size == 1 ? b_size : a_size, a_size == 1 ? 0 : a_dense, b_size == 1 ? 0 : b_dense);
    a_dense *= static_cast<uint32_t>(a_size);
    b_dense *= static_cast<uint32_t>(b_size);
  }
  return loops;
}

// TensorFlow Lite Micro names the output's dimensions itself; the file only has to give it their space.
Status check_output(const OpContext& c, const Loops& loops) {
  const TensorInfo out = c.output(0);
  if (out.shape.rank < loops.count || out.elements != loops.elements) {
    return c.error(Code::kOutputShape, 0, -1);
  }
  return {};
}

Status plan_factor(const OpContext& c, BatchMatmulParams& params) {
  for (uint32_t i = 0; i < 2; ++i) TANDEM_TRY(c.expect_input_quantized(i));
  TANDEM_TRY(c.expect_output_quantized(0));
  const Quantization a = c.input(0).quantization;
  const Quantization b = c.input(1).quantization;
  const Quantization out = c.output(0).quantization;
  params.a.zero_point = a.zero_point();
  params.b.zero_point = b.zero_point();
  params.out_zero_point = out.zero_point();
  // Scales are multiplied in float, as TensorFlow Lite does.
  params.factor = quantize_multiplier(double{a.scale() * b.scale()} / double{out.scale()});
  if (c.input(0).type == Type::kInt8) return {};
  TANDEM_TRY(expect_symmetric(c, 2));
  return params.factor.shift <= kRequantize64MaxShift
             ? Status{}
             : c.error(Code::kScaleRatio, params.factor.shift, kRequantize64MaxShift);
}

Status plan_batch_matmul(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kInt16, Type::kFloat32}));
  const TensorInfo a = c.input(0);
  const TensorInfo b = c.input(1);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(1, {a.type}));
  TANDEM_TRY(c.expect_output_type(0, a.type));
  for (uint32_t i = 0; i < 2; ++i) {
    const uint32_t rank = c.input(i).shape.rank;
    if (rank < kMinRank || rank > kLargestRank) {
      return c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(rank));
    }
  }
  const flat::Table options = c.options(kBatchMatMulOptions);
  const Matrices rows(a.shape, options.scalar<uint8_t>(kAdjX) != 0);
  const Matrices columns(b.shape, options.scalar<uint8_t>(kAdjY) != 0);
  const Result<Loops> loops = find_loops(c, rows, columns);
  TANDEM_TRY(loops.status());
  TANDEM_TRY(check_output(c, *loops));

  BatchMatmulParams params;
  if (a.type != Type::kFloat32) TANDEM_TRY(plan_factor(c, params));
  params.depth = static_cast<uint32_t>(rows.columns);
  params.a.depth_stride = rows.column_stride;
  params.b.depth_stride = columns.row_stride;
  params.operands.in[0] = c.ref(a);
  params.operands.in[1] = c.ref(b);
  params.operands.out = c.ref(out);
  params.operands.elements = cut_into_blocks(out.elements, params.depth);
  params.operands.inner = loops->loops[0];
  params.operands.outer_loops = loops->count - 1;
  params.operands.outer = c.prepared<Loop>(params.operands.outer_loops, [&](std::span<Loop> outer) {
    std::copy_n(loops->loops + 1, outer.size(), outer.begin());
  });
  c.emit(a.type == Type::kInt8    ? kernel_id::batch_matmul_s8__ref
         : a.type == Type::kInt16 ? kernel_id::batch_matmul_s16__ref
                                  : kernel_id::batch_matmul_f32__ref,
         params, {.units = params.operands.elements.units(), .macs = uint64_t{out.elements} * params.depth});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(BATCH_MATMUL, batch_matmul, plan_batch_matmul, batch_matmul_s8__ref, batch_matmul_s16__ref,
                 batch_matmul_f32__ref)
TANDEM_DEFINE_OP(BATCH_MATMUL, batch_matmul_f32, plan_batch_matmul, batch_matmul_f32__ref)
TANDEM_DEFINE_OP(BATCH_MATMUL, batch_matmul_s8, plan_batch_matmul, batch_matmul_s8__ref)

}  // namespace tandem
