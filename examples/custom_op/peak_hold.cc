#include "peak_hold.h"

#include <algorithm>
#include <cstdint>

#include "tandem/custom_op.h"

namespace {

// ---- the kernel: what runs

struct PeakHoldParams {
  tandem::Ref in;
  tandem::Ref peak;  // state: the last y
  tandem::Ref out;
  uint32_t count = 0;
  float decay = 0;
};

// Workers take units of so many elements.
constexpr uint32_t kUnitElements = 256;

tandem::KernelResult run_peak_hold(const PeakHoldParams& p, const tandem::Task& task) {
  const auto* x = task.in<float>(p.in);
  auto* peak = task.out<float>(p.peak);
  auto* y = task.out<float>(p.out);
  const uint32_t end = std::min(task.end * kUnitElements, p.count);
  for (uint32_t i = task.begin * kUnitElements; i < end; ++i)
    y[i] = peak[i] = std::max(x[i], p.decay * peak[i]);
  return tandem::KernelResult::kOk;
}

TANDEM_DEFINE_USER_KERNEL(peak_hold_kernel, 0, PeakHoldParams, run_peak_hold)

// ---- the plan: what is checked once, so that the kernel need not

enum Reason { kDecay = 1 };

tandem::Status plan_peak_hold(tandem::CustomOpContext& c) {
  using tandem::Status;
  using tandem::Type;
  if (const Status s = c.expect_operands(1, 1); !s.ok()) return s;
  if (const Status s = c.expect_input_type(0, Type::kFloat32); !s.ok()) return s;
  if (const Status s = c.expect_output_type(0, Type::kFloat32); !s.ok()) return s;
  if (const Status s = c.expect_output_shape_of(0, 0); !s.ok()) return s;
  const double decay = c.number_option("decay", 0.9);
  if (!(decay >= 0 && decay <= 1))
    return c.refuse(kDecay, static_cast<int32_t>(std::clamp(decay, -1e9, 1e9)));

  const tandem::OperandInfo in = c.input(0);
  const uint32_t units = in.elements / kUnitElements + 1;
  if (units > UINT16_MAX) return c.error(tandem::Code::kInputShape, 0, 0);
  c.emit(peak_hold_kernel,
         {.in = c.input_ref(0),
          .peak = c.state(in.bytes),
          .out = c.output_ref(0),
          .count = in.elements,
          .decay = static_cast<float>(decay)},
         {.units = units});
  return {};
}

}  // namespace

TANDEM_DEFINE_USER_OP(peak_hold, "PeakHold", plan_peak_hold, peak_hold_kernel)
