#include <gtest/gtest.h>

#include <limits>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// An operator along `axis` of a 2 x 3 x 2 tensor.
struct AlongAxis {
  BuiltinOperator op = BuiltinOperator::ARG_MAX;
  TensorType type = TensorType::FLOAT32;
  std::vector<int32_t> in = {2, 3, 2};
  std::vector<int32_t> out = {2, 2};
  std::vector<int32_t> axis = {1};
  bool axis_at_run_time = false;
  bool exclusive = false;
  bool reverse = false;
  float out_scale = 1;
  int64_t zero_point = 0;
  TensorType out_type = type;

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const bool cumsum = op == BuiltinOperator::CUMSUM;
    const int x =
        b.tensor({.name = "x", .type = type, .shape = in, .scale = {1}, .zero_point = {zero_point}});
    const models::TensorSpec spec{
        .name = "axis", .type = TensorType::INT32, .shape = {static_cast<int32_t>(axis.size())}};
    const int a = axis_at_run_time ? b.tensor(spec) : b.constant(spec, axis);
    const int y = b.tensor({.name = "y",
                            .type = cumsum ? out_type : TensorType::INT32,
                            .shape = out,
                            .scale = {out_scale},
                            .zero_point = {zero_point}});
    if (cumsum) {
      schema::CumsumOptionsT options;
      options.exclusive = exclusive;
      options.reverse = reverse;
      b.op(op, {x, a}, {y}, options);
    } else {
      b.op(op, {x, a}, {y});
    }
    b.inputs(axis_at_run_time ? std::vector<int32_t>{x, a} : std::vector<int32_t>{x});
    b.outputs({y});
    return b.finish();
  }
};

template <class Out, class In>
std::vector<Out> run(const AlongAxis& op, const std::vector<In>& x) {
  test::LoadedModel model(op.model());
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input(0, x);
  if (op.axis_at_run_time) model.set_input(1, op.axis);
  model.invoke();
  return model.output<Out>(0);
}

Code refusal(const AlongAxis& op) { return test::LoadedModel(op.model()).status().code; }

const std::vector<float> kValues{1, 9, 5, 2, 3, 4, -1, 0, -1, 7, -2, 7};

// ---- ARG_MAX and ARG_MIN

TEST(ArgMax, TakesTheFirstOfEquals) {
  EXPECT_EQ(run<int32_t>({}, kValues), (std::vector<int32_t>{1, 0, 0, 1}));
}

TEST(ArgMin, TakesTheFirstOfEquals) {
  EXPECT_EQ(run<int32_t>({.op = BuiltinOperator::ARG_MIN}, kValues), (std::vector<int32_t>{0, 1, 2, 0}));
}

TEST(ArgMaxS8, LowestValuesToo) {
  EXPECT_EQ(
      (run<int32_t, int8_t>({.type = TensorType::INT8, .in = {1, 4}, .out = {1}}, {-128, -128, -127, -128})),
      std::vector<int32_t>{2});
}

TEST(ArgMax, AxisFromTheBackAndAtRunTime) {
  const AlongAxis op{.out = {2, 3}, .axis = {-1}, .axis_at_run_time = true};
  EXPECT_EQ(run<int32_t>(op, kValues), (std::vector<int32_t>{1, 0, 1, 1, 1, 1}));
}

TEST(ArgMax, ANotANumberInFrontIsTheAnswer) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  const AlongAxis op{.in = {1, 3}, .out = {1}};
  EXPECT_EQ(run<int32_t>(op, std::vector<float>{kNaN, 1, 2}), std::vector<int32_t>{0});
  EXPECT_EQ(run<int32_t>(op, std::vector<float>{1, kNaN, 2}), std::vector<int32_t>{2});
}

TEST(ArgMax, OfNothingIsZero) {
  EXPECT_EQ((run<int32_t, float>({.in = {2, 0}, .out = {2}}, {})), (std::vector<int32_t>{0, 0}));
}

TEST(ArgMax, AnAxisAtRunTimeThatDoesNotFitIsADataError) {
  test::LoadedModel model(AlongAxis{.axis_at_run_time = true}.model());
  model.set_input<float>(0, kValues);
  for (const int32_t axis : {0, 2, 3, -4, INT32_MIN, INT32_MAX}) {
    model.set_input<int32_t>(1, {axis});
    EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError) << axis;
  }
}

TEST(ArgMax, Refuses) {
  EXPECT_EQ(refusal({.axis = {3}}), Code::kAxis);
  EXPECT_EQ(refusal({.axis = {-4}}), Code::kAxis);
  EXPECT_EQ(refusal({.out = {2, 3}}), Code::kOutputShape);
  EXPECT_EQ(refusal({.axis = {}}), Code::kInputShape);
  EXPECT_EQ(refusal({.in = {}, .out = {}}), Code::kInputRank);
  EXPECT_EQ(refusal({.type = TensorType::INT16}), Code::kInputType);
}

// ---- CUMSUM

AlongAxis cumsum() { return {.op = BuiltinOperator::CUMSUM, .out = {2, 3, 2}}; }

TEST(CumsumF32, AlongTheMiddle) {
  EXPECT_EQ(run<float>(cumsum(), kValues), (std::vector<float>{1, 9, 6, 11, 9, 15, -1, 0, -2, 7, -4, 14}));
}

TEST(CumsumF32, ExclusiveAndReverse) {
  AlongAxis op = cumsum();
  op.exclusive = true;
  EXPECT_EQ(run<float>(op, kValues), (std::vector<float>{0, 0, 1, 9, 6, 11, 0, 0, -1, 0, -2, 7}));
  op.reverse = true;
  EXPECT_EQ(run<float>(op, kValues), (std::vector<float>{8, 6, 3, 4, 0, 0, -3, 14, -2, 7, 0, 0}));
}

TEST(CumsumF32, AxisAtRunTime) {
  AlongAxis op = cumsum();
  op.axis = {-3};
  op.axis_at_run_time = true;
  EXPECT_EQ(run<float>(op, kValues), (std::vector<float>{1, 9, 5, 2, 3, 4, 0, 9, 4, 9, 1, 11}));
  test::LoadedModel model(op.model());
  model.set_input<int32_t>(1, {3});
  EXPECT_EQ(model.interpreter().invoke().kind, Outcome::Kind::kDataError);
}

TEST(CumsumF32, WorkersShareTheLines) {
  AlongAxis op{.op = BuiltinOperator::CUMSUM, .in = {3000, 2}, .out = {3000, 2}};
  std::vector<float> x(6000, 1);
  std::vector<float> want(6000);
  for (size_t i = 0; i < want.size(); ++i) want[i] = static_cast<float>(i % 2 + 1);
  test::LoadedModel model(op.model(), 3);
  model.set_input(0, x);
  model.invoke();
  EXPECT_EQ(model.output<float>(0), want);
}

TEST(CumsumS8, ScalesAndClamps) {
  AlongAxis op{.op = BuiltinOperator::CUMSUM, .type = TensorType::INT8, .in = {1, 4}, .out = {1, 4}};
  EXPECT_EQ(run<int8_t>(op, std::vector<int8_t>{60, 60, 60, -100}), (std::vector<int8_t>{60, 120, 127, 80}));
  op.out_scale = 2;
  EXPECT_EQ(run<int8_t>(op, std::vector<int8_t>{3, 1, 0, 127}), (std::vector<int8_t>{2, 2, 2, 66}));
}

TEST(CumsumS8, StartsAtAStoredZero) {
  AlongAxis op{.op = BuiltinOperator::CUMSUM,
               .type = TensorType::INT8,
               .in = {1, 3},
               .out = {1, 3},
               .exclusive = true,
               .zero_point = 10};
  // Sums of reals: -10 (the zero that is stored), -10 + 5, -5 + 0.
  EXPECT_EQ(run<int8_t>(op, std::vector<int8_t>{15, 10, 90}), (std::vector<int8_t>{0, 5, 5}));
}

TEST(Cumsum, Refuses) {
  AlongAxis op = cumsum();
  op.axis = {0, 1};
  EXPECT_EQ(refusal(op), Code::kInputShape);
  op.axis = {3};
  EXPECT_EQ(refusal(op), Code::kAxis);
  op = cumsum();
  op.out = {2, 2, 3};
  EXPECT_EQ(refusal(op), Code::kOutputShape);
  op = cumsum();
  op.type = op.out_type = TensorType::INT32;
  EXPECT_EQ(refusal(op), Code::kInputType);
  op = cumsum();
  op.type = op.out_type = TensorType::INT8;
  op.out_scale = 0x1p-20F;
  EXPECT_EQ(refusal(op), Code::kScaleRatio);
}

}  // namespace
}  // namespace tandem
