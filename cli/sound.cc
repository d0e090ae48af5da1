#include "sound.h"

#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <utility>

namespace tandem::cli {
namespace {

constexpr int kZeroCrossings = 16;

// A file in memory, as libsndfile wants it.
struct Memory {
  std::span<const uint8_t> bytes;
  sf_count_t at = 0;

  static sf_count_t length(void* self) {
    return static_cast<sf_count_t>(static_cast<Memory*>(self)->bytes.size());
  }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    auto* memory = static_cast<Memory*>(self);
    const sf_count_t end = length(self);
    const sf_count_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? memory->at : end;
    // offset is the file's word: keep base + offset within the file without overflow.
    memory->at = base + std::clamp(offset, -base, end - base);
    return memory->at;
  }
  static sf_count_t read(void* to, sf_count_t count, void* self) {
    auto* memory = static_cast<Memory*>(self);
    const sf_count_t taken = std::clamp(count, sf_count_t{0}, length(self) - memory->at);
    std::copy_n(memory->bytes.begin() + memory->at, taken, static_cast<uint8_t*>(to));
    memory->at += taken;
    return taken;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
  static sf_count_t tell(void* self) { return static_cast<Memory*>(self)->at; }
};

struct Closer {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using SoundFile = std::unique_ptr<SNDFILE, Closer>;

SoundFile open(Memory& memory, SF_INFO& info) {
  SF_VIRTUAL_IO io{.get_filelen = Memory::length,
                   .seek = Memory::seek,
                   .read = Memory::read,
                   .write = Memory::write,
                   .tell = Memory::tell};
  return SoundFile(sf_open_virtual(&io, SFM_READ, &info, &memory));
}

Problem unreadable() {
  return problem("is not a sound that can be read ({}); convert it to WAV, FLAC or Ogg.",
                 sf_strerror(nullptr));
}

}  // namespace

Outcome<Sound> decode_sound(std::span<const uint8_t> file, uint64_t max_frames) {
  Memory memory{.bytes = file};
  SF_INFO info{};
  const SoundFile sound_file = open(memory, info);
  if (!sound_file) return unreadable();
  Sound sound{.rate = info.samplerate,
              .channels = info.channels,
              .file_frames = static_cast<uint64_t>(std::max(info.frames, sf_count_t{0})),
              .samples = {}};
  constexpr sf_count_t kFrames = 4096;
  const auto channels = static_cast<size_t>(info.channels);
  std::vector<float> block(static_cast<size_t>(kFrames) * channels);
  while (sound.samples.size() < max_frames) {
    const auto left = static_cast<sf_count_t>(std::min<uint64_t>(max_frames - sound.samples.size(), kFrames));
    const sf_count_t frames = sf_readf_float(sound_file.get(), block.data(), left);
    if (frames <= 0) {
      sound.file_frames = sound.samples.size();  // whatever the header says
      break;
    }
    for (size_t frame = 0; frame < static_cast<size_t>(frames); ++frame) {
      double sum = 0;
      for (size_t c = 0; c < channels; ++c) sum += block[frame * channels + c];
      sound.samples.push_back(static_cast<float>(sum / info.channels));
    }
  }
  return sound;
}

Outcome<std::vector<uint8_t>> raw_wav_samples(std::span<const uint8_t> file, size_t sample_bytes) {
  Memory memory{.bytes = file};
  SF_INFO info{};
  const SoundFile sound_file = open(memory, info);
  if (!sound_file) return unreadable();
  const int container = info.format & SF_FORMAT_TYPEMASK;
  const bool wav = container == SF_FORMAT_WAV || container == SF_FORMAT_WAVEX || container == SF_FORMAT_RF64;
  if (!wav || (info.format & SF_FORMAT_ENDMASK) == SF_ENDIAN_BIG) {
    return problem(
        "has no samples whose bytes could be taken as they are; convert it to WAV or leave out --bytes.");
  }
  size_t file_sample_bytes = 0;
  switch (info.format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_PCM_S8:
      file_sample_bytes = 1;
      break;
    case SF_FORMAT_PCM_16:
      file_sample_bytes = 2;
      break;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT:
      file_sample_bytes = 4;
      break;
    case SF_FORMAT_DOUBLE:
      file_sample_bytes = 8;
      break;
    default:
      break;
  }
  if (file_sample_bytes != sample_bytes) {
    return problem(
        "does not have samples of {} byte{}, as the tensor has; leave out --bytes to convert them.",
        sample_bytes, sample_bytes == 1 ? "" : "s");
  }
  std::vector<uint8_t> bytes(file.size());
  const sf_count_t frame_bytes = static_cast<sf_count_t>(sample_bytes) * info.channels;
  const sf_count_t whole = static_cast<sf_count_t>(bytes.size()) / frame_bytes * frame_bytes;
  bytes.resize(
      static_cast<size_t>(std::max(sf_read_raw(sound_file.get(), bytes.data(), whole), sf_count_t{0})));
  return bytes;
}

uint64_t frames_to_resample(uint64_t count, int from, int to) {
  const double reach = kZeroCrossings * std::max(1.0, double(from) / to);
  return static_cast<uint64_t>(std::ceil(double(count) * from / to + reach));
}

std::vector<float> resample(std::span<const float> samples, int from, int to, size_t count) {
  const double step = double(from) / to;
  const double cutoff = std::min(1.0, 1 / step);  // relative to the input's Nyquist frequency
  const double reach = kZeroCrossings / cutoff;
  std::vector<float> out(count);
  for (size_t i = 0; i < count; ++i) {
    const double centre = double(i) * step;
    double sum = 0, weights = 0;
    const auto last = static_cast<int64_t>(centre + reach);
    for (auto at = static_cast<int64_t>(std::ceil(centre - reach)); at <= last; ++at) {
      const double x = std::numbers::pi * cutoff * (double(at) - centre);
      const double sinc = x == 0 ? 1 : std::sin(x) / x;
      const double weight = sinc * (0.5 + 0.5 * std::cos(x / kZeroCrossings));
      // Dividing by all weights, also those over the ends, keeps the level of a constant exact in the middle
      // and lets the ends fade as the zeros around them say.
      weights += weight;
      if (at >= 0 && std::cmp_less(at, samples.size()))
        sum += weight * double{samples[static_cast<size_t>(at)]};
    }
    out[i] = static_cast<float>(sum / weights);
  }
  return out;
}

}  // namespace tandem::cli
