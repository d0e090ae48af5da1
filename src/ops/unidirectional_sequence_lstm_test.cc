#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using models::TensorSpec;
using schema::BuiltinOperator;
using schema::TensorType;
using Values = std::vector<float>;

constexpr int32_t kInput = 0;
constexpr int32_t kPeephole = 9;
constexpr int32_t kHidden = 18;
constexpr float kOpen = 100;  // a bias that makes a gate, and tanh, 1

// One LSTM of float, its weights all `weight` and its gates' biases given: input, forget, cell, output.
struct Lstm {
  std::vector<int32_t> in_shape = {1, 3, 1};
  int32_t units = 1;
  float weight = 0;
  std::vector<float> biases = {kOpen, kOpen, kOpen, kOpen};
  schema::UnidirectionalSequenceLSTMOptionsT options{};
  std::function<void(ModelBuilder&, std::vector<int32_t>&)> change{};

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const int32_t batches = in_shape[options.time_major ? 1 : 0];
    std::vector<int32_t> operands = {b.tensor({.name = "x", .shape = in_shape})};
    const auto constant = [&](const std::vector<int32_t>& shape, float value) {
      const auto count = static_cast<size_t>(shape[0] * (shape.size() > 1 ? shape[1] : 1));
      operands.push_back(b.constant({.shape = shape}, std::vector<float>(count, value)));
    };
    for (int g = 0; g < 4; ++g) constant({units, in_shape[2]}, weight);
    for (int g = 0; g < 4; ++g) constant({units, units}, weight);
    operands.insert(operands.end(), 3, -1);
    for (const float bias : biases) constant({units}, bias);
    operands.insert(operands.end(), 2, -1);
    for (int i = 0; i < 2; ++i)
      operands.push_back(b.tensor({.shape = {batches, units}, .is_variable = true}));
    operands.insert(operands.end(), 4, -1);
    const int32_t y = b.tensor({.name = "y", .shape = {in_shape[0], in_shape[1], units}});
    if (change) change(b, operands);
    b.op(BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM, operands, {y}, options);
    b.inputs({operands[kInput]});
    b.outputs({y});
    return b.finish();
  }
};

schema::UnidirectionalSequenceLSTMOptionsT lstm_options(bool time_major = false, float cell_clip = 0) {
  schema::UnidirectionalSequenceLSTMOptionsT options;
  options.fused_activation_function = schema::ActivationFunctionType::TANH;
  options.time_major = time_major;
  options.cell_clip = cell_clip;
  return options;
}

void expect_near(const Values& got, const Values& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-6) << i;
}

// With open gates each step adds 1 to the cell: y = tanh 1, tanh 2, ...
TEST(UnidirectionalSequenceLstm, CountsWithOpenGatesAndRemembers) {
  test::LoadedModel model(Lstm{.options = lstm_options()}.model());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  model.set_input<float>(0, {5, 6, 7});
  model.invoke();
  expect_near(model.output<float>(0), {std::tanh(1.F), std::tanh(2.F), std::tanh(3.F)});
  model.set_input<float>(0, {5, 6, 7});
  model.invoke();
  expect_near(model.output<float>(0), {std::tanh(4.F), std::tanh(5.F), std::tanh(6.F)});
  model.interpreter().reset_variables();
  model.set_input<float>(0, {5, 6, 7});
  model.invoke();
  expect_near(model.output<float>(0), {std::tanh(1.F), std::tanh(2.F), std::tanh(3.F)});
}

TEST(UnidirectionalSequenceLstm, ForgetsClipsAndTakesNoInputWhereGatesSaySo) {
  const auto outputs = [](std::vector<float> biases, float cell_clip) {
    test::LoadedModel model(
        Lstm{.biases = std::move(biases), .options = lstm_options(false, cell_clip)}.model());
    EXPECT_TRUE(model.status().ok()) << model.refusal();
    model.set_input<float>(0, {0, 0, 0});
    model.invoke();
    return model.output<float>(0);
  };
  const float one = std::tanh(1.F);
  expect_near(outputs({kOpen, -kOpen, kOpen, kOpen}, 0), {one, one, one});
  expect_near(outputs({-kOpen, kOpen, kOpen, kOpen}, 0), {0, 0, 0});
  expect_near(outputs({kOpen, kOpen, kOpen, -kOpen}, 0), {0, 0, 0});
  expect_near(outputs({kOpen, kOpen, -kOpen, kOpen}, 0), {-one, std::tanh(-2.F), std::tanh(-3.F)});
  expect_near(outputs({kOpen, kOpen, kOpen, kOpen}, 1.5F), {one, std::tanh(1.5F), std::tanh(1.5F)});
}

// One step by hand, weights 1/2: the second sees the first's output.
TEST(UnidirectionalSequenceLstm, FeedsItsOutputBack) {
  test::LoadedModel model(
      Lstm{.in_shape = {1, 2, 1}, .weight = 0.5F, .biases = {0, 0, 0, 0}, .options = lstm_options()}.model());
  ASSERT_TRUE(model.status().ok()) << model.refusal();
  model.set_input<float>(0, {1, -2});
  model.invoke();
  const auto logistic = [](float x) { return 1 / (1 + std::exp(-x)); };
  Values want;
  float h = 0;
  float c = 0;
  for (const float x : {1.F, -2.F}) {
    const float sum = 0.5F * x + 0.5F * h;
    c = logistic(sum) * c + logistic(sum) * std::tanh(sum);
    h = std::tanh(c) * logistic(sum);
    want.push_back(h);
  }
  expect_near(model.output<float>(0), want);
}

TEST(UnidirectionalSequenceLstm, TimeMajorIsTheSameInAnotherOrder) {
  for (const uint32_t workers : {1U, 2U}) {
    const Lstm rows{.in_shape = {2, 3, 1}, .units = 2, .weight = 0.25F, .options = lstm_options()};
    const Lstm times{.in_shape = {3, 2, 1}, .units = 2, .weight = 0.25F, .options = lstm_options(true)};
    test::LoadedModel by_row(rows.model(), workers);
    test::LoadedModel by_time(times.model(), workers);
    ASSERT_TRUE(by_row.status().ok()) << by_row.refusal();
    ASSERT_TRUE(by_time.status().ok()) << by_time.refusal();
    by_row.set_input<float>(0, {1, 2, 3, 4, 5, 6});
    by_time.set_input<float>(0, {1, 4, 2, 5, 3, 6});
    by_row.invoke();
    by_time.invoke();
    const Values a = by_row.output<float>(0);
    const Values b = by_time.output<float>(0);
    for (size_t row = 0; row < 2; ++row) {
      for (size_t t = 0; t < 3; ++t) EXPECT_EQ(a[2 * (3 * row + t)], b[2 * (2 * t + row)]);
    }
  }
}

TEST(UnidirectionalSequenceLstm, RefusesVariants) {
  Lstm lstm{.options = lstm_options()};
  lstm.change = [](ModelBuilder& b, std::vector<int32_t>& operands) {
    operands[kPeephole] = b.constant({.shape = {1}}, {1.F});
  };
  EXPECT_EQ(test::LoadedModel(lstm.model()).refusal(),
            "op 0 UNIDIRECTIONAL_SEQUENCE_LSTM \"y\": input 9 belongs to an LSTM with peepholes, projection "
            "or layer "
            "normalization, which are not supported; train one without");
  lstm.change = [](ModelBuilder&, std::vector<int32_t>& operands) { operands.resize(20); };
  EXPECT_EQ(test::LoadedModel(lstm.model()).status().code, Code::kOperandCount);
  lstm.change = nullptr;
  lstm.options.fused_activation_function = schema::ActivationFunctionType::RELU;
  EXPECT_EQ(test::LoadedModel(lstm.model()).status().code, Code::kOptionValue);
}

TEST(UnidirectionalSequenceLstm, RefusesStatesThatAreNotItsOwn) {
  Lstm lstm{.options = lstm_options()};
  lstm.change = [](ModelBuilder&, std::vector<int32_t>& operands) {
    operands[kHidden + 1] = operands[kHidden];
  };
  EXPECT_EQ(test::LoadedModel(lstm.model()).status().code, Code::kInputNotVariable);
  lstm.change = [](ModelBuilder& b, std::vector<int32_t>& operands) {
    operands[kHidden] = b.constant({.shape = {1, 1}}, {0.F});
  };
  EXPECT_EQ(test::LoadedModel(lstm.model()).status().code, Code::kInputNotVariable);
}

TEST(UnidirectionalSequenceLstm, RefusesShapesThatDoNotFit) {
  for (const size_t operand : {1, 8, 12, 18, 19}) {
    Lstm lstm{.options = lstm_options()};
    lstm.change = [&](ModelBuilder& b, std::vector<int32_t>& operands) {
      operands[operand] = operand >= 18 ? b.tensor({.shape = {1, 7}, .is_variable = true})
                                        : b.constant({.shape = {2, 1}}, {1.F, 2.F});
    };
    EXPECT_FALSE(test::LoadedModel(lstm.model()).status().ok()) << operand;
  }
}

}  // namespace
}  // namespace tandem
