#include <cstdio>

#include "models.h"
#include "outputs_of.h"
#include "tandem/op_set.h"

// Networks on a Cortex-M0+ that has nothing of an RP2040's: the default port, the armv6m kernels. Prints
// `NAME seed hash` for each network and input, which have to be the host's.
void print_line(const char* text);

namespace {

constexpr const tandem::OpDef* kOps[] = {&tandem::op::add_s8,     &tandem::op::average_pool_2d_s8,
                                         &tandem::op::conv_2d_s8, &tandem::op::depthwise_conv_2d_s8,
                                         &tandem::op::reshape,    &tandem::op::fully_connected_s8,
                                         &tandem::op::softmax_s8};

alignas(16) uint8_t arena[512 * 1024];

bool run(const char* name, std::span<const uint8_t> file) {
  const tandem::Port port;
  char line[200];
  const auto model = tandem::Model::load(file);
  tandem::Interpreter interpreter;
  const tandem::Status status = model.ok() ? interpreter.prepare(*model, kOps, arena, port) : model.status();
  if (!status.ok()) {
    tandem::describe(status, nullptr, line);
    print_line(line);
    return false;
  }
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    std::snprintf(line, sizeof line, "%s %lu %08lx", name, seed, outputs_of(interpreter, seed));
    print_line(line);
  }
  return true;
}

}  // namespace

int main() {
  const bool all = run("sine", sine_tflite()) && run("conv_cases", conv_cases_tflite()) &&
                   run("person_shaped", person_tflite());
  return all ? 0 : 1;
}
