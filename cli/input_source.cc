#include "input_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <string_view>
#include <vector>

#include "file_bytes.h"
#include "npy.h"
#include "sound.h"
#include "tensor_values.h"

namespace tandem::cli {
namespace {

using Bytes = std::span<const uint8_t>;

enum class Format { kUnknown, kPicture, kSound, kNpy, kNumbers, kRaw };

Format format_of(const std::filesystem::path& path, Bytes file) {
  struct Ending {
    std::string_view ending;
    Format format;
  };
  constexpr Ending kEndings[] = {
      {".png", Format::kPicture}, {".jpg", Format::kPicture}, {".jpeg", Format::kPicture},
      {".bmp", Format::kPicture}, {".tga", Format::kPicture}, {".ppm", Format::kPicture},
      {".pgm", Format::kPicture}, {".pnm", Format::kPicture}, {".wav", Format::kSound},
      {".flac", Format::kSound},  {".ogg", Format::kSound},   {".npy", Format::kNpy},
      {".csv", Format::kNumbers}, {".txt", Format::kNumbers}, {".raw", Format::kRaw},
      {".bin", Format::kRaw},
  };
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  const auto* known = std::ranges::find(kEndings, ending, &Ending::ending);
  if (known != std::end(kEndings)) return known->format;

  constexpr Ending kSignatures[] = {
      {"\x89PNG", Format::kPicture}, {"\xff\xd8\xff", Format::kPicture}, {"BM", Format::kPicture},
      {"P2", Format::kPicture},      {"P3", Format::kPicture},           {"P5", Format::kPicture},
      {"P6", Format::kPicture},      {"RIFF", Format::kSound},           {"fLaC", Format::kSound},
      {"OggS", Format::kSound},      {"\x93NUMPY", Format::kNpy},
  };
  const std::string_view start(reinterpret_cast<const char*>(file.data()), std::min<size_t>(file.size(), 16));
  for (const auto& [signature, format] : kSignatures) {
    if (start.starts_with(signature)) return format;
  }
  return Format::kUnknown;
}

Problem no_numbers(const TensorView& tensor) {
  return problem("{} is taken from .raw files only.", tensor_text(tensor));
}

// Real values into a float or quantized tensor.
std::optional<Problem> store_reals(std::span<const double> reals, const TensorView& tensor) {
  std::optional<Problem> wrong;
  const bool known = visit_type(tensor.type, [&](auto element) {
    using T = decltype(element);
    for (size_t i = 0; i < reals.size() && !wrong; ++i) {
      if constexpr (!std::is_integral_v<T>) {
        store<T>(tensor.bytes, i, static_cast<T>(reals[i]));
      } else if (std::isnan(reals[i])) {
        wrong = problem("element {} is NaN, which {} cannot hold.", i, type_name(tensor.type));
      } else {
        store<T>(tensor.bytes, i, clamp_to<T>(quantize(reals[i], tensor.scale, tensor.zero_point)));
      }
    }
  });
  return known ? wrong : no_numbers(tensor);
}

std::string quantization_text(const TensorView& tensor) {
  if (!is_quantized(tensor)) return fmt::format("as {}", type_name(tensor.type));
  return fmt::format("quantized to {} with scale {} and zero point {}", type_name(tensor.type), tensor.scale,
                     tensor.zero_point);
}

std::optional<Problem> copy_exactly(Bytes from, const TensorView& tensor, std::string_view what) {
  if (from.size() != tensor.bytes.size()) {
    return problem("has {} bytes{}; {} has {}.", from.size(), what, tensor_text(tensor), tensor.bytes.size());
  }
  std::ranges::copy(from, tensor.bytes.begin());
  return std::nullopt;
}

// ---- pictures ----

std::string image_text(const Image& image) {
  constexpr const char* kChannels[] = {"", "grey", "grey with alpha", "RGB", "RGB with alpha"};
  return fmt::format("{}x{} {}", image.width, image.height, kChannels[image.channels]);
}

// What convert_channels does.
std::string channels_text(int from, int to) {
  std::string text;
  if (from % 2 == 0 && to != 4) text += ", over white";
  if (from >= 3 && to == 1) text += ", to grey (ITU-R BT.601)";
  if (from <= 2 && to >= 3) text += ", grey in three channels";
  if (from % 2 == 1 && to == 4) text += ", with opaque alpha";
  return text;
}

struct ImageShape {
  int height, width, channels;
};

std::optional<ImageShape> image_shape(std::span<const int32_t> dims) {
  const auto is_channels = [](int32_t n) { return n == 1 || n == 3 || n == 4; };
  const bool batch_of_one = dims.size() >= 3 && dims[0] == 1;
  if (dims.size() == 4 && batch_of_one && is_channels(dims[3])) return ImageShape{dims[1], dims[2], dims[3]};
  if (dims.size() == 3 && is_channels(dims[2])) return ImageShape{dims[0], dims[1], dims[2]};
  if (dims.size() == 3 && batch_of_one) return ImageShape{dims[1], dims[2], 1};
  if (dims.size() == 2 && dims[0] > 1 && dims[1] > 1) return ImageShape{dims[0], dims[1], 1};
  return std::nullopt;
}

// real = gain · sample + offset
struct PixelScale {
  double gain, offset;
  std::string_view text;
};

Outcome<PixelScale> pixel_scale(Normalize normalize, const TensorView& tensor) {
  constexpr PixelScale kZeroToOne{1 / 255.0, 0, "pixel / 255"};
  constexpr PixelScale kMinusOneToOne{1 / 127.5, -1, "pixel / 127.5 - 1"};
  constexpr PixelScale kZeroTo255{1, 0, "pixels as they are"};
  double min = 0, max = 0;
  visit_type(tensor.type, [&](auto element) {
    using T = decltype(element);
    if constexpr (std::is_integral_v<T>) {
      min = static_cast<double>(std::numeric_limits<T>::min());
      max = static_cast<double>(std::numeric_limits<T>::max());
    }
  });
  const bool eight_bits = is_integer(tensor.type) && max - min == 255;
  const bool quantized = is_quantized(tensor);

  switch (normalize) {
    case Normalize::kZeroTo255:
      return kZeroTo255;
    case Normalize::kZeroToOne:
    case Normalize::kMinusOneToOne:
      if (!is_float(tensor.type) && !quantized) {
        return problem("{} has no scale and cannot hold fractions; use --normalize 0..255.",
                       tensor_text(tensor));
      }
      return normalize == Normalize::kZeroToOne ? kZeroToOne : kMinusOneToOne;
    case Normalize::kAuto:
      if (is_float(tensor.type)) return kZeroToOne;
      if (quantized) {
        const double low = (min - tensor.zero_point) * tensor.scale;
        const double high = (max - tensor.zero_point) * tensor.scale;
        for (const PixelScale& scale : {kZeroToOne, kMinusOneToOne, kZeroTo255}) {
          const double slack = 0.02 * 255 * scale.gain;
          const bool same_low = std::fabs(low - scale.offset) <= slack;
          if (same_low && std::fabs(high - (scale.offset + 255 * scale.gain)) <= slack) return scale;
        }
        if (!eight_bits) {
          return problem(
              "{} holds values from {:.4g} to {:.4g}, no usual range of pixels; choose one with --normalize.",
              tensor_text(tensor), low, high);
        }
      } else if (!eight_bits) {
        return kZeroTo255;
      }
      [[fallthrough]];
    case Normalize::kBytes:
      break;
  }
  if (!eight_bits) {
    return problem("--normalize bytes is for INT8 and UINT8; {} needs another range.", tensor_text(tensor));
  }
  const std::string_view text = min < 0 ? "pixel - 128" : "pixels as they are";
  if (!quantized) return PixelScale{1, min, text};
  return PixelScale{tensor.scale, (min - tensor.zero_point) * double{tensor.scale}, text};
}

void store_pixels(const Image& image, const PixelScale& scale, const TensorView& tensor) {
  visit_type(tensor.type, [&](auto element) {
    using T = decltype(element);
    std::array<T, 256> stored{};
    for (int sample = 0; sample < 256; ++sample) {
      const double real = scale.gain * sample + scale.offset;
      T& value = stored[static_cast<size_t>(sample)];
      if constexpr (std::is_integral_v<T>) {
        // With scale 2/255 and zero point -1, the usual way to hold [-1, 1], every sample lies exactly
        // between two steps, and the scale's own rounding would decide. Ties, and all within 1/1024 of one,
        // go up: sample - 128, each step used once.
        const double step = is_quantized(tensor) ? real / double{tensor.scale} + tensor.zero_point : real;
        value = clamp_to<T>(std::floor(step + 0.5 + 1.0 / 1024));
      } else {
        value = static_cast<T>(real);
      }
    }
    for (size_t i = 0; i < image.pixels.size(); ++i) store<T>(tensor.bytes, i, stored[image.pixels[i]]);
  });
}

Outcome<std::string> load_pixel_bytes(const Image& image, const TensorView& tensor) {
  const size_t pixels = size_t(image.width) * size_t(image.height);
  const size_t channels = tensor.bytes.size() / pixels;
  if (channels * pixels != tensor.bytes.size() || (channels != 1 && channels != 3 && channels != 4)) {
    return problem("is a picture of {}; {} needs {} bytes (--bytes resizes nothing).", image_text(image),
                   tensor_text(tensor), tensor.bytes.size());
  }
  if (channels == 1 && image.channels >= 3) {
    for (size_t at = 0; at < image.pixels.size(); at += size_t(image.channels)) {
      const uint8_t* pixel = &image.pixels[at];
      if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) {
        return problem("is in colour, {} has one byte a pixel; convert it to grey or leave out --bytes.",
                       tensor_text(tensor));
      }
    }
  }
  if (image.channels % 2 == 0 && channels != 4) {
    return problem("has an alpha channel, {} has none; remove it or leave out --bytes.", tensor_text(tensor));
  }
  std::ranges::copy(convert_channels(image, static_cast<int>(channels)).pixels, tensor.bytes.begin());
  return fmt::format("{}, pixel bytes as they are", image_text(image));
}

Outcome<std::string> load_image(const InputSpec& input, Bytes file, const TensorView& tensor) {
  Outcome<Image> image = decode_image(file);
  if (!image.ok()) return image.problem();
  if (input.bytes) return load_pixel_bytes(*image, tensor);
  const bool known = visit_type(tensor.type, [](auto) {}) && tensor.type != Type::kBool;
  const std::optional<ImageShape> shape = image_shape(tensor.dims);
  if (!known || !shape || tensor.bytes.empty()) {
    return problem(
        "is a picture, and {} cannot hold one (numbers [1,H,W,C], [H,W,C] or [1,H,W], C = 1, 3 or 4); give "
        "the values "
        "as .npy, .csv or .raw.",
        tensor_text(tensor));
  }
  const Outcome<PixelScale> scale = pixel_scale(input.normalize, tensor);
  if (!scale.ok()) return scale.problem();
  std::string description = image_text(*image) + channels_text(image->channels, shape->channels);
  Outcome<Image> fitted = fit_image(convert_channels(*image, shape->channels), shape->width, shape->height,
                                    input.fit, description);
  if (!fitted.ok()) return fitted.problem();
  store_pixels(*fitted, *scale, tensor);
  return fmt::format("{}; {}, {}", description, scale->text, quantization_text(tensor));
}

// ---- sound ----

// The smallest and the largest real value of an 8- to 32-bit quantized tensor.
std::pair<double, double> real_range(const TensorView& tensor) {
  const double steps = std::ldexp(1.0, static_cast<int>(type_bits(tensor.type)));
  const double lowest = tensor.type == Type::kUInt8 ? 0 : -steps / 2;
  return {tensor.scale * (lowest - tensor.zero_point),
          tensor.scale * (lowest + steps - 1 - tensor.zero_point)};
}

// Whether the range is about that of samples: most of [-1, 1), and not much more.
bool holds_samples(const TensorView& tensor) {
  const auto [lowest, highest] = real_range(tensor);
  return lowest <= -0.5 && highest >= 0.5 && lowest >= -4 && highest <= 4;
}

Outcome<std::string> load_sound(const InputSpec& input, Bytes file, const TensorView& tensor, size_t count) {
  if (input.bytes) {
    const Outcome<std::vector<uint8_t>> samples = raw_wav_samples(file, type_bits(tensor.type) / 8);
    if (!samples.ok()) return samples.problem();
    if (const auto wrong = copy_exactly(*samples, tensor, " of samples")) return *wrong;
    return std::string("samples as they are");
  }
  // INT16 takes samples whatever its scale is: 16-bit features with a scale do not come from sound files.
  const bool samples_16 = tensor.type == Type::kInt16;
  const bool samples_8 = (tensor.type == Type::kInt8 || tensor.type == Type::kUInt8) && !is_quantized(tensor);
  if (!is_float(tensor.type) && !is_quantized(tensor) && !samples_16 && !samples_8) {
    return problem(
        "is sound, which {} cannot hold; it goes into floats, quantized integers, INT16, INT8 and UINT8.",
        tensor_text(tensor));
  }
  if (is_integer(tensor.type) && !samples_16 && !samples_8 && !holds_samples(tensor)) {
    return problem(
        "is sound, and {} holds values from {:.4g} to {:.4g}, not samples from -1 to 1: the model wants "
        "features "
        "computed from sound. Give them as .npy, .csv or .raw.",
        tensor_text(tensor), real_range(tensor).first, real_range(tensor).second);
  }
  // The header first: how much to read depends on the rate.
  Outcome<Sound> sound = decode_sound(file, 0);
  if (!sound.ok()) return sound.problem();
  const int rate = input.sample_rate > 0 ? input.sample_rate : sound->rate;
  if (rate > 64 * int64_t{sound->rate} || sound->rate > 64 * int64_t{rate}) {
    return problem("cannot be resampled from {} Hz to {} Hz; choose a --rate nearer to the file's.",
                   sound->rate, rate);
  }
  const bool resampled = rate != sound->rate;
  sound = decode_sound(file, resampled ? frames_to_resample(count, sound->rate, rate) : count);
  if (!sound.ok()) return sound.problem();

  std::string description = fmt::format("{} samples, {} Hz, {} channel{}", sound->file_frames, sound->rate,
                                        sound->channels, sound->channels == 1 ? "" : "s mixed to one");
  uint64_t available = sound->file_frames;
  if (resampled) {
    // Bounded, because the file's header may say anything.
    available = static_cast<uint64_t>(std::min(std::ceil(double(available) * rate / sound->rate), 0x1p53));
    sound->samples = resample(sound->samples, sound->rate, rate, std::min<uint64_t>(available, count));
    description += fmt::format(", resampled to {} Hz", rate);
  }
  const size_t taken = std::min<uint64_t>(sound->samples.size(), count);
  if (available > count)
    description += fmt::format(", the first {} taken, {} left out", count, available - count);
  if (taken < count) description += fmt::format(", {} zeros after them", count - taken);

  std::vector<double> reals(count, 0.0);
  std::ranges::copy(sound->samples.begin(), sound->samples.begin() + static_cast<ptrdiff_t>(taken),
                    reals.begin());
  if (!samples_16 && !samples_8) {
    if (const auto wrong = store_reals(reals, tensor)) return *wrong;
    return fmt::format("{}; values in [-1, 1), {}", description, quantization_text(tensor));
  }
  const TensorView steps{.type = tensor.type,
                         .dims = tensor.dims,
                         .scale = samples_16 ? 0x1p-15f : 0x1p-7f,
                         .zero_point = tensor.type == Type::kUInt8 ? 128 : 0,
                         .bytes = tensor.bytes};
  if (const auto wrong = store_reals(reals, steps)) return *wrong;
  return fmt::format("{}; {}-bit samples", description, samples_16 ? 16 : 8);
}

// ---- numbers ----

// Dimensions of one do not move an element.
bool same_shape(std::span<const int64_t> a, std::span<const int32_t> b) {
  std::vector<int64_t> left, right;
  std::ranges::copy_if(a, std::back_inserter(left), [](int64_t dim) { return dim != 1; });
  std::ranges::copy_if(b, std::back_inserter(right), [](int32_t dim) { return dim != 1; });
  return left == right;
}

Outcome<std::string> load_npy(const InputSpec& input, Bytes file, const TensorView& tensor) {
  const Outcome<NpyArray> array = parse_npy(file);
  if (!array.ok()) return array.problem();
  const std::string description = fmt::format("{} {}", type_name(array->type), npy_shape_text(array->shape));
  if (input.bytes) {
    if (const auto wrong = copy_exactly(array->bytes, tensor, "")) return *wrong;
    return description + ", bytes as they are";
  }
  if (!same_shape(array->shape, tensor.dims)) {
    return problem("has shape {}, and the tensor is {}; reshape or transpose it.",
                   npy_shape_text(array->shape), tensor_text(tensor));
  }
  if (array->type == tensor.type) {
    if (const auto wrong = copy_exactly(array->bytes, tensor, "")) return *wrong;
    return description + ", as it is";
  }
  if (!is_float(tensor.type) && !(is_float(array->type) && is_quantized(tensor))) {
    return problem("holds {}, and the tensor is {}; convert it (numpy: .astype).", type_name(array->type),
                   tensor_text(tensor));
  }
  std::vector<uint8_t> bytes = array->bytes;
  const TensorView view{.type = array->type, .dims = {}, .bytes = bytes};
  if (const auto wrong = store_reals(dequantize(view), tensor)) return *wrong;
  return fmt::format("{}, {}", description, quantization_text(tensor));
}

// A number of a text file as T: integers exactly, or nothing.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Outcome<std::string> load_numbers(const InputSpec& input, Bytes file, const TensorView& tensor,
                                  size_t count) {
  if (input.bytes) return problem("is text; for stored values use --raw-values instead of --bytes.");
  const bool reals = is_float(tensor.type) || (is_quantized(tensor) && !input.raw_values);
  std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // byte order mark
  std::vector<std::string_view> words;
  while (!text.empty()) {
    constexpr std::string_view kSeparators = ",; \t\r\n";
    if (text[0] == '#') {
      text.remove_prefix(std::min(text.find('\n'), text.size()));
    } else if (kSeparators.find(text[0]) != std::string_view::npos) {
      text.remove_prefix(1);
    } else {
      words.push_back(text.substr(0, text.find_first_of(",; \t\r\n#")));
      text.remove_prefix(words.back().size());
    }
  }
  if (words.size() != count) {
    return problem("has {} numbers; {} has {}.", words.size(), tensor_text(tensor), count);
  }
  std::vector<double> values(reals ? count : 0);
  std::optional<Problem> wrong;
  const bool known = visit_type(tensor.type, [&](auto element) {
    using T = decltype(element);
    for (size_t i = 0; i < count && !wrong; ++i) {
      const std::string_view word = words[i].substr(0, 40);
      if (reals) {
        const auto value = parse_number<double>(words[i]);
        if (value) values[i] = *value;
        if (!value) wrong = problem("number {} is \"{}\", which is not a number.", i + 1, word);
      } else if constexpr (std::is_integral_v<T>) {
        const auto value = parse_number<T>(words[i]);
        if (value && (tensor.type != Type::kBool || *value <= 1)) {
          store<T>(tensor.bytes, i, *value);
        } else {
          wrong = problem("number {} is \"{}\", which is not a whole number that {} can hold.", i + 1, word,
                          type_name(tensor.type));
        }
      }
    }
  });
  if (!known) return no_numbers(tensor);
  if (!wrong && reals) wrong = store_reals(values, tensor);
  if (wrong) return *wrong;
  if (!reals && is_quantized(tensor))
    return fmt::format("{} stored values of {}", count, type_name(tensor.type));
  return fmt::format("{} number{}, {}", count, count == 1 ? "" : "s", quantization_text(tensor));
}

constexpr std::string_view kRandom = "random:", kAll = "all:";

// ---- random ----

uint64_t splitmix64(uint64_t& state) {
  state += 0x9e3779b97f4a7c15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

Outcome<std::string> load_random(std::string_view seed_text, const TensorView& tensor, size_t count) {
  const std::optional<uint64_t> seed = parse_number<uint64_t>(seed_text);
  if (!seed) return problem("the seed is not a whole number; write for example random:1.");
  uint64_t state = *seed;
  const bool known = visit_type(tensor.type, [&](auto element) {
    using T = decltype(element);
    for (size_t i = 0; i < count; ++i) {
      const uint64_t bits = splitmix64(state);
      if constexpr (std::is_integral_v<T>) {
        const uint32_t width = tensor.type == Type::kBool ? 1 : 8 * sizeof(T);
        store<T>(tensor.bytes, i, static_cast<T>(bits >> (64 - width)));
      } else {
        constexpr int kPrecision = sizeof(T) == 2 ? 11 : sizeof(T) == 4 ? 24 : 53;
        const auto top = static_cast<double>(bits >> (64 - kPrecision));
        store<T>(tensor.bytes, i, static_cast<T>(std::ldexp(top, 1 - kPrecision) - 1));
      }
    }
  });
  if (!known) return no_numbers(tensor);
  return fmt::format("{} uniform random values of {}", count,
                     is_float(tensor.type) ? "[-1, 1)" : type_name(tensor.type));
}

// ---- one value, or two ----

Outcome<std::string> load_all(std::string_view which, const TensorView& tensor, size_t count) {
  const bool alternating = which == "alternating";
  if (!alternating && which != "lowest" && which != "highest" && which != "zero") {
    return problem("write all:lowest, all:highest, all:zero or all:alternating.");
  }
  const bool known = visit_type(tensor.type, [&](auto element) {
    using T = decltype(element);
    T lowest = static_cast<T>(-1.0F), highest = static_cast<T>(1.0F), zero = static_cast<T>(0.0F);
    if constexpr (std::is_integral_v<T>) {
      const bool is_bool = tensor.type == Type::kBool;
      lowest = is_bool ? T{0} : std::numeric_limits<T>::min();
      highest = is_bool ? T{1} : std::numeric_limits<T>::max();
      zero = static_cast<T>(tensor.zero_point);
    }
    const T even = which == "highest" ? highest : which == "zero" ? zero : lowest;
    for (size_t i = 0; i < count; ++i) store<T>(tensor.bytes, i, alternating && i % 2 == 1 ? highest : even);
  });
  if (!known) return no_numbers(tensor);
  return fmt::format("{} values of {}", count, type_name(tensor.type));
}

Outcome<std::string> load_file(const InputSpec& input, const TensorView& tensor, size_t count) {
  const std::filesystem::path path(input.source);
  const Outcome<std::vector<uint8_t>> read = read_file(path);
  if (!read.ok()) return read.problem();
  const Bytes file = *read;
  const auto named = [&](Outcome<std::string> outcome) -> Outcome<std::string> {
    if (!outcome.ok()) return problem("{}: {}", input.source, outcome.problem().sentence);
    return fmt::format("{}: {}", input.source, *outcome);
  };
  switch (format_of(path, file)) {
    case Format::kPicture:
      return named(load_image(input, file, tensor));
    case Format::kSound:
      return named(load_sound(input, file, tensor, count));
    case Format::kNpy:
      return named(load_npy(input, file, tensor));
    case Format::kNumbers:
      return named(load_numbers(input, file, tensor, count));
    case Format::kUnknown:
      if (!input.bytes) {
        return named(problem(
            "is of no known format; use png, jpg, bmp, tga, ppm, pgm, wav, flac, ogg, npy, csv, txt, raw or "
            "--bytes for the tensor's bytes."));
      }
      [[fallthrough]];
    case Format::kRaw:
      break;
  }
  if (const auto wrong = copy_exactly(file, tensor, "")) return named(*wrong);
  return named(fmt::format("{} bytes as they are", file.size()));
}

}  // namespace

Outcome<std::string> load_input(const InputSpec& input, const TensorView& tensor) {
  const std::optional<uint64_t> count = element_count(tensor.dims);
  const uint32_t bits = type_bits(tensor.type);
  if (!count || bits == 0 || (*count * bits + 7) / 8 != tensor.bytes.size()) {
    return problem("{}: {} cannot be filled from a file.", input.source, tensor_text(tensor));
  }
  if (!is_generated(input.source)) return load_file(input, tensor, *count);
  const bool random = input.source.starts_with(kRandom);
  const std::string_view argument = std::string_view(input.source).substr((random ? kRandom : kAll).size());
  const Outcome<std::string> filled =
      random ? load_random(argument, tensor, *count) : load_all(argument, tensor, *count);
  if (!filled.ok()) return problem("{}: {}", input.source, filled.problem().sentence);
  return fmt::format("{}: {}", input.source, *filled);
}

bool is_generated(std::string_view source) { return source.starts_with(kRandom) || source.starts_with(kAll); }

}  // namespace tandem::cli
