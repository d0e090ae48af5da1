#include "test_files.h"

#include <sndfile.h>

#include "file_bytes.h"
#include "tensor_values.h"

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace tandem::cli {

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tandem_test_XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::add(const std::string& name, std::span<const uint8_t> bytes) const {
  const std::filesystem::path file = path_ / name;
  if (write_file(file, bytes)) std::abort();
  return file.string();
}

std::string TemporaryFolder::add(const std::string& name, std::string_view text) const {
  return add(name, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

OwnedTensor::OwnedTensor(Type type, std::vector<int32_t> shape, float scale, int32_t zero_point)
    : dims(std::move(shape)),
      bytes((element_count(dims).value() * type_bits(type) + 7) / 8, 0xA5),
      view{.type = type, .dims = dims, .scale = scale, .zero_point = zero_point, .bytes = bytes} {}

std::vector<uint8_t> encode_image(const Image& image, std::string_view format) {
  std::vector<uint8_t> file;
  const auto append = [](void* to, void* data, int size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    static_cast<std::vector<uint8_t>*>(to)->insert(static_cast<std::vector<uint8_t>*>(to)->end(), bytes,
                                                   bytes + size);
  };
  const auto& [width, height, channels, pixels] = image;
  int done = 0;
  if (format == "png")
    done = stbi_write_png_to_func(append, &file, width, height, channels, pixels.data(), 0);
  if (format == "jpg")
    done = stbi_write_jpg_to_func(append, &file, width, height, channels, pixels.data(), 95);
  if (format == "bmp") done = stbi_write_bmp_to_func(append, &file, width, height, channels, pixels.data());
  if (format == "tga") done = stbi_write_tga_to_func(append, &file, width, height, channels, pixels.data());
  if (!done) std::abort();
  return file;
}

std::vector<uint8_t> encode_sound(const std::vector<double>& samples, int channels, int rate, int format) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "sound";
  SF_INFO info{};
  info.samplerate = rate;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) std::abort();
  sf_command(file, SFC_SET_CLIPPING, nullptr, SF_TRUE);
  sf_write_double(file, samples.data(), static_cast<sf_count_t>(samples.size()));
  sf_close(file);
  return *read_file(path);
}

void for_damaged_copies(std::span<const uint8_t> file, size_t flipped_bytes,
                        const std::function<void(std::span<const uint8_t>)>& parse) {
  // Each copy is a block of its own size, so that AddressSanitizer sees a byte too many being read.
  for (size_t size = 0; size < file.size(); ++size) {
    const std::vector<uint8_t> copy(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
    parse(copy);
  }
  std::vector<uint8_t> copy(file.begin(), file.end());
  for (size_t bit = 0; bit < 8 * std::min(flipped_bytes, file.size()); ++bit) {
    copy[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    parse(copy);
    copy[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
  }
}

std::filesystem::path reference_folder() {
  const char* shared = std::getenv("TANDEM_SHARED");
  return shared != nullptr ? shared : TANDEM_DEFAULT_SHARED;
}

}  // namespace tandem::cli
