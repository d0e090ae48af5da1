#include "kernels/conv_2d.h"

#include <algorithm>

#include "kernel_target.h"
#include "ops/conv_2d_dense_lanes.h"
#include "ops/conv_2d_generated.h"
#include "ops/conv_2d_sparse.h"
#include "ops/depthwise_lanes.h"
#include "ops/depthwise_taps.h"
#include "ops/requantization.h"
#include "ops/weighted_variant.h"
#include "ops/window.h"

// CONV_2D and DEPTHWISE_CONV_2D: the same sums over other channels.
namespace tandem {
namespace {

// BuiltinOptions and the fields of Conv2DOptions and DepthwiseConv2DOptions.
constexpr uint8_t kConv2dOptions = 1;
constexpr uint8_t kDepthwiseConv2dOptions = 2;
namespace conv_field {
enum { kPadding, kStrideW, kStrideH, kActivation, kDilationW, kDilationH, kBiasType };
}
namespace depthwise_field {
enum { kPadding, kStrideW, kStrideH, kMultiplier, kActivation, kDilationW, kDilationH };
}

using Variant = WeightedVariant<Conv2dParams>;

constexpr Variant kConvVariants[] = {
    {Type::kInt8, Type::kInt8, Type::kInt32, kernel_id::conv_2d_s8__portable},
    {Type::kInt8, Type::kInt4, Type::kInt32, kernel_id::conv_2d_s8_w4__portable},
    {Type::kInt16, Type::kInt8, Type::kInt64, kernel_id::conv_2d_s16__portable},
    {Type::kInt16, Type::kInt8, Type::kInt32, kernel_id::conv_2d_s16_b32__portable},
    {Type::kFloat32, Type::kFloat32, Type::kFloat32, kernel_id::conv_2d_f32__ref},
};
constexpr Variant kDepthwiseVariants[] = {
    {Type::kInt8, Type::kInt8, Type::kInt32, kernel_id::depthwise_conv_2d_s8__portable},
    {Type::kInt8, Type::kInt4, Type::kInt32, kernel_id::depthwise_conv_2d_s8_w4__portable},
    {Type::kInt16, Type::kInt8, Type::kInt64, kernel_id::depthwise_conv_2d_s16__portable},
    {Type::kFloat32, Type::kFloat32, Type::kFloat32, kernel_id::depthwise_conv_2d_f32__ref},
};

// What the two operators' option tables say.
struct Options {
  WindowRequest window;
  Activation activation = Activation::kNone;
  Type bias_type = Type::kFloat32;  ///< of an absent bias: chooses the accumulator of int16
};

// Cuts the output into tiles: few channels and many rows each, because weights are read once a tile; enough
// of them for workers to share evenly, but none too small to be worth handing over.
void cut_into_tiles(Conv2dParams& params, uint32_t rows, uint64_t macs) {
  constexpr uint32_t kOne = 1;
  constexpr uint32_t kChannels = 8;
  constexpr uint32_t kTiles = 24;
  constexpr uint64_t kTileMacs = 1024;
  const auto channels = static_cast<uint32_t>(params.out_channels);
  const auto worth = static_cast<uint32_t>(std::clamp<uint64_t>(macs / kTileMacs, 1, kTiles));
  const auto pieces = [](uint32_t count, uint32_t units) {
    return count / units + (count % units != 0 ? 1 : 0);
  };
  params.channels = {.count = channels, .per_unit = std::max(kChannels, pieces(channels, worth))};
  const uint32_t row_units = std::max(worth / std::max(params.channels.units(), kOne), kOne);
  params.rows = {.count = rows, .per_unit = std::max(pieces(rows, row_units), kOne)};
}

// Which kernel a machine has of its own for an int8 convolution.
enum class OwnKernel { kNone, kDepthwiseLanes, kDepthwiseTaps, kSparse, kGenerated, kDense };

struct OwnPlan {
  OwnKernel kernel = OwnKernel::kNone;
  ConvFilters filters;        ///< of CONV_2D's kernels
  GeneratedConv2d generated;  ///< of kGenerated

  [[nodiscard]] LevelSlack slack() const {
    return kernel == OwnKernel::kDepthwiseLanes  ? kDepthwiseLanesSlack
           : kernel == OwnKernel::kDepthwiseTaps ? kDepthwiseTapsSlack
           : kernel == OwnKernel::kGenerated     ? kGeneratedConv2dSlack
           : kernel == OwnKernel::kDense         ? kDenseConv2dSlack
                                                 : LevelSlack{};
  }
};

// `side_by_side`: a DEPTHWISE_CONV_2D of one input channel, which is a CONV_2D with its filters side by side.
// Apart from plan(), as are the next three, for the stack's sake: what is under way there calls deep.
[[gnu::noinline]] OwnPlan choose_conv_2d_kernel(const OpContext& c, const Conv2dParams& params,
                                                bool side_by_side) {
  const TensorInfo weights = c.input(1);
  const TensorInfo bias = c.input(2);
  const bool constant = weights.type == Type::kInt8 && weights.constant() &&
                        (!bias.present() || (bias.constant() && bias.type == Type::kInt32));
  if (!constant || c.input(0).type != Type::kInt8 || (!side_by_side && params.groups != 1)) return {};
  const Window2d& w = params.window;
  if (w.filter.h == 1 && w.filter.w == 1 && !is_one_tap_inside(w)) return {};
  const auto channels = static_cast<uint32_t>(params.out_channels);
  const ConvFilters filters{.weights = reinterpret_cast<const int8_t*>(weights.data),
                            .filter = weights.elements / channels,
                            .channels = channels,
                            .side_by_side = side_by_side};
  const bool sparse = !side_by_side && suits_sparse_conv_2d(c, params);
  // Fewer outputs a channel are not worth writing code for: 50 cycles a weight, and each output of it saves 1
  // on the dense kernel, 10 on the portable one.
  constexpr uint32_t kWorthPixels = 32;
  constexpr uint32_t kWorthPixelsWithoutDense = 6;
  const auto pixels = static_cast<uint32_t>(w.batches * w.out.h * w.out.w);
  if (pixels < kWorthPixels && !sparse && suits_dense_conv_2d(c, params, filters)) {
    return {.kernel = OwnKernel::kDense, .filters = filters};
  }
  if (sparse) return {.kernel = OwnKernel::kSparse, .filters = filters};
  if (pixels < kWorthPixelsWithoutDense) return {};
  if (const auto generated = suits_generated_conv_2d(c, params, filters)) {
    return {.kernel = OwnKernel::kGenerated, .filters = filters, .generated = *generated};
  }
  if (suits_dense_conv_2d(c, params, filters)) return {.kernel = OwnKernel::kDense, .filters = filters};
  return {};
}

[[gnu::noinline]] OwnPlan choose_own_kernel(const OpContext& c, const Conv2dParams& params, bool depthwise,
                                            bool one_channel) {
  if (!depthwise) return choose_conv_2d_kernel(c, params, false);
  if (suits_depthwise_lanes(c, params)) return {.kernel = OwnKernel::kDepthwiseLanes};
  if (one_channel) {
    const OwnPlan own = choose_conv_2d_kernel(c, params, true);
    if (own.kernel != OwnKernel::kNone) return own;
  }
  if (suits_depthwise_taps(c, params)) return {.kernel = OwnKernel::kDepthwiseTaps};
  return {};
}

// Filters that lie side by side in the file one after the other.
[[gnu::noinline]] Ref filters_in_turn(OpContext& c, const ConvFilters& filters) {
  return c.prepared<int8_t>(filters.filter * filters.channels, [&](std::span<int8_t> values) {
    for (uint32_t o = 0; o < filters.channels; ++o) {
      for (uint32_t k = 0; k < filters.filter; ++k) {
        values[o * filters.filter + k] = static_cast<int8_t>(filters(o, k));
      }
    }
  });
}

[[gnu::noinline]] void emit_own_kernel(OpContext& c, Conv2dParams& params, const OwnPlan& own,
                                       const LevelFactors& level, uint64_t macs) {
  switch (own.kernel) {
    case OwnKernel::kDepthwiseLanes:
      emit_depthwise_lanes(c, params, level, macs);
      break;
    case OwnKernel::kDepthwiseTaps:
      emit_depthwise_taps(c, params, level, macs);
      break;
    case OwnKernel::kSparse:
      emit_sparse_conv_2d(c, params, level, macs);
      break;
    case OwnKernel::kGenerated:
      emit_generated_conv_2d(c, params, own.filters, own.generated, level, macs);
      break;
    case OwnKernel::kDense:
      emit_dense_conv_2d(c, params, own.filters, level, macs);
      break;
    case OwnKernel::kNone:
      break;
  }
}

// What planning found out about an operator, beside its parameters.
struct Planned {
  const Variant* variant = nullptr;
  uint64_t macs = 0;
  bool depthwise = false;
  bool quantized = false;
  bool int8 = false;         ///< activations and weights
  bool one_channel = false;  ///< a DEPTHWISE_CONV_2D that is a CONV_2D with its filters side by side
};

// Everything but the channels, which each operator has checked, and the factors. Apart from plan() as well.
[[gnu::noinline]] Status plan_operands(OpContext& c, const Options& options,
                                       std::span<const Variant> variants, uint64_t macs_per_output,
                                       Conv2dParams& params, Planned& planned) {
  const TensorInfo in = c.input(0);
  const TensorInfo weights = c.input(1);
  const TensorInfo bias = c.input(2);
  const TensorInfo out = c.output(0);
  const Result<const Variant*> variant = find_variant(c, variants, {}, options.bias_type);
  TANDEM_TRY(variant.status());
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (bias.present() && bias.elements != static_cast<uint32_t>(params.out_channels)) {
    return c.error(Code::kInputShape, 2, 0);
  }
  WindowRequest request = options.window;
  request.filter = {weights.shape[1], weights.shape[2]};
  const Result<Window2d> window = plan_window(c, in.shape, out.shape, request);
  TANDEM_TRY(window.status());

  params.window = *window;
  params.in_channels = in.shape[3];
  params.in = c.ref(in);
  params.bias = c.ref(bias);
  params.out = c.ref(out);
  TANDEM_TRY(plan_output_clamp(c, options.activation, params.clamp, params.clamp_f32));
  // Those of int16 are 0 by definition; TensorFlow Lite Micro does not look whether the file agrees.
  if (in.type == Type::kInt8) {
    params.in_zero_point = in.quantization.zero_point();
    params.out_zero_point = out.quantization.zero_point();
  }
  planned.variant = *variant;
  planned.macs = macs_per_output * out.elements;
  planned.depthwise = variants.data() == kDepthwiseVariants;
  planned.quantized = in.type != Type::kFloat32;
  planned.int8 = in.type == Type::kInt8 && weights.type == Type::kInt8;
  planned.one_channel = planned.depthwise && planned.int8 && params.in_channels == 1 && weights.constant() &&
                        c.has(kernel_id::conv_2d_s8__portable) && c.may_copy();
  return {};
}

Status plan(OpContext& c, const Options& options, std::span<const Variant> variants, Conv2dParams& params,
            uint64_t macs_per_output) {
  Planned planned;
  TANDEM_TRY(plan_operands(c, options, variants, macs_per_output, params, planned));
  const OwnPlan own = choose_own_kernel(c, params, planned.depthwise, planned.one_channel);
  const bool as_conv_2d = planned.one_channel && own.kernel != OwnKernel::kDepthwiseLanes &&
                          own.kernel != OwnKernel::kDepthwiseTaps;
  if (as_conv_2d) {
    params.groups = 1;
    params.weights = filters_in_turn(c, {.weights = reinterpret_cast<const int8_t*>(c.input(1).data),
                                         .filter = static_cast<uint32_t>(macs_per_output),
                                         .channels = static_cast<uint32_t>(params.out_channels),
                                         .side_by_side = true});
  } else {
    params.weights = c.streamed(c.input(1));
  }
  if (planned.quantized) {
    const bool narrow = planned.variant->bias == Type::kInt32;
    const ChannelFactorsRequest of{.channels = params.out_channels,
                                   .max_shift = narrow ? 31 : kRequantize64MaxShift};
    if (own.kernel != OwnKernel::kNone) {
      const TensorInfo bias = c.input(2);
      const Result<LevelFactors> level =
          plan_level_factors(c, of,
                             {.bias = bias,
                              .zero_point = params.out_zero_point,
                              .clamp = params.clamp,
                              .products = static_cast<uint32_t>(macs_per_output),
                              .slack = own.slack()});
      TANDEM_TRY(level.status());
      params.multipliers = level->factors.multipliers;
      params.shifts = level->factors.shifts;
      if (level->usable) {
        emit_own_kernel(c, params, own, *level, planned.macs);
        return {};
      }
    } else {
      const Result<ChannelFactors> factors = plan_channel_factors(c, of);
      TANDEM_TRY(factors.status());
      params.multipliers = factors->multipliers;
      params.shifts = factors->shifts;
    }
  }
  TypedKernelId<Conv2dParams> kernel = planned.variant->kernel;
  if (as_conv_2d) {
    kernel = kernel_id::conv_2d_s8__portable;
  } else if (planned.depthwise && planned.quantized) {
    params.worker_weights = c.scratch(static_cast<uint32_t>(macs_per_output * sizeof(int32_t)));
  } else if (planned.variant->weights == Type::kInt4) {
    params.worker_weights = c.scratch(static_cast<uint32_t>(macs_per_output * 2));
  }
  cut_into_tiles(params, static_cast<uint32_t>(params.window.batches * params.window.out.h), planned.macs);
  c.emit(kernel, params, {.units = params.tiles(), .macs = planned.macs});
  return {};
}

Status expect_shapes(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 3, 1));
  if (c.input(0).shape.rank != 4)
    return c.error(Code::kInputRank, 0, static_cast<int32_t>(c.input(0).shape.rank));
  if (c.input(1).shape.rank != 4)
    return c.error(Code::kInputRank, 1, static_cast<int32_t>(c.input(1).shape.rank));
  if (c.output(0).shape.rank != 4) return c.error(Code::kOutputShape, 0, -1);
  return {};
}

Status plan_conv_2d(OpContext& c) {
  TANDEM_TRY(expect_shapes(c));
  const flat::Table table = c.options(kConv2dOptions);
  if (!table.valid()) return c.error(Code::kOptionsMissing);
  using namespace conv_field;
  const Options options{
      .window = {.padding = static_cast<Padding>(table.scalar<int8_t>(kPadding)),
                 .filter = {},
                 .stride = {table.scalar<int32_t>(kStrideH), table.scalar<int32_t>(kStrideW)},
                 .dilation = {table.scalar<int32_t>(kDilationH, 1), table.scalar<int32_t>(kDilationW, 1)}},
      .activation = static_cast<Activation>(table.scalar<int8_t>(kActivation)),
      .bias_type = static_cast<Type>(table.scalar<int8_t>(kBiasType))};
  const Shape in = c.input(0).shape;
  const Shape weights = c.input(1).shape;
  const Shape out = c.output(0).shape;
  // Grouped: each output sees weights[3] of the input's channels.
  if (weights[3] < 1 || in[3] % weights[3] != 0) return c.error(Code::kInputShape, 1, 3);
  const int32_t groups = in[3] / weights[3];
  if (weights[0] != out[3] || groups < 1 || out[3] % groups != 0) return c.error(Code::kOutputShape, 0, 3);
  Conv2dParams params;
  params.out_channels = out[3];
  params.groups = groups;
  return plan(c, options, kConvVariants, params,
              uint64_t{static_cast<uint32_t>(weights[1])} * static_cast<uint32_t>(weights[2]) *
                  static_cast<uint32_t>(weights[3]));
}

Status plan_depthwise_conv_2d(OpContext& c) {
  TANDEM_TRY(expect_shapes(c));
  const flat::Table table = c.options(kDepthwiseConv2dOptions);
  if (!table.valid()) return c.error(Code::kOptionsMissing);
  using namespace depthwise_field;
  const Options options{
      .window = {.padding = static_cast<Padding>(table.scalar<int8_t>(kPadding)),
                 .filter = {},
                 .stride = {table.scalar<int32_t>(kStrideH), table.scalar<int32_t>(kStrideW)},
                 .dilation = {table.scalar<int32_t>(kDilationH, 1), table.scalar<int32_t>(kDilationW, 1)}},
      .activation = static_cast<Activation>(table.scalar<int8_t>(kActivation))};
  const Shape in = c.input(0).shape;
  const Shape weights = c.input(1).shape;
  const Shape out = c.output(0).shape;
  if (weights[0] != 1) return c.error(Code::kInputShape, 1, 0);
  if (in[3] < 1 || weights[3] % in[3] != 0 || weights[3] < in[3]) return c.error(Code::kInputShape, 1, 3);
  if (weights[3] != out[3]) return c.error(Code::kOutputShape, 0, 3);
  Conv2dParams params;
  params.out_channels = out[3];
  params.groups = weights[3] / in[3];
  const uint64_t taps = uint64_t{static_cast<uint32_t>(weights[1])} * static_cast<uint32_t>(weights[2]);
  constexpr uint64_t kMaxTaps = 1 << 20;
  if (taps > kMaxTaps) return c.error(Code::kTensorTooLarge, 1);
  return plan(c, options, kDepthwiseVariants, params, taps);
}

}  // namespace

TANDEM_DEFINE_OP(CONV_2D, conv_2d, plan_conv_2d, TANDEM_TARGET_CONV_2D_S8 conv_2d_s8__portable,
                 conv_2d_s8_w4__portable, conv_2d_s16__portable, conv_2d_s16_b32__portable, conv_2d_f32__ref)
TANDEM_DEFINE_OP(CONV_2D, conv_2d_f32, plan_conv_2d, conv_2d_f32__ref)
TANDEM_DEFINE_OP(CONV_2D, conv_2d_s8, plan_conv_2d, TANDEM_TARGET_CONV_2D_S8 conv_2d_s8__portable)
TANDEM_DEFINE_OP(CONV_2D, conv_2d_s8_w4, plan_conv_2d, conv_2d_s8_w4__portable)
TANDEM_DEFINE_OP(DEPTHWISE_CONV_2D, depthwise_conv_2d, plan_depthwise_conv_2d,
                 TANDEM_TARGET_DEPTHWISE_CONV_2D_S8 conv_2d_s8__portable, depthwise_conv_2d_s8__portable,
                 depthwise_conv_2d_s8_w4__portable, depthwise_conv_2d_s16__portable,
                 depthwise_conv_2d_f32__ref)
TANDEM_DEFINE_OP(DEPTHWISE_CONV_2D, depthwise_conv_2d_f32, plan_depthwise_conv_2d, depthwise_conv_2d_f32__ref)
TANDEM_DEFINE_OP(DEPTHWISE_CONV_2D, depthwise_conv_2d_s8, plan_depthwise_conv_2d,
                 TANDEM_TARGET_DEPTHWISE_CONV_2D_S8 conv_2d_s8__portable, depthwise_conv_2d_s8__portable)
TANDEM_DEFINE_OP(DEPTHWISE_CONV_2D, depthwise_conv_2d_s8_w4, plan_depthwise_conv_2d,
                 depthwise_conv_2d_s8_w4__portable)

}  // namespace tandem
