#include "kernels/unary.h"

#include <cmath>
#include <cstdint>

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

// A kernel each: a program that needs one function of <cmath> does not link the others.
template <auto kFunction>
KernelResult map_f32(const UnaryParams& p, const Task& task) {
  return map_elements<float, float>(p.operands, task, [](float x) { return kFunction(x); });
}

constexpr auto kAbs = [](float x) { return std::abs(x); };
constexpr auto kNeg = [](float x) { return -x; };
constexpr auto kCeil = [](float x) { return std::ceil(x); };
constexpr auto kFloor = [](float x) { return std::floor(x); };
constexpr auto kRound = [](float x) {
  const float below = std::floor(x);
  const float fraction = x - below;
  const bool odd = std::floor(below / 2) * 2 != below;
  return fraction > 0.5F || (fraction == 0.5F && odd) ? below + 1 : below;  // never -0 but for -0
};
constexpr auto kSquare = [](float x) { return x * x; };
constexpr auto kSqrt = [](float x) { return std::sqrt(x); };
constexpr auto kRsqrt = [](float x) { return 1.0F / std::sqrt(x); };
constexpr auto kExp = [](float x) { return std::exp(x); };
constexpr auto kLog = [](float x) { return std::log(x); };
constexpr auto kSin = [](float x) { return std::sin(x); };
constexpr auto kCos = [](float x) { return std::cos(x); };
constexpr auto kElu = [](float x) { return x < 0 ? std::expm1(x) : x; };
constexpr auto kGelu = [](float x) { return 0.5F * x * std::erfc(x * -0x1.6a09e6p-1F); };  // x / -√2
constexpr auto kGeluTanh = [](float x) {
  constexpr float kRoot2OverPi = 0x1.988454p-1F;
  return 0.5F * x * (1 + std::tanh(kRoot2OverPi * (x + 0.044715F * x * x * x)));
};
constexpr auto kHardSwish = [](float x) { return x * Bounds<float>{0, 6}.apply(x + 3) / 6; };

KernelResult logical_not(const UnaryParams& p, const Task& task) {
  return map_elements<uint8_t, uint8_t>(p.operands, task,
                                        [](uint8_t x) { return static_cast<uint8_t>(x == 0); });
}

KernelResult lookup(const LookupParams& p, const Task& task) {
  const int8_t* const table = task.in<int8_t>(p.table);
  bool has_values = true;
  map_elements<int8_t, int8_t>(p.operands, task, [&](int8_t x) {
    has_values &= x >= p.lowest;
    return table[static_cast<uint8_t>(x)];
  });
  return has_values ? KernelResult::kOk : KernelResult::kDataError;
}

KernelResult abs_s16(const RescaleParams& p, const Task& task) {
  return map_elements<int16_t, int16_t>(
      p.operands, task, [&](int16_t x) { return static_cast<int16_t>(rescaled_abs(x, p.rescale)); });
}

KernelResult rsqrt_s16(const RescaleParams& p, const Task& task) {
  bool has_values = true;
  map_elements<int16_t, int16_t>(p.operands, task, [&](int16_t x) {
    has_values &= x >= p.rescale.in_zero_point;
    return static_cast<int16_t>(rescaled_rsqrt(x, p.rescale));
  });
  return has_values ? KernelResult::kOk : KernelResult::kDataError;
}

}  // namespace

TANDEM_DEFINE_KERNEL(abs_f32__ref, UnaryParams, map_f32<kAbs>)
TANDEM_DEFINE_KERNEL(abs_s16__ref, RescaleParams, abs_s16)
TANDEM_DEFINE_KERNEL(ceil_f32__ref, UnaryParams, map_f32<kCeil>)
TANDEM_DEFINE_KERNEL(cos_f32__ref, UnaryParams, map_f32<kCos>)
TANDEM_DEFINE_KERNEL(elu_f32__ref, UnaryParams, map_f32<kElu>)
TANDEM_DEFINE_KERNEL(exp_f32__ref, UnaryParams, map_f32<kExp>)
TANDEM_DEFINE_KERNEL(floor_f32__ref, UnaryParams, map_f32<kFloor>)
TANDEM_DEFINE_KERNEL(gelu_f32__ref, UnaryParams, map_f32<kGelu>)
TANDEM_DEFINE_KERNEL(gelu_tanh_f32__ref, UnaryParams, map_f32<kGeluTanh>)
TANDEM_DEFINE_KERNEL(hard_swish_f32__ref, UnaryParams, map_f32<kHardSwish>)
TANDEM_DEFINE_KERNEL(log_f32__ref, UnaryParams, map_f32<kLog>)
TANDEM_DEFINE_KERNEL(logical_not_bool__ref, UnaryParams, logical_not)
TANDEM_DEFINE_KERNEL(lookup_s8__ref, LookupParams, lookup)
TANDEM_DEFINE_KERNEL(neg_f32__ref, UnaryParams, map_f32<kNeg>)
TANDEM_DEFINE_KERNEL(round_f32__ref, UnaryParams, map_f32<kRound>)
TANDEM_DEFINE_KERNEL(rsqrt_f32__ref, UnaryParams, map_f32<kRsqrt>)
TANDEM_DEFINE_KERNEL(rsqrt_s16__ref, RescaleParams, rsqrt_s16)
TANDEM_DEFINE_KERNEL(sin_f32__ref, UnaryParams, map_f32<kSin>)
TANDEM_DEFINE_KERNEL(sqrt_f32__ref, UnaryParams, map_f32<kSqrt>)
TANDEM_DEFINE_KERNEL(square_f32__ref, UnaryParams, map_f32<kSquare>)

}  // namespace tandem
