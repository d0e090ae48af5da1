#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "outcome.h"

namespace tandem::cli {

/// One channel of samples, full scale is [-1, 1).
struct Sound {
  int rate = 0;              ///< samples a second
  int channels = 0;          ///< of the file; `samples` is their mean
  uint64_t file_frames = 0;  ///< samples of one channel that the file says it has; `samples` may be fewer
  std::vector<float> samples{};
};

/// WAV, FLAC, Ogg and what else libsndfile knows; stops after `max_frames` samples of each channel.
/// The Problem comes without the file's name.
Outcome<Sound> decode_sound(std::span<const uint8_t> file, uint64_t max_frames);

/// The bytes of an uncompressed WAV file's samples, channels side by side, if a sample has `sample_bytes`.
Outcome<std::vector<uint8_t>> raw_wav_samples(std::span<const uint8_t> file, size_t sample_bytes);

/// How many samples at rate `from` `resample` looks at to make `count` at rate `to`.
uint64_t frames_to_resample(uint64_t count, int from, int to);

/// `count` samples at rate `to`, band limited (sinc, 16 zero crossings each side, Hann window); zeros follow
/// the end of `samples`.
std::vector<float> resample(std::span<const float> samples, int from, int to, size_t count);

}  // namespace tandem::cli
