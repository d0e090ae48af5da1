// Writes peak_hold.tflite, the model of examples/custom_op: y = PeakHold(100 · x), with an operator that
// Tandem does not bring.

#include <flatbuffers/flexbuffers.h>

#include <cstdio>
#include <exception>
#include <filesystem>

#include "models/model_builder.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_peak_hold FOLDER\nWrites peak_hold.tflite there.\n", stderr);
    return 2;
  }
  try {
    using namespace tandem;
    models::ModelBuilder b("a level meter that falls slowly");
    const int level = b.tensor({.name = "level", .shape = {1}});
    const int hundred = b.constant({.name = "hundred", .shape = {1}}, {100.0F});
    const int percent = b.tensor({.name = "percent", .shape = {1}});
    const int meter = b.tensor({.name = "meter", .shape = {1}});
    b.op(schema::BuiltinOperator::MUL, {level, hundred}, {percent}, schema::MulOptionsT{});
    flexbuffers::Builder options;
    options.Map([&] { options.Float("decay", 0.75F); });
    options.Finish();
    b.custom_op("PeakHold", {percent}, {meter}, options.GetBuffer());
    b.inputs({level});
    b.outputs({meter});
    const std::filesystem::path folder = argv[1];
    std::filesystem::create_directories(folder);
    models::write_file(folder / "peak_hold.tflite", b.finish());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "make_peak_hold: %s\n", e.what());
    return 1;
  }
  return 0;
}
