#include "kernels/pool_2d.h"

#include <algorithm>

#include "ops/requantization.h"
#include "ops/window.h"

// AVERAGE_POOL_2D, L2_POOL_2D and MAX_POOL_2D.
namespace tandem {
namespace {

constexpr uint8_t kPool2dOptions = 5;
enum Field { kPadding, kStrideW, kStrideH, kFilterW, kFilterH, kActivation };

struct Kernels {
  TypedKernelId<Pool2dParams> s8;
  TypedKernelId<Pool2dParams> s16;
  TypedKernelId<Pool2dParams> f32;

  [[nodiscard]] TypedKernelId<Pool2dParams> of(Type type) const {
    return type == Type::kInt8 ? s8 : type == Type::kInt16 ? s16 : f32;
  }
};

// How many taps inside the input a window may have: sums of integers, and their rounding, fit int32.
int64_t max_taps(Type type) {
  return type == Type::kInt8 ? 1 << 23 : type == Type::kInt16 ? 65535 : int64_t{INT32_MAX};
}

// Whether the last window along an axis has a tap inside; the first has, if there is an inside.
bool reaches_inside(int32_t in, int32_t out, int32_t stride, int32_t pad) {
  return in > 0 && (out - 1) * stride - pad < in;
}

// Rows where there are enough of them; of global pooling, channels, by words of four.
void cut_into_tiles(Pool2dParams& params, uint32_t rows, uint64_t taps) {
  constexpr uint32_t kEnoughRows = 8;
  constexpr uint32_t kChannelsOfAWord = 4;
  constexpr uint64_t kFinishCost = 16;  // of an output, beside its taps
  const auto channels = static_cast<uint32_t>(params.channels);
  const uint64_t output_cost = taps + kFinishCost;
  const auto columns = static_cast<uint64_t>(params.window.out.w);
  params.rows = cut_into_blocks(rows, output_cost * columns * channels);
  params.channel_blocks = {.count = channels, .per_unit = std::max(channels, uint32_t{1})};
  if (params.rows.units() >= kEnoughRows) return;
  constexpr uint32_t kMostBlocks = 64;
  const Blocks worth = cut_into_blocks(channels, output_cost * columns * params.rows.per_unit);
  const uint32_t per_unit = std::max(worth.per_unit, channels / kMostBlocks + 1);
  params.channel_blocks.per_unit = (per_unit + kChannelsOfAWord - 1) / kChannelsOfAWord * kChannelsOfAWord;
}

Status plan(OpContext& c, const Kernels& kernels, std::initializer_list<Type> types) {
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  TANDEM_TRY(c.expect_input_type(0, types));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_output_type(0, in.type));
  if (in.shape.rank != 4) return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.shape.rank));
  if (out.shape.rank != 4) return c.error(Code::kOutputShape, 0, -1);
  if (out.shape[3] != in.shape[3]) return c.error(Code::kOutputShape, 0, 3);
  const flat::Table options = c.options(kPool2dOptions);
  if (!options.valid()) return c.error(Code::kOptionsMissing);
  const Size2d filter = {options.scalar<int32_t>(kFilterH), options.scalar<int32_t>(kFilterW)};
  const int64_t taps = int64_t{std::min(filter.h, in.shape[1])} * std::min(filter.w, in.shape[2]);
  if (filter.h < 1 || filter.w < 1 || taps > max_taps(in.type)) {
    return c.error(Code::kOptionValue, kFilterH, filter.h);
  }
  const Result<Window2d> window =
      plan_window(c, in.shape, out.shape,
                  {.padding = static_cast<Padding>(options.scalar<int8_t>(kPadding)),
                   .filter = filter,
                   .stride = {options.scalar<int32_t>(kStrideH), options.scalar<int32_t>(kStrideW)}});
  TANDEM_TRY(window.status());
  if (!reaches_inside(window->in.h, window->out.h, window->stride.h, window->pad.h)) {
    return c.error(Code::kOutputShape, 0, 1);
  }
  if (!reaches_inside(window->in.w, window->out.w, window->stride.w, window->pad.w)) {
    return c.error(Code::kOutputShape, 0, 2);
  }
  Pool2dParams params{.window = *window, .channels = in.shape[3]};
  const auto activation = static_cast<Activation>(options.scalar<int8_t>(kActivation));
  // Without quantizations there is nothing to tell apart.
  if (in.type != Type::kFloat32 && (in.quantization.present() || out.quantization.present())) {
    TANDEM_TRY(c.expect_same_quantization(0));
  }
  TANDEM_TRY(plan_output_clamp(c, activation, params.clamp, params.clamp_f32));
  const auto rows = static_cast<uint32_t>(window->batches * window->out.h);
  cut_into_tiles(params, rows, static_cast<uint64_t>(taps));
  params.in = c.ref(in);
  params.out = c.ref(out);
  c.emit(kernels.of(in.type), params, {.units = params.tiles()});
  return {};
}

Status plan_average_pool_2d(OpContext& c) {
  return plan(c,
              {.s8 = kernel_id::average_pool_2d_s8__portable,
               .s16 = kernel_id::average_pool_2d_s16__ref,
               .f32 = kernel_id::average_pool_2d_f32__ref},
              {Type::kInt8, Type::kInt16, Type::kFloat32});
}

Status plan_l2_pool_2d(OpContext& c) {
  return plan(c, {.s8 = {}, .s16 = {}, .f32 = kernel_id::l2_pool_2d_f32__ref}, {Type::kFloat32});
}

Status plan_max_pool_2d(OpContext& c) {
  return plan(c,
              {.s8 = kernel_id::max_pool_2d_s8__portable,
               .s16 = kernel_id::max_pool_2d_s16__ref,
               .f32 = kernel_id::max_pool_2d_f32__ref},
              {Type::kInt8, Type::kInt16, Type::kFloat32});
}

}  // namespace

TANDEM_DEFINE_OP(AVERAGE_POOL_2D, average_pool_2d, plan_average_pool_2d, average_pool_2d_s8__portable,
                 average_pool_2d_s16__ref, average_pool_2d_f32__ref)
TANDEM_DEFINE_OP(AVERAGE_POOL_2D, average_pool_2d_f32, plan_average_pool_2d, average_pool_2d_f32__ref)
TANDEM_DEFINE_OP(AVERAGE_POOL_2D, average_pool_2d_s8, plan_average_pool_2d, average_pool_2d_s8__portable)
TANDEM_DEFINE_OP(L2_POOL_2D, l2_pool_2d, plan_l2_pool_2d, l2_pool_2d_f32__ref)
TANDEM_DEFINE_OP(MAX_POOL_2D, max_pool_2d, plan_max_pool_2d, max_pool_2d_s8__portable, max_pool_2d_s16__ref,
                 max_pool_2d_f32__ref)
TANDEM_DEFINE_OP(MAX_POOL_2D, max_pool_2d_f32, plan_max_pool_2d, max_pool_2d_f32__ref)
TANDEM_DEFINE_OP(MAX_POOL_2D, max_pool_2d_s8, plan_max_pool_2d, max_pool_2d_s8__portable)

}  // namespace tandem
