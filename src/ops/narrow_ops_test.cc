#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/copy.h"
#include "kernels/strided_copy.h"
#include "models/model_builder.h"
#include "ops/op_context.h"
#include "plan/plan.h"
#include "run_model.h"
#include "unary_model.h"

// Operators registered for fewer types than Tandem has.
namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// The plan that a program with `ops` makes, or why it makes none.
struct Planned {
  std::vector<uint8_t> bytes;
  std::string refusal;
};
Planned plan(std::span<const uint8_t> tflite, OpSet ops) {
  std::vector<uint64_t> file(tflite.size() / 8 + 1);
  std::ranges::copy(tflite, reinterpret_cast<uint8_t*>(file.data()));
  const Result<Model> model = Model::load({reinterpret_cast<const uint8_t*>(file.data()), tflite.size()});
  EXPECT_TRUE(model.ok());
  std::vector<uint64_t> arena(1 << 15);
  Interpreter interpreter;
  const Status status =
      interpreter.prepare(*model, ops, {reinterpret_cast<uint8_t*>(arena.data()), arena.size() * 8});
  Planned planned;
  planned.bytes.assign(interpreter.plan_bytes().begin(), interpreter.plan_bytes().end());
  std::vector<char> text(300);
  if (!status.ok()) planned.refusal = {text.data(), describe(status, &*model, text)};
  return planned;
}

// tanh(x) of int8, and of float.
std::vector<uint8_t> two_tanhs() {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = TensorType::INT8, .shape = {4}, .scale = {1}});
  const int y = b.tensor({.name = "y", .type = TensorType::INT8, .shape = {4}, .scale = {1.0F / 128}});
  const int u = b.tensor({.name = "u", .shape = {4}});
  const int v = b.tensor({.name = "v", .shape = {4}});
  b.op(BuiltinOperator::TANH, {x}, {y});
  b.op(BuiltinOperator::TANH, {u}, {v});
  b.inputs({x, u});
  b.outputs({y, v});
  return b.finish();
}

TEST(NarrowOps, PlanAsTheFullOnesDo) {
  static constexpr const OpDef* kOps[] = {&op::average_pool_2d_s8, &op::conv_2d_s8, &op::depthwise_conv_2d_s8,
                                          &op::reshape, &op::softmax_s8};
  const std::vector<uint8_t> tflite = test::read_file(TANDEM_MODELS "/person_shaped.tflite");
  const Planned narrow = plan(tflite, kOps);
  EXPECT_EQ(narrow.refusal, "");
  EXPECT_EQ(narrow.bytes, plan(tflite, all_ops()).bytes);
}

TEST(NarrowOps, RefuseOtherTypesAndSayWhatToRegister) {
  static constexpr const OpDef* kS8[] = {&op::fully_connected_s8};
  EXPECT_EQ(plan(test::read_file(TANDEM_MODELS "/sine_int8.tflite"), kS8).refusal, "");
  const std::string refusal = plan(test::read_file(TANDEM_MODELS "/sine_float.tflite"), kS8).refusal;
  EXPECT_TRUE(refusal.starts_with("op 0 FULLY_CONNECTED ")) << refusal;
  EXPECT_TRUE(
      refusal.ends_with(": the program registers this operator without its kernel for these types "
                        "(fully_connected_f32__ref); register op::fully_connected, which has them all"))
      << refusal;
}

TEST(NarrowOps, RefuseWhatTheFullOneRefusesForItsOwnReason) {
  static constexpr const OpDef* kS8[] = {&op::tanh_s8};
  const std::vector<uint8_t> int32 =
      test::unary_model(BuiltinOperator::TANH, 4, {TensorType::INT32}, test::kF32);
  EXPECT_EQ(plan(int32, kS8).refusal,
            "op 0 TANH \"y\": input 0 has type INT32, which this operator does not support there");
}

TEST(NarrowOps, OfOneOperatorAddUp) {
  static constexpr const OpDef* kBoth[] = {&op::tanh_s8, &op::tanh_f32};
  static constexpr const OpDef* kF32[] = {&op::tanh_f32};
  const std::vector<uint8_t> tflite = two_tanhs();
  EXPECT_EQ(plan(tflite, kBoth).refusal, "");
  EXPECT_EQ(plan(tflite, kBoth).bytes, plan(tflite, all_ops()).bytes);
  EXPECT_TRUE(plan(tflite, kF32).refusal.starts_with("op 0 TANH")) << plan(tflite, kF32).refusal;
}

struct NarrowOp {
  const char* name;
  const OpDef* narrow;
  Builtin builtin;
};
constexpr NarrowOp kNarrowOps[] = {
#define TANDEM_OP(builtin, name)
#define TANDEM_NARROW_OP(builtin, name) {#name, &op::name, Builtin::builtin},
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
};

TEST(NarrowOps, AreTheFullOnesWithFewerKernels) {
  for (const auto& [name, narrow, builtin] : kNarrowOps) {
    EXPECT_EQ(narrow->builtin, static_cast<int32_t>(builtin)) << name;
    const auto same_code = [&](const OpDef& def) {
      return narrow->custom_code == nullptr || std::string_view(narrow->custom_code) == def.custom_code;
    };
    const auto full = std::ranges::find_if(
        all_ops(), [&](const OpDef* def) { return def->builtin == narrow->builtin && same_code(*def); });
    EXPECT_EQ(narrow->plan, (*full)->plan) << name;
    EXPECT_LT(narrow->kernels.size(), (*full)->kernels.size()) << name;
    for (const AnyKernel* kernel : narrow->kernels) {
      EXPECT_NE(std::ranges::find((*full)->kernels, kernel), (*full)->kernels.end()) << name;
    }
  }
}

// Every kernel comes with some operator: none is there that no plan can use.
// What stands left of __ in a kernel's name.
std::string contract(KernelId id) {
  const std::string name = kernel_name(id);
  return name.substr(0, name.find("__"));
}

TEST(AllOps, BringAKernelOfEachContract) {
  for (uint32_t id = 0; id < static_cast<uint32_t>(KernelId::kCount); ++id) {
    const std::string wanted = contract(static_cast<KernelId>(id));
    const auto brings = [&](const OpDef* def) {
      return std::ranges::any_of(def->kernels, [&](const AnyKernel* k) { return contract(k->id) == wanted; });
    };
    EXPECT_TRUE(std::ranges::any_of(all_ops(), brings)) << wanted;
  }
}

// An operator with two variants of a contract, for tests: it prefers the first.
Status plan_copy(OpContext& c) {
  const CopyParams params{.in = c.ref(c.input(0)), .out = c.ref(c.output(0)), .bytes = c.input(0).bytes};
  if (c.has(kernel_id::strided_copy__ref)) {
    StridedCopyParams strided{.in = params.in, .out = params.out, .rank = 1, .run_bytes = params.bytes};
    strided.dims = c.prepared<StridedDim>(1, [](std::span<StridedDim> dims) { dims[0] = {.count = 1}; });
    c.emit(kernel_id::strided_copy__ref, strided);
  } else {
    c.emit(kernel_id::copy__ref, params);
  }
  return {};
}

TEST(OpContext, HasTheKernelsThatTheProgramBrings) {
  static constexpr int32_t kTanh = static_cast<int32_t>(Builtin::TANH);
  static constexpr OpDef kPlain{.builtin = kTanh, .plan = plan_copy, .kernels = kKernelList<copy__ref>};
  static constexpr OpDef kStrided{
      .builtin = kTanh, .plan = plan_copy, .kernels = kKernelList<strided_copy__ref>};
  static constexpr OpDef kOther{.builtin = static_cast<int32_t>(Builtin::RELU),
                                .plan = plan_copy,
                                .kernels = kKernelList<strided_copy__ref>};
  const std::vector<uint8_t> tflite = test::unary_model(BuiltinOperator::TANH, 4, test::kF32, test::kF32);
  const auto kernels = [&](std::initializer_list<const OpDef*> ops) {
    const std::vector<uint8_t> bytes = plan(tflite, {ops.begin(), ops.size()}).bytes;
    std::vector<uint64_t> aligned(bytes.size() / 8 + 1);
    std::ranges::copy(bytes, reinterpret_cast<uint8_t*>(aligned.data()));
    const std::span<const KernelId> ids =
        PlanView(reinterpret_cast<const uint8_t*>(aligned.data())).kernels();
    return std::vector<KernelId>(ids.begin(), ids.end());
  };
  EXPECT_EQ(kernels({&kPlain}), std::vector{KernelId::copy__ref});
  EXPECT_EQ(kernels({&kPlain, &kStrided}), std::vector{KernelId::strided_copy__ref});
  EXPECT_EQ(kernels({&kPlain, &kOther}), std::vector{KernelId::copy__ref}) << "of another operator";
}

TEST(KernelName, IsThatOfTheList) {
  EXPECT_STREQ(kernel_name(KernelId{0}), "abs_f32__ref");
  EXPECT_STREQ(kernel_name(KernelId::conv_2d_s8__ref), "conv_2d_s8__ref");
  EXPECT_STREQ(kernel_name(KernelId::transpose_conv_s8__ref), "transpose_conv_s8__ref");
  EXPECT_STREQ(kernel_name(KernelId::kCount), "?");
}

}  // namespace
}  // namespace tandem
