#include "models/sine.h"

#include <gtest/gtest.h>

#include "models/schema_generated.h"

namespace tandem::models {
namespace {

constexpr uint64_t kSeed = 1;

const SineModels& sine() {
  static const SineModels models = make_sine_models(kSeed);
  return models;
}

void expect_three_layers(const std::vector<uint8_t>& bytes, schema::TensorType type) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  ASSERT_TRUE(schema::VerifyModelBuffer(verifier));
  const schema::SubGraph& graph = *schema::GetModel(bytes.data())->subgraphs()->Get(0);
  EXPECT_EQ(graph.operators()->size(), 3u);
  for (const auto* ends : {graph.inputs(), graph.outputs()}) {
    ASSERT_EQ(ends->size(), 1u);
    EXPECT_EQ(graph.tensors()->Get(static_cast<uint32_t>(ends->Get(0)))->type(), type);
  }
}

TEST(Sine, FloatModel) {
  expect_three_layers(sine().float_tflite, schema::TensorType::FLOAT32);
  EXPECT_LT(sine().float_errors.max, 0.02);
  EXPECT_LT(sine().float_errors.mean, 0.005);
}

TEST(Sine, Int8Model) {
  expect_three_layers(sine().int8_tflite, schema::TensorType::INT8);
  EXPECT_LT(sine().int8_errors.max, 0.05);
  EXPECT_LT(sine().int8_errors.mean, 0.01);
}

TEST(Sine, SameBytesEveryTime) {
  const SineModels again = make_sine_models(kSeed);
  EXPECT_EQ(again.float_tflite, sine().float_tflite);
  EXPECT_EQ(again.int8_tflite, sine().int8_tflite);
}

}  // namespace
}  // namespace tandem::models
