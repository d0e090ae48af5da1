#include <gtest/gtest.h>

#include "custom_op_model.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::TensorSpec;
using schema::TensorType;

TensorSpec floats(const char* name, std::vector<int32_t> shape) {
  return {.name = name, .shape = std::move(shape)};
}

// Boxes that are their anchors: encodings of 0. Tests change what they are about.
struct Detector {
  std::vector<float> anchors;  ///< y, x, height, width of each box's centre
  int32_t classes = 1;
  bool background = false;
  bool regular = false;
  int32_t max_detections = 2;
  int32_t classes_per_box = 1;
  int32_t per_class = 100;
  double iou = 0.5;
  int32_t places = 2;

  [[nodiscard]] int32_t boxes() const { return static_cast<int32_t>(anchors.size() / 4); }
  [[nodiscard]] std::vector<uint8_t> model() const {
    return test::CustomOpModel{
        "TFLite_Detection_PostProcess",
        {floats("encodings", {1, boxes(), 4}), floats("scores", {1, boxes(), classes + (background ? 1 : 0)}),
         floats("anchors", {boxes(), 4})},
        {floats("boxes", {1, places, 4}), floats("classes", {1, places}), floats("scores", {1, places}),
         floats("count", {1})},
        {{"max_detections", max_detections},
         {"max_classes_per_detection", classes_per_box},
         {"detections_per_class", per_class},
         {"use_regular_nms", regular},
         {"nms_score_threshold", 0.25},
         {"nms_iou_threshold", iou},
         {"num_classes", classes},
         {"y_scale", 10},
         {"x_scale", 10},
         {"h_scale", 5},
         {"w_scale", 5}}}
        .build();
  }
};

using Values = std::vector<float>;

struct Found {
  Values classes;
  Values scores;
  float count;
  bool operator==(const Found&) const = default;
};

Outcome::Kind invoke(test::LoadedModel& model, const Detector& detector, const Values& scores) {
  model.set_input<float>(0, Values(detector.anchors.size()));
  model.set_input<float>(1, scores);
  model.set_input<float>(2, detector.anchors);
  return model.interpreter().invoke().kind;
}

Found detect(const Detector& detector, const Values& scores) {
  test::LoadedModel model(detector.model());
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  EXPECT_EQ(invoke(model, detector, scores), Outcome::Kind::kOk);
  return {model.output<float>(1), model.output<float>(2), model.output<float>(3)[0]};
}

// Two that overlap by half of either, and one apart.
const Values kThree = {0, 0, 2, 2, 0, 1, 2, 2, 10, 10, 2, 2};

TEST(DetectionPostprocess, DecodesCentreAndSize) {
  const Detector detector{.anchors = {1, 2, 2, 4}, .max_detections = 1, .places = 1};
  test::LoadedModel model(detector.model());
  ASSERT_EQ(model.refusal(), "");
  model.set_input<float>(0, Values{5, -10, 0, 5 * 0.6931472F});
  model.set_input<float>(1, Values{1});
  model.set_input<float>(2, detector.anchors);
  model.invoke();
  const Values box = model.output<float>(0);
  const Values want = {1, -6, 3, 2};  // centre (1 + 0.5 · 2, 2 − 1 · 4), size (2, 2 · 4)
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(box[i], want[i], 1e-5) << i;
}

TEST(DetectionPostprocess, KeepsTheBestOfThoseThatOverlap) {
  EXPECT_EQ(detect({.anchors = kThree, .iou = 0.3}, {0.5F, 0.75F, 0.375F}),
            (Found{{0, 0}, {0.75F, 0.375F}, 2}));
  EXPECT_EQ(detect({.anchors = kThree, .iou = 0.4}, {0.5F, 0.75F, 0.375F}),
            (Found{{0, 0}, {0.75F, 0.5F}, 2}));
}

TEST(DetectionPostprocess, LeavesOutWhatIsBelowTheThreshold) {
  EXPECT_EQ(detect({.anchors = kThree}, {0.1F, 0.25F, 0.2F}), (Found{{0, 0}, {0.25F, 0}, 1}));
}

TEST(DetectionPostprocess, CountsClassesWithoutTheBackground) {
  EXPECT_EQ(detect({.anchors = kThree, .classes = 2, .background = true},
                   {1, 0.3F, 0.5F, 1, 0, 0, 1, 0.875F, 0.75F}),
            (Found{{0, 1}, {0.875F, 0.5F}, 2}));
}

TEST(DetectionPostprocess, RegularSuppressesEachClassForItself) {
  const Detector detector{
      .anchors = kThree, .classes = 2, .regular = true, .max_detections = 3, .iou = 0.3, .places = 3};
  EXPECT_EQ(detect(detector, {0.5F, 0.75F, 0.75F, 0.5F, 0, 0}), (Found{{0, 1, 0}, {0.75F, 0.75F, 0}, 2}));
}

TEST(DetectionPostprocess, RegularKeepsTheBestOfAllClasses) {
  const Detector detector{.anchors = kThree, .classes = 2, .regular = true, .per_class = 2};
  EXPECT_EQ(detect(detector, {0.5F, 0.75F, 0.375F, 0.3F, 0.625F, 0.5F}), (Found{{1, 0}, {0.75F, 0.625F}, 2}));
}

TEST(DetectionPostprocess, SeveralClassesABoxStayInsideTheOutputs) {
  const Detector detector{.anchors = {0, 0, 2, 2}, .classes = 3, .classes_per_box = 2, .places = 4};
  // Places 2 · 0 + 0 and 2 · 1 + 1.
  EXPECT_EQ(detect(detector, {0.5F, 0.25F, 0.75F}), (Found{{2, 0, 0, 0}, {0.75F, 0, 0, 0.5F}, 2}));
}

TEST(DetectionPostprocess, OutputsBeyondTheDetectionsAreZero) {
  const Detector detector{.anchors = {0, 0, 2, 2}, .max_detections = 1, .places = 3};
  test::LoadedModel model(detector.model());
  ASSERT_EQ(invoke(model, detector, {1}), Outcome::Kind::kOk);
  EXPECT_EQ(model.output<float>(0), (Values{-1, -1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(model.output<float>(2), (Values{1, 0, 0}));
}

TEST(DetectionPostprocess, BoxesWithoutAreaAreDataErrors) {
  const Detector detector{.anchors = {0, 0, 0, 2}};
  test::LoadedModel model(detector.model());
  ASSERT_EQ(model.refusal(), "");
  EXPECT_EQ(invoke(model, detector, {1}), Outcome::Kind::kDataError);
}

TEST(DetectionPostprocess, RefusesOptionsThatMakeNoSense) {
  const auto code = [](const Detector& detector) {
    return test::LoadedModel(detector.model()).status().code;
  };
  EXPECT_EQ(code({.anchors = kThree, .iou = 1.5}), Code::kCustomOptionValue);
  EXPECT_EQ(code({.anchors = kThree, .classes = 0, .background = true}), Code::kCustomOptionValue);
  EXPECT_EQ(code({.anchors = kThree, .classes_per_box = 0}), Code::kCustomOptionValue);
  EXPECT_EQ(code({.anchors = kThree, .regular = true, .per_class = 0}), Code::kCustomOptionValue);
  EXPECT_EQ(code({.anchors = kThree, .regular = true, .max_detections = 3}), Code::kOutputShape);
}

}  // namespace
}  // namespace tandem
