#include "input_source.h"

#include <gtest/gtest.h>
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "file_bytes.h"
#include "npy.h"
#include "reference_data.h"
#include "tensor_values.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

class InputSource : public testing::Test {
 protected:
  // Loads `input` and returns what the user reads.
  static std::string load(const InputSpec& input, OwnedTensor& tensor) {
    const auto outcome = load_input(input, tensor.view);
    return outcome.ok() ? "ok: " + *outcome : "refused: " + outcome.problem().sentence;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  TemporaryFolder folder;
};
// Show the sentence when it is not the one that is wanted.
#define EXPECT_SAYS(text, part) EXPECT_PRED2(has, text, part)
#define ASSERT_SAYS(text, part) ASSERT_PRED2(has, text, part)

// All 256 greys in a 16x16 picture.
Image all_greys() {
  Image image{.width = 16, .height = 16, .channels = 1};
  for (int g = 0; g < 256; ++g) image.pixels.push_back(static_cast<uint8_t>(g));
  return image;
}

using InputPicture = InputSource;

TEST_F(InputPicture, grey_becomes_grey_minus_128_in_every_usual_int8_quantization) {
  struct {
    const char* name;
    float scale;
    int32_t zero_point;
    const char* said;
  } const cases[] = {
      {"person_detect", 0.007843137718737125f, -1, "pixel / 127.5 - 1"},
      {"two_255ths_rounded_down", 0.00784313678741455f, -1, "pixel / 127.5 - 1"},
      {"vww", 0.003921568859368563f, -128, "pixel / 255"},
      {"resnet", 1.0f, -128, "pixels as they are"},
      {"mean_and_deviation", 0.0186584f, -14, "pixel - 128"},
      {"no_scale", 0.0f, 0, "pixel - 128"},
  };
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  for (const auto& [name, scale, zero_point, said] : cases) {
    OwnedTensor tensor(Type::kInt8, {1, 16, 16, 1}, scale, zero_point);
    const std::string text = load({.source = file}, tensor);
    EXPECT_SAYS(text, said);
    for (size_t g = 0; g < 256; ++g) ASSERT_EQ(tensor.bytes[g], g ^ 0x80) << name << ": " << text;
  }
}

TEST_F(InputPicture, uint8_takes_pixels_as_they_are) {
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  for (const auto& [scale, zero_point] :
       {std::pair(1 / 255.0f, 0), {2 / 255.0f, 128}, {2 / 255.0f, 127}, {0.0f, 0}, {1.0f, 0}}) {
    OwnedTensor tensor(Type::kUInt8, {16, 16, 1}, scale, zero_point);
    ASSERT_SAYS(load({.source = file}, tensor), "ok");
    for (size_t g = 0; g < 256; ++g) ASSERT_NEAR(tensor.bytes[g], g, zero_point == 128 ? 1 : 0) << scale;
  }
}

TEST_F(InputPicture, floats) {
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  struct {
    Normalize normalize;
    double gain, offset;
  } const cases[] = {{Normalize::kAuto, 1 / 255.0, 0},
                     {Normalize::kZeroToOne, 1 / 255.0, 0},
                     {Normalize::kMinusOneToOne, 1 / 127.5, -1},
                     {Normalize::kZeroTo255, 1, 0}};
  for (const auto& [normalize, gain, offset] : cases) {
    OwnedTensor tensor(Type::kFloat32, {1, 16, 16, 1});
    EXPECT_SAYS(load({.source = file, .normalize = normalize}, tensor), "as FLOAT32");
    for (size_t g = 0; g < 256; ++g) {
      ASSERT_FLOAT_EQ(tensor.values<float>()[g], static_cast<float>(gain * static_cast<double>(g) + offset));
    }
  }
  OwnedTensor tensor(Type::kFloat32, {1, 16, 16, 1});
  EXPECT_SAYS(load({.source = file, .normalize = Normalize::kBytes}, tensor), "refused");
}

TEST_F(InputPicture, normalize_option_is_rounded_and_clamped) {
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  OwnedTensor tensor(Type::kInt8, {1, 16, 16, 1}, 1 / 64.0f, 0);
  EXPECT_SAYS(load({.source = file, .normalize = Normalize::kMinusOneToOne}, tensor), "pixel / 127.5 - 1");
  for (int g = 0; g < 256; ++g) {
    ASSERT_EQ(tensor.values<int8_t>()[static_cast<size_t>(g)], std::lround((g / 127.5 - 1) * 64)) << g;
  }
  EXPECT_SAYS(load({.source = file, .normalize = Normalize::kZeroTo255}, tensor), "ok");
  EXPECT_EQ(tensor.values<int8_t>()[1], 64);
  EXPECT_EQ(tensor.values<int8_t>()[2], 127) << "clamped";
  OwnedTensor plain(Type::kInt8, {1, 16, 16, 1});
  EXPECT_SAYS(load({.source = file, .normalize = Normalize::kZeroToOne}, plain), "refused");
}

TEST_F(InputPicture, other_integers) {
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  OwnedTensor q15(Type::kInt16, {1, 16, 16, 1}, 1 / 32768.0f, 0);
  EXPECT_SAYS(load({.source = file}, q15), "pixel / 127.5 - 1");
  EXPECT_EQ(q15.values<int16_t>()[0], -32768);
  EXPECT_EQ(q15.values<int16_t>()[255], 32767);
  OwnedTensor features(Type::kInt16, {1, 16, 16, 1}, 0.000625f, 0);
  EXPECT_SAYS(load({.source = file}, features), "choose one with --normalize");
  OwnedTensor wide(Type::kInt32, {1, 16, 16, 1});
  EXPECT_SAYS(load({.source = file}, wide), "pixels as they are");
  EXPECT_EQ(wide.values<int32_t>()[255], 255);
  OwnedTensor bools(Type::kBool, {1, 16, 16, 1}), nibbles(Type::kInt4, {1, 16, 16, 1}, 1.0f, 0);
  EXPECT_SAYS(load({.source = file}, bools), "cannot hold one");
  EXPECT_SAYS(load({.source = file}, nibbles), "cannot hold one");
}

TEST_F(InputPicture, describes_what_was_done) {
  Image photo{.width = 640, .height = 480, .channels = 3};
  photo.pixels.assign(640 * 480 * 3, 77);
  const std::string file = folder.add("photo.JPG", encode_image(photo, "jpg"));
  OwnedTensor tensor(Type::kInt8, {1, 96, 96, 1}, 0.0078125f, -1);
  EXPECT_EQ(load({.source = file}, tensor),
            "ok: " + file +
                ": 640x480 RGB, to grey (ITU-R BT.601), centre 480x480 cut out, resized to 96x96; "
                "pixel / 127.5 - 1, quantized to INT8 with scale 0.0078125 and zero point -1");
  EXPECT_SAYS(load({.source = file, .fit = Fit::kStretch}, tensor), "stretched to 96x96;");
  EXPECT_SAYS(load({.source = file, .fit = Fit::kPad}, tensor),
              "resized to 96x72, padded with black to 96x96;");
}

TEST_F(InputPicture, grey_in_three_channels) {
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  OwnedTensor tensor(Type::kUInt8, {1, 16, 16, 3});
  EXPECT_SAYS(load({.source = file}, tensor), "grey in three channels");
  for (size_t i = 0; i < tensor.bytes.size(); ++i) ASSERT_EQ(tensor.bytes[i], i / 3);
}

TEST_F(InputPicture, shapes) {
  const std::string file = folder.add("greys.png", encode_image(all_greys(), "png"));
  for (const std::vector<int32_t>& dims :
       {std::vector<int32_t>{1, 8, 8, 4}, {8, 8, 3}, {1, 8, 8}, {8, 8}, {1, 8, 3}}) {
    OwnedTensor tensor(Type::kUInt8, dims);
    EXPECT_SAYS(load({.source = file}, tensor), "ok");
  }
  for (const std::vector<int32_t>& dims :
       {std::vector<int32_t>{1, 64}, {2, 8, 8, 1}, {1, 8, 8, 2}, {64}, {}, {2, 8, 8}, {1, 1, 8, 8, 1}}) {
    OwnedTensor tensor(Type::kUInt8, dims);
    EXPECT_SAYS(load({.source = file}, tensor), "refused");
  }
  OwnedTensor nothing(Type::kUInt8, {1, 0, 8, 1});
  EXPECT_SAYS(load({.source = file}, nothing), "refused");
}

TEST_F(InputPicture, bytes_are_the_pixels) {
  const std::string grey = folder.add("grey.png", encode_image(all_greys(), "png"));
  OwnedTensor flat(Type::kInt8, {1, 256}, 0.1f, 3);
  EXPECT_SAYS(load({.source = grey, .bytes = true}, flat), "as they are");
  EXPECT_EQ(flat.bytes, all_greys().pixels);
  OwnedTensor three(Type::kUInt8, {1, 16, 16, 3});
  EXPECT_SAYS(load({.source = grey, .bytes = true}, three), "ok");
  OwnedTensor smaller(Type::kInt8, {1, 8, 8, 1});
  EXPECT_SAYS(load({.source = grey, .bytes = true}, smaller), "--bytes resizes nothing");

  const Image colours{.width = 2, .height = 1, .channels = 3, .pixels = {1, 2, 3, 4, 5, 6}};
  const std::string colour = folder.add("colour.bmp", encode_image(colours, "bmp"));
  OwnedTensor rgb(Type::kInt8, {1, 1, 2, 3}), single(Type::kInt8, {1, 1, 2, 1});
  EXPECT_SAYS(load({.source = colour, .bytes = true}, rgb), "ok");
  EXPECT_EQ(rgb.bytes, colours.pixels);
  EXPECT_SAYS(load({.source = colour, .bytes = true}, single), "is in colour");
  const Image clear{.width = 1, .height = 1, .channels = 2, .pixels = {1, 2}};
  OwnedTensor one(Type::kInt8, {1, 1, 1, 1});
  EXPECT_SAYS(load({.source = folder.add("clear.png", encode_image(clear, "png")), .bytes = true}, one),
              "alpha");
}

TEST_F(InputPicture, person_detect_reference_images) {
  const std::filesystem::path shared = reference_folder();
  const auto recorded = read_io(shared / "conformance/models/person_detect.sets.io");
  if (!recorded.ok()) GTEST_SKIP() << "skipped: no reference data";
  // Input sets in the file's order: zp, seed1, seed2, person, person_m128, no_person, no_person_m128.
  for (const uint32_t invocation : {3u, 5u}) {
    const std::string name = invocation == 3 ? "person" : "no_person";
    const auto record = std::ranges::find_if(recorded->records, [&](const Record& r) {
      return r.role == Record::Role::kInput && r.invocation == invocation;
    });
    const std::string file = (shared / "models/images" / (name + ".bmp")).string();
    OwnedTensor tensor(Type::kInt8, {1, 96, 96, 1}, 0.007843137718737125f, -1);
    EXPECT_SAYS(load({.source = file, .bytes = true}, tensor), "ok");
    EXPECT_EQ(tensor.bytes, record->bytes) << name;

    Image grey{.width = 96, .height = 96, .channels = 1, .pixels = record->bytes};
    for (uint8_t& pixel : grey.pixels) pixel ^= 0x80;
    OwnedTensor from_png(Type::kInt8, {1, 96, 96, 1}, 0.007843137718737125f, -1);
    EXPECT_SAYS(load({.source = folder.add("grey.png", encode_image(grey, "png"))}, from_png), "ok");
    EXPECT_EQ(from_png.bytes, record->bytes) << name;
  }
}

using InputSound = InputSource;

TEST_F(InputSound, int16_takes_samples_cut_or_followed_by_zeros) {
  const std::string file =
      folder.add("s.wav", encode_sound({0.5, -1, 1.0 / 32768}, 1, 16000, SF_FORMAT_WAV | SF_FORMAT_PCM_16));
  OwnedTensor longer(Type::kInt16, {1, 5}), shorter(Type::kInt16, {2});
  EXPECT_EQ(load({.source = file}, longer),
            "ok: " + file + ": 3 samples, 16000 Hz, 1 channel, 2 zeros after them; 16-bit samples");
  EXPECT_EQ(longer.values<int16_t>(), (std::vector<int16_t>{16384, -32768, 1, 0, 0}));
  EXPECT_SAYS(load({.source = file}, shorter), "the first 2 taken, 1 left out");
  EXPECT_EQ(shorter.values<int16_t>(), (std::vector<int16_t>{16384, -32768}));
}

TEST_F(InputSound, other_types) {
  const std::string file =
      folder.add("s.wav", encode_sound({0.5, -1, 0.25}, 1, 8000, SF_FORMAT_WAV | SF_FORMAT_FLOAT));
  OwnedTensor floats(Type::kFloat32, {3}), quantized(Type::kInt8, {3}, 1 / 64.0f, 10),
      plain(Type::kInt8, {3}), unsigned_bytes(Type::kUInt8, {3}), wide(Type::kInt32, {3});
  EXPECT_SAYS(load({.source = file}, floats), "as FLOAT32");
  EXPECT_EQ(floats.values<float>(), (std::vector<float>{0.5, -1, 0.25}));
  EXPECT_SAYS(load({.source = file}, quantized), "quantized to INT8");
  EXPECT_EQ(quantized.values<int8_t>(), (std::vector<int8_t>{42, -54, 26}));
  EXPECT_SAYS(load({.source = file}, plain), "8-bit samples");
  EXPECT_EQ(plain.values<int8_t>(), (std::vector<int8_t>{64, -128, 32}));
  EXPECT_SAYS(load({.source = file}, unsigned_bytes), "8-bit samples");
  EXPECT_EQ(unsigned_bytes.bytes, (std::vector<uint8_t>{192, 0, 160}));
  EXPECT_SAYS(load({.source = file}, wide), "refused");
}

TEST_F(InputSound, features_are_not_samples) {
  const std::string file =
      folder.add("s.wav", encode_sound({0.5, -1}, 1, 16000, SF_FORMAT_WAV | SF_FORMAT_PCM_16));
  OwnedTensor features(Type::kInt8, {2}, 26.0f / 256, -128);  // as micro_speech's
  EXPECT_SAYS(load({.source = file}, features), "the model wants features");
}

TEST_F(InputSound, rate_resamples) {
  const std::string file = folder.add(
      "s.flac", encode_sound(std::vector<double>(4800, 0.5), 2, 48000, SF_FORMAT_FLAC | SF_FORMAT_PCM_16));
  OwnedTensor tensor(Type::kFloat32, {1000});
  EXPECT_EQ(
      load({.source = file, .sample_rate = 16000}, tensor),
      "ok: " + file +
          ": 2400 samples, 48000 Hz, 2 channels mixed to one, resampled to 16000 Hz, 200 zeros after them; "
          "values in [-1, 1), as FLOAT32");
  EXPECT_NEAR(tensor.values<float>()[400], 0.5, 1e-6);
  EXPECT_EQ(tensor.values<float>()[800], 0);
  EXPECT_SAYS(load({.source = file, .sample_rate = 10}, tensor), "--rate nearer");
}

TEST_F(InputSound, bytes_are_the_samples) {
  const std::string file =
      folder.add("s.wav", encode_sound({0.5, -1}, 1, 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_U8));
  OwnedTensor tensor(Type::kInt8, {2}, 0.1f, 7), longer(Type::kInt8, {3});
  EXPECT_SAYS(load({.source = file, .bytes = true}, tensor), "as they are");
  EXPECT_EQ(tensor.bytes, (std::vector<uint8_t>{0xc0, 0}));
  EXPECT_SAYS(load({.source = file, .bytes = true}, longer), "2 bytes of samples");
}

TEST_F(InputSound, reference_recording) {
  const std::filesystem::path shared = reference_folder();
  const auto recorded = read_io(shared / "conformance/models/audio_preprocessor_int8.yes.io");
  if (!recorded.ok()) GTEST_SKIP() << "skipped: no reference data";
  OwnedTensor tensor(Type::kInt16, {1, 480});
  EXPECT_SAYS(load({.source = (shared / "models/audio/yes_1000ms.wav").string()}, tensor), "ok");
  EXPECT_EQ(tensor.bytes, recorded->records[0].bytes);
}

using InputNumbers = InputSource;

TEST_F(InputNumbers, npy) {
  OwnedTensor ints(Type::kInt32, {2, 3});
  std::iota(ints.view.data<int32_t>().begin(), ints.view.data<int32_t>().end(), -2);
  OwnedTensor reals(Type::kFloat32, {6});
  std::ranges::copy(std::vector<float>{-1, -0.5, 0, 0.25, 0.75, 1e9}, reals.view.data<float>().begin());
  const std::string int_file = folder.add("i.npy", *write_npy(ints.view));
  const std::string real_file = folder.add("f.npy", *write_npy(reals.view));

  OwnedTensor same(Type::kInt32, {1, 2, 1, 3}), as_float(Type::kFloat32, {2, 3}), half(Type::kFloat16, {6}),
      quantized(Type::kInt8, {1, 6}, 0.5f, 1), bytes(Type::kInt8, {24}), narrow(Type::kInt8, {2, 3}, 0.5f, 1),
      transposed(Type::kInt32, {3, 2}), unquantized(Type::kInt8, {6});
  EXPECT_SAYS(load({.source = int_file}, same), "INT32 (2, 3), as it is");
  EXPECT_EQ(same.bytes, ints.bytes);
  EXPECT_SAYS(load({.source = int_file}, as_float), "as FLOAT32");
  EXPECT_EQ(as_float.values<float>(), (std::vector<float>{-2, -1, 0, 1, 2, 3}));
  EXPECT_SAYS(load({.source = real_file}, half), "as FLOAT16");
  EXPECT_SAYS(load({.source = real_file}, quantized), "quantized to INT8 with scale 0.5 and zero point 1");
  EXPECT_EQ(quantized.values<int8_t>(), (std::vector<int8_t>{-1, 0, 1, 2, 3, 127}))
      << "ties away from zero, clamped";
  EXPECT_SAYS(load({.source = int_file, .bytes = true}, bytes), "bytes as they are");
  EXPECT_EQ(bytes.bytes, ints.bytes);
  EXPECT_SAYS(load({.source = int_file}, narrow), "holds INT32, and the tensor is INT8 [2,3]");
  EXPECT_SAYS(load({.source = int_file}, transposed), "has shape (2, 3), and the tensor is INT32 [3,2]");
  EXPECT_SAYS(load({.source = real_file}, unquantized), "refused");
}

TEST_F(InputNumbers, nan_cannot_be_quantized) {
  OwnedTensor reals(Type::kFloat32, {2}), tensor(Type::kInt8, {2}, 0.5f, 1);
  std::ranges::copy(std::vector<float>{1, std::nanf("")}, reals.view.data<float>().begin());
  EXPECT_SAYS(load({.source = folder.add("f.npy", *write_npy(reals.view))}, tensor), "element 1 is NaN");
}

TEST_F(InputNumbers, raw) {
  const std::string file = folder.add("x.raw", "abcd");
  OwnedTensor tensor(Type::kInt16, {2}), shorter(Type::kInt8, {3});
  EXPECT_SAYS(load({.source = file}, tensor), "4 bytes as they are");
  EXPECT_EQ(tensor.bytes, (std::vector<uint8_t>{'a', 'b', 'c', 'd'}));
  EXPECT_SAYS(load({.source = file}, shorter), "has 4 bytes; INT8 [3] has 3");
  OwnedTensor nibbles(Type::kInt4, {7});
  EXPECT_SAYS(load({.source = file}, nibbles), "ok");
}

TEST_F(InputNumbers, text) {
  const std::string file = folder.add("x.csv", "\xef\xbb\xbf# header, 1\n0.5, -1;+2\t1e-1 # comment\r\n");
  OwnedTensor floats(Type::kFloat32, {4}), quantized(Type::kInt8, {4}, 0.25f, -3), plain(Type::kInt32, {4}),
      more(Type::kFloat32, {5});
  EXPECT_SAYS(load({.source = file}, floats), "4 numbers, as FLOAT32");
  EXPECT_EQ(floats.values<float>(), (std::vector<float>{0.5, -1, 2, 0.1f}));
  EXPECT_SAYS(load({.source = file}, quantized), "quantized");
  EXPECT_EQ(quantized.values<int8_t>(), (std::vector<int8_t>{-1, -7, 5, -3}));
  EXPECT_SAYS(load({.source = file}, plain), "number 1 is \"0.5\"");
  EXPECT_SAYS(load({.source = file}, more), "has 4 numbers; FLOAT32 [5] has 5");
  EXPECT_SAYS(load({.source = file, .bytes = true}, quantized), "--raw-values");
}

TEST_F(InputNumbers, text_of_stored_values) {
  const std::string file = folder.add("x.txt", "-128 127\n0 9007199254740993");
  OwnedTensor wide(Type::kInt64, {4}), narrow(Type::kInt8, {4}, 0.25f, -3);
  EXPECT_SAYS(load({.source = file}, wide), "ok");
  EXPECT_EQ(wide.values<int64_t>()[3], 9007199254740993) << "not through a double";
  EXPECT_SAYS(load({.source = file, .raw_values = true}, narrow), "not a whole number that INT8 can hold");
  const std::string small = folder.add("y.txt", "-128 127 0 1");
  EXPECT_SAYS(load({.source = small, .raw_values = true}, narrow), "4 stored values of INT8");
  EXPECT_EQ(narrow.values<int8_t>(), (std::vector<int8_t>{-128, 127, 0, 1}));
  OwnedTensor bools(Type::kBool, {2});
  EXPECT_SAYS(load({.source = folder.add("b.txt", "1 0")}, bools), "ok");
  EXPECT_EQ(bools.bytes, (std::vector<uint8_t>{1, 0}));
  EXPECT_SAYS(load({.source = folder.add("b.txt", "1 2")}, bools), "refused");
}

TEST_F(InputNumbers, text_that_is_no_number_is_refused) {
  OwnedTensor tensor(Type::kFloat32, {2});
  for (const char* text : {"1 x", "1 0x1p3z", "1 1e999", "1 --2", "1 +-2", "1 2.5.1"}) {
    EXPECT_SAYS(load({.source = folder.add("x.csv", std::string_view(text))}, tensor), "refused") << text;
  }
}

TEST_F(InputNumbers, random_is_splitmix64) {
  OwnedTensor words(Type::kUInt64, {3});
  EXPECT_SAYS(load({.source = "random:1234567"}, words),
              "ok: random:1234567: 3 uniform random values of UINT64");
  // The published first outputs of splitmix64 for this seed.
  EXPECT_EQ(words.values<uint64_t>(),
            (std::vector<uint64_t>{6457827717110365317u, 3203168211198807973u, 9817491932198370423u}));
  OwnedTensor bytes(Type::kInt8, {3}), bools(Type::kBool, {3});
  EXPECT_SAYS(load({.source = "random:1234567"}, bytes), "ok");
  EXPECT_SAYS(load({.source = "random:1234567"}, bools), "ok");
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(bytes.bytes[i], words.values<uint64_t>()[i] >> 56);
    EXPECT_EQ(bools.bytes[i], words.values<uint64_t>()[i] >> 63);
  }
}

TEST_F(InputNumbers, random_floats_fill_minus_one_to_one) {
  for (const Type type : {Type::kFloat16, Type::kFloat32, Type::kFloat64}) {
    OwnedTensor tensor(type, {10000});
    EXPECT_SAYS(load({.source = "random:7"}, tensor), "[-1, 1)");
    const std::vector<double> values = dequantize(tensor.view);
    EXPECT_GE(*std::ranges::min_element(values), -1);
    EXPECT_LT(*std::ranges::max_element(values), 1);
    EXPECT_NEAR(std::reduce(values.begin(), values.end()) / 10000, 0, 0.03);
  }
}

TEST_F(InputNumbers, all_elements_of_one_value_or_two) {
  OwnedTensor tensor(Type::kInt8, {4});
  tensor.view.zero_point = -3;
  const std::pair<const char*, std::vector<int8_t>> cases[] = {{"all:lowest", {-128, -128, -128, -128}},
                                                               {"all:highest", {127, 127, 127, 127}},
                                                               {"all:zero", {-3, -3, -3, -3}},
                                                               {"all:alternating", {-128, 127, -128, 127}}};
  for (const auto& [source, want] : cases) {
    EXPECT_SAYS(load({.source = source}, tensor), std::string("ok: ") + source + ": 4 values of INT8");
    EXPECT_EQ(tensor.values<int8_t>(), want) << source;
  }
  EXPECT_SAYS(load({.source = "all:most"}, tensor), "write all:lowest, all:highest");
}

TEST_F(InputNumbers, random_needs_a_number) {
  OwnedTensor tensor(Type::kInt8, {3});
  for (const char* source : {"random:", "random:x", "random:-1", "random:99999999999999999999999"}) {
    EXPECT_SAYS(load({.source = source}, tensor), "random:1") << source;
  }
}

TEST_F(InputSource, format_is_found_from_the_content) {
  OwnedTensor tensor(Type::kUInt8, {16, 16, 1});
  EXPECT_SAYS(load({.source = folder.add("a", encode_image(all_greys(), "png"))}, tensor), "16x16 grey");
  EXPECT_SAYS(load({.source = folder.add("b.x", *write_npy(tensor.view))}, tensor), "UINT8 (16, 16, 1)");
  EXPECT_SAYS(
      load({.source = folder.add("c", encode_sound({0.5}, 1, 8000, SF_FORMAT_WAV | SF_FORMAT_PCM_16))},
           tensor),
      "1 samples, 8000 Hz");
  EXPECT_SAYS(load({.source = folder.add("d", "hello")}, tensor), "no known format");
  EXPECT_SAYS(load({.source = folder.add("e", all_greys().pixels), .bytes = true}, tensor),
              "256 bytes as they are");
}

TEST_F(InputSource, files_that_are_not_there_or_not_what_they_say) {
  OwnedTensor tensor(Type::kUInt8, {16, 16, 1});
  EXPECT_SAYS(load({.source = "nowhere.png"}, tensor), "nowhere.png: no such file; check the path.");
  EXPECT_SAYS(load({.source = folder.path().string()}, tensor), "is a folder");
  for (const char* name : {"a.png", "a.jpg", "a.wav", "a.npy", "a.csv", "a.raw"}) {
    EXPECT_SAYS(load({.source = folder.add(name, "nonsense")}, tensor), "refused") << name;
    EXPECT_SAYS(load({.source = folder.add(name, "")}, tensor), "refused") << name;
  }
}

}  // namespace
}  // namespace tandem::cli
