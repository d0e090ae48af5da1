#pragma once

#include <string>
#include <string_view>

#include "image.h"
#include "outcome.h"
#include "tandem/tensor.h"

namespace tandem::cli {

/// Real values of a picture's samples, which are numbers from 0 to 255.
enum class Normalize {
  /// What the tensor's scale and zero point can hold: 0..1, -1..1 or 0..255 if its range is about one of
  /// them, else (8 bits) its whole range, as kBytes. Floats: 0..1. Integers without a scale: 8 bits as
  /// kBytes, others 0..255.
  kAuto,
  kZeroToOne,      ///< "0..1": sample / 255
  kMinusOneToOne,  ///< "-1..1": sample / 127.5 - 1
  kZeroTo255,      ///< "0..255": sample
  kBytes,  ///< "bytes": 0 is the smallest number the tensor can store (INT8: sample - 128), 8 bits only
};

/// One `--input` and the options that say how to take it.
struct InputSpec {
  /// A file, "random:SEED" or "all:WHICH". The file's ending says what it is, else its first bytes do:
  ///  - png jpg jpeg bmp tga ppm pgm: a picture, for tensors [1,H,W,C], [H,W,C], [1,H,W] or [H,W];
  ///    C = 1, 3 or 4
  ///  - wav flac ogg: sound, mixed to one channel; cut or followed by zeros to the tensor's length. Float
  ///    and quantized tensors take [-1, 1), INT16 the 16-bit samples, other 8-bit tensors 8-bit samples
  ///  - npy: the tensor's type, floats to be quantized or converted, integers to be converted to floats
  ///  - csv txt: numbers between commas, semicolons and white space, # starts a comment; real values
  ///  - raw bin: the tensor's bytes
  ///  - random:SEED: uniform over the type's range, floats in [-1, 1), BOOL 0 or 1. Element i comes from
  ///    output i of splitmix64 with state SEED: its top bits as an integer of the type, or k / 2^(p-1) - 1
  ///    with k its top p bits, p the precision of the float (24; FLOAT16 11; FLOAT64 53)
  ///  - all:lowest all:highest all:zero all:alternating: the type's extremes (floats -1 and 1, BOOL 0 and 1),
  ///    its zero point, or lowest and highest in turn
  std::string source;
  Fit fit = Fit::kCrop;
  Normalize normalize = Normalize::kAuto;
  bool bytes = false;  ///< a picture's pixels, a WAV's samples or a .npy's elements are the tensor's bytes
  bool raw_values = false;  ///< numbers of csv and txt are stored values, not real ones
  int sample_rate = 0;      ///< Hz that sound is resampled to; 0: as it is
};

/// Fills `tensor.bytes` from `input`. Returns what was done, for the user to read ("photo.png: 640x480 RGB,
/// ..."), or why it could not be; then the bytes may be partly written. Real values are rounded to the
/// nearest step of a quantized tensor and clamped to its range.
Outcome<std::string> load_input(const InputSpec& input, const TensorView& tensor);

/// Whether `source` names no file: random:… or all:….
bool is_generated(std::string_view source);

}  // namespace tandem::cli
