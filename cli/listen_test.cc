#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sndfile.h>

#include <nlohmann/json.hpp>

#include "custom_op_model.h"
#include "models/model_builder.h"
#include "test_command.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

using models::ModelBuilder;
using nlohmann::json;
using schema::BuiltinOperator;
using schema::TensorType;
using testing::HasSubstr;

constexpr int kRate = 1000;
constexpr int kWav = SF_FORMAT_WAV | SF_FORMAT_PCM_16;

// A front end that gives 4 samples as they are.
std::vector<uint8_t> front_end() {
  const models::TensorSpec samples{.name = "samples", .type = TensorType::INT16, .shape = {1, 4}};
  return test::CustomOpModel{"SignalWindow", {samples}, {samples}, {{"shift", 0}}, {{{1, 1, 1, 1}}}}.build();
}

// A front end that waits for every second piece.
std::vector<uint8_t> waiting_front_end() {
  const auto pieces = [](int32_t slots) {
    return models::TensorSpec{
        .name = "pieces", .type = TensorType::INT8, .shape = {1, slots, 1, 4}, .scale = {1 / 128.0F}};
  };
  return test::CustomOpModel{"CIRCULAR_BUFFER", {pieces(1)}, {pieces(2)}, {{"cycles_max", 2}}}.build();
}

// The scores are the inputs: two pieces of 4 samples.
std::vector<uint8_t> model(TensorType type, float scale) {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = type, .shape = {1, 8}, .scale = {scale}});
  const int y = b.tensor({.name = "y", .shape = {1, 8}});
  b.op(BuiltinOperator::DEQUANTIZE, {x}, {y}, schema::DequantizeOptionsT{});
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

class Listen : public testing::Test {
 protected:
  std::vector<std::string> command(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run",     model_, "--preprocess", front_,
                                          "--input", sound_, "--rate",       std::to_string(kRate)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  void sound(const std::vector<double>& samples) {
    sound_ = folder_.add("sound.wav", encode_sound(samples, 1, kRate, kWav));
  }

  TemporaryFolder folder_;
  std::string front_ = folder_.add("front.tflite", front_end());
  std::string model_ = folder_.add("model.tflite", model(TensorType::INT16, 1 / 32768.0F));
  std::string sound_;
};

std::vector<double> ramp(size_t count) {
  std::vector<double> samples(count);
  for (size_t i = 0; i < count; ++i) samples[i] = static_cast<double>(i) / 64;
  return samples;
}

TEST_F(Listen, SlidesOverTheSoundPieceByPiece) {
  sound(ramp(12));
  const CommandResult result = run_tandem(command({"--hop", "2", "--json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const json object = json::parse(result.out);
  EXPECT_EQ(object["piece_samples"], 4);
  EXPECT_EQ(object["pieces"], 2);
  // Pieces start at 0, 2, 4, 6 and 8; a window is two of them.
  ASSERT_EQ(object["windows"].size(), 4U);
  for (size_t w = 0; w < 4; ++w) {
    const json& window = object["windows"][w];
    EXPECT_EQ(window["end"], (2 * static_cast<double>(w) + 6) / kRate) << w;
    for (size_t i = 0; i < 8; ++i) {
      const size_t sample = 2 * w + (i < 4 ? i : i - 2);
      EXPECT_EQ(window["scores"][i], static_cast<double>(sample) / 64) << w << ", " << i;
    }
  }
}

TEST_F(Listen, TellsWhatWasHeardWhen) {
  std::vector<double> samples(24);
  samples[10] = 0.75;
  sound(samples);
  const std::string labels = folder_.add("labels.txt", "a\nb\nc\nd\ne\nf\ng\nh\n");
  const CommandResult result = run_tandem(command({"--hop", "4", "--average", "0", "--labels", labels}));
  ASSERT_EQ(result.code, 0) << result.err;
  // Sample 10 is the third of its piece: first of the last 4 of the window that ends at 12, then of its
  // first 4.
  EXPECT_THAT(result.out, HasSubstr("0.01 s  0.01 s  g      0.7500  0.01 s"));
  EXPECT_THAT(result.out, HasSubstr("0.02 s  0.02 s  c      0.7500  0.02 s"));
  EXPECT_THAT(result.out, HasSubstr("  g | ▆   |"));
  const CommandResult averaged =
      run_tandem(command({"--hop", "4", "--average", "8", "--threshold", "0.3", "--labels", labels}));
  EXPECT_THAT(averaged.out, HasSubstr("0.01 s  0.01 s  g      0.3750  0.01 s"));
  EXPECT_THAT(averaged.out, HasSubstr("0.02 s  0.02 s  c      0.3750  0.02 s"));
  const CommandResult silent = run_tandem(command({"--hop", "4", "--average", "0", "--threshold", "0.8"}));
  EXPECT_THAT(silent.out, HasSubstr("Nothing was heard with a score of 0.8 or more."));
}

TEST_F(Listen, FollowsShortSoundsWithSilence) {
  sound({0.5});
  const CommandResult result = run_tandem(command({"--hop", "4", "--json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["windows"][0]["scores"], (std::vector<double>{0.5, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_F(Listen, SkipsPiecesForWhichTheFrontEndHasNoOutput) {
  front_ = folder_.add("waiting.tflite", waiting_front_end());
  model_ = folder_.add("model_s8.tflite", model(TensorType::INT8, 1 / 128.0F));
  std::vector<double> samples(16);
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<double>(i) / 32;
  sound(samples);
  const CommandResult result = run_tandem(command({"--hop", "4", "--json"}));
  ASSERT_EQ(result.code, 0) << result.err;
  const json object = json::parse(result.out);
  ASSERT_EQ(object["windows"].size(), 2U);
  EXPECT_EQ(object["windows"][0]["end"], 8.0 / kRate);
  EXPECT_EQ(object["windows"][1]["scores"][0], 8.0 / 32);
}

TEST_F(Listen, RefusesModelsThatDoNotFitTogether) {
  model_ = folder_.add("model_s8.tflite", model(TensorType::INT8, 1));
  sound({0});
  const CommandResult result = run_tandem(command());
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("front.tflite gives INT16 [1,4], of which model_s8.tflite cannot put its "
                                    "input together: INT8 [1,8]."));
}

TEST_F(Listen, RefusesWhatIsNoSound) {
  sound_ = folder_.add("sound.wav", "nothing of the kind");
  const CommandResult result = run_tandem(command());
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.err, HasSubstr("sound.wav: is not a sound that can be read"));
}

// The chain of TensorFlow Lite Micro's speech example on its own recordings.
TEST(ListenToSpeech, HearsYesAndNo) {
  const std::filesystem::path models = reference_folder() / "models";
  if (!std::filesystem::exists(models / "audio")) GTEST_SKIP() << "skipped: no reference data";
  const TemporaryFolder folder;
  const std::string label_file = folder.add("labels.txt", "silence\nunknown\nyes\nno\n");
  struct Recording {
    std::string file;
    std::string heard;
  };
  for (const auto& [file, heard] : {Recording{"yes_1000ms.wav", "yes"}, Recording{"no_1000ms.wav", "no"},
                                    Recording{"noise_1000ms.wav", "silence"}}) {
    const CommandResult result =
        run_tandem({"run", (models / "micro_speech_quantized.tflite").string(), "--preprocess",
                    (models / "audio_preprocessor_int8.tflite").string(), "--input",
                    (models / "audio" / file).string(), "--labels", label_file, "--json"});
    ASSERT_EQ(result.code, 0) << result.err;
    const json object = json::parse(result.out);
    EXPECT_EQ(object["windows"].size(), 1U) << "1 s is one window";
    ASSERT_EQ(object["heard"].size(), 1U) << file;
    EXPECT_EQ(object["heard"][0]["label"], heard);
  }
}

}  // namespace
}  // namespace tandem::cli
