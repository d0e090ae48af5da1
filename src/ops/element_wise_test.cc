#include <gtest/gtest.h>

#include <random>

#include "models/model_builder.h"
#include "run_model.h"

// How operands of element-wise operators meet: broadcasting, work units, memory. The operators' arithmetic is
// tested beside them.
namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

using Shape32 = std::vector<int32_t>;

uint32_t elements(const Shape32& shape) {
  uint32_t n = 1;
  for (const int32_t d : shape) n *= static_cast<uint32_t>(d);
  return n;
}

// y = a - b on INT32, which tells the operands apart.
std::vector<uint8_t> sub_model(const Shape32& a_shape, const Shape32& b_shape, const Shape32& y_shape) {
  ModelBuilder m;
  const int a = m.tensor({.name = "a", .type = TensorType::INT32, .shape = a_shape});
  const int b = m.tensor({.name = "b", .type = TensorType::INT32, .shape = b_shape});
  const int y = m.tensor({.name = "y", .type = TensorType::INT32, .shape = y_shape});
  m.op(BuiltinOperator::SUB, {a, b}, {y}, schema::SubOptionsT{});
  m.inputs({a, b});
  m.outputs({y});
  return m.finish();
}

std::vector<int32_t> counting_from(int32_t first, uint32_t count) {
  std::vector<int32_t> values(count);
  for (int32_t& value : values) value = first++;
  return values;
}

// The element of a tensor of `shape` that meets element `index` of one of `out`; both of the same rank.
uint32_t partner(const Shape32& out, const Shape32& shape, uint32_t index) {
  uint32_t position = 0;
  uint32_t stride = 1;
  for (size_t d = out.size(); d-- > 0;) {
    const auto extent = static_cast<uint32_t>(out[d]);
    if (shape[d] != 1) position += index % extent * stride;
    index /= extent;
    stride *= static_cast<uint32_t>(shape[d]);
  }
  return position;
}

TEST(Broadcast, AgreesWithIndexArithmeticUpToTwelveDimensions) {
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&](uint32_t n) { return static_cast<int32_t>(random() % n); };
    const auto rank = static_cast<size_t>(below(13));
    Shape32 a(rank), b(rank), y(rank);
    for (size_t d = 0; d < rank; ++d) {
      y[d] = 1 + below(rank > 8 ? 2 : 5);
      const int32_t who = below(4);
      a[d] = who == 1 ? 1 : y[d];
      b[d] = who == 2 ? 1 : y[d];
    }
    test::LoadedModel model(sub_model(a, b, y), 1 + seed % 3);
    ASSERT_TRUE(model.status().ok()) << "seed " << seed << ": " << model.refusal();
    model.set_input(0, counting_from(1000000, elements(a)));
    model.set_input(1, counting_from(1, elements(b)));
    model.invoke();
    std::vector<int32_t> want(elements(y));
    for (uint32_t i = 0; i < want.size(); ++i) {
      want[i] = 1000000 + static_cast<int32_t>(partner(y, a, i)) - 1 - static_cast<int32_t>(partner(y, b, i));
    }
    ASSERT_EQ(model.output<int32_t>(0), want) << "seed " << seed;
  }
}

TEST(Broadcast, MissingDimensionsAreInFront) {
  test::LoadedModel model(sub_model({2, 3}, {3}, {2, 3}));
  model.set_input<int32_t>(0, {10, 20, 30, 40, 50, 60});
  model.set_input<int32_t>(1, {1, 2, 3});
  model.invoke();
  EXPECT_EQ(model.output<int32_t>(0), (std::vector<int32_t>{9, 18, 27, 39, 48, 57}));
}

TEST(Broadcast, InputMayHaveMoreDimensionsOfOneThanTheOutput) {
  test::LoadedModel model(sub_model({1, 1, 2}, {}, {2}));
  model.set_input<int32_t>(0, {10, 20});
  model.set_input<int32_t>(1, {1});
  model.invoke();
  EXPECT_EQ(model.output<int32_t>(0), (std::vector<int32_t>{9, 19}));
}

TEST(Broadcast, OutputOfTheSameElementsMayBeShapedOtherwise) {
  test::LoadedModel model(sub_model({4}, {1, 4}, {2, 2}));
  model.set_input<int32_t>(0, {10, 20, 30, 40});
  model.set_input<int32_t>(1, {1, 2, 3, 4});
  model.invoke();
  EXPECT_EQ(model.output<int32_t>(0), (std::vector<int32_t>{9, 18, 27, 36}));
}

TEST(Broadcast, EmptyTensorsAreNoWork) {
  test::LoadedModel model(sub_model({3, 0}, {1}, {3, 0}));
  model.set_input<int32_t>(1, {1});
  model.invoke();
  EXPECT_TRUE(model.output<int32_t>(0).empty());
}

TEST(Broadcast, RefusesShapesThatDoNotMeet) {
  test::LoadedModel model(sub_model({2, 3}, {2}, {2, 3}));
  EXPECT_EQ(model.refusal(),
            "op 0 SUB \"y\": input 1 has a shape that does not fit the other inputs (dimension 1)");
}

TEST(Broadcast, RefusesAnOutputSmallerThanTheInputs) {
  EXPECT_EQ(test::LoadedModel(sub_model({4}, {4}, {3})).status().code, Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(sub_model({2, 4}, {4}, {4})).status().code, Code::kInputShape);
  EXPECT_EQ(test::LoadedModel(sub_model({4}, {1}, {1})).status().code, Code::kInputShape);
}

TEST(InPlace, OutputTakesOverTheInputThatHasItsShape) {
  EXPECT_EQ(test::LoadedModel(sub_model({64}, {64}, {64})).need().tensor_bytes, 2 * 64 * sizeof(int32_t));
  EXPECT_EQ(test::LoadedModel(sub_model({1}, {64}, {64})).need().tensor_bytes, 65 * sizeof(int32_t) + 4);
}

TEST(InPlace, RepeatedInputKeepsItsMemory) {
  // One and two elements take the same eight bytes of arena: the output must not write over b before its
  // second use, nor a.
  test::LoadedModel model(sub_model({1}, {1}, {2}));
  model.set_input<int32_t>(0, {10});
  model.set_input<int32_t>(1, {1});
  model.invoke();
  EXPECT_EQ(model.output<int32_t>(0), (std::vector<int32_t>{9, 9}));
}

TEST(InPlace, BothOperandsMayBeOneTensor) {
  ModelBuilder m;
  const int x = m.tensor({.name = "x", .shape = {3}});
  const int y = m.tensor({.name = "y", .shape = {3}});
  m.op(BuiltinOperator::MUL, {x, x}, {y}, schema::MulOptionsT{});
  m.inputs({x});
  m.outputs({y});
  test::LoadedModel model(m.finish());
  model.set_input<float>(0, {1, -2, 3});
  model.invoke();
  EXPECT_EQ(model.output<float>(0), (std::vector<float>{1, 4, 9}));
}

TEST(InPlace, WiderElementsDoNotWriteOverNarrowOnes) {
  // Two elements of INT8 and of INT16 take the same eight bytes of arena.
  ModelBuilder m;
  const int x = m.tensor({.name = "x", .type = TensorType::INT8, .shape = {2}, .scale = {1}});
  const int y = m.tensor({.name = "y", .type = TensorType::INT16, .shape = {2}, .scale = {1}});
  m.op(BuiltinOperator::QUANTIZE, {x}, {y}, schema::QuantizeOptionsT{});
  m.inputs({x});
  m.outputs({y});
  test::LoadedModel model(m.finish());
  model.set_input<int8_t>(0, {1, -2});
  model.invoke();
  EXPECT_EQ(model.output<int16_t>(0), (std::vector<int16_t>{1, -2}));
}

}  // namespace
}  // namespace tandem
