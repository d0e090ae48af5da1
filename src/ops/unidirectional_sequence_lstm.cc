#include "base/elementary.h"
#include "kernels/lstm.h"
#include "ops/op_context.h"

namespace tandem {
namespace {

constexpr uint8_t kUnidirectionalSequenceLstmOptions = 71;
enum Field { kActivation, kCellClip, kProjectionClip, kTimeMajor };
enum Operand {
  kInput = 0,
  kInputWeights = 1,      // of the four gates
  kRecurrentWeights = 5,  // of the four gates
  kPeepholes = 9,         // three
  kBiases = 12,           // of the four gates
  kProjection = 16,       // weights and bias
  kHidden = 18,
  kCell = 19,
  kNormalization = 20,  // of the four gates
  kOperands = 24
};

// Of |c| · 2^(15 − scale exponent), before the tables: see SigmoidParams.
constexpr int32_t kTanhShift = 12;
constexpr int32_t kMaxTanhShift = 14;
constexpr int32_t kMinTanhShift = -31;

Status expect_operands(const OpContext& c) {
  TANDEM_TRY(c.expect_operands(kPeepholes, kOperands, 1));
  if (c.input_count() != kOperands) {
    return c.error(Code::kOperandCount, static_cast<int32_t>(c.input_count()), 0);
  }
  for (uint32_t i = 0; i < kOperands; ++i) {
    const bool variant =
        (i >= kPeepholes && i < kBiases) || (i >= kProjection && i < kHidden) || i >= kNormalization;
    const bool present = c.input(i).present();
    if (variant && present) return c.error(Code::kLstmVariant, static_cast<int32_t>(i));
    if (!variant && !present) return c.error(Code::kOperandMissing, static_cast<int32_t>(i));
  }
  return {};
}

Status expect_types(const OpContext& c) {
  const Type type = c.input(kInput).type;
  const bool is_float = type == Type::kFloat32;
  TANDEM_TRY(c.expect_input_type(kInput, {Type::kFloat32, Type::kInt8, Type::kInt16}));
  for (uint32_t g = 0; g < LstmParams::kGates; ++g) {
    const Type weights = is_float ? type : Type::kInt8;
    const Type bias = is_float ? type : type == Type::kInt8 ? Type::kInt32 : Type::kInt64;
    TANDEM_TRY(c.expect_input_type(kInputWeights + g, {weights}));
    TANDEM_TRY(c.expect_input_type(kRecurrentWeights + g, {weights}));
    TANDEM_TRY(c.expect_input_type(kBiases + g, {bias}));
  }
  TANDEM_TRY(c.expect_input_type(kHidden, {type}));
  TANDEM_TRY(c.expect_input_type(kCell, {is_float ? type : Type::kInt16}));
  return c.expect_output_type(0, type);
}

// The states are variables that nothing else of this operator uses.
Status expect_states(const OpContext& c) {
  for (const uint32_t state : {kHidden, kCell}) {
    const int16_t index = c.input(state).index;
    bool own = c.input(state).variable && c.output(0).index != index;
    for (uint32_t i = 0; i < kOperands; ++i) own &= i == state || c.input(i).index != index;
    if (!own) return c.error(Code::kInputNotVariable, static_cast<int32_t>(state));
  }
  return {};
}

Status expect_shape(const OpContext& c, uint32_t i, const Shape& shape) {
  const Shape actual = c.input(i).shape;
  if (actual.rank != shape.rank) {
    return c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(actual.rank));
  }
  for (uint32_t d = 0; d < shape.rank; ++d) {
    if (actual[d] != shape[d])
      return c.error(Code::kInputShape, static_cast<int32_t>(i), static_cast<int32_t>(d));
  }
  return {};
}

// States may have other shapes than [batches, units] if they are as large: the hidden one's last dimension
// counts.
Status plan_sizes(const OpContext& c, bool time_major, LstmParams& params) {
  const Shape in = c.input(kInput).shape;
  const Shape hidden = c.input(kHidden).shape;
  if (in.rank != 3) return c.error(Code::kInputRank, kInput, static_cast<int32_t>(in.rank));
  if (hidden.rank != 2) return c.error(Code::kInputRank, kHidden, static_cast<int32_t>(hidden.rank));
  const int32_t times = in[time_major ? 0 : 1];
  const int32_t batches = in[time_major ? 1 : 0];
  const int32_t units = hidden[1];
  for (uint32_t g = 0; g < LstmParams::kGates; ++g) {
    TANDEM_TRY(expect_shape(c, kInputWeights + g, {.rank = 2, .dims = {units, in[2]}}));
    TANDEM_TRY(expect_shape(c, kRecurrentWeights + g, {.rank = 2, .dims = {units, units}}));
    TANDEM_TRY(expect_shape(c, kBiases + g, {.rank = 1, .dims = {units}}));
  }
  for (const uint32_t state : {kHidden, kCell}) {
    if (c.input(state).elements != int64_t{batches} * units) {
      return c.error(Code::kInputShape, static_cast<int32_t>(state), 0);
    }
  }
  TANDEM_TRY(c.expect_output_shape(0, {.rank = 3, .dims = {in[0], in[1], units}}));
  params.times = static_cast<uint32_t>(times);
  params.input_size = static_cast<uint32_t>(in[2]);
  params.units = static_cast<uint32_t>(units);
  params.time_stride = static_cast<uint32_t>(time_major ? batches : 1);
  params.batch_stride = static_cast<uint32_t>(time_major ? 1 : times);
  const uint64_t macs_per_row =
      uint64_t{LstmParams::kGates} * params.units * (params.input_size + params.units);
  params.rows = cut_into_blocks(static_cast<uint32_t>(batches), macs_per_row * params.times);
  return {};
}

// From products of this operand and these weights to int16 in steps of 2^-12. The scales are multiplied in
// float, as in TensorFlow Lite.
Status plan_factor(const OpContext& c, uint32_t operand, uint32_t weights, QuantizedMultiplier& factor) {
  constexpr double kGateScale = 0x1p-12;
  TANDEM_TRY(c.expect_input_quantized(weights));
  const float product = c.input(operand).quantization.scale() * c.input(weights).quantization.scale();
  factor = quantize_multiplier(double{product} / kGateScale);
  const int32_t max_shift = c.input(kInput).type == Type::kInt16 ? kRequantize64MaxShift : 31;
  if (factor.shift > max_shift) return c.error(Code::kScaleRatio, factor.shift, max_shift);
  return {};
}

Status plan_quantization(const OpContext& c, float cell_clip, LstmParams& params) {
  for (const uint32_t i : {kInput, kHidden, kCell}) TANDEM_TRY(c.expect_input_quantized(i));
  for (uint32_t g = 0; g < LstmParams::kGates; ++g) {
    LstmGate& gate = params.gates[g];
    TANDEM_TRY(plan_factor(c, kInput, kInputWeights + g, gate.factor));
    TANDEM_TRY(plan_factor(c, kHidden, kRecurrentWeights + g, gate.recurrent_factor));
    gate.weights_zero_point = c.input(kInputWeights + g).quantization.zero_point();
    gate.recurrent_weights_zero_point = c.input(kRecurrentWeights + g).quantization.zero_point();
  }
  params.in_zero_point = c.input(kInput).quantization.zero_point();
  params.hidden_zero_point = c.input(kHidden).quantization.zero_point();

  constexpr double kFunctionScale = 0x1p-15;
  const double cell_scale = c.input(kCell).quantization.scale();
  params.cell_factor = quantize_multiplier(kFunctionScale * cell_scale / cell_scale);
  params.input_factor = quantize_multiplier(kFunctionScale * kFunctionScale / cell_scale);
  params.hidden_factor =
      quantize_multiplier(kFunctionScale * kFunctionScale / double{c.input(kHidden).quantization.scale()});
  // The cell's scale is taken for the nearest power of two.
  constexpr double kOneOverLn2 = 0x1.71547652b82fep+0;
  const int32_t shift = kTanhShift + round_to_int32(elementary::log(cell_scale) * kOneOverLn2);
  if (shift > kMaxTanhShift || shift < kMinTanhShift) return c.error(Code::kInputScale, kCell);
  params.tanh_multiplier = shift > 0 ? 3 << shift : 3;
  params.tanh_shift = shift < 0 ? -shift : 0;
  if (cell_clip > 0) {
    const double steps = double{cell_clip} / cell_scale;
    params.cell_clip = steps < INT16_MAX ? static_cast<int32_t>(steps) : INT16_MAX;
  }
  return {};
}

Status plan_lstm(OpContext& c) {
  TANDEM_TRY(expect_operands(c));
  TANDEM_TRY(expect_types(c));
  TANDEM_TRY(expect_states(c));
  const flat::Table options = c.options(kUnidirectionalSequenceLstmOptions);
  // TensorFlow Lite Micro applies no other function to the cell gate.
  const auto activation = static_cast<Activation>(options.scalar<uint8_t>(kActivation));
  if (activation != Activation::kTanh) {
    return c.error(Code::kOptionValue, kActivation, static_cast<int32_t>(activation));
  }
  LstmParams params;
  TANDEM_TRY(plan_sizes(c, options.scalar<uint8_t>(kTimeMajor) != 0, params));
  const Type type = c.input(kInput).type;
  const auto cell_clip = options.scalar<float>(kCellClip);
  if (type != Type::kFloat32) TANDEM_TRY(plan_quantization(c, cell_clip, params));
  params.cell_clip_f32 = cell_clip;
  for (uint32_t g = 0; g < LstmParams::kGates; ++g) {
    params.gates[g].weights = c.ref(c.input(kInputWeights + g));
    params.gates[g].recurrent_weights = c.ref(c.input(kRecurrentWeights + g));
    params.gates[g].bias = c.ref(c.input(kBiases + g));
  }
  params.in = c.ref(c.input(kInput));
  params.hidden = c.ref(c.input(kHidden));
  params.cell = c.ref(c.input(kCell));
  params.out = c.ref(c.output(0));
  const uint64_t weights = uint64_t{LstmParams::kGates} * params.units * (params.input_size + params.units);
  c.emit(type == Type::kFloat32 ? kernel_id::lstm_f32__ref
         : type == Type::kInt8  ? kernel_id::lstm_s8__ref
                                : kernel_id::lstm_s16__ref,
         params, {.units = params.rows.units(), .macs = weights * params.times * params.rows.count});
  return {};
}

}  // namespace

TANDEM_DEFINE_OP(UNIDIRECTIONAL_SEQUENCE_LSTM, unidirectional_sequence_lstm, plan_lstm, lstm_s8__ref,
                 lstm_s16__ref, lstm_f32__ref)
TANDEM_DEFINE_OP(UNIDIRECTIONAL_SEQUENCE_LSTM, unidirectional_sequence_lstm_f32, plan_lstm, lstm_f32__ref)
TANDEM_DEFINE_OP(UNIDIRECTIONAL_SEQUENCE_LSTM, unidirectional_sequence_lstm_s8, plan_lstm, lstm_s8__ref)

}  // namespace tandem
