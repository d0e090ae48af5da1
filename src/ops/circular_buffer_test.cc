#include <gtest/gtest.h>

#include "custom_op_model.h"
#include "run_model.h"

namespace tandem {
namespace {

using schema::TensorType;

// Two values a slot; tests change what they are about.
struct Buffer {
  int32_t slots = 3;
  int32_t cycles = 1;  // 0: the model does not say
  int64_t zero_point = 0;
  bool variable = false;
  std::vector<int32_t> input_shape = {1, 1, 1, 2};

  [[nodiscard]] std::vector<uint8_t> model() const {
    test::CustomOpModel m{
        .code = "CIRCULAR_BUFFER",
        .inputs = {{.name = "x", .type = TensorType::INT8, .shape = input_shape, .scale = {1}}},
        .outputs = {{.name = "y",
                     .type = TensorType::INT8,
                     .shape = {input_shape[0], slots, 1, 2},
                     .scale = {1},
                     .zero_point = {zero_point},
                     .is_variable = variable}}};
    if (cycles > 0) m.options = {{"cycles_max", cycles}};
    return m.build();
  }
};

using Values = std::vector<int8_t>;

Outcome::Kind push(test::LoadedModel& model, const Values& x) {
  model.set_input<int8_t>(0, x);
  return model.interpreter().invoke().kind;
}

TEST(CircularBuffer, KeepsTheLastInputs) {
  test::LoadedModel model(Buffer{}.model());
  ASSERT_EQ(model.refusal(), "");
  EXPECT_EQ(push(model, {1, 2}), Outcome::Kind::kOk);
  EXPECT_EQ(model.output<int8_t>(0), (Values{0, 0, 0, 0, 1, 2}));
  push(model, {3, 4});
  push(model, {5, 6});
  push(model, {7, 8});
  EXPECT_EQ(model.output<int8_t>(0), (Values{3, 4, 5, 6, 7, 8}));
  model.interpreter().reset_variables();
  push(model, {9, 9});
  EXPECT_EQ(model.output<int8_t>(0), (Values{0, 0, 0, 0, 9, 9}));
}

TEST(CircularBuffer, StartsWithTheZeroPoint) {
  test::LoadedModel model(Buffer{.slots = 2, .zero_point = -7}.model());
  push(model, {1, 2});
  EXPECT_EQ(model.output<int8_t>(0), (Values{-7, -7, 1, 2}));
}

TEST(CircularBuffer, HasAnOutputEverySoManyInvocations) {
  test::LoadedModel model(Buffer{.cycles = 3}.model());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(push(model, {1, 1}), Outcome::Kind::kNotYet);
    EXPECT_EQ(push(model, {2, 2}), Outcome::Kind::kNotYet);
    EXPECT_EQ(push(model, {3, 3}), Outcome::Kind::kOk);
    EXPECT_EQ(model.output<int8_t>(0), (Values{1, 1, 2, 2, 3, 3}));
  }
  push(model, {4, 4});
  model.interpreter().reset_variables();
  EXPECT_EQ(push(model, {1, 1}), Outcome::Kind::kNotYet) << "cycles start anew too";
  EXPECT_EQ(push(model, {1, 1}), Outcome::Kind::kNotYet);
  EXPECT_EQ(push(model, {1, 1}), Outcome::Kind::kOk);
}

TEST(CircularBuffer, TellsWhichOperatorWaits) {
  test::LoadedModel model(Buffer{.cycles = 2}.model());
  model.set_input<int8_t>(0, Values{0, 0});
  const Outcome outcome = model.interpreter().invoke();
  EXPECT_EQ(outcome.kind, Outcome::Kind::kNotYet);
  EXPECT_EQ(outcome.op, 0);
}

TEST(CircularBuffer, KnowsTheCyclesOfStreamingModels) {
  test::LoadedModel five(Buffer{.slots = 5, .cycles = 0}.model());
  EXPECT_EQ(push(five, {1, 1}), Outcome::Kind::kOk);
  test::LoadedModel four(Buffer{.slots = 4, .cycles = 0}.model());
  EXPECT_EQ(push(four, {1, 1}), Outcome::Kind::kNotYet);
  EXPECT_EQ(push(four, {1, 1}), Outcome::Kind::kOk);
}

TEST(CircularBuffer, KeepsItsHistoryInAVariableOutput) {
  test::LoadedModel model(Buffer{.slots = 2, .zero_point = 4, .variable = true}.model());
  ASSERT_EQ(model.refusal(), "");
  push(model, {1, 2});
  EXPECT_EQ(model.output<int8_t>(0), (Values{4, 4, 1, 2}));
  push(model, {3, 4});
  EXPECT_EQ(model.output<int8_t>(0), (Values{1, 2, 3, 4}));
}

TEST(CircularBuffer, KeepsBatchesApart) {
  test::LoadedModel model(Buffer{.slots = 2, .input_shape = {2, 1, 1, 2}}.model());
  push(model, {1, 2, 3, 4});
  push(model, {5, 6, 7, 8});
  EXPECT_EQ(model.output<int8_t>(0), (Values{1, 2, 5, 6, 3, 4, 7, 8}));
}

TEST(CircularBuffer, RefusesShapesThatAreNoSlot) {
  EXPECT_EQ(test::LoadedModel(Buffer{.input_shape = {1, 2, 1, 2}}.model()).status().code, Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(Buffer{.input_shape = {1, 1, 2, 2}}.model()).status().code, Code::kOutputShape);
  EXPECT_EQ(test::LoadedModel(Buffer{.slots = 0}.model()).status().code, Code::kOutputShape);
}

}  // namespace
}  // namespace tandem
