#include "image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "test_files.h"

namespace tandem::cli {
namespace {

// Every pixel different from its neighbours.
Image pattern(int width, int height, int channels) {
  Image image{.width = width, .height = height, .channels = channels};
  for (int i = 0; i < width * height * channels; ++i)
    image.pixels.push_back(static_cast<uint8_t>(i * 37 + i / 7));
  return image;
}

std::vector<uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

TEST(decode_image, lossless_formats) {
  struct {
    const char* format;
    int channels;
  } const cases[] = {{"png", 1}, {"png", 2}, {"png", 3}, {"png", 4},
                     {"bmp", 3}, {"tga", 1}, {"tga", 3}, {"tga", 4}};
  for (const auto& [format, channels] : cases) {
    const Image image = pattern(13, 9, channels);
    const auto decoded = decode_image(encode_image(image, format));
    ASSERT_TRUE(decoded.ok()) << format << channels << ": " << decoded.problem().sentence;
    EXPECT_EQ(decoded->width, 13);
    EXPECT_EQ(decoded->height, 9);
    EXPECT_EQ(decoded->channels, channels) << format;
    EXPECT_EQ(decoded->pixels, image.pixels) << format << channels;
  }
}

TEST(decode_image, jpeg) {
  Image image{.width = 16, .height = 16, .channels = 3};
  image.pixels.assign(16 * 16 * 3, 100);
  const auto decoded = decode_image(encode_image(image, "jpg"));
  ASSERT_TRUE(decoded.ok()) << decoded.problem().sentence;
  for (const uint8_t sample : decoded->pixels) ASSERT_NEAR(sample, 100, 2);
}

TEST(decode_image, netpbm) {
  const auto text = decode_image(bytes_of("P2 # a comment\n2 2\n# another\n15\n0 15\n7 3"));
  ASSERT_TRUE(text.ok()) << text.problem().sentence;
  EXPECT_EQ(text->pixels, (std::vector<uint8_t>{0, 255, 119, 51})) << "scaled by 255/15";
  const auto binary = decode_image(bytes_of(std::string("P6\n1 2\n255\n\x01\x02\x03\x04\x05\x06")));
  ASSERT_TRUE(binary.ok());
  EXPECT_EQ(binary->channels, 3);
  EXPECT_EQ(binary->pixels, (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
  const auto deep = decode_image(bytes_of(std::string("P5 2 1 65535 \x80\x80\xff\xff", 17)));
  ASSERT_TRUE(deep.ok()) << deep.problem().sentence;
  EXPECT_EQ(deep->pixels, (std::vector<uint8_t>{128, 255})) << "most significant byte first";
}

TEST(decode_image, hostile_netpbm_is_refused) {
  for (const char* file :
       {"P5", "P5 ", "P5 2 2 255", "P5 2 2 255\n123", "P5 0 2 255\n", "P5 2 2 0\n1234", "P5 2 2 65536 1234",
        "P5 99999999999 2 255\n", "P6 2000000 2000000 255\n", "P5 -1 2 255\n12", "P2 1 1 10 11",
        "P2 2 1 10 1 x", "P5 1#", "P3 100000000 1 255\n"}) {
    EXPECT_FALSE(decode_image(bytes_of(file)).ok()) << file;
  }
}

TEST(decode_image, cut_off_files_are_refused) {
  for (const char* format : {"png", "jpg", "bmp", "tga"}) {
    const std::vector<uint8_t> file = encode_image(pattern(40, 30, 3), format);
    for (size_t size = 0; size + 16 < file.size(); size += 11) {
      const std::vector<uint8_t> copy(file.begin(), file.begin() + static_cast<ptrdiff_t>(size));
      EXPECT_FALSE(decode_image(copy).ok()) << format << " cut to " << size << " of " << file.size();
    }
  }
}

TEST(decode_image, damaged_files_never_crash) {
  for (const char* format : {"png", "jpg", "bmp", "tga"}) {
    const std::vector<uint8_t> file = encode_image(pattern(5, 4, 3), format);
    for_damaged_copies(file, 200, [](std::span<const uint8_t> copy) { (void)decode_image(copy).ok(); });
  }
  const std::vector<uint8_t> text = bytes_of("P3 1 2 9 1 2 3 4 5 6\n");
  for_damaged_copies(text, text.size(), [](std::span<const uint8_t> copy) { (void)decode_image(copy).ok(); });
}

TEST(decode_image, jpeg_with_too_many_huffman_codes_is_refused) {
  std::vector<uint8_t> file = encode_image(pattern(8, 8, 3), "jpg");
  constexpr uint8_t kTables[] = {0xff, 0xc4};
  const auto tables = std::search(file.begin(), file.end(), std::begin(kTables), std::end(kTables));
  ASSERT_NE(tables, file.end());
  // The counts follow the marker, the length and the first table's number.
  std::fill_n(tables + 5, 16, uint8_t{17});
  const auto outcome = decode_image(file);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.problem().sentence, "is a JPEG file with impossible tables; the file is damaged.");
}

TEST(decode_image, bmp_without_columns_is_refused) {
  std::vector<uint8_t> file = encode_image(pattern(2, 2, 3), "bmp");
  file[18] = 0;
  EXPECT_FALSE(decode_image(file).ok());
}

TEST(decode_image, other_files_are_refused_with_a_reason) {
  const auto outcome = decode_image(bytes_of("certainly not a picture"));
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.problem().sentence.find("convert it to PNG"), std::string::npos)
      << outcome.problem().sentence;
  EXPECT_FALSE(decode_image({}).ok());
}

TEST(convert_channels, grey_is_bt601_luma_and_keeps_grey) {
  const Image colours{
      .width = 4, .height = 1, .channels = 3, .pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}};
  EXPECT_EQ(convert_channels(colours, 1).pixels, (std::vector<uint8_t>{76, 150, 29, 255}));
  Image greys{.width = 256, .height = 1, .channels = 1};
  for (int g = 0; g < 256; ++g) greys.pixels.push_back(static_cast<uint8_t>(g));
  EXPECT_EQ(convert_channels(convert_channels(greys, 3), 1).pixels, greys.pixels);
}

TEST(convert_channels, transparency) {
  const Image image{
      .width = 3, .height = 1, .channels = 4, .pixels = {9, 8, 7, 255, 9, 8, 7, 0, 0, 100, 200, 128}};
  EXPECT_EQ(convert_channels(image, 3).pixels, (std::vector<uint8_t>{9, 8, 7, 255, 255, 255, 127, 177, 227}));
  EXPECT_EQ(convert_channels(image, 4).pixels, image.pixels);
  const Image grey{.width = 1, .height = 1, .channels = 2, .pixels = {50, 255}};
  EXPECT_EQ(convert_channels(grey, 4).pixels, (std::vector<uint8_t>{50, 50, 50, 255}));
  EXPECT_EQ(convert_channels(grey, 1).pixels, (std::vector<uint8_t>{50}));
}

TEST(fit_image, same_size_is_untouched) {
  const Image image = pattern(7, 5, 3);
  for (const Fit fit : {Fit::kCrop, Fit::kStretch, Fit::kPad}) {
    std::string description;
    EXPECT_EQ(fit_image(image, 7, 5, fit, description)->pixels, image.pixels);
    EXPECT_EQ(description, "");
  }
}

TEST(fit_image, shrinking_averages_areas) {
  const Image image{.width = 4, .height = 2, .channels = 1, .pixels = {0, 100, 10, 20, 50, 50, 30, 40}};
  std::string description;
  const auto half = fit_image(image, 2, 1, Fit::kStretch, description);
  ASSERT_TRUE(half.ok());
  EXPECT_EQ(half->pixels, (std::vector<uint8_t>{50, 25}));
  EXPECT_EQ(description, ", resized to 2x1");
}

TEST(fit_image, constant_stays_constant_at_any_size) {
  Image image{.width = 37, .height = 11, .channels = 3};
  image.pixels.assign(37 * 11 * 3, 201);
  for (const auto& [width, height] : {std::pair(1, 1), {5, 90}, {96, 96}, {38, 11}, {200, 3}}) {
    for (const Fit fit : {Fit::kCrop, Fit::kStretch}) {
      std::string description;
      const auto fitted = fit_image(image, width, height, fit, description);
      ASSERT_TRUE(fitted.ok());
      EXPECT_EQ(std::ranges::count(fitted->pixels, 201), width * height * 3) << width << "x" << height;
    }
  }
}

TEST(fit_image, ramp_keeps_its_place) {
  Image ramp{.width = 200, .height = 200, .channels = 2};
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x)
      ramp.pixels.insert(ramp.pixels.end(), {static_cast<uint8_t>(x), static_cast<uint8_t>(y)});
  }
  for (const int size : {50, 64, 96, 199, 201, 333}) {
    std::string description;
    const auto fitted = fit_image(ramp, size, size, Fit::kCrop, description);
    ASSERT_TRUE(fitted.ok());
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) {
        const auto want = [&](int at) { return std::clamp((at + 0.5) * 200 / size - 0.5, 0.0, 199.0); };
        const uint8_t* pixel = &fitted->pixels[2 * (size_t(y) * size_t(size) + size_t(x))];
        ASSERT_NEAR(pixel[0], want(x), 1.01) << size << ": " << x << "," << y;
        ASSERT_NEAR(pixel[1], want(y), 1.01) << size << ": " << x << "," << y;
      }
    }
  }
}

TEST(fit_image, crop_takes_the_centre) {
  // Columns 0 to 5; the middle ones are 2 and 3.
  const Image image{.width = 6, .height = 2, .channels = 1, .pixels = {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}};
  std::string description;
  const auto cut = fit_image(image, 2, 2, Fit::kCrop, description);
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->pixels, (std::vector<uint8_t>{2, 3, 2, 3}));
  EXPECT_EQ(description, ", centre 2x2 cut out");
}

TEST(fit_image, pad_keeps_everything) {
  const Image image{.width = 4, .height = 2, .channels = 1, .pixels = {9, 9, 9, 9, 9, 9, 9, 9}};
  std::string description;
  const auto padded = fit_image(image, 4, 4, Fit::kPad, description);
  ASSERT_TRUE(padded.ok());
  EXPECT_EQ(padded->pixels, (std::vector<uint8_t>{0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0}));
  EXPECT_EQ(description, ", padded with black to 4x4");
}

TEST(fit_image, extreme_aspect_ratios) {
  for (const auto& [width, height] : {std::pair(3000, 1), {1, 3000}, {1, 1}}) {
    for (const Fit fit : {Fit::kCrop, Fit::kStretch, Fit::kPad}) {
      std::string description;
      EXPECT_TRUE(fit_image(pattern(width, height, 1), 96, 64, fit, description).ok());
    }
  }
}

}  // namespace
}  // namespace tandem::cli
