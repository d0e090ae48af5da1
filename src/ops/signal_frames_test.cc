#include <gtest/gtest.h>

#include "custom_op_model.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::TensorSpec;
using schema::TensorType;
using test::CustomOpModel;
using Samples = std::vector<int16_t>;

TensorSpec s16(std::vector<int32_t> shape) {
  return {.name = "samples", .type = TensorType::INT16, .shape = std::move(shape)};
}
const TensorSpec kValid{.name = "valid", .type = TensorType::BOOL};

struct Frame {
  Samples samples;
  bool valid;
  bool operator==(const Frame&) const = default;
};

Samples run(test::LoadedModel& model, const Samples& x) {
  model.set_input<int16_t>(0, x);
  model.invoke();
  return model.output<int16_t>(0);
}

Frame run_frame(test::LoadedModel& model, const Samples& x) {
  Samples samples = run(model, x);
  return {std::move(samples), model.output<uint8_t>(1)[0] != 0};
}

std::vector<uint8_t> delay(std::vector<int32_t> shape, int length) {
  return CustomOpModel{"SignalDelay", {s16(shape)}, {s16(shape)}, {{"delay_length", length}}}.build();
}

TEST(SignalDelay, ShorterThanAFrame) {
  test::LoadedModel model(delay({4}, 3));
  ASSERT_EQ(model.refusal(), "");
  EXPECT_EQ(run(model, {1, 2, 3, 4}), (Samples{0, 0, 0, 1}));
  EXPECT_EQ(run(model, {5, 6, 7, 8}), (Samples{2, 3, 4, 5}));
  model.interpreter().reset_variables();
  EXPECT_EQ(run(model, {5, 6, 7, 8}), (Samples{0, 0, 0, 5}));
}

TEST(SignalDelay, LongerThanAFrameKeepsRowsApart) {
  test::LoadedModel model(delay({2, 2}, 5));
  EXPECT_EQ(run(model, {1, 2, 11, 12}), (Samples{0, 0, 0, 0}));
  EXPECT_EQ(run(model, {3, 4, 13, 14}), (Samples{0, 0, 0, 0}));
  EXPECT_EQ(run(model, {5, 6, 15, 16}), (Samples{0, 1, 0, 11}));
  EXPECT_EQ(run(model, {7, 8, 17, 18}), (Samples{2, 3, 12, 13}));
}

TEST(SignalDelay, OfNothingIsTheInput) {
  test::LoadedModel model(delay({2}, 0));
  EXPECT_EQ(run(model, {1, 2}), (Samples{1, 2}));
}

TEST(SignalDelay, RefusesNegativeLengths) {
  EXPECT_EQ(test::LoadedModel(delay({2}, -1)).refusal(),
            "op 0 \"SignalDelay\" \"samples\": an option of the custom operator has the value -1, or is "
            "missing, which is not supported; convert the model again");
}

std::vector<uint8_t> framer(std::vector<int32_t> in, std::vector<int32_t> out, int size, int step,
                            bool prefill) {
  return CustomOpModel{"SignalFramer",
                       {s16(std::move(in))},
                       {s16(std::move(out)), kValid},
                       {{"frame_size", size}, {"frame_step", step}, {"prefill", prefill}}}
      .build();
}

TEST(SignalFramer, WaitsForTheFirstFrame) {
  test::LoadedModel model(framer({2}, {1, 5}, 5, 2, false));
  ASSERT_EQ(model.refusal(), "");
  const Frame none{{0, 0, 0, 0, 0}, false};
  EXPECT_EQ(run_frame(model, {1, 2}), none);
  EXPECT_EQ(run_frame(model, {3, 4}), none);
  EXPECT_EQ(run_frame(model, {5, 6}), (Frame{{1, 2, 3, 4, 5}, true}));
  EXPECT_EQ(run_frame(model, {7, 8}), (Frame{{3, 4, 5, 6, 7}, true}));
  model.interpreter().reset_variables();
  EXPECT_EQ(run_frame(model, {1, 2}), none);
}

TEST(SignalFramer, MayStartWithZeros) {
  test::LoadedModel model(framer({2}, {1, 5}, 5, 2, true));
  EXPECT_EQ(run_frame(model, {1, 2}), (Frame{{0, 0, 0, 1, 2}, true}));
  EXPECT_EQ(run_frame(model, {3, 4}), (Frame{{0, 1, 2, 3, 4}, true}));
}

TEST(SignalFramer, CutsSeveralFramesOfSeveralRows) {
  test::LoadedModel model(framer({2, 4}, {2, 2, 3}, 3, 2, false));
  EXPECT_EQ(run_frame(model, {1, 2, 3, 4, 11, 12, 13, 14}),
            (Frame{{0, 0, 0, 1, 2, 3, 0, 0, 0, 11, 12, 13}, false}));
  EXPECT_EQ(run_frame(model, {5, 6, 7, 8, 15, 16, 17, 18}),
            (Frame{{3, 4, 5, 5, 6, 7, 13, 14, 15, 15, 16, 17}, true}));
}

TEST(SignalFramer, TakesStepsLongerThanFrames) {
  test::LoadedModel model(framer({3}, {1, 2}, 2, 3, false));
  EXPECT_EQ(run_frame(model, {1, 2, 3}), (Frame{{1, 2}, true}));
  EXPECT_EQ(run_frame(model, {4, 5, 6}), (Frame{{4, 5}, true}));
  EXPECT_EQ(test::LoadedModel(framer({3}, {1, 2}, 2, 3, true)).status().code, Code::kCustomOptionValue);
}

TEST(SignalFramer, RefusesInputsThatAreNoWholeSteps) {
  EXPECT_EQ(test::LoadedModel(framer({3}, {1, 5}, 5, 2, false)).status().code, Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(framer({2}, {1, 4}, 5, 2, false)).status().code, Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(framer({2}, {1, 5}, 5, 0, false)).status().code, Code::kCustomOptionValue);
}

std::vector<uint8_t> stacker(int channels, int left, int right, int step, int32_t out) {
  return CustomOpModel{"SignalStacker",
                       {s16({channels})},
                       {s16({out}), kValid},
                       {{"num_channels", channels},
                        {"stacker_left_context", left},
                        {"stacker_right_context", right},
                        {"stacker_step", step}}}
      .build();
}

TEST(SignalStacker, RepeatsTheFirstFrameToItsLeft) {
  test::LoadedModel model(stacker(2, 2, 1, 1, 8));
  ASSERT_EQ(model.refusal(), "");
  EXPECT_FALSE(run_frame(model, {1, 2}).valid);
  EXPECT_EQ(run_frame(model, {3, 4}), (Frame{{1, 2, 1, 2, 1, 2, 3, 4}, true}));
  EXPECT_EQ(run_frame(model, {5, 6}), (Frame{{1, 2, 1, 2, 3, 4, 5, 6}, true}));
  model.interpreter().reset_variables();
  EXPECT_FALSE(run_frame(model, {7, 8}).valid);
  EXPECT_EQ(run_frame(model, {9, 9}), (Frame{{7, 8, 7, 8, 7, 8, 9, 9}, true}));
}

TEST(SignalStacker, WaitsBetweenItsSteps) {
  test::LoadedModel model(stacker(1, 1, 0, 2, 2));
  EXPECT_EQ(run_frame(model, {1}), (Frame{{1, 1}, true}));
  EXPECT_EQ(run_frame(model, {2}), (Frame{{0, 0}, false}));
  EXPECT_EQ(run_frame(model, {3}), (Frame{{2, 3}, true}));
}

TEST(SignalStacker, RefusesStepsThatLeaveFramesOut) {
  EXPECT_EQ(test::LoadedModel(stacker(1, 1, 0, 3, 2)).status().code, Code::kCustomOptionValue);
  EXPECT_EQ(test::LoadedModel(stacker(1, 1, 0, 0, 2)).status().code, Code::kCustomOptionValue);
  EXPECT_EQ(test::LoadedModel(stacker(1, 1, 0, 1, 3)).status().code, Code::kOutputShape);
}

std::vector<uint8_t> overlap_add(TensorType type, std::vector<int32_t> in, std::vector<int32_t> out,
                                 int step) {
  return CustomOpModel{"SignalOverlapAdd",
                       {{.name = "frames", .type = type, .shape = std::move(in)}},
                       {{.name = "y", .type = type, .shape = std::move(out)}},
                       {{"T", static_cast<double>(type)}, {"frame_step", step}}}
      .build();
}

TEST(SignalOverlapAdd, AddsWhatIsLeftOfFramesBefore) {
  test::LoadedModel model(overlap_add(TensorType::INT16, {1, 3}, {1}, 1));
  ASSERT_EQ(model.refusal(), "");
  EXPECT_EQ(run(model, {1, 2, 3}), (Samples{1}));
  EXPECT_EQ(run(model, {10, 20, 30}), (Samples{12}));
  EXPECT_EQ(run(model, {0, 0, 0}), (Samples{23}));
  EXPECT_EQ(run(model, {0, 0, 0}), (Samples{30}));
  EXPECT_EQ(run(model, {0, 0, 0}), (Samples{0}));
}

TEST(SignalOverlapAdd, SaturatesBeforeItGoesOn) {
  test::LoadedModel model(overlap_add(TensorType::INT16, {3, 2}, {3}, 1));
  EXPECT_EQ(run(model, {0, 32767, 1, -32768, -1, 0}), (Samples{0, 32767, -32768}));
}

TEST(SignalOverlapAdd, OfFloat) {
  test::LoadedModel model(overlap_add(TensorType::FLOAT32, {2, 2, 2}, {2, 2}, 1));
  model.set_input<float>(0, std::vector<float>{1, 2, 3, 4, 10, 20, 30, 40});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{1, 5, 10, 50}));
}

TEST(SignalOverlapAdd, RefusesStepsLongerThanFrames) {
  EXPECT_EQ(test::LoadedModel(overlap_add(TensorType::INT16, {1, 3}, {4}, 4)).status().code,
            Code::kCustomOptionValue);
}

}  // namespace
}  // namespace tandem
