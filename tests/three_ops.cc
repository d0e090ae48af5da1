// A program that runs models of three operators on int8:
//   three_ops MODEL
// prepares it and invokes it once. `linked_kernels_test` runs it and looks at what is in it.
#include <cstdio>

#include "tandem/interpreter.h"

namespace {

constexpr const tandem::OpDef* kOps[] = {&tandem::op::conv_2d_s8, &tandem::op::fully_connected_s8,
                                         &tandem::op::softmax_s8};
alignas(16) uint8_t file[1 << 16];
alignas(16) uint8_t arena[1 << 16];

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::FILE* const in = std::fopen(argv[1], "rb");
  if (in == nullptr) return 2;
  const size_t bytes = std::fread(file, 1, sizeof file, in);
  std::fclose(in);
  const tandem::Result<tandem::Model> model = tandem::Model::load({file, bytes});
  tandem::Interpreter interpreter;
  if (!model.ok() || !interpreter.prepare(*model, kOps, arena).ok()) return 1;
  return interpreter.invoke().ok() ? 0 : 1;
}
