#include "kernels/signal_frames.h"

#include <algorithm>
#include <type_traits>

#include "base/fixed_point.h"

namespace tandem {
namespace {

KernelResult delay(const DelayParams& p, const Task& task) {
  for (uint32_t row = task.begin; row < task.end; ++row) {
    const int16_t* in = task.in<int16_t>(p.in) + row * p.frame_size;
    int16_t* out = task.out<int16_t>(p.out) + row * p.frame_size;
    int16_t* history = task.out<int16_t>(p.history) + row * p.delay;
    const uint32_t from_history = std::min(p.delay, p.frame_size);
    const uint32_t kept = p.delay - from_history;
    std::copy_n(in, p.frame_size - from_history, std::copy_n(history, from_history, out));
    std::copy_n(history + from_history, kept, history);
    std::copy_n(in + p.frame_size - from_history, from_history, history + kept);
  }
  return KernelResult::kOk;
}

KernelResult framer(const FramerParams& p, const Task& task) {
  for (uint32_t row = task.begin; row < task.end; ++row) {
    uint32_t& fill = task.out<uint32_t>(p.fill)[row];
    int16_t* samples = task.out<int16_t>(p.samples) + row * p.kept_size;
    bool valid = true;
    for (uint32_t frame = row * p.frames; frame < (row + 1) * p.frames; ++frame) {
      const int16_t* in = task.in<int16_t>(p.in) + frame * p.step_size;
      int16_t* out = task.out<int16_t>(p.out) + frame * p.frame_size;
      std::copy_n(in, p.step_size, samples + p.prefill + fill);
      fill += p.step_size;
      const uint32_t held = p.prefill + fill;
      if (held < p.frame_size) {
        std::fill_n(out, p.frame_size, int16_t{0});
        valid = false;
        continue;
      }
      std::copy_n(samples, p.frame_size, out);
      std::copy_n(samples + p.step_size, held - p.step_size, samples);
      fill -= p.step_size;
    }
    if (row == 0) *task.out<bool>(p.valid) = valid;
  }
  return KernelResult::kOk;
}

KernelResult stacker(const StackerParams& p, const Task& task) {
  const auto* in = task.in<int16_t>(p.in);
  auto* out = task.out<int16_t>(p.out);
  auto* samples = task.out<int16_t>(p.samples);
  auto* fill = task.out<uint32_t>(p.fill);
  uint32_t& frames = fill[0];
  uint32_t& started = fill[1];
  const uint32_t total = p.kept_frames * p.frame_size;
  for (uint32_t copies = started != 0 ? 1 : 1 + p.repeats; copies > 0; --copies) {
    std::copy_n(in, p.frame_size, samples + frames++ * p.frame_size);
  }
  started = 1;
  const bool valid = frames == p.kept_frames;
  *task.out<bool>(p.valid) = valid;
  if (!valid) {
    std::fill_n(out, total, int16_t{0});
    return KernelResult::kOk;
  }
  std::copy_n(samples, total, out);
  frames -= p.step;
  std::copy_n(samples + p.step * p.frame_size, frames * p.frame_size, samples);
  return KernelResult::kOk;
}

template <class T>
KernelResult overlap_add(const OverlapAddParams& p, const Task& task) {
  for (uint32_t row = task.begin; row < task.end; ++row) {
    T* sums = task.out<T>(p.sums) + row * p.frame_size;
    for (uint32_t frame = row * p.frames; frame < (row + 1) * p.frames; ++frame) {
      const T* in = task.in<T>(p.in) + frame * p.frame_size;
      for (uint32_t i = 0; i < p.frame_size; ++i) {
        if constexpr (std::is_same_v<T, float>) {
          sums[i] += in[i];
        } else {
          sums[i] = saturate_cast<T>(in[i] + sums[i]);
        }
      }
      std::copy_n(sums, p.step_size, task.out<T>(p.out) + frame * p.step_size);
      T* const left = std::copy(sums + p.step_size, sums + p.frame_size, sums);
      std::fill_n(left, p.step_size, T{0});
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(delay_s16__ref, DelayParams, delay)
TANDEM_DEFINE_KERNEL(framer_s16__ref, FramerParams, framer)
TANDEM_DEFINE_KERNEL(stacker_s16__ref, StackerParams, stacker)
TANDEM_DEFINE_KERNEL(overlap_add_f32__ref, OverlapAddParams, overlap_add<float>)
TANDEM_DEFINE_KERNEL(overlap_add_s16__ref, OverlapAddParams, overlap_add<int16_t>)

}  // namespace tandem
