#include "kernels/softmax.h"

#include "ops/requantization.h"

namespace tandem {
namespace {

constexpr uint8_t kSoftmaxOptions = 9;
enum Field { kBeta };

constexpr int kInputIntegerBits = 5;  // Q5.26

Status plan_softmax(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt8}));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, Type::kInt8));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  if (in.shape.rank < 1) return c.error(Code::kInputRank, 0, 0);
  TANDEM_TRY(c.expect_input_quantized(0));
  const float beta = c.options(kSoftmaxOptions).scalar<float>(kBeta);
  const int32_t depth = in.shape[in.shape.rank - 1];
  const double scale = static_cast<double>(beta) * in.quantization.scale() * (1 << (31 - kInputIntegerBits));
  const QuantizedMultiplier multiplier = quantize_multiplier(scale < 2147483647.0 ? scale : 2147483647.0);
  if (out.quantization.scale() != 1.0F / 256 || out.quantization.zero_point() != -128) {
    return c.error(Code::kOutputQuantization, 0);
  }
  const uint32_t rows = depth == 0 ? 0 : in.elements / static_cast<uint32_t>(depth);
  c.emit(softmax_s8__ref,
         {.in = c.ref(in),
          .out = c.ref(out),
          .rows = rows,
          .depth = depth,
          .multiplier = multiplier,
          .diff_min = -input_radius(kInputIntegerBits, multiplier.shift)},
         {.units = rows});
  return {};
}

}  // namespace

const OpDef op::softmax{.builtin = static_cast<int32_t>(Builtin::SOFTMAX), .plan = plan_softmax};

}  // namespace tandem
