#include "kernels/l2_normalization.h"

#include "ops/op_context.h"

namespace tandem {
namespace {

constexpr uint8_t kL2NormOptions = 12;
enum Field { kActivation };

constexpr uint32_t kMaxInputRank = 4;
constexpr uint64_t kElementCost = 8;  // elementary operations: a division, or its like in integers

// The output's quantization is not looked at, which TensorFlow Lite Micro takes for 1/128 and 0.
Status plan_l2_normalization(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8, Type::kFloat32}));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  const uint32_t rank = in.shape.rank;
  if (rank < 1 || rank > kMaxInputRank) return c.error(Code::kInputRank, 0, static_cast<int32_t>(rank));
  const auto activation = c.options(kL2NormOptions).scalar<int8_t>(kActivation);
  if (activation != 0) return c.error(Code::kOptionValue, kActivation, activation);
  L2NormalizationParams params{.depth = static_cast<uint32_t>(in.shape[rank - 1])};
  if (in.type == Type::kInt8 && in.quantization.present()) {
    TANDEM_TRY(c.expect_input_quantized(0));
    params.in_zero_point = in.quantization.zero_point();
  }
  const uint32_t rows = in.elements == 0 ? 0 : in.elements / params.depth;
  params.rows = cut_into_blocks(rows, params.depth * kElementCost);
  static_cast<void>(c.try_in_place(0));
  params.in = c.ref(in);
  params.out = c.ref(c.output(0));
  c.emit(in.type == Type::kInt8 ? kernel_id::l2_normalization_s8__ref : kernel_id::l2_normalization_f32__ref,
         params, {.units = params.rows.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(L2_NORMALIZATION, l2_normalization, plan_l2_normalization, l2_normalization_s8__ref,
                 l2_normalization_f32__ref)
TANDEM_DEFINE_OP(L2_NORMALIZATION, l2_normalization_f32, plan_l2_normalization, l2_normalization_f32__ref)
TANDEM_DEFINE_OP(L2_NORMALIZATION, l2_normalization_s8, plan_l2_normalization, l2_normalization_s8__ref)

}  // namespace tandem
