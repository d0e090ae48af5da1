#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

struct Softmax {
  BuiltinOperator op = BuiltinOperator::SOFTMAX;
  TensorType in = TensorType::INT8;
  TensorType out = TensorType::INT8;
  std::vector<int32_t> shape = {1, 4};
  float scale = 0.1F;
  int64_t zero_point = 0;
  float out_scale = 0x1p-8F;
  int64_t out_zero_point = -128;
  float beta = 1;

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const int x =
        b.tensor({.name = "x", .type = in, .shape = shape, .scale = {scale}, .zero_point = {zero_point}});
    const int y = b.tensor(
        {.name = "y", .type = out, .shape = shape, .scale = {out_scale}, .zero_point = {out_zero_point}});
    if (op == BuiltinOperator::SOFTMAX) {
      schema::SoftmaxOptionsT options;
      options.beta = beta;
      b.op(op, {x}, {y}, options);
    } else {
      b.op(op, {x}, {y}, schema::LogSoftmaxOptionsT{});
    }
    b.inputs({x});
    b.outputs({y});
    return b.finish();
  }
};

const Softmax kS16{.in = TensorType::INT16,
                   .out = TensorType::INT16,
                   .scale = 1e-3F,
                   .out_scale = 0x1p-15F,
                   .out_zero_point = 0};
const Softmax kLogS8{.op = BuiltinOperator::LOG_SOFTMAX, .out_scale = 0x1p-4F, .out_zero_point = 127};
const Softmax kS8S16{.out = TensorType::INT16, .out_scale = 0x1p-16F, .out_zero_point = -32768};

TEST(SoftmaxS8, EqualInputsShareOne) {
  test::LoadedModel model(Softmax{}.model());
  model.set_input<int8_t>(0, {127, 127, 127, 127});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), std::vector<int8_t>(4, -64));
}

TEST(SoftmaxS8, TheMaximumSaturatesAtOne) {
  test::LoadedModel model(Softmax{.scale = 1}.model());
  model.set_input<int8_t>(0, {-128, 127, -128, -128});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), (std::vector<int8_t>{-128, 127, -128, -128}));
}

TEST(SoftmaxS8, WidensToInt16) {
  test::LoadedModel model(kS8S16.model());
  model.set_input<int8_t>(0, {0, 0, 0, 0});
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), std::vector<int16_t>(4, -16384));
}

TEST(SoftmaxS16, EqualInputsShareOne) {
  test::LoadedModel model(kS16.model());
  model.set_input<int16_t>(0, {-32768, -32768, -32768, -32768});
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), std::vector<int16_t>(4, 8192));
}

TEST(SoftmaxS16, IsCloseToTheRealFunction) {
  test::LoadedModel model(kS16.model());
  const std::vector<int16_t> in = {-1000, 0, 500, 2000};
  model.set_input<int16_t>(0, in);
  model.invoke();
  double sum = 0;
  for (const int16_t x : in) sum += std::exp(x * 1e-3);
  for (size_t i = 0; i < in.size(); ++i) {
    EXPECT_NEAR(model.output<int16_t>(0)[i], 32768 * std::exp(in[i] * 1e-3) / sum, 8) << i;
  }
}

TEST(SoftmaxF32, BetaSharpensAndRowsAreTheirOwn) {
  Softmax softmax{.in = TensorType::FLOAT32, .out = TensorType::FLOAT32, .shape = {2, 2}, .beta = 2};
  test::LoadedModel model(softmax.model(), 2);
  model.set_input<float>(0, {0, std::log(3.0F), 1000, 1000});
  model.invoke();
  const std::vector<float> y = model.output<float>(0);
  EXPECT_NEAR(y[0], 0.1F, 1e-6F);
  EXPECT_NEAR(y[1], 0.9F, 1e-6F);
  EXPECT_EQ(y[2], 0.5F);
}

TEST(LogSoftmaxS8, EqualInputsShareOne) {
  test::LoadedModel model(kLogS8.model());
  model.set_input<int8_t>(0, {-128, -128, -128, -128});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), std::vector<int8_t>(4, 127 - 22));  // ln 4 = 22.2 / 16
}

TEST(LogSoftmaxS8, IsCloseToTheRealFunction) {
  Softmax log_softmax = kLogS8;
  log_softmax.shape = {1, 256};
  std::vector<int8_t> in(256);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int8_t>(i);
  for (const float scale : {0.01F, 0.06F, 0.2F}) {
    log_softmax.scale = scale;
    double sum = 0;
    for (const int8_t x : in) sum += std::exp(scale * x);
    test::LoadedModel model(log_softmax.model());
    model.set_input<int8_t>(0, in);
    model.invoke();
    for (size_t i = 0; i < in.size(); ++i) {
      const double want = std::max(127 + 16 * (scale * in[i] - std::log(sum)), -128.0);
      EXPECT_NEAR(model.output<int8_t>(0)[i], want, 0.52) << "x=" << int{in[i]} << " scale=" << scale;
    }
  }
}

TEST(LogSoftmaxS8, LongRowsSaturateTheirSum) {
  Softmax log_softmax = kLogS8;
  log_softmax.shape = {1, 10000};
  test::LoadedModel model(log_softmax.model());
  model.set_input<int8_t>(0, std::vector<int8_t>(10000, 5));
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0).front(), 127 - 133);  // ln 4096 = 133.08 / 16
}

TEST(LogSoftmaxF32, LargeInputsDoNotOverflow) {
  test::LoadedModel model(Softmax{.op = BuiltinOperator::LOG_SOFTMAX,
                                  .in = TensorType::FLOAT32,
                                  .out = TensorType::FLOAT32,
                                  .shape = {2, 2}}
                              .model(),
                          2);
  model.set_input<float>(0, {0, std::log(3.0F), 1000, 0});
  model.invoke();
  const std::vector<float> y = model.output<float>(0);
  EXPECT_NEAR(y[0], std::log(0.25F), 1e-6F);
  EXPECT_NEAR(y[1], std::log(0.75F), 1e-6F);
  EXPECT_EQ(y[2], 0);
  EXPECT_EQ(y[3], -1000);
}

TEST(LogSoftmax, Refuses) {
  const auto code = [](Softmax s) { return test::LoadedModel(s.model()).status().code; };
  Softmax s = kLogS8;
  s.out_scale = 0x1.000002p-4F;
  EXPECT_EQ(code(s), Code::kOutputScalePot);
  s = kLogS8;
  s.out_zero_point = 0;
  EXPECT_EQ(code(s), Code::kOutputZeroPoint);
  s = kLogS8;
  s.scale = 0x1p-27F;
  EXPECT_EQ(code(s), Code::kSoftmaxScale);
  s = kLogS8;
  s.in = s.out = TensorType::INT16;
  EXPECT_EQ(code(s), Code::kInputType);
  s = kLogS8;
  s.out = TensorType::INT16;
  EXPECT_EQ(code(s), Code::kOutputType);
}

TEST(Softmax, OverwritesItsInputUnlessTheOutputIsWider) {
  test::LoadedModel narrow(Softmax{}.model());
  EXPECT_EQ(narrow.interpreter().input(0).bytes.data(), narrow.interpreter().output(0).bytes.data());
  test::LoadedModel wide(kS8S16.model());
  EXPECT_NE(wide.interpreter().input(0).bytes.data(), wide.interpreter().output(0).bytes.data());
}

TEST(Softmax, RefusesAnotherOutputQuantization) {
  EXPECT_EQ(test::LoadedModel(Softmax{.out_scale = 0.004F}.model()).status().code, Code::kOutputScalePot);
  EXPECT_EQ(test::LoadedModel(Softmax{.out_zero_point = 0}.model()).status().code, Code::kOutputZeroPoint);
}

TEST(Softmax, RefusesAZeroPointOfInt16) {
  Softmax softmax = kS16;
  softmax.zero_point = 1;
  EXPECT_EQ(test::LoadedModel(softmax.model()).status().code, Code::kInputZeroPoint);
}

TEST(Softmax, RefusesABetaThatIsNoSteepnessForIntegers) {
  for (const float beta : {0.0F, -1.0F, 1e-9F, std::nanf("")}) {
    EXPECT_EQ(test::LoadedModel(Softmax{.beta = beta}.model()).status().code, Code::kSoftmaxScale) << beta;
  }
}

}  // namespace
}  // namespace tandem
