#include <gtest/gtest.h>

#include <cmath>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// One feature, one unit of one filter with a memory of three steps; tests change what they are about.
struct Filter {
  TensorType type = TensorType::INT8;
  TensorType state_type = TensorType::INT16;
  int32_t rank = 1;
  int32_t batches = 1;
  std::vector<int8_t> feature = {1};  ///< a filter each
  std::vector<int8_t> time = {1, 10, 100};
  float feature_scale = 1;
  std::vector<int64_t> state_zero_point = {};
  bool variable = true;
  schema::ActivationFunctionType activation = schema::ActivationFunctionType::NONE;

  [[nodiscard]] std::vector<uint8_t> model() const {
    const auto filters = static_cast<int32_t>(feature.size());
    const int32_t memory = static_cast<int32_t>(time.size()) / filters;
    ModelBuilder b;
    const int x = b.tensor({.name = "x", .type = type, .shape = {batches, 1}, .scale = {1}});
    const int f =
        b.constant({.name = "f", .type = type, .shape = {filters, 1}, .scale = {feature_scale}}, feature);
    const int t =
        b.constant({.name = "t", .type = state_type, .shape = {filters, memory}, .scale = {1}}, time);
    const int s = b.tensor({.name = "s",
                            .type = state_type,
                            .shape = {batches, filters * memory},
                            .scale = {1},
                            .zero_point = state_zero_point,
                            .is_variable = variable});
    const int y = b.tensor({.name = "y", .type = type, .shape = {batches, filters / rank}, .scale = {1}});
    schema::SVDFOptionsT options;
    options.rank = rank;
    options.fused_activation_function = activation;
    b.op(BuiltinOperator::SVDF, {x, f, t, -1, s}, {y}, options);
    b.inputs(variable ? std::vector<int32_t>{x} : std::vector<int32_t>{x, s});
    b.outputs({y});
    return b.finish();
  }
};

template <class T>
std::vector<T> run(test::LoadedModel& model, std::vector<T> in) {
  model.set_input<T>(0, in);
  model.invoke();
  return model.output<T>(0);
}

TEST(SvdfS8, RemembersEarlierInputsAndForgetsThem) {
  test::LoadedModel model(Filter{.time = {3, 2, 1}}.model());
  EXPECT_EQ(run<int8_t>(model, {1})[0], 1);
  EXPECT_EQ(run<int8_t>(model, {0})[0], 2);
  EXPECT_EQ(run<int8_t>(model, {10})[0], 3 + 10);
  EXPECT_EQ(run<int8_t>(model, {0})[0], 20);
  model.interpreter().reset_variables();
  EXPECT_EQ(run<int8_t>(model, {1})[0], 1);
}

TEST(SvdfS8, SumsTheFiltersOfItsRank) {
  test::LoadedModel model(
      Filter{.rank = 2, .batches = 2, .feature = {1, 2, 3, 4}, .time = {1, 1, 1, 1}}.model());
  EXPECT_EQ(run<int8_t>(model, {1, 10}), (std::vector<int8_t>{3, 7, 30, 70}));
}

TEST(SvdfS8, StateOfInt8SaturatesAroundItsZeroPoint) {
  // 2 · 100 is clamped to 127 before the zero point comes to it, and then wraps as in TensorFlow Lite:
  // 127 + 5 is -124, which stands for -129.
  Filter filter{.state_type = TensorType::INT8, .feature_scale = 2, .state_zero_point = {5}};
  filter.time = {1};
  test::LoadedModel model(filter.model());
  EXPECT_EQ(run<int8_t>(model, {50})[0], 100);
  EXPECT_EQ(run<int8_t>(model, {100})[0], -128);
}

TEST(SvdfS8, WorkersShareTheUnits) {
  constexpr size_t kUnits = 400;
  const Filter filter{.feature = std::vector<int8_t>(kUnits, 1), .time = std::vector<int8_t>(8 * kUnits, 1)};
  test::LoadedModel model(filter.model(), 4);
  for (int8_t step = 1; step <= 10; ++step) {
    EXPECT_EQ(run<int8_t>(model, {1}), std::vector<int8_t>(kUnits, std::min<int8_t>(step, 8)));
  }
}

TEST(SvdfF32, AppliesActivationsThatAreNoClamps) {
  Filter filter{.type = TensorType::FLOAT32,
                .state_type = TensorType::FLOAT32,
                .time = {1},
                .activation = schema::ActivationFunctionType::TANH};
  test::LoadedModel tanh(filter.model());
  EXPECT_FLOAT_EQ(run<float>(tanh, {-0.5F})[0], std::tanh(-0.5F));
  filter.activation = schema::ActivationFunctionType::SIGN_BIT;
  test::LoadedModel sign_bit(filter.model());
  EXPECT_EQ(run<float>(sign_bit, {-0.5F})[0], 1);
}

TEST(Svdf, RefusesAStateThatIsNoVariable) {
  EXPECT_EQ(test::LoadedModel(Filter{.variable = false}.model()).status().code, Code::kInputNotVariable);
}

TEST(Svdf, RefusesFiltersThatAreNoMultipleOfTheRank) {
  Filter filter{.feature = {1, 1, 1}};
  filter.rank = 2;
  EXPECT_EQ(test::LoadedModel(filter.model()).status().code, Code::kOptionValue);
}

TEST(Svdf, RefusesRankZero) {
  ModelBuilder b;
  const int x = b.tensor({.type = TensorType::FLOAT32, .shape = {1, 1}});
  const int f = b.constant({.shape = {1, 1}}, {1.0F});
  const int s = b.tensor({.shape = {1, 1}, .is_variable = true});
  const int y = b.tensor({.shape = {1, 1}});
  b.op(BuiltinOperator::SVDF, {x, f, f, -1, s}, {y}, schema::SVDFOptionsT{});
  b.inputs({x});
  b.outputs({y});
  EXPECT_EQ(test::LoadedModel(b.finish()).status().code, Code::kOptionValue);
}

TEST(Svdf, RefusesWeightsThatAreItsState) {
  ModelBuilder b;
  const int x = b.tensor({.type = TensorType::FLOAT32, .shape = {1, 1}});
  const int s = b.tensor({.shape = {1, 1}, .is_variable = true});
  const int y = b.tensor({.shape = {1, 1}});
  schema::SVDFOptionsT options;
  options.rank = 1;
  b.op(BuiltinOperator::SVDF, {x, s, s, -1, s}, {y}, options);
  b.inputs({x});
  b.outputs({y});
  EXPECT_EQ(test::LoadedModel(b.finish()).status().code, Code::kInputNotVariable);
}

}  // namespace
}  // namespace tandem
