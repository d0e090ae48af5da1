#include "kernels/detection_postprocess.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace tandem {
namespace {

struct Box {
  float y_min;
  float x_min;
  float y_max;
  float x_max;

  [[nodiscard]] float area() const { return (y_max - y_min) * (x_max - x_min); }
  // False for a NaN too: such a box overlaps nothing.
  [[nodiscard]] bool inverted() const { return y_min >= y_max || x_min >= x_max; }
};

float intersection_over_union(const Box& a, const Box& b) {
  const float area_a = a.area();
  const float area_b = b.area();
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = std::min(a.y_max, b.y_max) - std::max(a.y_min, b.y_min);
  const float width = std::min(a.x_max, b.x_max) - std::max(a.x_min, b.x_min);
  const float shared = std::max(height, 0.0F) * std::max(width, 0.0F);
  return shared / (area_a + area_b - shared);
}

// One run of the kernel.
class Detector {
 public:
  Detector(const DetectionPostprocessParams& p, const Task& task)
      : p_(p),
        scores_(task.in<float>(p.scores) + (p.score_stride - p.classes)),
        boxes_(task.out<Box>(p.decoded)),
        order_(task.out<uint32_t>(p.order)),
        best_(task.out<float>(p.best)),
        out_boxes_(task.out<Box>(p.out_boxes)),
        out_classes_(task.out<float>(p.out_classes)),
        out_scores_(task.out<float>(p.out_scores)),
        out_count_(task.out<float>(p.out_count)),
        detections_(task.out<Detection>(p.detections)) {
    decode(task.in<float>(p.encodings), task.in<float>(p.anchors));
  }

  KernelResult run() {
    if (std::any_of(boxes_, boxes_ + p_.boxes, [](const Box& box) { return box.inverted(); })) {
      return KernelResult::kDataError;
    }
    std::fill_n(reinterpret_cast<float*>(out_boxes_), p_.out_elements[0], 0.0F);
    std::fill_n(out_classes_, p_.out_elements[1], 0.0F);
    std::fill_n(out_scores_, p_.out_elements[2], 0.0F);
    std::fill_n(out_count_, p_.out_elements[3], 0.0F);
    *out_count_ = static_cast<float>(p_.detections_per_class == 0 ? run_fast() : run_regular());
    return KernelResult::kOk;
  }

 private:
  struct Detection {
    float score;
    uint32_t index;  // box · classes + class
  };

  void decode(const float* encodings, const float* anchors) {
    enum { kY, kX, kH, kW };
    for (uint32_t i = 0; i < p_.boxes; ++i, encodings += p_.box_stride, anchors += 4) {
      const auto scaled = [&](int k) { return double{encodings[k]} / double{p_.scale[k]}; };
      const auto centre = [&](int k) {
        return static_cast<float>(scaled(k) * double{anchors[k + kH]} + double{anchors[k]});
      };
      const auto half_size = [&](int k) {
        return static_cast<float>(0.5 * std::exp(scaled(k)) * double{anchors[k]});
      };
      const float y = centre(kY);
      const float x = centre(kX);
      const float half_height = half_size(kH);
      const float half_width = half_size(kW);
      boxes_[i] = {y - half_height, x - half_width, y + half_height, x + half_width};
    }
  }

  [[nodiscard]] float score(uint32_t box, uint32_t klass) const {
    return scores_[uint64_t{box} * p_.score_stride + klass];
  }

  // The boxes to keep by the scores in best_, at most `limit`, best first: the first of order_.
  std::span<const uint32_t> suppress(uint32_t limit) {
    uint32_t candidates = 0;
    for (uint32_t i = 0; i < p_.boxes; ++i) {
      if (best_[i] >= p_.score_threshold) order_[candidates++] = i;
    }
    std::sort(order_, order_ + candidates,
              [&](uint32_t a, uint32_t b) { return best_[a] != best_[b] ? best_[a] > best_[b] : a < b; });
    uint32_t kept = 0;
    for (uint32_t i = 0; i < candidates && kept < limit; ++i) {
      const Box& box = boxes_[order_[i]];
      const bool overlaps = std::any_of(order_, order_ + kept, [&](uint32_t other) {
        return intersection_over_union(boxes_[other], box) > p_.iou_threshold;
      });
      if (!overlaps) order_[kept++] = order_[i];
    }
    return {order_, kept};
  }

  void write(uint64_t at, uint32_t box, uint32_t klass) {
    if (at >= p_.capacity) return;
    out_boxes_[at] = boxes_[box];
    out_classes_[at] = static_cast<float>(klass);
    out_scores_[at] = score(box, klass);
  }

  // The class of a box that follows `before` in the order of scores, the first where equal; `classes` before
  // the first one. The last again where there is none: a NaN follows nothing.
  [[nodiscard]] uint32_t next_class(uint32_t box, uint32_t before) const {
    uint32_t next = p_.classes;
    for (uint32_t c = 0; c < p_.classes; ++c) {
      if (before < p_.classes) {
        const bool follows =
            score(box, c) < score(box, before) || (score(box, c) == score(box, before) && c > before);
        if (!follows) continue;
      }
      if (next == p_.classes || score(box, c) > score(box, next)) next = c;
    }
    return next < p_.classes ? next : std::min(before, p_.classes - 1);
  }

  uint32_t run_fast() {
    for (uint32_t i = 0; i < p_.boxes; ++i) best_[i] = score(i, next_class(i, p_.classes));
    uint32_t count = 0;
    for (const uint32_t box : suppress(p_.max_detections)) {
      uint32_t klass = p_.classes;
      for (uint32_t k = 0; k < p_.classes_per_box; ++k) {
        klass = next_class(box, klass);
        write(uint64_t{p_.classes_per_box} * count++ + k, box, klass);
      }
    }
    return count;
  }

  uint32_t run_regular() {
    uint32_t count = 0;
    for (uint32_t c = 0; c < p_.classes; ++c) {
      for (uint32_t i = 0; i < p_.boxes; ++i) best_[i] = score(i, c);
      for (const uint32_t box : suppress(p_.detections_per_class)) {
        const Detection found{.score = best_[box], .index = box * p_.classes + c};
        Detection* const place =
            std::upper_bound(detections_, detections_ + count, found,
                             [](const Detection& a, const Detection& b) { return a.score > b.score; });
        if (place == detections_ + p_.max_detections) break;
        if (count < p_.max_detections) ++count;
        std::copy_backward(place, detections_ + count - 1, detections_ + count);
        *place = found;
      }
    }
    for (uint32_t i = 0; i < count; ++i) {
      write(i, detections_[i].index / p_.classes, detections_[i].index % p_.classes);
    }
    return count;
  }

  const DetectionPostprocessParams& p_;
  const float* scores_;
  Box* boxes_;
  uint32_t* order_;
  float* best_;
  Box* out_boxes_;
  float* out_classes_;
  float* out_scores_;
  float* out_count_;
  Detection* detections_;
};

KernelResult detection_postprocess(const DetectionPostprocessParams& p, const Task& task) {
  return Detector(p, task).run();
}

}  // namespace

TANDEM_DEFINE_KERNEL(detection_postprocess_f32__ref, DetectionPostprocessParams, detection_postprocess)

}  // namespace tandem
