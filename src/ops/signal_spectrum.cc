#include "kernels/signal_spectrum.h"

#include <algorithm>

#include "base/elementary.h"
#include "ops/custom_options.h"
#include "ops/op_context.h"

// The operators of TensorFlow Lite Micro's signal library on samples, spectra and filter banks: SignalWindow,
// SignalEnergy, SignalFilterBank and what follows it. They take vectors, but for the window.
namespace tandem {
namespace {

constexpr int32_t kMostChannels = 1 << 27;

struct VectorType {
  Type type;
  uint32_t rank = 1;
};

// Refuses unless the inputs and outputs have these types and ranks.
Status expect_vectors(const OpContext& c, std::initializer_list<VectorType> inputs,
                      std::initializer_list<VectorType> outputs) {
  const auto input_count = static_cast<uint32_t>(inputs.size());
  TANDEM_TRY(c.expect_operands(input_count, input_count, static_cast<uint32_t>(outputs.size())));
  uint32_t i = 0;
  for (const auto& [type, rank] : inputs) {
    TANDEM_TRY(c.expect_input_type(i, {type}));
    const uint32_t actual = c.input(i).shape.rank;
    if (actual != rank)
      return c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(actual));
    ++i;
  }
  i = 0;
  for (const auto& [type, rank] : outputs) {
    TANDEM_TRY(c.expect_output_type(i, type));
    if (c.output(i).shape.rank != rank) return c.error(Code::kOutputShape, static_cast<int32_t>(i), -1);
    ++i;
  }
  return {};
}

// Refuses unless output `i` has `elements` elements, those of a vector.
Status expect_output_elements(const OpContext& c, uint32_t i, uint32_t elements) {
  return c.output(i).elements == elements ? Status{}
                                          : c.error(Code::kOutputShape, static_cast<int32_t>(i), 0);
}

Status plan_window(OpContext& c) {
  TANDEM_TRY(c.expect_operands(2, 2, 1));
  const TensorInfo in = c.input(0);
  const TensorInfo weights = c.input(1);
  TANDEM_TRY(c.expect_input_type(0, {Type::kInt16}));
  TANDEM_TRY(c.expect_input_type(1, {Type::kInt16}));
  TANDEM_TRY(c.expect_output_type(0, Type::kInt16));
  if (in.shape.rank == 0) return c.error(Code::kInputRank, 0, 0);
  if (weights.shape.rank != 1) return c.error(Code::kInputRank, 1, static_cast<int32_t>(weights.shape.rank));
  if (weights.elements == 0 || in.elements % weights.elements != 0) return c.error(Code::kInputShape, 1, 0);
  TANDEM_TRY(c.expect_output_shape(0, in.shape));
  SignalWindowParams params{.window_size = weights.elements};
  TANDEM_TRY(CustomOptions(c).read("shift", 0, 31, params.shift));
  params.elements = cut_into_blocks(in.elements, 1);
  params.in = c.ref(in);
  params.weights = c.ref(weights);
  params.out = c.ref(c.output(0));
  c.emit(kernel_id::signal_window_s16__ref, params, {.units = params.elements.units(), .macs = in.elements});
  return {};
}

// TensorFlow Lite Micro leaves bins outside of [start_index, end_index) as they happen to be; here they are
// 0.
Status plan_energy(OpContext& c) {
  TANDEM_TRY(expect_vectors(c, {{Type::kInt16}}, {{Type::kUInt32}}));
  const TensorInfo in = c.input(0);
  EnergyParams params{.count = c.output(0).elements};
  const CustomOptions options(c);
  TANDEM_TRY(options.read("start_index", 0, params.count, params.start));
  TANDEM_TRY(options.read("end_index", 0, params.count, params.end));
  if (params.end > in.elements / 2) return c.error(Code::kInputShape, 0, 0);
  params.in = c.ref(in);
  params.out = c.ref(c.output(0));
  c.emit(kernel_id::energy_s16__ref, params, {.macs = in.elements});
  return {};
}

// Multiplications for both sums of all channels; where the bands come at run time, as many as there can be.
uint64_t filter_bank_macs(const TensorInfo& widths, uint32_t channels, uint32_t weight_count) {
  if (!widths.constant()) return uint64_t{2} * channels * std::min<uint32_t>(weight_count, INT16_MAX);
  uint64_t sum = 0;
  for (uint32_t i = 0; i <= channels; ++i) {
    sum += static_cast<uint64_t>(std::max<int16_t>(0, read_unaligned<int16_t>(widths.data + 2 * i)));
  }
  return 2 * sum;
}

Status plan_filter_bank(OpContext& c) {
  constexpr VectorType kTable{Type::kInt16};
  enum { kSpectrum, kWeights, kUnweights, kFrequencyStarts, kWeightStarts, kWidths };
  TANDEM_TRY(expect_vectors(c, {{Type::kUInt32}, kTable, kTable, kTable, kTable, kTable}, {{Type::kUInt64}}));
  const TensorInfo out = c.output(0);
  uint32_t channels = 0;
  TANDEM_TRY(CustomOptions(c).read("num_channels", 1, kMostChannels, channels));
  for (const uint32_t i : {kFrequencyStarts, kWeightStarts, kWidths}) {
    if (c.input(i).elements < channels + 1) return c.error(Code::kInputShape, static_cast<int32_t>(i), 0);
  }
  if (out.elements > channels) return c.error(Code::kOutputShape, 0, 0);
  const uint32_t weight_count = std::min(c.input(kWeights).elements, c.input(kUnweights).elements);
  const uint64_t macs = filter_bank_macs(c.input(kWidths), channels, weight_count);
  const FilterBankParams params{.in = c.ref(c.input(kSpectrum)),
                                .weights = c.ref(c.input(kWeights)),
                                .unweights = c.ref(c.input(kUnweights)),
                                .frequency_starts = c.ref(c.input(kFrequencyStarts)),
                                .weight_starts = c.ref(c.input(kWeightStarts)),
                                .widths = c.ref(c.input(kWidths)),
                                .out = c.ref(out),
                                .channels = cut_into_blocks(out.elements, macs / channels),
                                .bins = c.input(kSpectrum).elements,
                                .weight_count = weight_count};
  c.emit(kernel_id::filter_bank_u32__ref, params, {.units = params.channels.units(), .macs = macs});
  return {};
}

Status plan_filter_bank_log(OpContext& c) {
  TANDEM_TRY(expect_vectors(c, {{Type::kUInt32}}, {{Type::kInt16}}));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(expect_output_elements(c, 0, in.elements));
  const CustomOptions options(c);
  FilterBankLogParams params{.scale = static_cast<uint32_t>(options.integer("output_scale"))};
  TANDEM_TRY(options.read("input_correction_bits", 0, 31, params.correction_bits));
  constexpr uint32_t kSegments = 128;
  params.table = c.prepared<uint16_t>(kSegments + 1, [](std::span<uint16_t> table) {
    constexpr double kInverseLn2 = 0x1.71547652b82fep+0;
    for (uint32_t i = 0; i <= kSegments; ++i) {
      const double x = static_cast<double>(i) / kSegments;
      table[i] = static_cast<uint16_t>(round_to_int32(65536 * (elementary::log(1 + x) * kInverseLn2 - x)));
    }
  });
  params.elements = cut_into_blocks(in.elements, 8);
  params.in = c.ref(in);
  params.out = c.ref(c.output(0));
  c.emit(kernel_id::filter_bank_log_u32__ref, params, {.units = params.elements.units()});
  return {};
}

Status plan_square_root(OpContext& c) {
  TANDEM_TRY(expect_vectors(c, {{Type::kUInt64}, {Type::kInt32, 0}}, {{Type::kUInt32}}));
  const TensorInfo in = c.input(0);
  TANDEM_TRY(expect_output_elements(c, 0, in.elements));
  const SquareRootParams params{.in = c.ref(in),
                                .shift = c.ref(c.input(1)),
                                .out = c.ref(c.output(0)),
                                .elements = cut_into_blocks(in.elements, 64)};
  c.emit(kernel_id::square_root_u64__ref, params, {.units = params.elements.units()});
  return {};
}

Status plan_spectral_subtraction(OpContext& c) {
  TANDEM_TRY(expect_vectors(c, {{Type::kUInt32}}, {{Type::kUInt32}, {Type::kUInt32}}));
  const TensorInfo in = c.input(0);
  const CustomOptions options(c);
  uint32_t channels = 0;
  TANDEM_TRY(options.read("num_channels", 1, kMostChannels, channels));
  if (in.elements != channels) return c.error(Code::kInputShape, 0, 0);
  TANDEM_TRY(expect_output_elements(c, 0, channels));
  TANDEM_TRY(expect_output_elements(c, 1, channels));
  const auto factor = [&](std::string_view key) { return static_cast<uint32_t>(options.integer(key)); };
  SpectralSubtractionParams params{
      .smoothing = {factor("smoothing"), factor("alternate_smoothing")},
      .one_minus_smoothing = {factor("one_minus_smoothing"), factor("alternate_one_minus_smoothing")},
      .least_remaining = factor("min_signal_remaining"),
      .clamping = options.find("clamping").boolean() ? 1U : 0U};
  TANDEM_TRY(options.read("smoothing_bits", 0, 31, params.smoothing_bits));
  TANDEM_TRY(options.read("spectral_subtraction_bits", 0, 63, params.bits));
  params.channels = cut_into_blocks(channels, 8);
  params.in = c.ref(in);
  params.out = c.ref(c.output(0));
  params.noise = c.ref(c.output(1));
  params.estimate = c.state(in.bytes);
  c.emit(kernel_id::spectral_subtraction_u32__ref, params, {.units = params.channels.units()});
  return {};
}

Status plan_pcan(OpContext& c) {
  TANDEM_TRY(expect_vectors(c, {{Type::kUInt32}, {Type::kUInt32}, {Type::kInt16}}, {{Type::kUInt32}}));
  const TensorInfo in = c.input(0);
  if (c.input(1).elements < in.elements) return c.error(Code::kInputShape, 1, 0);
  TANDEM_TRY(expect_output_elements(c, 0, in.elements));
  PcanParams params{.table_size = c.input(2).elements};
  TANDEM_TRY(CustomOptions(c).read("snr_shift", 0, 63, params.shift));
  params.elements = cut_into_blocks(in.elements, 16);
  params.in = c.ref(in);
  params.noise = c.ref(c.input(1));
  params.table = c.ref(c.input(2));
  params.out = c.ref(c.output(0));
  c.emit(kernel_id::pcan_u32__ref, params, {.units = params.elements.units()});
  return {};
}

}  // namespace

TANDEM_DEFINE_CUSTOM_OP("SignalEnergy", signal_energy, plan_energy, energy_s16__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalFilterBank", signal_filter_bank, plan_filter_bank, filter_bank_u32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalFilterBankLog", signal_filter_bank_log, plan_filter_bank_log,
                        filter_bank_log_u32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalFilterBankSpectralSubtraction", signal_filter_bank_spectral_subtraction,
                        plan_spectral_subtraction, spectral_subtraction_u32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalFilterBankSquareRoot", signal_filter_bank_square_root, plan_square_root,
                        square_root_u64__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalPCAN", signal_pcan, plan_pcan, pcan_u32__ref)
TANDEM_DEFINE_CUSTOM_OP("SignalWindow", signal_window, plan_window, signal_window_s16__ref)

}  // namespace tandem
