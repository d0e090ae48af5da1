#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;
using Values = std::vector<float>;

class Variables : public ModelBuilder {
 public:
  int32_t real(int32_t count = 2) { return tensor({.name = "r", .shape = {count}}); }
  int32_t handle_tensor() { return tensor({.name = "h", .type = TensorType::RESOURCE}); }
  int32_t handle(const std::string& name, const std::string& container = "") {
    const int32_t h = handle_tensor();
    schema::VarHandleOptionsT options;
    options.container = container;
    options.shared_name = name;
    op(BuiltinOperator::VAR_HANDLE, {}, {h}, options);
    return h;
  }
  void read(int32_t handle, int32_t value) { op(BuiltinOperator::READ_VARIABLE, {handle}, {value}); }
  void assign(int32_t handle, int32_t value) { op(BuiltinOperator::ASSIGN_VARIABLE, {handle, value}, {}); }
  void add(int32_t a, int32_t b, int32_t y) { op(BuiltinOperator::ADD, {a, b}, {y}, schema::AddOptionsT{}); }
  void call_once(int32_t graph) {
    schema::CallOnceOptionsT options;
    options.init_subgraph_index = graph;
    op(BuiltinOperator::CALL_ONCE, {}, {}, options);
  }
};

// A sum that grows by x with each invocation.
void accumulate(Variables& v, const std::string& name = "sum") {
  const int32_t x = v.real();
  const int32_t before = v.real();
  const int32_t after = v.real();
  const int32_t h = v.handle(name);
  v.read(h, before);
  v.add(before, x, after);
  v.assign(h, after);
  v.inputs({x});
  v.outputs({after});
}

Values run(test::LoadedModel& model, const Values& x) {
  model.set_input<float>(0, x);
  model.invoke();
  return model.output<float>(0);
}

TEST(ResourceVariable, LivesFromOneInvocationToTheNext) {
  Variables v;
  accumulate(v);
  test::LoadedModel model(v.finish());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  EXPECT_EQ(run(model, {1, 2}), (Values{1, 2}));
  EXPECT_EQ(run(model, {3, 4}), (Values{4, 6}));
  model.interpreter().reset_variables();
  EXPECT_EQ(run(model, {1, 1}), (Values{1, 1}));
}

TEST(ResourceVariable, IsSetOnceBySubgraphsAndAgainAfterAReset) {
  Variables v;
  v.call_once(1);
  accumulate(v);
  v.add_subgraph("initialize");
  v.assign(v.handle("sum"), v.constant({.name = "k", .shape = {2}}, {100.F, 200.F}));
  test::LoadedModel model(v.finish());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  EXPECT_EQ(run(model, {1, 1}), (Values{101, 201}));
  EXPECT_EQ(run(model, {1, 1}), (Values{102, 202}));
  model.interpreter().reset_variables();
  EXPECT_EQ(run(model, {1, 1}), (Values{101, 201}));
}

TEST(ResourceVariable, OfAnotherNameOrContainerIsAnother) {
  Variables v;
  accumulate(v);
  v.assign(v.handle("other"), v.constant({.shape = {2}}, {50.F, 50.F}));
  v.assign(v.handle("sum", "elsewhere"), v.constant({.shape = {1}}, {70.F}));
  test::LoadedModel model(v.finish());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  EXPECT_EQ(run(model, {1, 2}), (Values{1, 2}));
  EXPECT_EQ(run(model, {1, 2}), (Values{2, 4}));
}

TEST(ResourceVariable, StartsAtRealZero) {
  for (const bool assigned : {true, false}) {
    Variables v;
    const auto value = [&] {
      return v.tensor({.type = TensorType::INT8, .shape = {3}, .scale = {0.5F}, .zero_point = {-7}});
    };
    const int32_t out = value();
    const int32_t in = value();
    const int32_t h = v.handle("v");
    v.read(h, out);
    if (assigned) v.assign(h, in);
    v.inputs({in});
    v.outputs({out});
    test::LoadedModel model(v.finish());
    ASSERT_TRUE(model.status().ok()) << model.refusal();
    model.set_input<int8_t>(0, {1, 2, 3});
    model.invoke();
    const int8_t zero = assigned ? -7 : 0;  // only who assigns says what the bytes mean
    EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{zero, zero, zero}));
  }
}

TEST(ResourceVariable, HandlesGoThroughBranches) {
  Variables v;  // condition ? read(a) : read(b)
  const int32_t condition = v.tensor({.type = TensorType::BOOL});
  const int32_t x = v.real();
  const int32_t y = v.real();
  const int32_t a = v.handle("a");
  const int32_t b = v.handle("b");
  v.assign(a, x);
  v.assign(b, v.constant({.shape = {2}}, {8.F, 9.F}));
  schema::IfOptionsT options;
  options.then_subgraph_index = 1;
  options.else_subgraph_index = 2;
  v.op(BuiltinOperator::IF, {condition, a, b}, {y}, options);
  v.inputs({x, condition});
  v.outputs({y});
  for (const int used : {0, 1}) {
    v.add_subgraph("reads");
    const int32_t handles[] = {v.handle_tensor(), v.handle_tensor()};
    const int32_t value = v.real();
    v.read(handles[used], value);
    v.inputs({handles[0], handles[1]});
    v.outputs({value});
  }
  test::LoadedModel model(v.finish());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  model.set_input<uint8_t>(1, {1});
  EXPECT_EQ(run(model, {1, 2}), (Values{1, 2}));
  model.set_input<uint8_t>(1, {0});
  EXPECT_EQ(run(model, {1, 2}), (Values{8, 9}));
}

TEST(ResourceVariable, AHandleOfNoneOrOfAnotherSizeIsADataError) {
  Variables v;
  accumulate(v);
  v.assign(v.handle("three"), v.constant({.shape = {3}}, {1.F, 2.F, 3.F}));
  const int32_t number = v.tensor({.type = TensorType::INT32, .shape = {1}});
  v.assign(number, 0);
  v.inputs({0, number});
  test::LoadedModel model(v.finish());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  for (const auto& [handle, good] :
       {std::pair{0, true}, {1, false}, {2, false}, {-1, false}, {INT32_MIN, false}}) {
    model.set_input<float>(0, {1, 2});
    model.set_input<int32_t>(1, {handle});
    const Outcome outcome = model.interpreter().invoke();
    EXPECT_EQ(outcome.kind, good ? Outcome::Kind::kOk : Outcome::Kind::kDataError) << handle;
    EXPECT_EQ(outcome.op, good ? -1 : 6);
  }
}

TEST(ResourceVariable, RefusesTwoSizesOfOne) {
  Variables v;
  accumulate(v);
  v.assign(v.handle("sum"), v.constant({.shape = {3}}, {1.F, 2.F, 3.F}));
  EXPECT_EQ(test::LoadedModel(v.finish()).refusal(),
            "op 5 ASSIGN_VARIABLE: the value has 12 bytes, but other operators keep 8 in the same variable; "
            "convert "
            "the model again");
}

TEST(ResourceVariable, RefusesNamesThatAreTooLongAndTooMany) {
  Variables long_name;
  accumulate(long_name, std::string(256, 'x'));
  EXPECT_EQ(
      test::LoadedModel(long_name.finish()).refusal(),
      "op 0 VAR_HANDLE \"h\": the resource variable's name or container has more than 255 bytes; rename it");
  for (const int count : {256, 257}) {
    Variables v;
    const int32_t x = v.real();
    v.inputs({x});
    v.outputs({x});
    for (int i = 0; i < count; ++i) v.handle(std::to_string(i));
    EXPECT_EQ(test::LoadedModel(v.finish()).status().code, count > 256 ? Code::kTooManyResources : Code::kOk);
  }
}

}  // namespace
}  // namespace tandem
