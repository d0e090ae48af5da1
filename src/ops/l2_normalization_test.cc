#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

struct L2Normalization {
  TensorType type = TensorType::FLOAT32;
  std::vector<int32_t> shape = {2, 2};
  std::vector<int32_t> out = shape;
  int64_t zero_point = 0;
  schema::ActivationFunctionType activation = schema::ActivationFunctionType::NONE;

  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const int x =
        b.tensor({.name = "x", .type = type, .shape = shape, .scale = {1}, .zero_point = {zero_point}});
    const int y = b.tensor({.name = "y", .type = type, .shape = out, .scale = {0x1p-7F}});
    schema::L2NormOptionsT options;
    options.fused_activation_function = activation;
    b.op(BuiltinOperator::L2_NORMALIZATION, {x}, {y}, options);
    b.inputs({x});
    b.outputs({y});
    return b.finish();
  }
};

template <class Element>
std::vector<Element> run(const L2Normalization& op, const std::vector<Element>& x) {
  test::LoadedModel model(op.model());
  EXPECT_EQ(model.refusal(), "");
  if (!model.status().ok()) return {};
  model.set_input(0, x);
  model.invoke();
  return model.output<Element>(0);
}

Code refusal(const L2Normalization& op) { return test::LoadedModel(op.model()).status().code; }

TEST(L2NormalizationF32, EachRowToLengthOne) {
  EXPECT_EQ(run<float>({}, {3, 4, 0, -2}), (std::vector<float>{0.6F, 0.8F, 0, -1}));
}

TEST(L2NormalizationF32, ShortRowsAreOfALeastLength) {
  EXPECT_EQ(run<float>({}, {0, 0, 1e-7F, 0}), (std::vector<float>{0, 0, 1e-7F / 1e-6F, 0}));
}

TEST(L2NormalizationS8, OneIsBeyondTheRange) {
  // 3/5 = 76.8 / 128, 4/5 = 102.4 / 128
  EXPECT_EQ(run<int8_t>({.type = TensorType::INT8, .zero_point = 2}, {5, 6, 2, 22}),
            (std::vector<int8_t>{77, 102, 0, 127}));
  EXPECT_EQ(run<int8_t>({.type = TensorType::INT8}, {0, 0, 0, -128}), (std::vector<int8_t>{0, 0, 0, -128}));
}

TEST(L2NormalizationS8, SquaresOfLongRowsAddUp) {
  // 255² · 40000 is more than 2^31: 1 / √40000 = 0.64 / 128
  const std::vector<int8_t> x(40000, 127);
  EXPECT_EQ(run<int8_t>({.type = TensorType::INT8, .shape = {1, 40000}, .zero_point = -128}, x),
            std::vector<int8_t>(40000, 1));
}

TEST(L2Normalization, Refuses) {
  EXPECT_EQ(refusal({.shape = {1, 1, 1, 1, 1}}), Code::kInputRank);
  EXPECT_EQ(refusal({.shape = {}}), Code::kInputRank);
  EXPECT_EQ(refusal({.out = {4, 1}}), Code::kOutputShape);
  EXPECT_EQ(refusal({.type = TensorType::INT16}), Code::kInputType);
  EXPECT_EQ(refusal({.activation = schema::ActivationFunctionType::RELU}), Code::kOptionValue);
}

}  // namespace
}  // namespace tandem
