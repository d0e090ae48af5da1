#include <gtest/gtest.h>

#include <numeric>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

struct Mean {
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
    b.op(BuiltinOperator::MEAN, {x, a}, {y}, schema::ReducerOptionsT{});
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
  test::LoadedModel model(Mean{}.model());
  model.set_input<float>(0, counting<float>(12));
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{3.5, 5.5, 7.5}));
}

TEST(MeanF32, AxesFromTheBackAndTwice) {
  test::LoadedModel model(Mean{.axes = {-1, 0, 2, -3}}.model());
  model.set_input<float>(0, counting<float>(12));
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{3.5, 5.5, 7.5}));
}

TEST(MeanF32, NoAxesCopy) {
  test::LoadedModel model(Mean{.out = {2, 3, 2}, .axes = {}, .axes_at_run_time = true}.model());
  model.set_input<float>(0, counting<float>(12));
  model.invoke();
  EXPECT_EQ(model.output<float>(0), counting<float>(12));
}

TEST(MeanF32, OfNothingIsZero) {
  test::LoadedModel model(Mean{.in = {0, 3, 2}}.model());
  model.invoke();
  EXPECT_EQ(model.output<float>(0), std::vector<float>(3, 0));
}

TEST(MeanS8, RoundsToTheNearest) {
  Mean mean{.type = TensorType::INT8, .in = {2, 3}, .out = {2}, .axes = {1}};
  test::LoadedModel model(mean.model());
  model.set_input<int8_t>(0, {0, 0, 1, -1, -1, 0});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{0, -1}));
}

TEST(MeanS8, RequantizesAndClamps) {
  Mean mean{
      .type = TensorType::INT8, .in = {2, 2}, .out = {2}, .axes = {1}, .scale = 0.5F, .zero_point = -10};
  test::LoadedModel model(mean.model());
  model.set_input<int8_t>(0, {0, 10, 100, 120});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{30, 127}));
}

TEST(MeanS16, WorkersShareTheOutputs) {
  Mean mean{.type = TensorType::INT16, .in = {1, 10, 10, 200}, .out = {1, 1, 1, 200}, .axes = {1, 2}};
  std::vector<int16_t> in(20000);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int16_t>(i % 200);
  test::LoadedModel model(mean.model(), 4);
  model.set_input<int16_t>(0, in);
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), counting<int16_t>(200));
}

TEST(Mean, AxesAtRunTime) {
  test::LoadedModel model(Mean{.axes_at_run_time = true}.model());
  model.set_input<float>(0, counting<float>(12));
  model.set_input<int32_t>(1, {2, 0});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{3.5, 5.5, 7.5}));
}

TEST(Mean, AxesAtRunTimeThatDoNotFitAreADataError) {
  test::LoadedModel model(Mean{.axes_at_run_time = true}.model());
  model.set_input<float>(0, counting<float>(12));
  for (const std::vector<int32_t>& axes :
       std::vector<std::vector<int32_t>>{{0, 3}, {-4, 0}, {INT32_MIN, INT32_MAX}, {0, 0}, {1, 2}}) {
    model.set_input<int32_t>(1, axes);
    EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError) << axes[0] << " " << axes[1];
  }
}

TEST(Mean, RefusesAnAxisThatDoesNotExist) {
  test::LoadedModel model(Mean{.axes = {0, 3}}.model());
  EXPECT_EQ(model.refusal(), "op 0 MEAN \"y\": axis 3 does not exist; the input has 3 dimensions");
}

TEST(Mean, RefusesAnotherNumberOfOutputs) {
  EXPECT_EQ(test::LoadedModel(Mean{.out = {2}}.model()).status().code, Code::kOutputShape);
}

}  // namespace
}  // namespace tandem
