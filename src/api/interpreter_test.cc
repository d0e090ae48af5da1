#include "tandem/interpreter.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "models/model_builder.h"
#include "models/random.h"
#include "port/posix/posix_port.h"
#include "run_model.h"

namespace tandem {
namespace {

using schema::BuiltinOperator;
using schema::TensorType;

std::vector<uint8_t> person_shaped() { return test::read_file(TANDEM_MODELS "/person_shaped.tflite"); }

void fill_randomly(std::span<uint8_t> bytes, uint64_t seed) {
  models::SplitMix64 random(seed);
  std::ranges::generate(bytes, [&] { return static_cast<uint8_t>(random.next()); });
}

std::vector<uint8_t> output_bytes(const Interpreter& interpreter) {
  const std::span<uint8_t> bytes = interpreter.output(0).bytes;
  return {bytes.begin(), bytes.end()};
}

// Bytes at an address `offset` above a multiple of 16.
class PlacedBytes {
 public:
  PlacedBytes(size_t size, size_t offset) : storage_(size + 32), size_(size) {
    start_ = (16 - reinterpret_cast<uintptr_t>(storage_.data()) % 16) % 16 + offset;
  }
  PlacedBytes(std::span<const uint8_t> bytes, size_t offset) : PlacedBytes(bytes.size(), offset) {
    std::ranges::copy(bytes, this->bytes().begin());
  }
  std::span<uint8_t> bytes() { return std::span(storage_).subspan(start_, size_); }

 private:
  std::vector<uint8_t> storage_;
  size_t size_;
  size_t start_ = 0;
};

std::vector<uint8_t> run(std::span<uint8_t> tflite, std::span<uint8_t> arena, uint64_t seed,
                         uint32_t workers = 1) {
  PosixPort port(workers);
  const Result<Model> model = Model::load(tflite);
  EXPECT_TRUE(model.ok());
  Interpreter interpreter;
  const Status status = interpreter.prepare(*model, all_ops(), arena, port.port());
  EXPECT_TRUE(status.ok());
  fill_randomly(interpreter.input(0).bytes, seed);
  EXPECT_TRUE(interpreter.invoke().ok());
  return output_bytes(interpreter);
}

TEST(Interpreter, OneTwoAndFourWorkersGiveTheSameBytes) {
  std::vector<uint8_t> tflite = person_shaped();
  std::vector<uint8_t> arena(256 * 1024);
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const std::vector<uint8_t> one = run(tflite, arena, seed, 1);
    EXPECT_EQ(run(tflite, arena, seed, 2), one) << "seed=" << seed;
    EXPECT_EQ(run(tflite, arena, seed, 4), one) << "seed=" << seed;
  }
}

TEST(Interpreter, ArenaOfExactlyTheNeededSizeIsEnoughAndOneByteLessIsNot) {
  const std::vector<uint8_t> tflite = person_shaped();
  const Result<Model> model = Model::load(tflite);
  std::vector<uint8_t> workspace(*workspace_bytes(*model));
  const Result<ArenaNeed> need = arena_need(*model, all_ops(), workspace);
  ASSERT_TRUE(need.ok());
  PlacedBytes arena(need->arena_bytes, 0);
  Interpreter interpreter;
  ASSERT_TRUE(interpreter.prepare(*model, all_ops(), arena.bytes()).ok());
  EXPECT_EQ(interpreter.arena_used_bytes(), need->arena_bytes);

  const Status status = interpreter.prepare(*model, all_ops(), arena.bytes().first(need->arena_bytes - 1));
  EXPECT_EQ(status.code, Code::kArenaTooSmall);
  std::vector<char> text(200);
  EXPECT_EQ(std::string(text.data(), describe(status, &*model, text)),
            "needs " + std::to_string(need->arena_bytes) + " bytes of arena, " +
                std::to_string(need->arena_bytes - 1) + " given; make the arena larger");
  // Refused means no model: nothing is left that could run.
  EXPECT_EQ(interpreter.input_count(), 0U);
  EXPECT_TRUE(interpreter.input(0).bytes.empty());
  EXPECT_EQ(interpreter.invoke().kind, Outcome::Kind::kDataError);
}

TEST(Interpreter, AnyArenaSizeIsRefusedOrEnough) {
  const std::vector<uint8_t> tflite = test::read_file(TANDEM_MODELS "/sine_int8.tflite");
  const Result<Model> model = Model::load(tflite);
  Interpreter interpreter;
  unsigned enough = 0;
  for (size_t size = 0; size < 2048; ++size) {
    PlacedBytes arena(size + 16, size % 8);
    std::ranges::fill(arena.bytes(), uint8_t{0xA5});
    if (!interpreter.prepare(*model, all_ops(), arena.bytes().first(size)).ok()) continue;
    ++enough;
    EXPECT_TRUE(interpreter.invoke().ok());
    const std::span<uint8_t> behind = arena.bytes().last(16);
    EXPECT_TRUE(std::ranges::all_of(behind, [](uint8_t byte) { return byte == 0xA5; })) << size;
  }
  EXPECT_GT(enough, 1000U);
}

TEST(Interpreter, ArenaAndModelMayStartAnywhere) {
  const std::vector<uint8_t> tflite = person_shaped();
  PlacedBytes aligned(tflite, 0);
  PlacedBytes arena(256 * 1024, 0);
  const std::vector<uint8_t> want = run(aligned.bytes(), arena.bytes(), 7);
  for (const size_t offset : {1, 2, 4, 8}) {
    PlacedBytes moved(tflite, offset);
    EXPECT_EQ(run(moved.bytes(), arena.bytes().subspan(offset), 7), want) << "offset " << offset;
  }
}

TEST(Interpreter, RunsAgainAndAgainAndSharesAnArenaInTurn) {
  std::vector<uint8_t> tflite = person_shaped();
  std::vector<uint8_t> arena(256 * 1024);
  const std::vector<uint8_t> first = run(tflite, arena, 1);
  const std::vector<uint8_t> second = run(tflite, arena, 2);
  EXPECT_NE(first, second);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run(tflite, arena, 1), first);

  const Result<Model> model = Model::load(tflite);
  Interpreter interpreter;
  ASSERT_TRUE(interpreter.prepare(*model, all_ops(), arena).ok());
  for (int i = 0; i < 3; ++i) {
    fill_randomly(interpreter.input(0).bytes, 2);
    ASSERT_TRUE(interpreter.invoke().ok());
    EXPECT_EQ(output_bytes(interpreter), second);
  }
}

TEST(Interpreter, NothingIsKeptInScratchMemory) {
  std::vector<uint8_t> tflite = person_shaped();
  std::vector<uint8_t> arena(200'000);
  const Result<Model> model = Model::load(tflite);
  Interpreter interpreter;
  EXPECT_TRUE(interpreter.scratch_memory().empty());
  ASSERT_TRUE(interpreter.prepare(*model, all_ops(), arena).ok());
  std::vector<std::vector<uint8_t>> outputs;
  for (const uint8_t fill : {0x00, 0xa5, 0xff}) {
    std::ranges::fill(interpreter.scratch_memory(), fill);
    fill_randomly(interpreter.input(0).bytes, 7);
    ASSERT_TRUE(interpreter.invoke().ok());
    outputs.push_back(output_bytes(interpreter));
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);
}

TEST(Interpreter, PlansAreDeterministic) {
  const std::vector<uint8_t> tflite = person_shaped();
  test::LoadedModel a(tflite);
  test::LoadedModel b(tflite);
  ASSERT_TRUE(a.status().ok() && b.status().ok());
  EXPECT_TRUE(std::ranges::equal(a.interpreter().plan_bytes(), b.interpreter().plan_bytes()));
}

TEST(Interpreter, OperatorsLeftOutOfTheOpSetAreNamed) {
  const std::vector<uint8_t> tflite = person_shaped();
  const Result<Model> model = Model::load(tflite);
  static constexpr const OpDef* kOps[] = {&op::depthwise_conv_2d, &op::softmax};
  std::vector<uint8_t> arena(256 * 1024);
  Interpreter interpreter;
  const Status status = interpreter.prepare(*model, kOps, arena);
  std::vector<char> text(300);
  const std::string sentence(text.data(), describe(status, &*model, text));
  EXPECT_TRUE(sentence.starts_with("op 2 CONV_2D ")) << sentence;
  EXPECT_TRUE(sentence.ends_with("operator is not in the program's OpSet; add it, or use all_ops()"))
      << sentence;
}

TEST(Interpreter, ProfilerSeesEveryStepInOrder) {
  std::vector<uint8_t> tflite = person_shaped();
  std::vector<uint8_t> arena(256 * 1024);
  const Result<Model> model = Model::load(tflite);
  PosixPort port(2);
  Interpreter interpreter;
  ASSERT_TRUE(interpreter.prepare(*model, all_ops(), arena, port.port()).ok());
  std::vector<StepProfile> steps;
  const Profiler profiler{.context = &steps, .on_step = [](void* context, const StepProfile& step) {
                            static_cast<std::vector<StepProfile>*>(context)->push_back(step);
                          }};
  interpreter.set_profiler(&profiler);
  ASSERT_TRUE(interpreter.invoke().ok());
  ASSERT_EQ(steps.size(), 30U);  // 31 operators, RESHAPE takes no step
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].step, i);
    EXPECT_LE(steps[i].begin, steps[i].end);
    if (i > 0) {
      EXPECT_GE(steps[i].begin, steps[i - 1].end);
    }
  }
  EXPECT_EQ(model->operator_name(steps[0].op), "DEPTHWISE_CONV_2D");
  EXPECT_EQ(model->operator_name(steps.back().op), "SOFTMAX");
}

TEST(Interpreter, ReshapeInPlaceTakesNoStepAndNoMemory) {
  models::ModelBuilder b;
  const int x = b.tensor({.name = "x", .shape = {2, 3}});
  const int y = b.tensor({.name = "y", .shape = {6}});
  b.op(BuiltinOperator::RESHAPE, {x}, {y}, schema::ReshapeOptionsT{});
  b.inputs({x});
  b.outputs({y});
  test::LoadedModel model(b.finish());
  EXPECT_EQ(model.need().tensor_bytes, 24U);
  model.set_input<float>(0, {1, 2, 3, 4, 5, 6});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(Interpreter, NothingPreparedIsRefusedEverywhere) {
  Interpreter interpreter;
  EXPECT_EQ(interpreter.output_count(), 0U);
  EXPECT_TRUE(interpreter.plan_bytes().empty());
  interpreter.reset_variables();
  EXPECT_FALSE(workspace_bytes(Model{}).ok());
  EXPECT_EQ(interpreter.prepare(Model{}, all_ops(), {}).code, Code::kNotPrepared);
}

}  // namespace
}  // namespace tandem
