#include <gtest/gtest.h>

#include <cmath>

#include "custom_op_model.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::TensorSpec;
using schema::TensorType;
using test::CustomOpModel;

TensorSpec vector(TensorType type, size_t count) {
  return {.name = "v", .type = type, .shape = {static_cast<int32_t>(count)}};
}

template <class To, class From>
std::vector<To> run(test::LoadedModel& model, const std::vector<From>& x) {
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input<From>(0, x);
  model.invoke();
  return model.output<To>(0);
}

std::vector<uint8_t> window(std::vector<int32_t> shape, std::vector<int16_t> weights, int shift) {
  const TensorSpec samples{.name = "x", .type = TensorType::INT16, .shape = std::move(shape)};
  return CustomOpModel{"SignalWindow", {samples}, {samples}, {{"shift", shift}}, {{std::move(weights)}}}
      .build();
}

TEST(SignalWindow, WeighsEachRowRoundingDown) {
  test::LoadedModel model(window({2, 3}, {4, 8, -6}, 2));
  EXPECT_EQ((run<int16_t, int16_t>(model, {1, 2, 3, -1, -3, 1})),
            (std::vector<int16_t>{1, 4, -5, -1, -6, -2}));
}

TEST(SignalWindow, Saturates) {
  test::LoadedModel model(window({2}, {32767, -32768}, 0));
  EXPECT_EQ((run<int16_t, int16_t>(model, {3, 3})), (std::vector<int16_t>{32767, -32768}));
}

TEST(SignalWindow, RefusesRowsThatAreNoWholeWindows) {
  EXPECT_EQ(test::LoadedModel(window({4}, {1, 2, 3}, 0)).status().code, Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(window({3}, {1, 2, 3}, 32)).status().code, Code::kCustomOptionValue);
}

std::vector<uint8_t> energy(size_t bins, int start, int end) {
  return CustomOpModel{"SignalEnergy",
                       {vector(TensorType::INT16, 2 * bins)},
                       {vector(TensorType::UINT32, bins)},
                       {{"start_index", start}, {"end_index", end}}}
      .build();
}

TEST(SignalEnergy, IsZeroOutsideOfItsBins) {
  test::LoadedModel model(energy(4, 1, 3));
  EXPECT_EQ((run<uint32_t, int16_t>(model, {9, 9, 3, -4, -32768, -32768, 9, 9})),
            (std::vector<uint32_t>{0, 25, 1U << 31, 0}));
}

TEST(SignalEnergy, RefusesBinsThatAreNotThere) {
  EXPECT_EQ(test::LoadedModel(energy(4, 0, 5)).status().code, Code::kCustomOptionValue);
  EXPECT_EQ(test::LoadedModel(energy(4, -1, 3)).status().code, Code::kCustomOptionValue);
}

// Two channels over five bins; tests change what they are about.
struct Bank {
  int channels = 2;
  std::vector<int16_t> weights = {1, 2, 3, 4};
  std::vector<int16_t> unweights = {10, 20, 30, 40};
  std::vector<int16_t> frequency_starts = {0, 1, 3};
  std::vector<int16_t> weight_starts = {0, 1, 2};
  std::vector<int16_t> widths = {1, 2, 2};

  [[nodiscard]] std::vector<uint8_t> model() const {
    return CustomOpModel{"SignalFilterBank",
                         {vector(TensorType::UINT32, 5)},
                         {vector(TensorType::UINT64, 2)},
                         {{"num_channels", channels}},
                         {{weights}, {unweights}, {frequency_starts}, {weight_starts}, {widths}}}
        .build();
  }
};

TEST(SignalFilterBank, RisesOverOneBandAndFallsOverTheNext) {
  test::LoadedModel model(Bank{}.model());
  // Channel 0: 10 · x[0] + 2 · x[1] + 3 · x[2]; channel 1: 20 · x[1] + 30 · x[2] + 3 · x[3] + 4 · x[4].
  EXPECT_EQ((run<uint64_t, uint32_t>(model, {1, 10, 100, 1000, 4000000000})),
            (std::vector<uint64_t>{330, 16000006200}));
}

TEST(SignalFilterBank, SkipsBandsWithoutWidth) {
  test::LoadedModel model(Bank{.frequency_starts = {-1, 1, 900}, .widths = {0, 2, -3}}.model());
  EXPECT_EQ((run<uint64_t, uint32_t>(model, {1, 10, 100, 0, 0})), (std::vector<uint64_t>{320, 3200}));
}

TEST(SignalFilterBank, BandsThatLeaveTheSpectrumAreDataErrors) {
  for (const Bank& bank : {Bank{.frequency_starts = {0, 4, 3}}, Bank{.frequency_starts = {0, -1, 3}},
                           Bank{.weight_starts = {0, 3, 2}}, Bank{.weight_starts = {-1, 1, 2}}}) {
    test::LoadedModel model(bank.model());
    ASSERT_EQ(model.refusal(), "");
    EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
  }
}

TEST(SignalFilterBank, RefusesTablesThatAreTooShort) {
  EXPECT_EQ(test::LoadedModel(Bank{.channels = 3}.model()).status().code, Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(Bank{.channels = 1}.model()).status().code, Code::kOutputShape);
}

TEST(SignalFilterBankLog, IsTheLogarithmInFixedPoint) {
  constexpr int kScale = 1400;
  const std::vector<uint32_t> x = {0, 1, 2, 3, 10, 1000, 65535, 65536, 1000003, 1U << 31, UINT32_MAX};
  test::LoadedModel model(CustomOpModel{"SignalFilterBankLog",
                                        {vector(TensorType::UINT32, x.size())},
                                        {vector(TensorType::INT16, x.size())},
                                        {{"input_correction_bits", 0}, {"output_scale", kScale}}}
                              .build());
  const auto y = run<int16_t>(model, x);
  for (size_t i = 0; i < x.size(); ++i) {
    const double want = x[i] > 1 ? kScale * std::log(x[i]) : 0;
    EXPECT_NEAR(y[i], want, 4) << x[i];  // a step of the table is 3.3
  }
}

TEST(SignalFilterBankLog, ShiftsBeforeAndSaturatesBehind) {
  test::LoadedModel model(CustomOpModel{"SignalFilterBankLog",
                                        {vector(TensorType::UINT32, 3)},
                                        {vector(TensorType::INT16, 3)},
                                        {{"input_correction_bits", 3}, {"output_scale", 20000}}}
                              .build());
  EXPECT_EQ((run<int16_t, uint32_t>(model, {0, 1U << 29, 1})), (std::vector<int16_t>{0, 0, 32767}))
      << "0, 2^32 that wraps to 0, and 8: 20000 · ln 8 = 41589";
}

TEST(SignalFilterBankSquareRoot, RoundsToNearest) {
  const std::vector<uint64_t> x = {0,  1,  2,  3,          6,          7,          12,
                                   13, 90, 91, 4294836225, 4294967295, 4294967296, UINT64_MAX};
  const std::vector<uint32_t> want = {0, 1, 1, 2, 2, 3, 3, 4, 9, 10, 65535, 65535, 65536, UINT32_MAX};
  test::LoadedModel model(CustomOpModel{
      "SignalFilterBankSquareRoot",
      {vector(TensorType::UINT64, x.size()), {.name = "shift", .type = TensorType::INT32}},
      {vector(TensorType::UINT32,
              x.size())}}.build());
  ASSERT_EQ(model.refusal(), "");
  model.set_input<uint64_t>(0, x);
  model.set_input<int32_t>(1, std::vector<int32_t>{0});
  model.invoke();
  EXPECT_EQ(model.output<uint32_t>(0), want);
  model.set_input<int32_t>(1, std::vector<int32_t>{3});
  model.set_input<uint64_t>(0, std::vector<uint64_t>(x.size(), 10000));
  model.invoke();
  EXPECT_EQ(model.output<uint32_t>(0), std::vector<uint32_t>(x.size(), 12));
  model.set_input<int32_t>(1, std::vector<int32_t>{32});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

std::vector<uint8_t> subtraction(bool clamping) {
  return CustomOpModel{"SignalFilterBankSpectralSubtraction",
                       {vector(TensorType::UINT32, 2)},
                       {vector(TensorType::UINT32, 2), vector(TensorType::UINT32, 2)},
                       {{"alternate_one_minus_smoothing", 8},
                        {"alternate_smoothing", 8},
                        {"clamping", clamping},
                        {"min_signal_remaining", 1},
                        {"num_channels", 2},
                        {"one_minus_smoothing", 12},
                        {"smoothing", 4},
                        {"smoothing_bits", 1},
                        {"spectral_subtraction_bits", 4}}}
      .build();
}

TEST(SignalSpectralSubtraction, FollowsTheNoiseOfEvenAndOddChannels) {
  test::LoadedModel model(subtraction(false));
  // Scaled up by 2: 200; the estimates are 1/4 and 1/2 of it.
  EXPECT_EQ((run<uint32_t, uint32_t>(model, {100, 100})), (std::vector<uint32_t>{75, 50}));
  EXPECT_EQ(model.output<uint32_t>(1), (std::vector<uint32_t>{50, 100}));
  EXPECT_EQ((run<uint32_t, uint32_t>(model, {100, 100})), (std::vector<uint32_t>{56, 25}));
  EXPECT_EQ(model.output<uint32_t>(1), (std::vector<uint32_t>{87, 150}));
  // Less than the estimate: what remains is a 16th.
  EXPECT_EQ((run<uint32_t, uint32_t>(model, {32, 32})), (std::vector<uint32_t>{2, 2}));
  EXPECT_EQ(model.output<uint32_t>(1), (std::vector<uint32_t>{81, 107}));
  model.interpreter().reset_variables();
  EXPECT_EQ((run<uint32_t, uint32_t>(model, {100, 100})), (std::vector<uint32_t>{75, 50}));
}

TEST(SignalSpectralSubtraction, ClampsTheEstimateToTheSignal) {
  test::LoadedModel model(subtraction(true));
  run<uint32_t, uint32_t>(model, {100, 100});
  run<uint32_t, uint32_t>(model, {8, 8});
  EXPECT_EQ(model.output<uint32_t>(1), (std::vector<uint32_t>{16, 16}));
}

TEST(SignalPcan, NormalizesByTheNoise) {
  // The gain is 4096 = 2^12 for 0 to 2, and 64 · (1 + fraction) for noises of 3 bits.
  std::vector<int16_t> table(9, 4096);
  table[6] = 64;
  table[7] = 2048;
  table[8] = 0;
  const CustomOpModel m{"SignalPCAN",
                        {vector(TensorType::UINT32, 4), vector(TensorType::UINT32, 4)},
                        {vector(TensorType::UINT32, 4)},
                        {{"snr_shift", 0}},
                        {{table}}};
  test::LoadedModel model(m.build());
  ASSERT_EQ(model.refusal(), "");
  model.set_input<uint32_t>(0, std::vector<uint32_t>{1, 3, 64, 64});
  model.set_input<uint32_t>(1, std::vector<uint32_t>{0, 2, 4, 6});
  model.invoke();
  // s = 1: 1/4. s = 3: 2. s = 64 · 64 / 4096 = 1: 1/4; s = 64 · (64 + 1024) / 4096 = 17: 16.
  EXPECT_EQ(model.output<uint32_t>(0), (std::vector<uint32_t>{16, 128, 16, 1024}));
  model.set_input<uint32_t>(1, std::vector<uint32_t>{0, 2, 4, 8});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError) << "a piece that the table lacks";
}

}  // namespace
}  // namespace tandem
