#include "kernels/quantize.h"

#include <cstdint>

#include "base/placement.h"
#include "kernels/portable/requantizer.h"
#include "kernels/ref/element_wise.h"

// QUANTIZE between integer types. Of int8 to int8 there is a table (kernels/unary.h).
namespace tandem {
namespace {

template <class In, class Out>
KernelResult requantize_elements(const QuantizeParams& p, const Task& task) {
  const portable::RequantizerTo<Out> f(p.multiplier, p.out_zero_point, kRangeOf<Out>);
  const int32_t zero_point = p.in_zero_point;
  return map_elements<In, Out>(p.operands, task, [&](In x) { return f(wrapping_sub(x, zero_point)); });
}

TANDEM_HOT("requantize_s16_s8_exact")
int8_t exact(const QuantizeParams& p, int32_t x) {
  return portable::Requantizer(p.multiplier, p.out_zero_point, kRangeOf<int8_t>)(x);
}

TANDEM_HOT("requantize_s16_s8_levels")
void requantize_run(const QuantizeParams& p, const int16_t* in, int8_t* out, uint32_t count) {
  const portable::LevelRequantizer f(p.level, kRangeOf<int8_t>);
  const int32_t zero_point = p.in_zero_point;
  for (const int8_t* const end = out + count; out != end;) {
    *out++ = f(*in++ - zero_point, [&](int32_t x) { return exact(p, x); });
  }
}

KernelResult requantize_s16_s8(const QuantizeParams& p, const Task& task) {
  if (p.level.slack == 0) return requantize_elements<int16_t, int8_t>(p, task);
  const Blocks& elements = p.operands.elements;
  const uint32_t begin = elements.begin(task);
  requantize_run(p, task.in<int16_t>(p.operands.in) + begin, task.out<int8_t>(p.operands.out) + begin,
                 elements.end(task) - begin);
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(requantize_s16_s16__portable, QuantizeParams, (requantize_elements<int16_t, int16_t>))
TANDEM_DEFINE_KERNEL(requantize_s16_s8__portable, QuantizeParams, requantize_s16_s8)
TANDEM_DEFINE_KERNEL(requantize_s8_s16__portable, QuantizeParams, (requantize_elements<int8_t, int16_t>))

}  // namespace tandem
