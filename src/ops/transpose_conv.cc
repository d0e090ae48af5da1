#include "kernels/transpose_conv.h"

#include "ops/requantization.h"
#include "ops/weighted_variant.h"
#include "ops/window.h"

// TRANSPOSE_CONV: the transpose of the convolution that would make its input from its output. The wanted
// shape that it has as operand 0 is the output's in the file, as in TensorFlow Lite Micro; the operand's
// values are not read.
namespace tandem {
namespace {

constexpr uint8_t kTransposeConvOptions = 49;
enum Field { kPadding, kStrideW, kStrideH, kActivation };
enum Operand { kShape, kWeights, kInput, kBias };

using Variant = WeightedVariant<TransposeConvParams>;
constexpr Variant kVariants[] = {
    {Type::kInt8, Type::kInt8, Type::kInt32, kernel_id::transpose_conv_s8__ref},
    {Type::kInt16, Type::kInt8, Type::kInt64, kernel_id::transpose_conv_s16__ref},
    {Type::kInt16, Type::kInt8, Type::kInt16, kernel_id::transpose_conv_s16_b16__ref},
    {Type::kFloat32, Type::kFloat32, Type::kFloat32, kernel_id::transpose_conv_f32__ref},
};

Status plan_transpose_conv(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 4, 1));
  const TensorInfo in = c.input(kInput);
  const TensorInfo weights = c.input(kWeights);
  const TensorInfo bias = c.input(kBias);
  const TensorInfo out = c.output(0);
  const Result<const Variant*> variant = find_variant<TransposeConvParams>(
      c, kVariants, {.in = kInput, .weights = kWeights, .bias = kBias}, Type::kInt64);
  TANDEM_TRY(variant.status());
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (in.shape.rank != 4) return c.error(Code::kInputRank, kInput, static_cast<int32_t>(in.shape.rank));
  if (weights.shape.rank != 4)
    return c.error(Code::kInputRank, kWeights, static_cast<int32_t>(weights.shape.rank));
  if (out.shape.rank != 4) return c.error(Code::kOutputShape, 0, -1);
  if (in.shape[3] < 1 || weights.shape[3] != in.shape[3]) return c.error(Code::kInputShape, kWeights, 3);
  if (weights.shape[0] != out.shape[3]) return c.error(Code::kOutputShape, 0, 3);
  if (bias.present() && bias.elements != static_cast<uint32_t>(out.shape[3])) {
    return c.error(Code::kInputShape, kBias, 0);
  }
  const flat::Table options = c.options(kTransposeConvOptions);
  if (!options.valid()) return c.error(Code::kOptionsMissing);
  const Result<Window2d> window =
      plan_window(c, out.shape, in.shape,
                  {.padding = static_cast<Padding>(options.scalar<int8_t>(kPadding)),
                   .filter = {weights.shape[1], weights.shape[2]},
                   .stride = {options.scalar<int32_t>(kStrideH), options.scalar<int32_t>(kStrideW)}});
  TANDEM_TRY(window.status());

  TransposeConvParams params;
  params.window = *window;
  params.in_channels = in.shape[3];
  params.out_channels = out.shape[3];
  params.in = c.ref(in);
  params.weights = c.ref(weights);
  params.bias = c.ref(bias);
  params.out = c.ref(out);
  const auto activation = static_cast<Activation>(options.scalar<int8_t>(kActivation));
  TANDEM_TRY(plan_output_clamp(c, activation, params.clamp, params.clamp_f32));
  if (in.type != Type::kFloat32) {
    const bool narrow = in.type == Type::kInt8;
    const Result<ChannelFactors> factors =
        plan_channel_factors(c, {.in = kInput,
                                 .weights = kWeights,
                                 .channels = out.shape[3],
                                 .max_shift = narrow ? 31 : kRequantize64MaxShift});
    TANDEM_TRY(factors.status());
    params.multipliers = factors->multipliers;
    params.shifts = factors->shifts;
    if (narrow) {
      params.in_zero_point = in.quantization.zero_point();
      params.out_zero_point = out.quantization.zero_point();
    }
  }
  const uint64_t taps = uint64_t{in.elements} * static_cast<uint32_t>(weights.shape[1]) *
                        static_cast<uint32_t>(weights.shape[2]);
  const uint64_t macs = taps * static_cast<uint32_t>(out.shape[3]);
  const auto rows = static_cast<uint32_t>(window->batches * window->in.h);
  params.rows = cut_into_blocks(rows, rows == 0 ? 0 : macs / rows);
  c.emit((*variant)->kernel, params, {.units = params.rows.units(), .macs = macs});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(TRANSPOSE_CONV, transpose_conv, plan_transpose_conv, transpose_conv_s8__ref,
                 transpose_conv_s16__ref, transpose_conv_s16_b16__ref, transpose_conv_f32__ref)
TANDEM_DEFINE_OP(TRANSPOSE_CONV, transpose_conv_f32, plan_transpose_conv, transpose_conv_f32__ref)
TANDEM_DEFINE_OP(TRANSPOSE_CONV, transpose_conv_s8, plan_transpose_conv, transpose_conv_s8__ref)

}  // namespace tandem
