// A plan is plain data: written to a file, it runs in a program that has no planner, at other addresses.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "exec/executor.h"
#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

std::vector<uint8_t> all_outputs(const Interpreter& interpreter) {
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < interpreter.output_count(); ++i) {
    const std::span<uint8_t> output = interpreter.output(i).bytes;
    bytes.insert(bytes.end(), output.begin(), output.end());
  }
  return bytes;
}

void write(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// Fills input i with bytes that depend on i and the position alone.
void fill_inputs(const Interpreter& interpreter) {
  for (uint32_t i = 0; i < interpreter.input_count(); ++i) {
    const TensorView input = interpreter.input(i);
    uint32_t state = 12345 + i;
    if (input.type == Type::kFloat32) {
      for (float& x : input.data<float>())
        x = static_cast<float>((state = state * 1664525 + 1013904223) >> 8) / (1 << 23) - 1;
    } else {
      for (uint8_t& x : input.bytes) x = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
    }
  }
}

// Sections beside the main one, and variables: CALL_ONCE, IF, WHILE (once), a resource variable.
std::string control_flow_model() {
  using schema::BuiltinOperator;
  using schema::TensorType;
  models::ModelBuilder b;
  const auto real = [&] { return b.tensor({.shape = {2}}); };
  const auto constant_bool = [&](bool value) {
    return b.constant_bytes({.type = TensorType::BOOL}, std::vector<uint8_t>{value});
  };
  const auto handle = [&] {
    const int32_t h = b.tensor({.type = TensorType::RESOURCE});
    schema::VarHandleOptionsT options;
    options.shared_name = "v";
    b.op(BuiltinOperator::VAR_HANDLE, {}, {h}, options);
    return h;
  };
  const int32_t x = real(), chosen = real(), looped = real(), before = real(), y = real();
  const int32_t flag = b.tensor({.type = TensorType::BOOL});
  schema::CallOnceOptionsT once;
  once.init_subgraph_index = 1;
  b.op(BuiltinOperator::CALL_ONCE, {}, {}, once);
  schema::IfOptionsT branches;
  branches.then_subgraph_index = 2;
  branches.else_subgraph_index = 2;
  b.op(BuiltinOperator::IF, {constant_bool(true), x}, {chosen}, branches);
  schema::WhileOptionsT loop;
  loop.cond_subgraph_index = 3;
  loop.body_subgraph_index = 4;
  b.op(BuiltinOperator::WHILE, {constant_bool(true), chosen}, {flag, looped}, loop);
  const int32_t h = handle();
  b.op(BuiltinOperator::READ_VARIABLE, {h}, {before});
  b.op(BuiltinOperator::ADD, {looped, before}, {y}, schema::AddOptionsT{});
  b.op(BuiltinOperator::ASSIGN_VARIABLE, {h, y}, {});
  b.inputs({x});
  b.outputs({y});

  b.add_subgraph("initialize");
  b.op(BuiltinOperator::ASSIGN_VARIABLE, {handle(), b.constant({.shape = {2}}, {3.F, 5.F})}, {});
  b.add_subgraph("doubles");
  const int32_t in = real(), sum = real();
  b.op(BuiltinOperator::ADD, {in, in}, {sum}, schema::AddOptionsT{});
  b.inputs({in});
  b.outputs({sum});
  b.add_subgraph("condition");
  const int32_t again = b.tensor({.type = TensorType::BOOL});
  b.inputs({again, real()});
  b.outputs({again});
  b.add_subgraph("body");
  const int32_t from = real(), next = real();
  b.op(BuiltinOperator::ADD, {from, b.constant({.shape = {1}}, {1.F})}, {next}, schema::AddOptionsT{});
  b.inputs({b.tensor({.type = TensorType::BOOL}), from});
  b.outputs({constant_bool(false), next});
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "tandem_control_flow.tflite";
  write(path, b.finish());
  return path.string();
}

std::vector<std::string> models() {
  std::vector<std::string> paths = {control_flow_model(), TANDEM_MODELS "/sine_int8.tflite",
                                    TANDEM_MODELS "/sine_float.tflite",
                                    TANDEM_MODELS "/person_shaped.tflite"};
  if (const std::string shared = test::reference_data(); !shared.empty()) {
    for (const char* name : {"person_detect", "keyword_scrambled", "pretrainedResnet_quant", "vww_96_float",
                             "micro_speech_lstm"}) {
      paths.push_back(shared + "/models/" + name + ".tflite");
    }
  }
  return paths;
}

class PlanBytes : public testing::TestWithParam<std::string> {};

TEST_P(PlanBytes, RunElsewhereWithoutThePlanner) {
  const std::vector<uint8_t> tflite = test::read_file(GetParam());
  ASSERT_FALSE(tflite.empty());
  test::LoadedModel model(tflite);
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  fill_inputs(model.interpreter());
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "tandem_plan_bytes_test";
  std::filesystem::create_directories(folder);
  std::string command = TANDEM_RUN_PLAN " '" + (folder / "plan").string() + "' '" + GetParam() + "'";
  for (uint32_t i = 0; i < model.interpreter().input_count(); ++i) {
    const std::filesystem::path file = folder / ("input" + std::to_string(i));
    write(file, model.interpreter().input(i).bytes);
    command += " '" + file.string() + "'";
  }
  write(folder / "plan", model.interpreter().plan_bytes());
  model.invoke();
  ASSERT_EQ(std::system((command + " > '" + (folder / "output").string() + "'").c_str()), 0);
  EXPECT_EQ(test::read_file((folder / "output").string()), all_outputs(model.interpreter()));
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Models, PlanBytes, testing::ValuesIn(models()),
                         [](const auto& path) { return std::filesystem::path(path.param).stem().string(); });

// What check_plan refuses, one broken thing at a time.
TEST(CheckPlan, RefusesWhatDoesNotBelongTogether) {
  const std::vector<uint8_t> tflite = test::read_file(TANDEM_MODELS "/sine_int8.tflite");
  test::LoadedModel model(tflite);
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  const std::span<const uint8_t> bytes = model.interpreter().plan_bytes();
  std::vector<uint64_t> storage(bytes.size() / 8 + 1);
  const std::span<uint8_t> plan(reinterpret_cast<uint8_t*>(storage.data()), bytes.size());
  std::ranges::copy(bytes, plan.begin());
  const PlanView view(plan.data());
  std::vector<AnyKernel> entries;
  for (const KernelId id : view.kernels()) entries.push_back({.id = id, .run = nullptr});
  std::vector<const AnyKernel*> kernels;
  for (const AnyKernel& entry : entries) kernels.push_back(&entry);
  std::vector<uint64_t> arena_words(view.header().arena_bytes / 8 + 1);
  const std::span<uint8_t> arena(reinterpret_cast<uint8_t*>(arena_words.data()), arena_words.size() * 8);
  const std::span<const uint8_t> constants = model.model().bytes();

  EXPECT_TRUE(check_plan(plan, constants, arena, kernels).ok());
  EXPECT_EQ(check_plan(plan.first(8), constants, arena, kernels).code, Code::kPlanCorrupt);
  EXPECT_EQ(check_plan(plan.first(plan.size() - 1), constants, arena, kernels).code, Code::kPlanCorrupt);
  EXPECT_EQ(check_plan(plan, constants.first(constants.size() - 1), arena, kernels).code,
            Code::kPlanConstants);
  EXPECT_EQ(check_plan(plan, constants.subspan(1), arena, kernels).code, Code::kPlanConstants);
  EXPECT_EQ(check_plan(plan, constants, arena.first(view.header().arena_bytes - 1), kernels).code,
            Code::kArenaTooSmall);
  EXPECT_EQ(check_plan(plan, constants, arena.subspan(1), kernels).code, Code::kArenaUnaligned);
  EXPECT_EQ(check_plan(plan, constants, arena, std::span(kernels).first(0)).code, Code::kPlanCorrupt);
  const AnyKernel other{.id = KernelId::copy__ref, .run = nullptr};
  kernels[0] = &other;
  EXPECT_EQ(check_plan(plan, constants, arena, kernels).code, Code::kPlanKernels);
  plan[0] ^= 1;
  EXPECT_EQ(check_plan(plan, constants, arena, kernels).code, Code::kPlanCorrupt);
}

}  // namespace
}  // namespace tandem
