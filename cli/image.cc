#include "image.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_TGA
#include <stb_image.h>

#define STB_IMAGE_RESIZE_STATIC
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb_image_resize.h>

namespace tandem::cli {
namespace {

constexpr int64_t kMaxPixels = int64_t{1} << 27;

// stb reads zeros after the end of a file. This source notices when it does, so that a picture that was cut
// off is refused instead of being half black.
class Source {
 public:
  explicit Source(std::span<const uint8_t> bytes) : rest_(bytes) {}

  static int read(void* self, char* to, int size) { return static_cast<Source*>(self)->read(to, size); }
  static void skip(void* self, int size) {
    std::span<const uint8_t>& rest = static_cast<Source*>(self)->rest_;
    rest = rest.subspan(std::min(rest.size(), static_cast<size_t>(std::max(size, 0))));
  }
  static int eof(void* self) { return static_cast<Source*>(self)->rest_.empty(); }
  static constexpr stbi_io_callbacks kCallbacks{.read = read, .skip = skip, .eof = eof};

  [[nodiscard]] bool read_past_end() const { return read_past_end_; }

 private:
  int read(char* to, int size) {
    const size_t count = std::min(rest_.size(), static_cast<size_t>(std::max(size, 0)));
    if (buffer_ == nullptr) buffer_ = to;
    // stb's first read fills its own buffer, and may get less than it asks for, as every refill of that
    // buffer may; reads that go elsewhere are of exactly what the picture needs.
    if (std::cmp_less(count, size) && (count == 0 || to != buffer_)) read_past_end_ = true;
    std::copy_n(rest_.begin(), count, to);
    rest_ = rest_.subspan(count);
    return static_cast<int>(count);
  }

  std::span<const uint8_t> rest_;
  const char* buffer_ = nullptr;
  bool read_past_end_ = false;
};

Problem too_large(int64_t width, int64_t height) {
  return problem("is a picture of {}x{} pixels; shrink it to at most 2^27 pixels.", width, height);
}

// Whether the Huffman tables of a JPEG file have at most 256 codes each: stb 2.27 writes past its own tables
// for more. Goes from marker to marker as stb does; other files, and what stb refuses itself, pass.
bool huffman_tables_fit(std::span<const uint8_t> file) {
  const auto byte = [&](size_t at) { return at < file.size() ? file[at] : 0; };
  if (byte(0) != 0xff || byte(1) != 0xd8) return true;
  for (size_t at = 2; at + 1 < file.size();) {
    const int marker = file[at + 1];
    // In the coded data after a scan's header, 00 and the restart markers d0 to d7 do not end the data.
    if (file[at] != 0xff || marker == 0xff || marker == 0 || (marker >= 0xd0 && marker <= 0xd7)) {
      ++at;
      continue;
    }
    if (marker == 0xd9) return true;  // end of image
    const size_t end = at + 2 + static_cast<size_t>(byte(at + 2) << 8 | byte(at + 3));
    if (marker == 0xc4) {
      for (size_t table = at + 4; table < end && table < file.size();) {
        int codes = 0;
        for (size_t length = 1; length <= 16; ++length) codes += byte(table + length);
        if (codes > 256) return false;
        table += 17 + static_cast<size_t>(codes);
      }
    }
    at = std::max(end, at + 2);
  }
  return true;
}

Outcome<Image> decode_stb(std::span<const uint8_t> file) {
  if (!huffman_tables_fit(file))
    return problem("is a JPEG file with impossible tables; the file is damaged.");
  Image image;
  Source sizes(file);
  if (stbi_info_from_callbacks(&Source::kCallbacks, &sizes, &image.width, &image.height, &image.channels) &&
      int64_t{image.width} * image.height > kMaxPixels) {
    return too_large(image.width, image.height);
  }
  Source source(file);
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_callbacks(&Source::kCallbacks, &source, &image.width, &image.height, &image.channels, 0),
      stbi_image_free);
  if (source.read_past_end()) return problem("ends before its picture does; the file is damaged.");
  if (!pixels) {
    return problem("is not a picture that can be read ({}); convert it to PNG, JPEG, BMP, TGA, PPM or PGM.",
                   stbi_failure_reason());
  }
  if (image.width < 1 || image.height < 1) return problem("is a picture without pixels.");
  image.pixels.assign(pixels.get(),
                      pixels.get() + size_t(image.width) * size_t(image.height) * size_t(image.channels));
  return image;
}

// PGM and PPM: "P5", width, height, largest value, then the samples. Ours because stb's reader has no text
// variants, ignores the largest value, takes 16-bit samples in the wrong order and shows garbage for a file
// that was cut off.
class NetpbmReader {
 public:
  explicit NetpbmReader(std::span<const uint8_t> file) : rest_(file.subspan(2)) {}

  // A decimal number after white space and comments.
  std::optional<int32_t> number() {
    while (!rest_.empty() && (is_space(rest_[0]) || rest_[0] == '#')) {
      if (rest_[0] == '#') {
        rest_ = rest_.subspan(static_cast<size_t>(std::ranges::find(rest_, '\n') - rest_.begin()));
      } else {
        rest_ = rest_.subspan(1);
      }
    }
    std::optional<int32_t> value;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; rest_ = rest_.subspan(1)) {
      value = value.value_or(0) * 10 + (rest_[0] - '0');
      if (*value > 1 << 27) return std::nullopt;
    }
    return value;
  }

  std::optional<int32_t> binary(size_t bytes) {
    if (rest_.size() < bytes) return std::nullopt;
    const int32_t value = bytes == 1 ? rest_[0] : rest_[0] << 8 | rest_[1];
    rest_ = rest_.subspan(bytes);
    return value;
  }

  [[nodiscard]] size_t left() const { return rest_.size(); }

 private:
  static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  std::span<const uint8_t> rest_;
};

Outcome<Image> decode_netpbm(std::span<const uint8_t> file) {
  const bool text = file[1] == '2' || file[1] == '3';
  NetpbmReader reader(file);
  const std::optional<int32_t> width = reader.number();
  const std::optional<int32_t> height = reader.number();
  const std::optional<int32_t> largest = reader.number();
  if (!width || !height || !largest || *width < 1 || *height < 1 || *largest < 1 || *largest > 65535) {
    return problem("has a PGM or PPM header that is not understood; the file is damaged.");
  }
  if (int64_t{*width} * *height > kMaxPixels) return too_large(*width, *height);
  Image image{.width = *width, .height = *height, .channels = file[1] == '2' || file[1] == '5' ? 1 : 3};
  const size_t count = size_t(*width) * size_t(*height) * size_t(image.channels);
  const size_t sample_bytes = *largest > 255 ? 2 : 1;
  if (!text) reader.binary(1);  // exactly one white space
  if (reader.left() < (text ? count : count * sample_bytes)) {
    return problem("ends before its picture does; the file is damaged.");
  }
  image.pixels.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const std::optional<int32_t> sample = text ? reader.number() : reader.binary(sample_bytes);
    if (!sample || *sample > *largest)
      return problem("has a sample that is not a number from 0 to {}.", *largest);
    image.pixels.push_back(static_cast<uint8_t>((*sample * 255 + *largest / 2) / *largest));
  }
  return image;
}

}  // namespace

Outcome<Image> decode_image(std::span<const uint8_t> file) {
  const bool netpbm = file.size() > 2 && file[0] == 'P' && std::strchr("2356", file[1]) && file[1] != 0;
  return netpbm ? decode_netpbm(file) : decode_stb(file);
}

Image convert_channels(const Image& image, int channels) {
  if (image.channels == channels) return image;
  const bool has_alpha = image.channels % 2 == 0;
  Image to{.width = image.width, .height = image.height, .channels = channels};
  to.pixels.reserve(image.pixels.size() / size_t(image.channels) * size_t(channels));
  for (size_t at = 0; at < image.pixels.size(); at += size_t(image.channels)) {
    const uint8_t* pixel = &image.pixels[at];
    const int alpha = has_alpha ? pixel[image.channels - 1] : 255;
    int rgb[3];
    for (int c = 0; c < 3; ++c) {
      const int colour = pixel[image.channels >= 3 ? c : 0];
      rgb[c] = channels == 4 ? colour : (colour * alpha + 255 * (255 - alpha) + 127) / 255;
    }
    if (channels == 1) {
      // The weights sum to 1000, so that grey stays exactly what it is.
      to.pixels.push_back(static_cast<uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000));
    } else {
      for (const int colour : rgb) to.pixels.push_back(static_cast<uint8_t>(colour));
      if (channels == 4) to.pixels.push_back(static_cast<uint8_t>(alpha));
    }
  }
  return to;
}

Outcome<Image> fit_image(Image image, int width, int height, Fit fit, std::string& description) {
  if (image.width == width && image.height == height) return image;
  const double scale_x = double{1} * width / image.width;
  const double scale_y = double{1} * height / image.height;
  const auto rounded = [](double size, int limit) {
    return std::clamp(static_cast<int>(std::lround(size)), 1, limit);
  };

  // The part of the picture that is used, and the part of the result that it fills.
  int from_width = image.width, from_height = image.height;
  int to_width = width, to_height = height;
  if (fit == Fit::kCrop) {
    from_width = rounded(width / std::max(scale_x, scale_y), image.width);
    from_height = rounded(height / std::max(scale_x, scale_y), image.height);
  } else if (fit == Fit::kPad) {
    to_width = rounded(image.width * std::min(scale_x, scale_y), width);
    to_height = rounded(image.height * std::min(scale_x, scale_y), height);
  }
  if (from_width != image.width || from_height != image.height) {
    description += fmt::format(", centre {}x{} cut out", from_width, from_height);
  }
  if (from_width != to_width || from_height != to_height) {
    const bool distorted = fit == Fit::kStretch && scale_x != scale_y;
    description += fmt::format(", {} to {}x{}", distorted ? "stretched" : "resized", to_width, to_height);
  }
  if (to_width != width || to_height != height)
    description += fmt::format(", padded with black to {}x{}", width, height);

  const auto offset = [&](int row_pixels, int x, int y) {
    return (size_t(y) * size_t(row_pixels) + size_t(x)) * size_t(image.channels);
  };
  Image to{.width = width, .height = height, .channels = image.channels};
  to.pixels.resize(offset(width, 0, height));
  const auto filter = [](int from, int size) {
    return size < from ? STBIR_FILTER_BOX : STBIR_FILTER_TRIANGLE;
  };
  const int done = stbir_resize(
      &image.pixels[offset(image.width, (image.width - from_width) / 2, (image.height - from_height) / 2)],
      from_width, from_height, image.width * image.channels,
      &to.pixels[offset(width, (width - to_width) / 2, (height - to_height) / 2)], to_width, to_height,
      width * image.channels, STBIR_TYPE_UINT8, image.channels,
      image.channels == 4 ? 3 : STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP, STBIR_EDGE_CLAMP,
      filter(from_width, to_width), filter(from_height, to_height), STBIR_COLORSPACE_LINEAR, nullptr);
  if (!done)
    return problem("cannot be resized from {}x{} to {}x{}.", from_width, from_height, to_width, to_height);
  return to;
}

}  // namespace tandem::cli
