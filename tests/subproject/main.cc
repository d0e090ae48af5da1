#include "sine_int8_tflite.h"
#include "tandem/cores.h"
#include "tandem/interpreter.h"

int main() {
  static_assert(sizeof sine_int8_tflite > 1000);
  tandem::lend_core1();
  const bool ok = tandem::Model::load(sine_int8_tflite).ok();
  tandem::take_core1_back();
  return ok ? 0 : 1;
}
