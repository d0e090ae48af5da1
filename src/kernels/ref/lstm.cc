#include "kernels/lstm.h"

#include <cmath>
#include <cstring>

#include "kernels/ref/accumulate.h"
#include "kernels/ref/sigmoid.h"

namespace tandem {
namespace {

constexpr Clamp kInt16 = kRangeOf<int16_t>;

// One row of weights with one vector.
template <class Accumulator, class Weight, class Element>
void accumulate(Accumulator& accumulator, const Weight* weights, int32_t weights_zero_point, const Element* x,
                int32_t zero_point, uint32_t size) {
  for (uint32_t k = 0; k < size; ++k) {
    if constexpr (std::is_same_v<Element, float>) {
      accumulator.multiply(weights[k], x[k]);
    } else {
      accumulator.multiply(weights[k] - weights_zero_point, x[k] - zero_point);
    }
  }
}

// The arithmetic of a cell, for integers and for floats.
template <class Element, class Sum>
struct IntegerCell {
  using Weight = int8_t;
  using Bias = Sum;
  using State = int16_t;
  using GateSum = Accumulator<int16_t, Sum>;

  const LstmParams& p;

  [[nodiscard]] static int32_t finish(const GateSum& sum, const QuantizedMultiplier& factor) {
    return sum.finish(factor, 0, kInt16);
  }
  [[nodiscard]] static int32_t add(int32_t a, int32_t b) { return kInt16.apply(a + b); }
  [[nodiscard]] static int32_t logistic(int32_t x) { return LogisticS16::of(3 * x); }
  [[nodiscard]] static int32_t tanh(int32_t x) { return TanhS16::of(3 * x); }
  [[nodiscard]] int32_t new_cell(int32_t forget, int32_t cell, int32_t input, int32_t candidate) const {
    const int32_t sum = add(kInt16.apply(requantize(forget * cell, p.cell_factor)),
                            kInt16.apply(requantize(input * candidate, p.input_factor)));
    return std::max(std::min(sum, p.cell_clip), -p.cell_clip);
  }
  [[nodiscard]] Element hidden(int32_t cell, int32_t output) const {
    const int32_t half = p.tanh_shift > 0 ? 1 << (p.tanh_shift - 1) : 0;
    const int32_t squashed = TanhS16::of((cell * p.tanh_multiplier + half) >> p.tanh_shift);
    const int32_t value = requantize(squashed * output, p.hidden_factor);
    return static_cast<Element>(kRangeOf<Element>.apply(wrapping_add(value, p.hidden_zero_point)));
  }
};

struct FloatCell {
  using Weight = float;
  using Bias = float;
  using State = float;
  using GateSum = Accumulator<float, float>;

  const LstmParams& p;

  [[nodiscard]] static float finish(const GateSum& sum, const QuantizedMultiplier&) { return sum.finish({}); }
  [[nodiscard]] static float add(float a, float b) { return a + b; }
  [[nodiscard]] static float logistic(float x) { return LogisticF32::of(x); }
  [[nodiscard]] static float tanh(float x) { return std::tanh(x); }
  [[nodiscard]] float new_cell(float forget, float cell, float input, float candidate) const {
    const float sum = ClampF32{}.apply(forget * cell) + ClampF32{}.apply(input * candidate);
    return p.cell_clip_f32 > 0 ? std::max(std::min(p.cell_clip_f32, sum), -p.cell_clip_f32) : sum;
  }
  [[nodiscard]] static float hidden(float cell, float output) {
    return ClampF32{}.apply(std::tanh(cell) * output);
  }
};

template <class Element, class Cell>
KernelResult lstm(const LstmParams& p, const Task& task) {
  using Weight = typename Cell::Weight;
  using Bias = typename Cell::Bias;
  const Cell cell{p};
  const auto row = [](auto* base, uint32_t index, uint32_t size) { return base + size_t{index} * size; };

  for (uint32_t b = p.rows.begin(task); b < p.rows.end(task); ++b) {
    auto* const h = row(task.out<Element>(p.hidden), b, p.units);
    auto* const c = row(task.out<typename Cell::State>(p.cell), b, p.units);
    for (uint32_t t = 0; t < p.times; ++t) {
      const uint32_t place = t * p.time_stride + b * p.batch_stride;
      const auto* const x = row(task.in<Element>(p.in), place, p.input_size);
      auto* const y = row(task.out<Element>(p.out), place, p.units);
      for (uint32_t u = 0; u < p.units; ++u) {
        const auto gate = [&](LstmParams::GateNumber number) {
          const LstmGate& g = p.gates[number];
          typename Cell::GateSum of_input;
          accumulate(of_input, row(task.in<Weight>(g.weights), u, p.input_size), g.weights_zero_point, x,
                     p.in_zero_point, p.input_size);
          of_input.add(task.in<Bias>(g.bias)[u]);
          typename Cell::GateSum of_hidden;
          accumulate(of_hidden, row(task.in<Weight>(g.recurrent_weights), u, p.units),
                     g.recurrent_weights_zero_point, h, p.hidden_zero_point, p.units);
          return cell.add(cell.finish(of_input, g.factor), cell.finish(of_hidden, g.recurrent_factor));
        };
        const auto forget = cell.logistic(gate(LstmParams::kForgetGate));
        const auto input = cell.logistic(gate(LstmParams::kInputGate));
        const auto candidate = cell.tanh(gate(LstmParams::kCellGate));
        const auto output = cell.logistic(gate(LstmParams::kOutputGate));
        const auto state = cell.new_cell(forget, c[u], input, candidate);
        c[u] = static_cast<typename Cell::State>(state);
        y[u] = cell.hidden(state, output);
      }
      std::memcpy(h, y, p.units * sizeof(Element));
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(lstm_f32__ref, LstmParams, (lstm<float, FloatCell>))
TANDEM_DEFINE_KERNEL(lstm_s16__ref, LstmParams, (lstm<int16_t, IntegerCell<int16_t, int64_t>>))
TANDEM_DEFINE_KERNEL(lstm_s8__ref, LstmParams, (lstm<int8_t, IntegerCell<int8_t, int32_t>>))

}  // namespace tandem
