#pragma once

// What the tests of this folder read: encoded pictures and sounds, tensors with memory, a folder to write in.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "image.h"
#include "tandem/tensor.h"

namespace tandem::cli {

/// A folder that goes away with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file and returns its path.
  std::string add(const std::string& name, std::span<const uint8_t> bytes) const;
  std::string add(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
};

/// A tensor and its memory, filled with 0xA5.
struct OwnedTensor {
  OwnedTensor(Type type, std::vector<int32_t> shape, float scale = 0, int32_t zero_point = 0);
  ~OwnedTensor() = default;
  OwnedTensor(const OwnedTensor&) = delete;
  OwnedTensor& operator=(const OwnedTensor&) = delete;

  template <class T>
  [[nodiscard]] std::vector<T> values() const {
    return {view.data<T>().begin(), view.data<T>().end()};
  }

  std::vector<int32_t> dims;
  std::vector<uint8_t> bytes;
  TensorView view;
};

/// `format` is png, jpg, bmp or tga.
std::vector<uint8_t> encode_image(const Image& image, std::string_view format);

/// `format` is one of libsndfile's SF_FORMAT_*; samples in [-1, 1), channels side by side.
std::vector<uint8_t> encode_sound(const std::vector<double>& samples, int channels, int rate, int format);

/// Calls `parse` with every beginning of `file` and with every single bit of its first `flipped_bytes` bytes
/// changed.
void for_damaged_copies(std::span<const uint8_t> file, size_t flipped_bytes,
                        const std::function<void(std::span<const uint8_t>)>& parse);

/// The folder of the reference data: TANDEM_SHARED or the default next to the repository.
std::filesystem::path reference_folder();

}  // namespace tandem::cli
