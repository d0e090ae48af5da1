// y = sin(x) by a small network, on both cores.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "pico/stdlib.h"
#include "sine_int8_tflite.h"
#include "tandem/cores.h"
#include "tandem/interpreter.h"

namespace {

alignas(16) uint8_t arena[4 * 1024];
constexpr const tandem::OpDef* kOps[] = {&tandem::op::fully_connected_s8};
tandem::Interpreter interpreter;

// What tandem::describe says, for ever: a console may be opened late.
[[noreturn]] void refuse(const tandem::Status& status, const tandem::Model* model) {
  char text[160];
  tandem::describe(status, model, text);
  for (;;) {
    std::printf("%s\n", text);
    sleep_ms(1000);
  }
}

float sine(float x) {
  const tandem::TensorView input = interpreter.input(0);
  const tandem::TensorView output = interpreter.output(0);
  const float stored = std::round(x / input.scale) + static_cast<float>(input.zero_point);
  input.data<int8_t>()[0] = static_cast<int8_t>(std::clamp(stored, -128.0F, 127.0F));
  interpreter.invoke();
  return output.scale * static_cast<float>(output.data<int8_t>()[0] - output.zero_point);
}

}  // namespace

int main() {
  stdio_init_all();
  const tandem::Result<tandem::Model> model = tandem::Model::load(sine_int8_tflite);
  if (!model.ok()) refuse(model.status(), nullptr);
  const tandem::Status status = interpreter.prepare(*model, kOps, arena, tandem::two_cores());
  if (!status.ok()) refuse(status, &*model);

  tandem::lend_core1();
  for (uint32_t degrees = 0;; degrees = (degrees + 15) % 360) {
    const float x = static_cast<float>(degrees) * 3.14159265F / 180;
    std::printf("sin %3u = %6.3f\n", static_cast<unsigned>(degrees), static_cast<double>(sine(x)));
    sleep_ms(100);
  }
}
