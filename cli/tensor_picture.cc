#include "tensor_picture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "file_bytes.h"
#include "image.h"
#include "tensor_values.h"

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace tandem::cli {
namespace {

// Sizes only; no pixels.
std::optional<Image> picture_of(std::span<const int32_t> dims) {
  while (dims.size() > 1 && dims[0] == 1) dims = dims.subspan(1);
  int channels = 1;
  const int last = dims.empty() ? 0 : dims.back();
  if (dims.size() == 3 && (last == 1 || last == 3 || last == 4)) {
    channels = last;
    dims = dims.first(2);
  }
  if (dims.empty() || dims.size() > 2) return std::nullopt;
  return Image{.width = dims.back(), .height = dims.size() == 2 ? dims[0] : 1, .channels = channels};
}

struct Range {
  double black, white;
  std::string text;
};

Range range_of(const TensorView& tensor, std::span<const double> reals) {
  if (is_integer(tensor.type) && type_bits(tensor.type) == 8) {
    // The stored values' range as real values.
    const double scale = is_quantized(tensor) ? double{tensor.scale} : 1;
    const int lowest = tensor.type == Type::kInt8 ? -128 : 0;
    const double black = scale * (lowest - (is_quantized(tensor) ? tensor.zero_point : 0));
    return {black, black + 255 * scale, fmt::format("stored value {}", lowest == 0 ? "as it is" : "+ 128")};
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low = kInfinity, high = -kInfinity;
  for (const double real : reals) {
    if (!std::isfinite(real)) continue;
    low = std::min(low, real);
    high = std::max(high, real);
  }
  if (low >= 0 && high <= 1) return {0, 1, "0 to 1 from black to white"};
  if (low >= -1 && high <= 1) return {-1, 1, "-1 to 1 from black to white"};
  if (low >= high) high = low + 1;
  return {low, high, fmt::format("{:.4g} to {:.4g} from black to white", low, high)};
}

}  // namespace

Outcome<std::string> write_picture(const TensorView& tensor, const std::filesystem::path& path) {
  constexpr int kMaxSide = 1 << 14;
  std::optional<Image> image = picture_of(tensor.dims);
  const std::vector<double> reals = dequantize(tensor);
  if (!image || reals.empty() || image->width > kMaxSide || image->height > kMaxSide) {
    return problem("{}: {} cannot be shown as a picture; give [1,H,W,C] with C = 1, 3 or 4, or [H,W].",
                   path.string(), tensor_text(tensor));
  }
  const Range range = range_of(tensor, reals);
  for (const double real : reals) {
    const double grey = (real - range.black) / (range.white - range.black) * 255;
    image->pixels.push_back(
        std::isnan(grey) ? 0 : static_cast<uint8_t>(std::lround(std::clamp(grey, 0.0, 255.0))));
  }
  std::vector<uint8_t> file;
  const auto append = [](void* to, void* data, int size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    static_cast<std::vector<uint8_t>*>(to)->insert(static_cast<std::vector<uint8_t>*>(to)->end(), bytes,
                                                   bytes + size);
  };
  if (stbi_write_png_to_func(append, &file, image->width, image->height, image->channels,
                             image->pixels.data(), 0) == 0) {
    return problem("{}: the picture could not be encoded.", path.string());
  }
  if (const auto wrong = write_file(path, file)) return *wrong;
  return fmt::format("{}: {}x{}, {}", path.string(), image->width, image->height, range.text);
}

}  // namespace tandem::cli
