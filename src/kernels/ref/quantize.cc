#include "kernels/quantize.h"

#include <cstdint>
#include <limits>

#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

template <class Out>
KernelResult quantize(const QuantizeParams& p, const Task& task) {
  return map_elements<float, Out>(p.operands, task, [&](float x) {
    return saturate_cast<Out>(int64_t{round_to_int32(x / p.scale)} + p.out_zero_point);
  });
}

template <class In, class Out>
KernelResult requantize_elements(const QuantizeParams& p, const Task& task) {
  return map_elements<In, Out>(p.operands, task, [&](In x) {
    const int32_t value = wrapping_sub(x, p.in_zero_point);
    return saturate_cast<Out>(wrapping_add(requantize(value, p.multiplier), p.out_zero_point));
  });
}

template <class In>
KernelResult dequantize(const QuantizeParams& p, const Task& task) {
  return map_elements<In, float>(p.operands, task,
                                 [&](In x) { return p.scale * static_cast<float>(x - p.in_zero_point); });
}

}  // namespace

TANDEM_DEFINE_KERNEL(dequantize_s16__ref, QuantizeParams, dequantize<int16_t>)
TANDEM_DEFINE_KERNEL(dequantize_s8__ref, QuantizeParams, dequantize<int8_t>)
TANDEM_DEFINE_KERNEL(dequantize_u8__ref, QuantizeParams, dequantize<uint8_t>)
TANDEM_DEFINE_KERNEL(quantize_s16__ref, QuantizeParams, quantize<int16_t>)
TANDEM_DEFINE_KERNEL(quantize_s8__ref, QuantizeParams, quantize<int8_t>)
TANDEM_DEFINE_KERNEL(quantize_u8__ref, QuantizeParams, quantize<uint8_t>)
TANDEM_DEFINE_KERNEL(requantize_s16_s16__ref, QuantizeParams, (requantize_elements<int16_t, int16_t>))
TANDEM_DEFINE_KERNEL(requantize_s16_s32__ref, QuantizeParams, (requantize_elements<int16_t, int32_t>))
TANDEM_DEFINE_KERNEL(requantize_s16_s8__ref, QuantizeParams, (requantize_elements<int16_t, int8_t>))
TANDEM_DEFINE_KERNEL(requantize_s32_s16__ref, QuantizeParams, (requantize_elements<int32_t, int16_t>))
TANDEM_DEFINE_KERNEL(requantize_s32_s8__ref, QuantizeParams, (requantize_elements<int32_t, int8_t>))
TANDEM_DEFINE_KERNEL(requantize_s8_s16__ref, QuantizeParams, (requantize_elements<int8_t, int16_t>))
TANDEM_DEFINE_KERNEL(requantize_s8_s32__ref, QuantizeParams, (requantize_elements<int8_t, int32_t>))
TANDEM_DEFINE_KERNEL(requantize_s8_s8__ref, QuantizeParams, (requantize_elements<int8_t, int8_t>))
TANDEM_DEFINE_KERNEL(requantize_s8_u8__ref, QuantizeParams, (requantize_elements<int8_t, uint8_t>))
TANDEM_DEFINE_KERNEL(requantize_u8_s8__ref, QuantizeParams, (requantize_elements<uint8_t, int8_t>))

}  // namespace tandem
