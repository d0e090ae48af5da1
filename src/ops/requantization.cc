#include "ops/requantization.h"

#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "kernels/level_requantization.h"

namespace tandem {
namespace {

bool is_clamp(Activation activation) {
  return activation == Activation::kNone || activation == Activation::kRelu ||
         activation == Activation::kReluN1To1 || activation == Activation::kRelu6;
}

}  // namespace

Result<Clamp> plan_clamp(const OpContext& context, Activation activation, const TensorInfo& tensor) {
  if (!is_clamp(activation)) return context.error(Code::kActivation, static_cast<int32_t>(activation));
  const Clamp range = tensor.type == Type::kInt16 ? kRangeOf<int16_t> : kRangeOf<int8_t>;
  const Quantization& q = tensor.quantization;
  const Result<Clamp> clamp =
      activation_clamp(activation, q.present() ? q.scale() : 0.0F, q.zero_point(), range);
  if (!clamp.ok()) return context.error(clamp.status().code);
  return clamp;
}

Result<ClampF32> plan_clamp_f32(const OpContext& context, Activation activation) {
  if (!is_clamp(activation)) return context.error(Code::kActivation, static_cast<int32_t>(activation));
  return activation_bounds<float>(activation);
}

Status plan_output_clamp(const OpContext& context, Activation activation, Clamp& clamp, ClampF32& clamp_f32) {
  const TensorInfo out = context.output(0);
  if (out.type == Type::kFloat32) {
    const Result<ClampF32> planned = plan_clamp_f32(context, activation);
    clamp_f32 = planned.value();
    return planned.status();
  }
  const Result<Clamp> planned = plan_clamp(context, activation, out);
  clamp = planned.value();
  return planned.status();
}

namespace {

// Where channel factors come from: computed in double, as TensorFlow Lite does.
class FactorSource {
 public:
  FactorSource(const OpContext& context, const ChannelFactorsRequest& request)
      : weights_(context.input(request.weights).quantization),
        in_scale_(context.input(request.in).quantization.scale()),
        out_scale_(context.output(0).quantization.scale()) {}

  [[nodiscard]] uint32_t distinct(uint32_t channels) const { return weights_.per_channel() ? channels : 1; }
  [[nodiscard]] QuantizedMultiplier operator()(uint32_t channel) const {
    return quantize_multiplier(in_scale_ * static_cast<double>(weights_.scale(channel)) / out_scale_);
  }

 private:
  Quantization weights_;
  double in_scale_;
  double out_scale_;
};

Status check_channel_factors(const OpContext& context, const ChannelFactorsRequest& request) {
  TANDEM_TRY(context.expect_input_quantized(request.in));
  TANDEM_TRY(context.expect_output_quantized(0));
  const Quantization q = context.input(request.weights).quantization;
  if (!q.scales_usable()) {
    return context.error(Code::kInputQuantization, static_cast<int32_t>(request.weights));
  }
  if (q.per_channel() && q.scales.count != static_cast<uint32_t>(request.channels)) {
    return context.error(Code::kPerChannelCount, static_cast<int32_t>(q.scales.count), request.channels);
  }
  return {};
}

// Reserves the factors' memory and calls on_channel(channel, factor) for every channel.
template <class OnChannel>
Result<ChannelFactors> plan_factors(OpContext& context, const ChannelFactorsRequest& request,
                                    OnChannel on_channel) {
  TANDEM_TRY(check_channel_factors(context, request));
  const auto count = static_cast<uint32_t>(request.channels);
  // Both are there only while the plan is written.
  int32_t* multipliers = nullptr;
  int8_t* shifts = nullptr;
  ChannelFactors factors;
  factors.multipliers =
      context.prepared<int32_t>(count, [&](std::span<int32_t> values) { multipliers = values.data(); });
  factors.shifts = context.prepared<int8_t>(count, [&](std::span<int8_t> values) { shifts = values.data(); });
  const FactorSource source(context, request);
  const uint32_t distinct = source.distinct(count);
  QuantizedMultiplier factor;
  for (uint32_t i = 0; i < count; ++i) {
    if (i < distinct) factor = source(i);
    if (factor.shift > request.max_shift) {
      return context.error(Code::kScaleRatio, factor.shift, request.max_shift);
    }
    if (multipliers != nullptr) multipliers[i] = factor.multiplier;
    if (shifts != nullptr) shifts[i] = static_cast<int8_t>(factor.shift);
    on_channel(i, factor);
  }
  return factors;
}

constexpr int64_t kLargestProduct = 128 * 255;
constexpr uint32_t kLevel = 1 << 24;  // of x·scale (kernels/level_requantization.h)

// Constants for a channel that has no level constants.
struct OddChannel {
  LevelChannel channel;
  bool asks = false;    ///< every output of it is asked of the exact function
  bool silent = false;  ///< every output is the least
};

// What a channel's sums Σ w·u are made of. Looked up once an operator: a channel has no time for the file.
struct SumSource {
  const int8_t* weights = nullptr;  // null: not at hand
  uint32_t count = 0;               // of a channel
  uint32_t step = 1;                // from one to the next: filters follow one another, or lie side by side
  uint32_t in_channels = 1;
  uint32_t outputs_each = 1;  // of an input channel, where filters lie side by side
  int32_t zero_point = 0;     // of the input
  const SilentChannels* silent = nullptr;

  [[nodiscard]] const int8_t* of(uint32_t channel) const {
    return weights + (step == 1 ? channel * count : channel);
  }
};

[[gnu::noinline]] SumSource sum_source(const OpContext& context, const ChannelFactorsRequest& factors) {
  const TensorInfo weights = context.input(factors.weights);
  if (weights.type != Type::kInt8 || !weights.constant()) return {};
  const auto channels = static_cast<uint32_t>(factors.channels);
  const TensorInfo in = context.input(factors.in);
  const auto in_channels = static_cast<uint32_t>(in.shape[3]);
  return {.weights = reinterpret_cast<const int8_t*>(weights.data),
          .count = weights.elements / channels,
          .step = static_cast<uint32_t>(weights.shape[0]) == channels ? 1 : channels,
          .in_channels = in_channels,
          .outputs_each = channels / in_channels,
          .zero_point = in.quantization.zero_point(),
          .silent = context.silent_input(factors.in)};
}

// What |Σ w·u| of a channel can be.
[[gnu::noinline]] int64_t reach_of(const SumSource& source, uint32_t channel, const LevelRequest& request) {
  if (source.weights == nullptr) return request.products * kLargestProduct;
  int64_t sum = 0;
  const int8_t* w = source.of(channel);
  for (uint32_t left = source.count; left != 0; --left, w += source.step) sum += std::abs(int32_t{*w});
  constexpr int64_t kLargestActivation = 255;
  return sum * kLargestActivation;
}

// Whether a channel's sums never reach `first_level`, from which on outputs are more than the least, whatever
// the inputs; those that are silent themselves are that, or padding. Most channels' do after a few weights.
[[gnu::noinline]] bool is_silent(const SumSource& source, uint32_t channel, int64_t first_level) {
  if (source.weights == nullptr || first_level <= 0) return false;  // all inputs may be 0
  const int32_t low = INT8_MIN - source.zero_point;
  const int32_t high = INT8_MAX - source.zero_point;
  const bool side_by_side = source.step != 1;
  uint32_t input = side_by_side ? channel / source.outputs_each : 0;
  const int8_t* w = source.of(channel);
  for (uint32_t left = source.count; left != 0; --left, w += source.step) {
    const bool silent = source.silent != nullptr && source.silent->has(input);
    const int32_t most = silent ? std::max(low, int32_t{0}) : high;
    first_level -= *w * (*w > 0 ? most : low);
    if (first_level <= 0) return false;
    if (!side_by_side && ++input == source.in_channels) input = 0;
  }
  return true;
}

// A scale near 0 (a dead channel, as training leaves them) makes all outputs the same, whatever the sum of
// products of weights and activations up to `reach` is: then x = Σ w·u + offset stays within its level.
// Otherwise every x is in range, and its product within any slack.
OddChannel odd_channel(QuantizedMultiplier factor, int32_t bias, int64_t reach, const LevelRequest& request) {
  constexpr int64_t kMaxSlack = kLevel / 8;
  if (std::abs(int64_t{bias}) + reach <= INT32_MAX && reach < kLevel / 2 - kMaxSlack && factor.shift <= 0) {
    const auto level_at = [&](int64_t sum) {
      return request.clamp.apply(
                 wrapping_add(requantize(static_cast<int32_t>(sum), factor), request.zero_point)) -
             request.clamp.min;
    };
    const int64_t level = level_at(bias - reach);
    const int64_t middle = level * int64_t{kLevel} + kLevel / 2;
    if (level == level_at(bias + reach) && middle + reach <= INT32_MAX) {
      return {.channel = {.offset = static_cast<int32_t>(middle), .limit = INT32_MAX, .scale = 1},
              .silent = level == 0};
    }
  }
  // Without the bias, which may be anything.
  constexpr int32_t kFarFromZero = 1 << 29;
  return {.channel = {.offset = kFarFromZero, .limit = INT32_MAX, .scale = 0}, .asks = true};
}

}  // namespace

Result<ChannelFactors> plan_channel_factors(OpContext& context, const ChannelFactorsRequest& request) {
  return plan_factors(context, request, [](uint32_t, QuantizedMultiplier) {});
}

Result<LevelFactors> plan_level_factors(OpContext& context, const ChannelFactorsRequest& request,
                                        const LevelRequest& level) {
  LevelFactors planned;
  uint32_t asking = 0;
  LevelChannel* levels = nullptr;
  planned.levels =
      context.prepared<LevelChannel>(static_cast<uint32_t>(request.channels),
                                     [&](std::span<LevelChannel> values) { levels = values.data(); });
  uint16_t* slacks = nullptr;
  if (level.slack.by_channel) {
    planned.slacks = context.prepared<uint16_t>(static_cast<uint32_t>(request.channels),
                                                [&](std::span<uint16_t> values) { slacks = values.data(); });
  }
  const SumSource source = sum_source(context, request);
  const Result<ChannelFactors> factors =
      plan_factors(context, request, [&](uint32_t channel, QuantizedMultiplier factor) {
        const int32_t value =
            level.bias.constant() ? read_unaligned<int32_t>(level.bias.data + channel * sizeof(int32_t)) : 0;
        auto k = level_constants(factor, value, level.zero_point, level.clamp, level.slack.most);
        // x must not leave int32, nor the accumulator, which wraps then.
        const int64_t most = level.products * kLargestProduct;
        if (k &&
            std::max(std::abs(int64_t{value}), std::abs(int64_t{k->channel.offset})) + most > INT32_MAX) {
          k.reset();
        }
        uint32_t slack = k ? k->slack : 1;
        OddChannel odd;
        if (k) {
          // From there on x·scale reaches level 1.
          const uint32_t first_level = (kLevel - 1) / k->channel.scale + 1;
          odd = {.channel = k->channel,
                 .silent = is_silent(source, channel, int64_t{first_level} - k->channel.offset)};
        } else {
          odd = odd_channel(factor, value, reach_of(source, channel, level), level);
        }
        if (odd.asks && level.slack.asks_by_product &&
            level.products * kLargestProduct < kAlwaysAsks.channel.offset) {
          odd = {.channel = kAlwaysAsks.channel};
          slack = kAlwaysAsks.slack;
        }
        if (odd.silent && level.clamp.min == INT8_MIN) context.set_output_silent(channel);
        planned.slack = std::max(planned.slack, slack);
        asking += odd.asks ? 1 : 0;
        if (levels != nullptr) levels[channel] = odd.channel;
        if (slacks != nullptr) slacks[channel] = static_cast<uint16_t>((slack + 0xff) >> 8);
      });
  TANDEM_TRY(factors.status());
  constexpr uint32_t kFew = 8;
  const auto channels = static_cast<uint32_t>(request.channels);
  const uint32_t may_ask = level.slack.asks_freely       ? channels
                           : level.slack.asks_by_product ? 0
                                                         : channels / kFew;
  planned.usable = asking <= may_ask && (!level.bias.present() || level.bias.constant());
  planned.factors = *factors;
  return planned;
}

}  // namespace tandem
