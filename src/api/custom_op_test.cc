#include "tandem/custom_op.h"

#include <flatbuffers/flexbuffers.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "models/model_builder.h"
#include "tandem/interpreter.h"

// An operator as a program writes it, from public headers only: y = max(x, decay · the y before).
namespace peak_hold {

struct Params {
  tandem::Ref in;
  tandem::Ref peak;
  tandem::Ref out;
  uint32_t count = 0;
  float decay = 0;
};

tandem::KernelResult run(const Params& p, const tandem::Task& task) {
  const auto* x = task.in<float>(p.in);
  auto* peak = task.out<float>(p.peak);
  auto* y = task.out<float>(p.out);
  for (uint32_t i = task.begin; i < task.end; ++i) {
    if (x[i] < 0) return tandem::KernelResult::kDataError;
    y[i] = peak[i] = std::max(x[i], p.decay * peak[i]);
  }
  return tandem::KernelResult::kOk;
}
TANDEM_DEFINE_USER_KERNEL(kernel, 0, Params, run)
TANDEM_DEFINE_USER_KERNEL(kernel_of_same_number, 0, Params, run)

enum Reason { kDecay = 1 };

tandem::Status plan(tandem::CustomOpContext& c) {
  if (const tandem::Status s = c.expect_operands(1, 1); !s.ok()) return s;
  if (const tandem::Status s = c.expect_input_type(0, tandem::Type::kFloat32); !s.ok()) return s;
  if (const tandem::Status s = c.expect_output_shape_of(0, 0); !s.ok()) return s;
  const double decay = c.number_option("decay", 0.5);
  if (!(decay >= 0 && decay <= 1)) return c.refuse(kDecay, static_cast<int32_t>(decay));
  const tandem::OperandInfo in = c.input(0);
  c.emit(kernel,
         {.in = c.input_ref(0),
          .peak = c.state(in.bytes),
          .out = c.output_ref(0),
          .count = in.elements,
          .decay = static_cast<float>(decay)},
         {.units = in.elements});
  return {};
}

tandem::Status plan_two(tandem::CustomOpContext& c) {
  if (const tandem::Status s = plan(c); !s.ok()) return s;
  c.emit(kernel_of_same_number, {.in = c.input_ref(0), .peak = c.state(8), .out = c.output_ref(0)});
  return {};
}

TANDEM_DEFINE_USER_OP(op, "PeakHold", plan, kernel)
TANDEM_DEFINE_USER_OP(op_with_clash, "PeakHold", plan_two, kernel, kernel_of_same_number)
TANDEM_DEFINE_USER_OP(other_code, "Peak", plan, kernel)

}  // namespace peak_hold

namespace tandem {
namespace {

std::vector<uint8_t> options(float decay) {
  flexbuffers::Builder builder;
  builder.Map([&] { builder.Float("decay", decay); });
  builder.Finish();
  return builder.GetBuffer();
}

std::vector<uint8_t> model(const std::vector<uint8_t>& options) {
  models::ModelBuilder b;
  const int x = b.tensor({.name = "x", .shape = {2}});
  const int y = b.tensor({.name = "y", .shape = {2}});
  const int z = b.tensor({.name = "z", .shape = {2}});
  b.custom_op("PeakHold", {x}, {y}, options);
  b.custom_op("PeakHold", {y}, {z}, options);
  b.inputs({x});
  b.outputs({z});
  return b.finish();
}

class Program {
 public:
  Program(std::vector<uint8_t> tflite, const OpDef& def) : file_(tflite.size() + 16) {
    const size_t skip = 16 - reinterpret_cast<uintptr_t>(file_.data()) % 16;
    const auto start = std::ranges::copy(tflite, file_.begin() + static_cast<ptrdiff_t>(skip)).out;
    model_ = Model::load({std::to_address(start) - tflite.size(), tflite.size()}).value();
    const std::array<const OpDef*, 1> ops = {&def};
    status_ = interpreter.prepare(model_, ops, arena_);
  }

  std::string refusal() {
    std::array<char, 256> text{};
    return status_.ok() ? "" : std::string(text.data(), describe(status_, &model_, text));
  }
  std::vector<float> run(std::vector<float> x) {
    std::ranges::copy(x, interpreter.input(0).data<float>().begin());
    outcome = interpreter.invoke();
    const std::span<float> y = interpreter.output(0).data<float>();
    return {y.begin(), y.end()};
  }

  Interpreter interpreter;
  Outcome outcome;

 private:
  std::vector<uint8_t> file_;
  alignas(16) std::array<uint8_t, 4096> arena_;
  Model model_;
  Status status_;
};

using Values = std::vector<float>;

TEST(CustomOp, RunsWithStateOfItsOwn) {
  Program program(model(options(0.25F)), peak_hold::op);
  ASSERT_EQ(program.refusal(), "");
  EXPECT_EQ(program.run({8, 4}), (Values{8, 4}));
  EXPECT_EQ(program.run({0, 6}), (Values{2, 6})) << "each operator of the model has its own state";
  program.interpreter.reset_variables();
  EXPECT_EQ(program.run({0, 1}), (Values{0, 1}));
}

TEST(CustomOp, HasOptionsOrTheirDefaults) {
  Program program(model({}), peak_hold::op);
  ASSERT_EQ(program.refusal(), "");
  EXPECT_EQ(program.run({8, 0}), (Values{8, 0}));
  EXPECT_EQ(program.run({0, 0}), (Values{4, 0}));
}

TEST(CustomOp, MayRefuseDataWhileRunning) {
  Program program(model(options(1)), peak_hold::op);
  (void)program.run({1, -1});
  EXPECT_EQ(program.outcome.kind, Outcome::Kind::kDataError);
  EXPECT_EQ(program.outcome.op, 0);
}

TEST(CustomOp, RefusesModelsForReasonsOfItsOwn) {
  EXPECT_EQ(
      Program(model(options(3)), peak_hold::op).refusal(),
      "op 0 \"PeakHold\" \"y\": the program's own operator does not support the model: reason 1, value 3");
}

TEST(CustomOp, IsUnknownUnlessTheProgramBringsIt) {
  const std::string unknown =
      "op 0 \"PeakHold\" \"y\": custom operator is not one that the program brings; write it "
      "(tandem/custom_op.h) and add it to the OpSet";
  EXPECT_EQ(Program(model({}), op::add).refusal(), unknown);
  EXPECT_EQ(Program(model({}), peak_hold::other_code).refusal(), unknown);
}

TEST(CustomOp, KernelsHaveOneNumberEach) {
  EXPECT_EQ(
      Program(model({}), peak_hold::op_with_clash).refusal(),
      "op 0 \"PeakHold\" \"y\": two kernels of the program's own have the number 0; give each another one");
}

}  // namespace
}  // namespace tandem
