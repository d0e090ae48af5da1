// A model with an operator that Tandem does not have: peak_hold.h.
#include <cstdint>
#include <cstdio>

#include "peak_hold.h"
#include "peak_hold_tflite.h"
#include "tandem/interpreter.h"

namespace {

alignas(16) uint8_t arena[4 * 1024];

int refuse(const tandem::Status& status, const tandem::Model* model) {
  char text[160];
  tandem::describe(status, model, text);
  std::fprintf(stderr, "%s\n", text);
  return 1;
}

}  // namespace

int main() {
  const tandem::Result<tandem::Model> model = tandem::Model::load(peak_hold_tflite);
  if (!model.ok()) return refuse(model.status(), nullptr);

  // The model's operators: one of Tandem's, one of this program's.
  static constexpr const tandem::OpDef* kOps[] = {&tandem::op::mul_f32, &peak_hold};
  tandem::Interpreter interpreter;
  const tandem::Status status = interpreter.prepare(*model, kOps, arena);
  if (!status.ok()) return refuse(status, &*model);

  // A knock, and how the meter falls.
  for (const float level : {0.0F, 0.5F, 0.0F, 0.0F, 0.25F, 0.0F}) {
    interpreter.input(0).data<float>()[0] = level;
    interpreter.invoke();
    std::printf("level %.2f  meter %.3f\n", static_cast<double>(level),
                static_cast<double>(interpreter.output(0).data<float>()[0]));
  }
  return 0;
}
