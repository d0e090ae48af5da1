#include <gtest/gtest.h>

#include "models/model_builder.h"
#include "run_model.h"
#include "unary_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

struct Fill {
  TensorType type = TensorType::INT32;
  TensorType dims_type = TensorType::INT32;
  std::vector<int32_t> dims = {2, 3};
  std::vector<int32_t> out = {2, 3};
  std::vector<int32_t> value_shape = {};
  TensorType out_type = type;
  bool dims_at_run_time = false;

  // The value comes at run time.
  [[nodiscard]] std::vector<uint8_t> model() const {
    ModelBuilder b;
    const models::TensorSpec spec{
        .name = "dims", .type = dims_type, .shape = {static_cast<int32_t>(dims.size())}};
    const int d = dims_at_run_time ? b.tensor(spec) : b.constant(spec, dims);
    const int v = b.tensor({.name = "value", .type = type, .shape = value_shape});
    const int y = b.tensor({.name = "y", .type = out_type, .shape = out});
    b.op(BuiltinOperator::FILL, {d, v}, {y});
    b.inputs(dims_at_run_time ? std::vector<int32_t>{v, d} : std::vector<int32_t>{v});
    b.outputs({y});
    return b.finish();
  }
};

Code refusal(const Fill& fill) { return test::LoadedModel(fill.model()).status().code; }

TEST(Fill, RepeatsAValueOfRunTime) {
  test::LoadedModel model(Fill{}.model());
  model.set_input<int32_t>(0, {-7});
  model.invoke();
  EXPECT_EQ(model.output<int32_t>(0), std::vector<int32_t>(6, -7));
}

TEST(Fill, DimensionsMayBeOfAnyInteger) {
  for (const TensorType type : {TensorType::INT8, TensorType::INT16, TensorType::INT32, TensorType::INT64}) {
    test::LoadedModel model(Fill{.type = TensorType::INT8, .dims_type = type}.model());
    ASSERT_EQ(model.refusal(), "");
    model.set_input<int8_t>(0, {9});
    model.invoke();
    EXPECT_EQ(model.output<int8_t>(0), std::vector<int8_t>(6, 9));
  }
}

TEST(Fill, ManyElementsForSeveralWorkers) {
  test::LoadedModel model(Fill{.type = TensorType::FLOAT32, .dims = {50, 100}, .out = {50, 100}}.model(), 3);
  model.set_input<float>(0, {0.5F});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), std::vector<float>(5000, 0.5F));
}

TEST(Fill, Refuses) {
  EXPECT_EQ(refusal({.dims = {3, 2}}), Code::kOutputShape);
  EXPECT_EQ(refusal({.dims = {2, 3, 1}}), Code::kOutputShape);
  EXPECT_EQ(refusal({.dims_type = TensorType::FLOAT32}), Code::kInputType);
  EXPECT_EQ(refusal({.type = TensorType::INT16}), Code::kInputType);
  EXPECT_EQ(refusal({.out_type = TensorType::FLOAT32}), Code::kOutputType);
  EXPECT_EQ(refusal({.value_shape = {1}}), Code::kInputRank);
  EXPECT_EQ(refusal({.dims_at_run_time = true}), Code::kInputNotConstant);
}

TEST(ZerosLike, StoresZeroWhateverTheZeroPoint) {
  test::LoadedModel model(
      test::unary_model(BuiltinOperator::ZEROS_LIKE, 5, test::s8(1, -128), test::s8(1, -128)));
  model.set_input<int8_t>(0, {1, 2, 3, 4, 5});
  model.invoke();
  EXPECT_EQ(model.output<int8_t>(0), std::vector<int8_t>(5, 0));
}

TEST(ZerosLike, EightByteElements) {
  test::LoadedModel model(
      test::unary_model(BuiltinOperator::ZEROS_LIKE, 3, {TensorType::INT64}, {TensorType::INT64}));
  model.set_input<int64_t>(0, {-1, -1, -1});
  model.invoke();
  EXPECT_EQ(model.output<int64_t>(0), std::vector<int64_t>(3, 0));
}

TEST(ZerosLike, Refuses) {
  const auto code = [](TensorType from, TensorType to) {
    return test::LoadedModel(test::unary_model(BuiltinOperator::ZEROS_LIKE, 1, {from}, {to})).status().code;
  };
  EXPECT_EQ(code(TensorType::INT16, TensorType::INT16), Code::kInputType);
  EXPECT_EQ(code(TensorType::INT32, TensorType::FLOAT32), Code::kOutputType);
}

}  // namespace
}  // namespace tandem
