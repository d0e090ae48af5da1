#include <algorithm>
#include <limits>
#include <type_traits>

#include "base/elementary.h"
#include "kernels/fft.h"
#include "ops/custom_options.h"
#include "ops/op_context.h"

// SignalRfft, SignalIrfft and SignalFftAutoScale of TensorFlow Lite Micro's signal library. Its transforms
// are those of kissfft in fixed point, whose radices, roundings and tables are reproduced here. Tables are
// made without libm: integers can differ by one unit where a sine lies at a half, and are the same on every
// machine.
namespace tandem {
namespace {

constexpr double kPi = 0x1.921fb54442d18p+1;
constexpr uint32_t kLargestBuiltRadix = 5;

// Fours first, then a two, then odd factors; what is left when they would exceed the root of `size` is prime.
void find_radices(uint32_t size, FftParams& params) {
  const auto root = static_cast<uint32_t>(elementary::sqrt(static_cast<double>(size)));
  uint32_t radix = 4;
  do {
    while (size % radix != 0) {
      radix = radix == 4 ? 2 : radix == 2 ? 3 : radix + 2;
      if (radix > root) radix = size;
    }
    size /= radix;
    params.radices[params.radix_count++] = radix;
  } while (size > 1);
}

// An element of a table of sines: float, or rounded to the integer whose largest value stands for 1.
template <class T>
T table_element(double x) {
  if constexpr (std::is_same_v<T, float>) {
    return static_cast<float>(x);
  } else {
    constexpr int32_t kOne = std::numeric_limits<T>::max();
    const double scaled = 0.5 + kOne * x;
    const auto truncated = static_cast<int64_t>(scaled);
    return static_cast<T>(truncated - (static_cast<double>(truncated) > scaled ? 1 : 0));
  }
}

// e^(i · phase(k)), pair by pair.
template <class T, class Phase>
Ref exponentials(OpContext& c, uint32_t count, Phase&& phase) {
  return c.prepared<T>(2 * count, [&](std::span<T> table) {
    for (uint32_t k = 0; k < count; ++k) {
      table[2 * k] = table_element<T>(elementary::cos(phase(k)));
      table[2 * k + 1] = table_element<T>(elementary::sin(phase(k)));
    }
  });
}

struct FftKernels {
  TypedKernelId<FftParams> f32;
  TypedKernelId<FftParams> s16;
  TypedKernelId<FftParams> s32;
};

template <class T>
void emit_fft(OpContext& c, FftParams& params, bool inverse, uint32_t rows, TypedKernelId<FftParams> kernel) {
  const uint32_t size = params.length / 2;
  const double sign = inverse ? 1 : -1;
  params.twiddles = exponentials<T>(c, size, [&](uint32_t k) { return sign * 2 * kPi * k / size; });
  params.separating = exponentials<T>(
      c, size / 2, [&](uint32_t k) { return sign * kPi * (static_cast<double>(k + 1) / size + 0.5); });
  uint64_t macs = size;
  uint32_t largest = 0;  // of the radices that take memory
  for (uint32_t i = 0; i < params.radix_count; ++i) {
    const uint32_t radix = params.radices[i];
    macs += uint64_t{size} * radix;
    if (radix == 1 || radix > kLargestBuiltRadix) largest = std::max(largest, radix);
  }
  params.scratch = c.scratch(largest * 2 * uint32_t{sizeof(T)});
  c.emit(kernel, params, {.units = rows, .macs = macs * rows});
}

Status plan_fft(OpContext& c, bool inverse, const FftKernels& kernels) {
  constexpr int32_t kLargestLength = 1 << 26;
  TANDEM_TRY(c.expect_operands(1, 1, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo out = c.output(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kFloat32, Type::kInt16, Type::kInt32}));
  const CustomOptions options(c);
  // The type is an option too, which must be the input's.
  if (const flex::Value type = options.find("T");
      !type.null() && type.integer() != static_cast<int64_t>(in.type)) {
    return c.error(Code::kInputType, 0, static_cast<int32_t>(in.type));
  }
  TANDEM_TRY(c.expect_output_type(0, in.type));
  FftParams params;
  TANDEM_TRY(options.read("fft_length", 2, kLargestLength, params.length));
  if (params.length % 2 != 0) return options.refused(static_cast<int32_t>(params.length));
  if (in.shape.rank == 0) return c.error(Code::kInputRank, 0, 0);

  const uint32_t last = in.shape.rank - 1;
  const auto in_length = static_cast<uint32_t>(in.shape[last]);
  const uint32_t complex_length = params.length + 2;
  const bool fits = inverse ? in_length % 2 == 0 && in_length >= complex_length
                            : in_length > 0 && in_length <= params.length;
  if (!fits) return c.error(Code::kInputShape, 0, static_cast<int32_t>(last));
  const uint32_t out_length = inverse ? params.length : complex_length;
  const uint32_t rows = in.elements / in_length;
  if (out.shape.rank != in.shape.rank) return c.error(Code::kOutputShape, 0, -1);
  if (out.elements != uint64_t{rows} * out_length || static_cast<uint32_t>(out.shape[last]) != out_length) {
    return c.error(Code::kOutputShape, 0, static_cast<int32_t>(last));
  }
  if (rows > UINT16_MAX) return c.error(Code::kInputShape, 0, 0);

  find_radices(params.length / 2, params);
  params.in = c.ref(in);
  params.out = c.ref(out);
  params.in_length = inverse ? in_length / 2 : in_length;
  switch (in.type) {
    case Type::kFloat32:
      emit_fft<float>(c, params, inverse, rows, kernels.f32);
      break;
    case Type::kInt16:
      emit_fft<int16_t>(c, params, inverse, rows, kernels.s16);
      break;
    default:
      emit_fft<int32_t>(c, params, inverse, rows, kernels.s32);
  }
  return {};
}

Status plan_rfft(OpContext& c) {
  return plan_fft(c, false, {kernel_id::rfft_f32__ref, kernel_id::rfft_s16__ref, kernel_id::rfft_s32__ref});
}

Status plan_irfft(OpContext& c) {
  return plan_fft(c, true, {kernel_id::irfft_f32__ref, kernel_id::irfft_s16__ref, kernel_id::irfft_s32__ref});
}

Status plan_auto_scale(OpContext& c) {
  TANDEM_TRY(c.expect_operands(1, 1, 2));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt16}));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt16));
  TANDEM_TRY(c.expect_output_type(1, Type::kInt32));
  if (in.shape.rank != 1) return c.error(Code::kInputRank, 0, static_cast<int32_t>(in.shape.rank));
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  TANDEM_TRY(c.expect_output_shape(1, {}));
  c.emit(
      kernel_id::fft_auto_scale_s16__ref,
      {.in = c.ref(in), .out = c.ref(c.output(0)), .scale_bits = c.ref(c.output(1)), .count = in.elements});
  return {};
}

}  // namespace

TANDEM_DEFINE_CUSTOM_OP("SignalFftAutoScale", signal_fft_auto_scale, plan_auto_scale, fft_auto_scale_s16__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalIrfft", signal_irfft, plan_irfft, irfft_f32__ref, irfft_s16__ref,
                        irfft_s32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalIrfft", signal_irfft_f32, plan_irfft, irfft_f32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalIrfft", signal_irfft_s16, plan_irfft, irfft_s16__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalRfft", signal_rfft, plan_rfft, rfft_f32__ref, rfft_s16__ref, rfft_s32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalRfft", signal_rfft_f32, plan_rfft, rfft_f32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalRfft", signal_rfft_s16, plan_rfft, rfft_s16__ref)

}  // namespace tandem
