#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

struct Reduce {
  BuiltinOperator op = BuiltinOperator::MEAN;
  TensorType type = TensorType::FLOAT32;
  std::vector<int32_t> in = {2, 3, 2};
  std::vector<int32_t> out = {3};
  std::vector<int32_t> axes = {0, 2};
  bool axes_at_run_time = false;
  float scale = 1;
  int64_t zero_point = 0;

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const int x =
        b.tensor({.name = "x", .type = type, .shape = in, .scale = {1}, .zero_point = {zero_point}});
    const models::TensorSpec axis{
        .name = "axis", .type = TensorType::INT32, .shape = {static_cast<int32_t>(axes.size())}};
    const int a = axes_at_run_time ? b.tensor(axis) : b.constant(axis, axes);
    const int y = b.tensor({.name = "y", .type = type, .shape = out, .scale = {scale}});
    b.op(op, {x, a}, {y}, schema::ReducerOptionsT{});
    b.inputs(axes_at_run_time ? std::vector<int32_t>{x, a} : std::vector<int32_t>{x});
    b.outputs({y});
    return b.finish();
  }
};

template <class T>
std::vector<T> counting(size_t n) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), T{0});
  return values;
}

TEST(MeanF32, AxesThatAreNoNeighbours) {
  test::LoadedModel model(Reduce{}.model());
  model.set_input<float>(0, counting<float>(12));
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{3.5, 5.5, 7.5}));
}

TEST(MeanF32, AxesFromTheBackAndTwice) {
  test::LoadedModel model(Reduce{.axes = {-1, 0, 2, -3}}.model());
  model.set_input<float>(0, counting<float>(12));
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{3.5, 5.5, 7.5}));
}

TEST(MeanF32, NoAxesCopy) {
  test::LoadedModel model(Reduce{.out = {2, 3, 2}, .axes = {}, .axes_at_run_time = true}.model());
  model.set_input<float>(0, counting<float>(12));
  model.invoke();
  EXPECT_EQ(model.output<float>(0), counting<float>(12));
}

TEST(MeanF32, OfNothingIsZero) {
  test::LoadedModel model(Reduce{.in = {0, 3, 2}}.model());
  model.invoke();
  EXPECT_EQ(model.output<float>(0), std::vector<float>(3, 0));
}

TEST(MeanS8, RoundsToTheNearest) {
  Reduce mean{.type = TensorType::INT8, .in = {2, 3}, .out = {2}, .axes = {1}};
  test::LoadedModel model(mean.model());
  model.set_input<int8_t>(0, {0, 0, 1, -1, -1, 0});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{0, -1}));
}

TEST(MeanS8, RequantizesAndClamps) {
  Reduce mean{
      .type = TensorType::INT8, .in = {2, 2}, .out = {2}, .axes = {1}, .scale = 0.5F, .zero_point = -10};
  test::LoadedModel model(mean.model());
  model.set_input<int8_t>(0, {0, 10, 100, 120});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{30, 127}));
}

TEST(MeanS16, WorkersShareTheOutputs) {
  Reduce mean{.type = TensorType::INT16, .in = {1, 10, 10, 200}, .out = {1, 1, 1, 200}, .axes = {1, 2}};
  std::vector<int16_t> in(20000);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int16_t>(i % 200);
  test::LoadedModel model(mean.model(), 4);
  model.set_input<int16_t>(0, in);
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), counting<int16_t>(200));
}

TEST(Mean, AxesAtRunTime) {
  test::LoadedModel model(Reduce{.axes_at_run_time = true}.model());
  model.set_input<float>(0, counting<float>(12));
  model.set_input<int32_t>(1, {2, 0});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{3.5, 5.5, 7.5}));
}

TEST(Mean, AxesAtRunTimeThatDoNotFitAreADataError) {
  test::LoadedModel model(Reduce{.axes_at_run_time = true}.model());
  model.set_input<float>(0, counting<float>(12));
  for (const std::vector<int32_t>& axes :
       std::vector<std::vector<int32_t>>{{0, 3}, {-4, 0}, {INT32_MIN, INT32_MAX}, {0, 0}, {1, 2}}) {
    model.set_input<int32_t>(1, axes);
    EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError) << axes[0] << " " << axes[1];
  }
}

TEST(Mean, RefusesAnAxisThatDoesNotExist) {
  test::LoadedModel model(Reduce{.axes = {0, 3}}.model());
  EXPECT_EQ(model.refusal(), "op 0 MEAN \"y\": axis 3 does not exist; the input has 3 dimensions");
}

TEST(Mean, RefusesAnotherNumberOfOutputs) {
  EXPECT_EQ(test::LoadedModel(Reduce{.out = {2}}.model()).status().code, Code::kOutputShape);
}

template <class Element>
std::vector<Element> run(const Reduce& reduce, const std::vector<Element>& x) {
  test::LoadedModel model(reduce.model());
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input(0, x);
  model.invoke();
  return model.output<Element>(0);
}

TEST(SumF32, AddsInTheOrderOfTheInput) {
  EXPECT_EQ(run({.op = BuiltinOperator::SUM}, counting<float>(12)), (std::vector<float>{14, 22, 30}));
  // 1e8 swallows what comes after it.
  EXPECT_EQ(run<float>({.op = BuiltinOperator::SUM, .in = {3}, .out = {}, .axes = {0}}, {1e8F, 1, -1e8F}),
            std::vector<float>{0});
}

TEST(SumS8, RequantizesAndClamps) {
  const Reduce sum{.op = BuiltinOperator::SUM,
                   .type = TensorType::INT8,
                   .in = {2, 3},
                   .out = {2},
                   .axes = {1},
                   .scale = 2,
                   .zero_point = -10};
  EXPECT_EQ(run<int8_t>(sum, {-10, -9, -8, 127, 127, 127}), (std::vector<int8_t>{2, 127}));
}

TEST(SumS16, OfNothingIsZero) {
  test::LoadedModel model(
      Reduce{.op = BuiltinOperator::SUM, .type = TensorType::INT16, .in = {0, 2}, .out = {2}, .axes = {0}}
          .model());
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), std::vector<int16_t>(2, 0));
}

TEST(ReduceMax, PassesOverWhatIsNoNumber) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const Reduce max{.op = BuiltinOperator::REDUCE_MAX, .in = {2, 2}, .out = {2}, .axes = {1}};
  EXPECT_EQ(run<float>(max, {kNaN, -3, 2, kNaN}), (std::vector<float>{-3, 2}));
}

TEST(ReduceMin, InfinitiesStopAtTheLargestNumber) {
  constexpr float kLargest = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Reduce min{.op = BuiltinOperator::REDUCE_MIN, .in = {2, 2}, .out = {2}, .axes = {1}};
  EXPECT_EQ(run<float>(min, {kInfinity, kInfinity, 1, -kInfinity}),
            (std::vector<float>{kLargest, -kInfinity}));
}

TEST(ReduceMaxS8, OfNothingIsTheLowest) {
  Reduce reduce{
      .op = BuiltinOperator::REDUCE_MAX, .type = TensorType::INT8, .in = {2, 0}, .out = {2}, .axes = {1}};
  EXPECT_EQ(run<int8_t>(reduce, {}), std::vector<int8_t>(2, -128));
  reduce.op = BuiltinOperator::REDUCE_MIN;
  EXPECT_EQ(run<int8_t>(reduce, {}), std::vector<int8_t>(2, 127));
}

TEST(ReduceMaxS8, RefusesAnotherQuantization) {
  Reduce max{.op = BuiltinOperator::REDUCE_MAX, .type = TensorType::INT8, .scale = 1.0000001F};
  EXPECT_EQ(test::LoadedModel(max.model()).status().code, Code::kSameQuantization);
  max.scale = 1;
  EXPECT_EQ(test::LoadedModel(max.model()).refusal(), "");
  max.zero_point = 1;
  EXPECT_EQ(test::LoadedModel(max.model()).status().code, Code::kSameQuantization);
}

TEST(ReduceAll, IsTrueOfNothingAndOfAnyBytesButZero) {
  Reduce all{
      .op = BuiltinOperator::REDUCE_ALL, .type = TensorType::BOOL, .in = {2, 3}, .out = {2}, .axes = {1}};
  EXPECT_EQ(run<uint8_t>(all, {1, 255, 2, 1, 0, 1}), (std::vector<uint8_t>{1, 0}));
  all.in = {2, 0};
  EXPECT_EQ(run<uint8_t>(all, {}), std::vector<uint8_t>(2, 1));
}

TEST(Reduce, RefusesTypesThatAnOperatorDoesNotHave) {
  const auto code = [](BuiltinOperator op, TensorType type) {
    return test::LoadedModel(Reduce{.op = op, .type = type}.model()).status().code;
  };
  EXPECT_EQ(code(BuiltinOperator::SUM, TensorType::INT32), Code::kInputType);
  EXPECT_EQ(code(BuiltinOperator::REDUCE_MAX, TensorType::INT16), Code::kInputType);
  EXPECT_EQ(code(BuiltinOperator::REDUCE_MIN, TensorType::INT32), Code::kInputType);
  EXPECT_EQ(code(BuiltinOperator::REDUCE_ALL, TensorType::INT8), Code::kInputType);
}

}  // namespace
}  // namespace tandem
