// Trains the sine network and writes sine_float.tflite and sine_int8.tflite.

#include <cstdio>
#include <exception>
#include <filesystem>

#include "models/model_builder.h"
#include "models/sine.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_sine FOLDER\nWrites sine_float.tflite and sine_int8.tflite there.\n", stderr);
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    constexpr uint64_t kSeed = 1;
    const tandem::models::SineModels sine = tandem::models::make_sine_models(kSeed);
    tandem::models::write_file(folder / "sine_float.tflite", sine.float_tflite);
    tandem::models::write_file(folder / "sine_int8.tflite", sine.int8_tflite);
    std::printf("sine_float.tflite  |error| max %.4f mean %.4f\n", sine.float_errors.max,
                sine.float_errors.mean);
    std::printf("sine_int8.tflite   |error| max %.4f mean %.4f\n", sine.int8_errors.max,
                sine.int8_errors.mean);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_sine: %s\n", e.what());
    return 1;
  }
  return 0;
}
