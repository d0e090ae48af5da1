#include "benchmark_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_command.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class BenchmarkInputs : public testing::Test {
 protected:
  void open(const std::filesystem::path& model) {
    Outcome<std::unique_ptr<Session>> opened = Session::open(model);
    ASSERT_TRUE(opened.ok()) << opened.problem().sentence;
    session_ = std::move(*opened);
    ASSERT_TRUE(session_->prepare(port_.port()).ok());
  }
  void open_reference(const std::string& name) {
    const std::filesystem::path model = reference_folder() / "models" / name;
    if (!std::filesystem::exists(model)) GTEST_SKIP() << "skipped: no reference data";
    open(model);
  }
  Outcome<std::vector<BenchmarkInput>> inputs(const std::vector<std::string>& sources) {
    return benchmark_inputs(*session_, sources, false);
  }
  static std::vector<std::string> names(const std::vector<BenchmarkInput>& inputs) {
    std::vector<std::string> names;
    for (const BenchmarkInput& input : inputs) names.push_back(input.name + (input.goes_on ? "+" : ""));
    return names;
  }

  PosixPort port_{1};
  std::unique_ptr<Session> session_;
};

TEST_F(BenchmarkInputs, recorded_ones_but_the_zero_point_and_scrambled_ones) {
  open_reference("person_detect.tflite");
  if (session_ == nullptr) return;
  const auto all = inputs({});
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(names(*all), ElementsAre("seed1", "seed2", "person", "no_person"));
  EXPECT_EQ(all->front().bytes.size(), 96U * 96);
  const auto chosen = inputs({"person_m128", "random:3"});
  ASSERT_TRUE(chosen.ok());
  EXPECT_THAT(names(*chosen), ElementsAre("person_m128", "random:3"));
}

TEST_F(BenchmarkInputs, sequences_of_models_with_state_go_on) {
  open_reference("keyword_scrambled_8bit.tflite");
  if (session_ == nullptr) return;
  const auto one = inputs({"seed2"});
  ASSERT_TRUE(one.ok());
  EXPECT_THAT(names(*one), ElementsAre("seed2.0", "seed2.1+", "seed2.2+", "seed2.3+"));
  EXPECT_EQ(inputs({})->size(), 8U);
}

TEST_F(BenchmarkInputs, unknown_models_get_two_random_ones) {
  open(project_model("sine_int8.tflite"));
  const auto all = inputs({});
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(names(*all), ElementsAre("random:1", "random:2"));
  EXPECT_NE((*all)[0].bytes, (*all)[1].bytes);
}

TEST_F(BenchmarkInputs, files_are_named_after_themselves) {
  open(project_model("sine_int8.tflite"));
  const TemporaryFolder folder;
  const std::string file = folder.add("two words.raw", std::string_view("\x17", 1));
  const auto input = inputs({file});
  ASSERT_TRUE(input.ok()) << input.problem().sentence;
  EXPECT_THAT(names(*input), ElementsAre("two_words"));
  EXPECT_THAT(input->front().bytes, ElementsAre(0x17));
}

TEST_F(BenchmarkInputs, what_is_nothing_of_these_is_refused) {
  open(project_model("sine_int8.tflite"));
  EXPECT_THAT(inputs({"person"}).problem().sentence, HasSubstr("neither a file nor a recorded input"));
  EXPECT_THAT(inputs({"a.raw,b.raw"}).problem().sentence, HasSubstr("names 2 for 1 of the model"));
  EXPECT_FALSE(inputs({"random:x"}).ok());
}

}  // namespace
}  // namespace tandem::cli
