#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "outcome.h"

namespace tandem::cli {

/// Rows from the top, pixels from the left, channels side by side, 8 bits each.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;  ///< 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  std::vector<uint8_t> pixels{};
};

/// What to do with a picture whose aspect ratio is not the tensor's.
enum class Fit {
  kCrop,     ///< cut its centre out
  kStretch,  ///< distort it
  kPad,      ///< keep all of it, with black bars
};

/// PNG, JPEG, BMP, TGA (stb_image), PGM or PPM, binary or text. At most 2^27 pixels. Palettes are resolved to
/// RGB, 16-bit channels are rounded to 8. The Problem comes without the file's name.
Outcome<Image> decode_image(std::span<const uint8_t> file);

/// To 1 (ITU-R BT.601 luma), 3 or 4 channels. Transparent parts are laid over white, unless alpha is kept.
Image convert_channels(const Image& image, int channels);

/// To `width` x `height`: every result is an area average where it shrinks, bilinear where it grows.
/// An image of that size is returned as it is. What was done is appended to `description`.
Outcome<Image> fit_image(Image image, int width, int height, Fit fit, std::string& description);

}  // namespace tandem::cli
