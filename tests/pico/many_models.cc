#include "models.h"
#include "program.h"
#include "tandem/cores.h"
#include "tandem/op_set.h"

// Several models in one program, one arena for several interpreters in turn, fifty inferences in a row.
namespace {

constexpr const tandem::OpDef* kOps[] = {&tandem::op::conv_2d_s8,         &tandem::op::depthwise_conv_2d_s8,
                                         &tandem::op::average_pool_2d_s8, &tandem::op::reshape,
                                         &tandem::op::softmax_s8,         &tandem::op::fully_connected_s8};

tandem::StopRequest stop;
alignas(16) uint8_t sine_arena[2048];
alignas(16) uint8_t shared_arena[96 * 1024];

}  // namespace

int main() {
  using tandem::Interpreter;
  const auto sine = tandem::Model::load(sine_tflite());
  const auto person = tandem::Model::load(person_tflite());
  check("both models are sound", sine.ok() && person.ok());
  tandem::rp2040::start_core1([] { tandem::serve(stop); });

  Interpreter own;
  Interpreter first;
  Interpreter second;
  check("sine in its own arena", own.prepare(*sine, kOps, sine_arena, tandem::two_cores()).ok());
  const uint32_t sine_says = outputs_of(own, 1);
  check("sine runs", sine_says != 0);

  check("person in the shared arena", first.prepare(*person, kOps, shared_arena, tandem::two_cores()).ok());
  const uint32_t person_says = outputs_of(first, 2);
  check("person runs", person_says != 0);
  check("sine still says the same", outputs_of(own, 1) == sine_says);

  check("sine in the shared arena", second.prepare(*sine, kOps, shared_arena, tandem::two_cores()).ok());
  check("it says what the first one said", outputs_of(second, 1) == sine_says);
  check("person in it again", first.prepare(*person, kOps, shared_arena, tandem::one_core()).ok());
  check("on one core it says the same", outputs_of(first, 2) == person_says);

  bool same = true;
  for (int i = 0; i < 50; ++i) same &= outputs_of(own, 1) == sine_says;
  check("fifty inferences, same bytes", same);
  end();
}
