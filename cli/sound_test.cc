#include "sound.h"

#include <gtest/gtest.h>
#include <sndfile.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "test_files.h"

namespace tandem::cli {
namespace {

constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

std::vector<double> tone(double frequency, int rate, size_t count) {
  std::vector<double> samples(count);
  for (size_t i = 0; i < count; ++i) {
    samples[i] = 0.5 * std::sin(2 * std::numbers::pi * frequency * static_cast<double>(i) / rate);
  }
  return samples;
}

TEST(decode_sound, sixteen_bit_samples_are_exact) {
  std::vector<double> samples;
  for (int s = -32768; s < 32768; s += 7) samples.push_back(s / 32768.0);
  for (const int format : {SF_FORMAT_WAV | SF_FORMAT_PCM_16, SF_FORMAT_FLAC | SF_FORMAT_PCM_16}) {
    const auto sound = decode_sound(encode_sound(samples, 1, 16000, format), kAll);
    ASSERT_TRUE(sound.ok()) << sound.problem().sentence;
    EXPECT_EQ(sound->rate, 16000);
    EXPECT_EQ(sound->file_frames, samples.size());
    ASSERT_EQ(sound->samples.size(), samples.size());
    for (size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(sound->samples[i], samples[i]) << i;
  }
}

TEST(decode_sound, ogg) {
  const std::vector<double> samples = tone(440, 16000, 8000);
  const auto sound = decode_sound(encode_sound(samples, 1, 16000, SF_FORMAT_OGG | SF_FORMAT_VORBIS), kAll);
  ASSERT_TRUE(sound.ok()) << sound.problem().sentence;
  ASSERT_EQ(sound->samples.size(), samples.size());
  for (size_t i = 2000; i < 6000; ++i) ASSERT_NEAR(sound->samples[i], samples[i], 0.1) << i;
}

TEST(decode_sound, channels_are_averaged) {
  const auto sound =
      decode_sound(encode_sound({0.5, 0.25, -0.5, 0.5}, 2, 8000, SF_FORMAT_WAV | SF_FORMAT_FLOAT), kAll);
  ASSERT_TRUE(sound.ok());
  EXPECT_EQ(sound->channels, 2);
  EXPECT_EQ(sound->samples, (std::vector<float>{0.375, 0}));
}

TEST(decode_sound, stops_after_max_frames) {
  const auto sound =
      decode_sound(encode_sound(std::vector<double>(10000), 1, 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_16), 5000);
  EXPECT_EQ(sound->samples.size(), 5000u);
  EXPECT_EQ(sound->file_frames, 10000u);
}

TEST(decode_sound, damaged_files_never_crash) {
  const std::vector<uint8_t> file =
      encode_sound({0.5, 0.25, -0.5, 0.5}, 2, 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  for_damaged_copies(file, file.size(), [](std::span<const uint8_t> copy) {
    (void)decode_sound(copy, 100).ok();
    (void)raw_wav_samples(copy, 2).ok();
  });
  EXPECT_FALSE(decode_sound({}, kAll).ok());
}

TEST(raw_wav_samples, bytes_as_they_are) {
  const std::vector<uint8_t> wide = encode_sound({0.5, -1}, 1, 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_16);
  EXPECT_EQ(*raw_wav_samples(wide, 2), (std::vector<uint8_t>{0x00, 0x40, 0x00, 0x80}));
  EXPECT_FALSE(raw_wav_samples(wide, 1).ok()) << "tensor of bytes";
  const std::vector<uint8_t> narrow = encode_sound({0, -1}, 1, 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_U8);
  EXPECT_EQ(*raw_wav_samples(narrow, 1), (std::vector<uint8_t>{0x80, 0x00}));
  EXPECT_FALSE(raw_wav_samples(encode_sound({0.5}, 1, 8000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16), 2).ok());
}

std::vector<float> resampled_tone(double frequency, int from, int to, size_t count) {
  const std::vector<double> samples = tone(frequency, from, frames_to_resample(count, from, to));
  return resample(std::vector<float>(samples.begin(), samples.end()), from, to, count);
}

TEST(resample, keeps_tones_below_half_of_both_rates) {
  struct {
    double frequency;
    int from, to;
  } const cases[] = {{1000, 48000, 16000},
                     {5000, 48000, 16000},
                     {1000, 44100, 16000},
                     {1000, 8000, 16000},
                     {3000, 16000, 44100}};
  for (const auto& [frequency, from, to] : cases) {
    const std::vector<float> out = resampled_tone(frequency, from, to, 2000);
    const std::vector<double> want = tone(frequency, to, out.size());
    for (size_t i = 200; i < out.size() - 200; ++i) {
      ASSERT_NEAR(out[i], want[i], 2e-3) << frequency << " Hz, " << from << " to " << to << ", sample " << i;
    }
  }
}

TEST(resample, removes_tones_that_would_alias) {
  const std::vector<float> out = resampled_tone(10000, 48000, 16000, 2000);
  for (size_t i = 200; i < out.size() - 200; ++i) ASSERT_NEAR(out[i], 0, 2e-3) << i;
}

TEST(resample, constant_keeps_its_level) {
  const std::vector<float> out = resample(std::vector<float>(1000, 0.25f), 44100, 16000, 300);
  for (size_t i = 30; i < 270; ++i) ASSERT_NEAR(out[i], 0.25, 1e-6) << i;
}

TEST(resample, zeros_follow_the_end) {
  const std::vector<float> out = resample(std::vector<float>(10, 1), 16000, 8000, 100);
  EXPECT_EQ(out.size(), 100u);
  EXPECT_EQ(out.back(), 0);
}

}  // namespace
}  // namespace tandem::cli
