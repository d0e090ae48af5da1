#pragma once

#include "kernels/kernel.h"

namespace tandem {

/// Boxes from a single-shot detector: decodes each of `boxes` from its encoding e and anchor a, both
/// (y, x, h, w), and keeps the best that do not overlap.
///   centre = e / scale · size of a + centre of a, half size = ½ · exp(e / scale) · size of a, in double,
///   rounded to float; a box is (ymin, xmin, ymax, xmax)
/// Suppression  boxes whose score reaches `score_threshold`, best first, the earlier one first where equal;
/// one
///              whose intersection over union with one already kept exceeds `iou_threshold` is dropped.
///   fast       once, by each box's best class, at most max_detections boxes; a kept box gives its best
///              classes_per_box classes. Detection d, the k-th of its box, is at classes_per_box · d + k, as
///              in TensorFlow Lite; what would lie behind the outputs is left out.
///   regular    for each class, at most detections_per_class boxes; the best max_detections of all, the
///              earlier class first where equal.
/// Layout   e float[boxes, box_stride], of which the first 4 count; scores float[boxes, score_stride], of
/// which
///          the last `classes` count; a float[boxes, 4]. Out: float boxes [capacity, 4], classes and scores
///          [capacity], their number [1]; 0 where there is none.
/// Errors   a box that has no area is a data error.
/// Units    one.
struct DetectionPostprocessParams {
  Ref encodings;
  Ref scores;
  Ref anchors;
  Ref out_boxes;
  Ref out_classes;
  Ref out_scores;
  Ref out_count;
  Ref decoded;     ///< scratch: float[boxes, 4]
  Ref order;       ///< scratch: uint32[boxes]
  Ref best;        ///< scratch: float[boxes]
  Ref detections;  ///< scratch: {float score, uint32 index}[max_detections], regular only
  uint32_t boxes = 0;
  uint32_t box_stride = 4;
  uint32_t score_stride = 1;
  uint32_t classes = 1;
  uint32_t max_detections = 0;
  uint32_t classes_per_box = 1;
  uint32_t detections_per_class = 0;  ///< 0: fast
  uint32_t capacity = 0;
  uint32_t out_elements[4] = {};  ///< of boxes, classes, scores and their number: what is more stays 0
  float score_threshold = 0;
  float iou_threshold = 0;
  float scale[4] = {};  ///< y, x, h, w
};

}  // namespace tandem
