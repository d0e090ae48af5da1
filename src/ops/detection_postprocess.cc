#include "kernels/detection_postprocess.h"

#include <algorithm>

#include "base/fixed_point.h"
#include "ops/custom_options.h"
#include "ops/op_context.h"

// TFLite_Detection_PostProcess, for float as in TensorFlow Lite Micro. Where the fast variant gives several
// classes a box, TensorFlow Lite spreads its detections over more places than the outputs have: those that
// lie inside are written, the other elements are 0.
namespace tandem {
namespace {

enum Input { kEncodings, kScores, kAnchors };
enum Output { kBoxes, kClasses, kOutScores, kCount };
constexpr int32_t kMost = INT32_MAX;

Status read_options(const OpContext& c, DetectionPostprocessParams& params) {
  constexpr uint32_t kDefaultDetectionsPerClass = 100;
  const CustomOptions options(c);
  TANDEM_TRY(options.read("max_detections", 0, kMost, params.max_detections));
  TANDEM_TRY(options.read("num_classes", 1, kMost, params.classes));
  if (options.find("use_regular_nms").boolean()) {
    params.detections_per_class = kDefaultDetectionsPerClass;
    if (!options.find("detections_per_class").null()) {
      TANDEM_TRY(options.read("detections_per_class", 1, kMost, params.detections_per_class));
    }
  } else {
    TANDEM_TRY(options.read("max_classes_per_detection", 1, kMost, params.classes_per_box));
    params.classes_per_box = std::min(params.classes_per_box, params.classes);
  }
  params.score_threshold = static_cast<float>(options.find("nms_score_threshold").number());
  params.iou_threshold = static_cast<float>(options.find("nms_iou_threshold").number());
  if (!(params.iou_threshold > 0 && params.iou_threshold <= 1)) {
    return options.refused(truncate_to_int32(params.iou_threshold));
  }
  constexpr std::string_view kScales[] = {"y_scale", "x_scale", "h_scale", "w_scale"};
  for (uint32_t i = 0; i < 4; ++i) params.scale[i] = static_cast<float>(options.find(kScales[i]).number());
  return {};
}

Status plan_detection_postprocess(OpContext& c) {
  TANDEM_TRY(c.expect_operands(3, 3, 4));
  const TensorInfo encodings = c.input(kEncodings);
  const TensorInfo scores = c.input(kScores);
  const TensorInfo anchors = c.input(kAnchors);
  for (const uint32_t i : {kEncodings, kScores, kAnchors}) {
    TANDEM_TRY(c.expect_input_type(i, {Type::kFloat32}));
    const uint32_t rank = c.input(i).shape.rank;
    if (rank != (i == kAnchors ? 2 : 3)) {
      return c.error(Code::kInputRank, static_cast<int32_t>(i), static_cast<int32_t>(rank));
    }
  }
  for (const uint32_t i : {kBoxes, kClasses, kOutScores, kCount}) {
    TANDEM_TRY(c.expect_output_type(i, Type::kFloat32));
  }
  DetectionPostprocessParams params;
  for (const uint32_t i : {kBoxes, kClasses, kOutScores, kCount})
    params.out_elements[i] = c.output(i).elements;
  TANDEM_TRY(read_options(c, params));
  const int32_t boxes = encodings.shape[1];
  const int32_t all_classes = scores.shape[2];
  const auto classes = static_cast<int32_t>(params.classes);
  if (encodings.shape[0] != 1) return c.error(Code::kInputShape, kEncodings, 0);
  if (encodings.shape[2] < 4) return c.error(Code::kInputShape, kEncodings, 2);
  if (scores.shape[0] != 1) return c.error(Code::kInputShape, kScores, 0);
  if (scores.shape[1] != boxes) return c.error(Code::kInputShape, kScores, 1);
  // One more than the classes: the background comes first.
  if (all_classes != classes && all_classes - 1 != classes) return c.error(Code::kInputShape, kScores, 2);
  if (anchors.elements < uint64_t{4} * static_cast<uint32_t>(boxes))
    return c.error(Code::kInputShape, kAnchors, 0);

  params.boxes = static_cast<uint32_t>(boxes);
  params.box_stride = static_cast<uint32_t>(encodings.shape[2]);
  params.score_stride = static_cast<uint32_t>(all_classes);
  params.capacity =
      std::min({c.output(kBoxes).elements / 4, c.output(kClasses).elements, c.output(kOutScores).elements});
  const bool regular = params.detections_per_class > 0;
  if (regular && params.capacity < params.max_detections) return c.error(Code::kOutputShape, kBoxes, 1);
  if (c.output(kCount).elements < 1) return c.error(Code::kOutputShape, kCount, 0);

  // {score, index} of each detection, behind what each box takes: 4 corners, an order and a score.
  constexpr uint64_t kBoxBytes = 6 * sizeof(float);
  constexpr uint64_t kDetectionBytes = 2 * sizeof(float);
  const uint64_t scratch_bytes =
      params.boxes * kBoxBytes + (regular ? params.max_detections * kDetectionBytes : 0);
  const Ref scratch = c.shared_scratch(static_cast<uint32_t>(scratch_bytes));
  const auto part = [&](uint32_t floats) {
    return Ref::make(Ref::kArena, scratch.offset() + floats * uint32_t{sizeof(float)});
  };
  params.decoded = scratch;
  params.order = part(4 * params.boxes);
  params.best = part(5 * params.boxes);
  params.detections = part(6 * params.boxes);
  params.encodings = c.ref(encodings);
  params.scores = c.ref(scores);
  params.anchors = c.ref(anchors);
  params.out_boxes = c.ref(c.output(kBoxes));
  params.out_classes = c.ref(c.output(kClasses));
  params.out_scores = c.ref(c.output(kOutScores));
  params.out_count = c.ref(c.output(kCount));
  // Each box is compared with those kept before; a score is read for each class, and again for each of a
  // box's.
  const uint64_t rounds = regular ? params.classes : 1;
  const uint64_t kept = std::min(params.boxes, regular ? params.detections_per_class : params.max_detections);
  c.emit(kernel_id::detection_postprocess_f32__ref, params,
         {.macs = uint64_t{params.boxes} * (rounds * kept + params.classes) +
                  kept * params.classes_per_box * params.classes});
  return {};
}

}  // namespace

TANDEM_DEFINE_CUSTOM_OP("TFLite_Detection_PostProcess", detection_postprocess, plan_detection_postprocess,
                        detection_postprocess_f32__ref)

}  // namespace tandem
