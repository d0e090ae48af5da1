#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;
using Values = std::vector<float>;

class Graphs : public ModelBuilder {
 public:
  int32_t real(int32_t count = 2) { return tensor({.name = "r", .shape = {count}}); }
  int32_t boolean() { return tensor({.name = "b", .type = TensorType::BOOL, .shape = {}}); }
  int32_t constant_bool(bool value) {
    return constant_bytes({.name = "c", .type = TensorType::BOOL}, std::vector<uint8_t>{value});
  }
  int32_t constant_real(float value) {
    return constant({.name = "k", .shape = {1}}, std::vector<float>{value});
  }
  void add(int32_t a, int32_t b, int32_t y) { op(BuiltinOperator::ADD, {a, b}, {y}, schema::AddOptionsT{}); }
  void if_else(std::vector<int32_t> in, std::vector<int32_t> out, int32_t then_graph, int32_t else_graph) {
    schema::IfOptionsT options;
    options.then_subgraph_index = then_graph;
    options.else_subgraph_index = else_graph;
    op(BuiltinOperator::IF, std::move(in), std::move(out), options);
  }
  void while_loop(std::vector<int32_t> in, std::vector<int32_t> out, int32_t condition, int32_t body) {
    schema::WhileOptionsT options;
    options.cond_subgraph_index = condition;
    options.body_subgraph_index = body;
    op(BuiltinOperator::WHILE, std::move(in), std::move(out), options);
  }
  void call_once(int32_t graph) {
    schema::CallOnceOptionsT options;
    options.init_subgraph_index = graph;
    op(BuiltinOperator::CALL_ONCE, {}, {}, options);
  }
  // A subgraph y = x + value.
  void adding(float value) {
    add_subgraph("adds");
    const int32_t x = real();
    const int32_t y = real();
    add(x, constant_real(value), y);
    inputs({x});
    outputs({y});
  }
};

// y = condition ? x + 1 : x + 10, then the same subgraphs once more the other way round.
std::vector<uint8_t> two_ifs() {
  Graphs g;
  const int32_t condition = g.boolean();
  const int32_t x = g.real();
  const int32_t y = g.real();
  const int32_t z = g.real();
  g.if_else({condition, x}, {y}, 1, 2);
  g.if_else({condition, y}, {z}, 2, 1);
  g.inputs({condition, x});
  g.outputs({y, z});
  g.adding(1);
  g.adding(10);
  return g.finish();
}

TEST(If, RunsOneOfTwoSubgraphsAsTheConditionSays) {
  for (const uint32_t workers : {1U, 2U}) {
    test::LoadedModel model(two_ifs(), workers);
    ASSERT_TRUE(model.status().ok()) << model.refusal();
    for (const uint8_t condition : {1, 0, 1}) {
      model.set_input<uint8_t>(0, {condition});
      model.set_input<float>(1, {3, 4});
      model.invoke();
      EXPECT_EQ(model.output<float>(0), condition != 0 ? (Values{4, 5}) : (Values{13, 14}));
      EXPECT_EQ(model.output<float>(1), (Values{14, 15}));
    }
  }
}

TEST(If, KeepsTheCallersTensorsApartFromThoseOfTheCalled) {
  Graphs g;  // y = x + (c ? (c ? x + 1 : x + 1) + x : same): a caller's x is read again after its call
  const int32_t condition = g.boolean();
  const int32_t x = g.real();
  const int32_t called = g.real();
  const int32_t y = g.real();
  g.if_else({condition, condition, x}, {called}, 1, 1);
  g.add(called, x, y);
  g.inputs({condition, x});
  g.outputs({y});
  g.add_subgraph("calls");
  const int32_t c = g.boolean();
  const int32_t a = g.real();
  const int32_t deeper = g.real();
  const int32_t sum = g.real();
  g.if_else({c, a}, {deeper}, 2, 2);
  g.add(deeper, a, sum);
  g.inputs({c, a});
  g.outputs({sum});
  g.adding(1);
  test::LoadedModel model(g.finish());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  model.set_input<uint8_t>(0, {1});
  model.set_input<float>(1, {3, 4});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (Values{10, 13}));
}

// Operands that are constants which the file does not align: they are copied into the plan.
TEST(If, TakesConstantsThatAreNotAligned) {
  Graphs g;
  const int32_t y = g.real(1);
  g.if_else({g.constant_bool(true), g.constant_real(42)}, {y}, 1, 1);
  g.inputs({});
  g.outputs({y});
  g.add_subgraph("same");
  const int32_t x = g.real(1);
  g.inputs({x});
  g.outputs({x});
  const std::vector<uint8_t> tflite = g.finish();
  std::vector<uint64_t> memory(tflite.size() / 8 + 3);
  auto* const unaligned = reinterpret_cast<uint8_t*>(memory.data()) + 1;
  std::ranges::copy(tflite, unaligned);
  const Result<Model> model = Model::load({unaligned, tflite.size()});
  ASSERT_TRUE(model.ok());
  std::vector<uint64_t> arena(512);
  Interpreter interpreter;
  ASSERT_TRUE(interpreter.prepare(*model, all_ops(), {reinterpret_cast<uint8_t*>(arena.data()), 4096}).ok());
  ASSERT_TRUE(interpreter.invoke().ok());
  EXPECT_EQ(interpreter.output(0).data<float>()[0], 42);
}

// A loop that adds 1 as long as the first of three flags is set, and moves them up.
std::vector<uint8_t> flag_loop() {
  Graphs g;
  std::vector<int32_t> in = {g.boolean(), g.boolean(), g.boolean(), g.real()};
  std::vector<int32_t> out = {g.boolean(), g.boolean(), g.boolean(), g.real()};
  g.while_loop(in, out, 1, 2);
  g.inputs(in);
  g.outputs(out);
  g.add_subgraph("condition");
  in = {g.boolean(), g.boolean(), g.boolean(), g.real()};
  g.inputs(in);
  g.outputs({in[0]});
  g.add_subgraph("body");
  in = {g.boolean(), g.boolean(), g.boolean(), g.real()};
  const int32_t next = g.real();
  g.add(in[3], g.constant_real(1), next);
  g.inputs(in);
  g.outputs({in[1], in[2], g.constant_bool(false), next});
  return g.finish();
}

TEST(While, RunsItsBodyAsLongAsTheConditionHolds) {
  for (const uint32_t workers : {1U, 2U}) {
    test::LoadedModel model(flag_loop(), workers);
    ASSERT_TRUE(model.status().ok()) << model.refusal();
    for (int times = 0; times <= 3; ++times) {
      for (uint32_t i = 0; i < 3; ++i)
        model.set_input<uint8_t>(i, {static_cast<uint8_t>(static_cast<int>(i) < times)});
      model.set_input<float>(3, {5, 7});
      model.invoke();
      EXPECT_EQ(model.output<uint8_t>(0)[0], 0);
      EXPECT_EQ(model.output<float>(3),
                (Values{5.0F + static_cast<float>(times), 7.0F + static_cast<float>(times)}));
    }
  }
}

TEST(While, EndsWhereTheLimitOfCalledStepsIs) {
  test::LoadedModel model(flag_loop());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  const auto run = [&](uint32_t limit) {
    model.interpreter().limit_called_steps(limit);
    for (uint32_t i = 0; i < 3; ++i) model.set_input<uint8_t>(i, {1});
    model.set_input<float>(3, {0, 0});
    return model.interpreter().invoke();
  };
  // Four conditions of no step, three bodies of one.
  EXPECT_TRUE(run(4 * 1 + 3 * 2).ok());
  const Outcome outcome = run(4 * 1 + 3 * 2 - 1);
  EXPECT_EQ(outcome.kind, Outcome::Kind::kDataError);
  EXPECT_EQ(outcome.op, 0);
  EXPECT_TRUE(run(4 * 1 + 3 * 2).ok()) << "the limit is an invocation's";
}

// ---- hostile

TEST(While, ThatNeverEndsIsEnded) {
  for (const bool has_steps : {true, false}) {
    Graphs g;
    const int32_t x = g.real();
    const int32_t y = g.real();
    g.while_loop({x}, {y}, 1, 2);
    g.inputs({x});
    g.outputs({y});
    g.add_subgraph("always");
    g.inputs({g.real()});
    g.outputs({g.constant_bool(true)});
    if (has_steps) {
      g.adding(1);
    } else {
      g.add_subgraph("nothing");
      const int32_t same = g.real();
      g.inputs({same});
      g.outputs({same});
    }
    test::LoadedModel model(g.finish());
    ASSERT_TRUE(model.status().ok()) << model.refusal();
    EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
  }
}

// Subgraph d calls subgraph d + 1 `width` times; the last one adds.
std::vector<uint8_t> tower(int32_t depth, int32_t width) {
  Graphs g;
  for (int32_t d = 0; d < depth; ++d) {
    if (d > 0) g.add_subgraph("floor");
    const int32_t x = g.real();
    int32_t last = x;
    for (int32_t i = 0; i < width; ++i) {
      const int32_t next = g.real();
      g.if_else({g.constant_bool(true), last}, {next}, d + 1, d + 1);
      last = next;
    }
    g.inputs({x});
    g.outputs({last});
  }
  g.adding(1);
  return g.finish();
}

TEST(If, CallsNestEightDeep) {
  test::LoadedModel model(tower(8, 1));
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  model.set_input<float>(0, {1, 2});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (Values{2, 3}));
  EXPECT_EQ(test::LoadedModel(tower(9, 1)).refusal(),
            "subgraph 8, op 0 IF \"r\": subgraph 9 is called deeper than 8 calls, or calls itself; convert "
            "the model "
            "without recursion");
}

TEST(If, CallsThatMultiplyAreEnded) {
  test::LoadedModel model(tower(8, 30));
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError) << "30^8 additions";
}

TEST(If, RefusesRecursion) {
  for (const int32_t callee : {0, 1, 2}) {  // the main subgraph, the caller, its caller
    Graphs g;
    const int32_t x = g.real();
    const int32_t y = g.real();
    g.if_else({g.constant_bool(true), x}, {y}, 1, 1);
    g.inputs({x});
    g.outputs({y});
    for (const int32_t called : {2, callee}) {
      g.add_subgraph("calls");
      const int32_t a = g.real();
      const int32_t b = g.real();
      g.if_else({g.constant_bool(true), a}, {b}, called, called);
      g.inputs({a});
      g.outputs({b});
    }
    EXPECT_EQ(test::LoadedModel(g.finish()).status().code, Code::kCallDepth) << callee;
  }
}

// ---- refusals

// An IF of subgraph 1, which `called` makes, on both sides.
std::string refusal_of_if(const std::function<void(Graphs&)>& called, int32_t callee = 1) {
  Graphs g;
  const int32_t condition = g.boolean();
  const int32_t x = g.real();
  const int32_t y = g.real();
  g.if_else({condition, x}, {y}, callee, 1);
  g.inputs({condition, x});
  g.outputs({y});
  g.add_subgraph("called");
  called(g);
  return test::LoadedModel(g.finish()).refusal();
}

TEST(If, RefusesSubgraphsThatDoNotFit) {
  EXPECT_EQ(refusal_of_if([](Graphs& g) {
              g.inputs({g.real(), g.real()});
              g.outputs({0});
            }),
            "op 0 IF \"r\": subgraph 1 has 2 inputs or outputs, which are not as many as the operator that "
            "calls it "
            "has; convert the model again");
  EXPECT_EQ(refusal_of_if([](Graphs& g) {
              g.inputs({g.real()});
              g.outputs({0, 0});
            }),
            "op 0 IF \"r\": subgraph 1 has 2 inputs or outputs, which are not as many as the operator that "
            "calls it "
            "has; convert the model again");
  EXPECT_EQ(refusal_of_if([](Graphs& g) {
              g.inputs({g.real(3)});
              g.outputs({0});
            }),
            "op 0 IF \"r\": input 0 of subgraph 1 has another type or size than what the operator gives it; "
            "convert "
            "the model again");
  EXPECT_EQ(refusal_of_if([](Graphs& g) {
              g.inputs({g.real()});
              g.outputs({g.constant({.type = TensorType::INT32, .shape = {2}}, {1, 2})});
            }),
            "op 0 IF \"r\": output 0 of subgraph 1 has another type or size than what the operator takes; "
            "convert the "
            "model again");
  EXPECT_EQ(refusal_of_if(
                [](Graphs& g) {
                  g.inputs({g.real()});
                  g.outputs({0});
                },
                2),
            "op 0 IF \"r\": the operator calls subgraph 2, which does not exist; the model has 2");
}

TEST(If, RefusesAConditionThatIsNotOneBool) {
  for (const bool two : {false, true}) {
    Graphs g;
    const int32_t condition =
        g.tensor({.type = two ? TensorType::BOOL : TensorType::INT8, .shape = {two ? 2 : 1}});
    const int32_t x = g.real();
    const int32_t y = g.real();
    g.if_else({condition, x}, {y}, 1, 1);
    g.inputs({condition, x});
    g.outputs({y});
    g.adding(1);
    EXPECT_EQ(test::LoadedModel(g.finish()).status().code, two ? Code::kInputShape : Code::kInputType);
  }
}

TEST(While, RefusesAConditionThatGivesNoBool) {
  Graphs g;
  const int32_t x = g.real();
  const int32_t y = g.real();
  g.while_loop({x}, {y}, 1, 1);
  g.inputs({x});
  g.outputs({y});
  g.adding(1);
  EXPECT_EQ(test::LoadedModel(g.finish()).refusal(),
            "op 0 WHILE \"r\": subgraph 1 does not give a BOOL as its first output, as the condition of a "
            "loop must; "
            "convert the model again");
}

TEST(CallOnce, RefusesASubgraphWithInputs) {  // found by fuzzing: nobody writes them
  Graphs g;
  const int32_t x = g.real();
  g.inputs({x});
  g.outputs({x});
  g.call_once(1);
  g.adding(1);
  EXPECT_EQ(test::LoadedModel(g.finish()).status().code, Code::kCalledOperands);
}

TEST(CallOnce, RefusalsInsideNameTheirPlace) {
  Graphs g;
  const int32_t x = g.real();
  g.inputs({x});
  g.outputs({x});
  g.call_once(1);
  g.add_subgraph("called");
  const int32_t y = g.real();
  g.add(g.constant_real(1), g.constant({.type = TensorType::INT32, .shape = {1}}, {1}), y);
  const test::LoadedModel model(g.finish());
  EXPECT_EQ(model.status().subgraph, 1);
  EXPECT_EQ(model.refusal().substr(0, 26), "subgraph 1, op 0 ADD \"r\": ");
}

}  // namespace
}  // namespace tandem
