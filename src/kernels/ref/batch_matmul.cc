#include "kernels/batch_matmul.h"

#include <type_traits>

#include "kernels/ref/accumulate.h"
#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

template <class Element, class Sum>
KernelResult batch_matmul(const BatchMatmulParams& p, const Task& task) {
  constexpr bool kFloat = std::is_same_v<Element, float>;
  using Wide = std::conditional_t<kFloat, float, int32_t>;
  const auto* const a = task.in<Element>(p.operands.in[0]);
  const auto* const b = task.in<Element>(p.operands.in[1]);
  auto* const out = task.out<Element>(p.operands.out);
  const auto a_zero_point = static_cast<Wide>(p.a.zero_point);
  const auto b_zero_point = static_cast<Wide>(p.b.zero_point);
  for_each_run(p.operands, task, [&](uint32_t at, const uint32_t* first, uint32_t count) {
    for (uint32_t i = 0; i < count; ++i) {
      const Element* x = a + first[0] + i * p.operands.inner.strides[0];
      const Element* y = b + first[1] + i * p.operands.inner.strides[1];
      Accumulator<Element, Sum> accumulator;
      for (uint32_t k = 0; k < p.depth; ++k) {
        accumulator.multiply(static_cast<Wide>(y[k * p.b.depth_stride]) - b_zero_point,
                             static_cast<Wide>(x[k * p.a.depth_stride]) - a_zero_point);
      }
      if constexpr (kFloat) {
        out[at + i] = accumulator.sum;
      } else {
        out[at + i] = accumulator.finish(p.factor, p.out_zero_point, kRangeOf<Element>);
      }
    }
  });
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(batch_matmul_f32__ref, BatchMatmulParams, (batch_matmul<float, float>))
TANDEM_DEFINE_KERNEL(batch_matmul_s16__ref, BatchMatmulParams, (batch_matmul<int16_t, int64_t>))
TANDEM_DEFINE_KERNEL(batch_matmul_s8__ref, BatchMatmulParams, (batch_matmul<int8_t, int32_t>))

}  // namespace tandem
