#include <algorithm>
#include <cstring>
#include <iterator>

#include "kernels/conv_2d.h"
#include "models.h"
#include "ops/op_context.h"
#include "program.h"
#include "tandem/cores.h"
#include "tandem/op_set.h"

// The board's kernels for CONV_2D and DEPTHWISE_CONV_2D against the reference kernels: models of many
// convolutions, inputs at random and at their extremes, one core and two. All inputs and outputs are alive
// together, so that a byte written outside of an output shows in another one.
namespace {

using namespace tandem;

constexpr uint32_t kMaxCases = 144;
constexpr uint32_t kGuardBytes = 64;
constexpr uint8_t kGuard = 0xa5;
alignas(16) uint8_t arena[212 * 1024 + kGuardBytes];

enum class Fill { kRandom, kLow, kHigh, kAlternating, kSparse };
constexpr struct {
  Fill fill;
  const char* name;
} kFills[] = {{Fill::kRandom, "random"},
              {Fill::kLow, "all -128"},
              {Fill::kHigh, "all 127"},
              {Fill::kAlternating, "-128 and 127 in turn"},
              {Fill::kSparse, "mostly zero points"}};

// What the reference kernel says: a hash of each output.
uint32_t expected[std::size(kFills)][kMaxCases];

void fill_inputs(Interpreter& interpreter, Fill fill) {
  uint32_t seed = 1;
  for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
    const TensorView in = interpreter.input(i);
    for (uint8_t& byte : in.bytes) {
      seed = seed * 1664525 + 1013904223;
      const auto random = static_cast<uint8_t>(seed >> 24);
      byte = fill == Fill::kRandom ? random
             : fill == Fill::kLow  ? 0x80
             : fill == Fill::kHigh ? 0x7f
             : fill == Fill::kAlternating
                 ? ((&byte - in.bytes.data()) % 2 == 0 ? 0x80 : 0x7f)
                 : ((seed >> 16 & 3) == 0 ? random : static_cast<uint8_t>(in.zero_point));
    }
  }
}

uint32_t hash(std::span<const uint8_t> bytes) {
  uint32_t value = 2166136261;
  for (const uint8_t byte : bytes) value = (value ^ byte) * 16777619;
  return value;
}

bool guarded() {
  return std::all_of(std::end(arena) - kGuardBytes, std::end(arena), [](uint8_t b) { return b == kGuard; });
}

volatile bool kernel_ran = false;

// The same kernel, which is not left out where memory is short, and tells that it ran.
template <const auto& kKernel>
AnyKernel watched() {
  return {.id = kKernel.id, .run = [](const void* params, const Task& task) {
            kernel_ran = true;
            return kKernel.run(params, task);
          }};
}

struct Variant {
  std::span<const AnyKernel* const> kernels;
  const char* name;
};

// `op` with each variant's kernels, and that of a machine without kernels of its own, with `reference_kernel`
// for the portable one.
void compare(std::span<const uint8_t> file, const OpDef& op, const AnyKernel& reference_kernel,
             std::span<const Variant> variants) {
  const AnyKernel* const reference_kernels[] = {&reference_kernel};
  const OpDef reference_op{.builtin = op.builtin, .plan = op.plan, .kernels = reference_kernels};
  const OpDef* const reference_ops[] = {&reference_op};
  const auto model = Model::load(file);
  check("the model is sound", model.ok());
  const std::span<uint8_t> memory(arena, sizeof arena - kGuardBytes);
  {
    Interpreter reference;
    check("prepare the reference", reference.prepare(*model, reference_ops, memory, two_cores()).ok());
    check("few enough cases", reference.output_count() <= kMaxCases);
    for (uint32_t f = 0; f < std::size(kFills); ++f) {
      fill_inputs(reference, kFills[f].fill);
      check("run the reference", reference.invoke().ok());
      for (uint32_t i = 0; i < reference.output_count(); ++i)
        expected[f][i] = hash(reference.output(i).bytes);
    }
  }
  for (const auto& [kernels, variant] : variants) {
    const OpDef own{.builtin = op.builtin, .plan = op.plan, .kernels = kernels};
    const OpDef* const ops[] = {&own};
    for (const Port* port : {&one_core(), &two_cores()}) {
      Interpreter interpreter;
      const Status status = interpreter.prepare(*model, ops, memory, *port);
      if (!status.ok()) {
        rp2040::print("%s: code %d, %ld, %ld\n", variant, static_cast<int>(status.code),
                      static_cast<long>(status.a), static_cast<long>(status.b));
      }
      check("prepare", status.ok());
      if (!status.ok()) continue;
      kernel_ran = false;
      for (uint32_t f = 0; f < std::size(kFills); ++f) {
        fill_inputs(interpreter, kFills[f].fill);
        check("run", interpreter.invoke().ok());
        uint32_t wrong = 0;
        for (uint32_t i = 0; i < interpreter.output_count(); ++i) {
          if (hash(interpreter.output(i).bytes) == expected[f][i]) continue;
          ++wrong;
          rp2040::print("%s: case %u differs\n", variant, static_cast<unsigned>(i));
        }
        check(kFills[f].name, wrong == 0 && guarded());
      }
      check("the kernel has taken part", kernel_ran);
    }
  }
}

}  // namespace

int main() {
  std::memset(arena, kGuard, sizeof arena);
  rp2040::start_core1([] {
    static StopRequest stop;
    serve(stop);
  });
  // One kernel of the board's each time, and for what it does not take the portable one.
  const AnyKernel dense[] = {watched<conv_2d_s8__armv6m_dense>(), watched<conv_2d_s8__armv6m_dense_pack>()};
  const AnyKernel generated[] = {watched<conv_2d_s8__armv6m_generated>(),
                                 watched<conv_2d_s8__armv6m_generate>()};
  const AnyKernel sparse[] = {watched<conv_2d_s8__armv6m_sparse>(),
                              watched<conv_2d_s8__armv6m_sparse_begin>()};
  const AnyKernel* const dense_kernels[] = {&dense[0], &dense[1], &conv_2d_s8__portable};
  const AnyKernel* const generated_kernels[] = {&generated[0], &generated[1], &conv_2d_s8__portable};
  const AnyKernel* const sparse_kernels[] = {&sparse[0], &sparse[1], &conv_2d_s8__portable};
  const Variant conv[] = {
      {dense_kernels, "dense"}, {generated_kernels, "generated"}, {sparse_kernels, "sparse"}};
  compare(conv_cases_tflite(), op::conv_2d_s8,
          {.id = KernelId::conv_2d_s8__portable, .run = conv_2d_s8__ref.run}, conv);

  const AnyKernel lanes = watched<depthwise_conv_2d_s8__armv6m>();
  const AnyKernel taps = watched<depthwise_conv_2d_s8__armv6m_taps>();
  const AnyKernel* const lanes_kernels[] = {&lanes, &depthwise_conv_2d_s8__portable};
  const AnyKernel* const taps_kernels[] = {&taps, &depthwise_conv_2d_s8__portable};
  const Variant depthwise[] = {{lanes_kernels, "depthwise, 3x3"}, {taps_kernels, "depthwise, taps"}};
  compare(depthwise_cases_tflite(), op::depthwise_conv_2d_s8,
          {.id = KernelId::depthwise_conv_2d_s8__portable, .run = depthwise_conv_2d_s8__ref.run}, depthwise);
  end();
}
