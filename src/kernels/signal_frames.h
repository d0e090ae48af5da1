#pragma once

#include "kernels/kernel.h"

// What operators on streams of samples do with them between invocations. All samples are int16, rows lie one
// after the other, and each row has state of its own, which is zero at the start.
namespace tandem {

/// y = the samples of `delay` samples ago: (history, x) is one row; y is its first frame_size samples, and
/// the rest is the next history. State   history: int16[rows, delay] Units   rows.
struct DelayParams {
  Ref in;
  Ref out;
  Ref history;
  uint32_t frame_size = 0;
  uint32_t delay = 0;
};

/// Cuts a stream into overlapping frames: for each of `frames` steps, step_size more samples of a row are
/// appended to those it has; when it has frame_size, they are a frame, of which the first step_size are then
/// dropped. Until then a frame is 0, and valid false.
/// Layout  x [rows, frames · step_size], y [rows, frames, frame_size]; valid: bool, whether all are.
/// Needs   1 ≤ step_size, frame_size; kept_size ≥ the least multiple of step_size from frame_size on.
/// State   fill: uint32[rows], how many samples a row has beyond `prefill` zeros; samples: int16[rows,
///         kept_size], of which the first prefill + fill count. Rows all have as many.
/// Units   rows; row 0 writes `valid`.
struct FramerParams {
  Ref in;
  Ref out;
  Ref valid;
  Ref fill;
  Ref samples;
  uint32_t frames = 0;
  uint32_t frame_size = 0;
  uint32_t step_size = 0;
  uint32_t kept_size = 0;
  uint32_t prefill = 0;
};

/// Stacks the last `kept_frames` inputs, each a frame of frame_size samples, every `step` inputs; the very
/// first counts for 1 + repeats. Until there are enough, y is 0 and valid false.
/// Layout  x [frame_size], y [kept_frames, frame_size], valid: bool.
/// Needs   1 ≤ step ≤ kept_frames, repeats < kept_frames.
/// State   fill: uint32[2], how many frames there are and whether there was a first; samples:
/// int16[kept_frames,
///         frame_size]
/// Units   one.
struct StackerParams {
  Ref in;
  Ref out;
  Ref valid;
  Ref fill;
  Ref samples;
  uint32_t frame_size = 0;
  uint32_t kept_frames = 0;
  uint32_t step = 0;
  uint32_t repeats = 0;
};

/// Adds overlapping frames up to a stream: each frame is added to what is left of those before, saturating
/// (s16); the first step_size sums are the output, the rest is left.
/// Layout  x [rows, frames, frame_size], y [rows, frames, step_size].
/// Needs   1 ≤ step_size ≤ frame_size.
/// State   sums: [rows, frame_size]
/// Units   rows.
struct OverlapAddParams {
  Ref in;
  Ref out;
  Ref sums;
  uint32_t frames = 0;
  uint32_t frame_size = 0;
  uint32_t step_size = 0;
};

}  // namespace tandem
