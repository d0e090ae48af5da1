#include "narrowest_ops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_bytes.h"
#include "models/model_builder.h"

namespace tandem::cli {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;
using testing::ElementsAre;

std::vector<std::string> narrowest(std::span<const uint8_t> tflite) {
  std::vector<uint64_t> file(tflite.size() / 8 + 1);
  std::ranges::copy(tflite, reinterpret_cast<uint8_t*>(file.data()));
  const Result<Model> model = Model::load({reinterpret_cast<const uint8_t*>(file.data()), tflite.size()});
  EXPECT_TRUE(model.ok());
  return narrowest_ops(*model);
}

std::vector<uint8_t> tanhs(std::initializer_list<TensorType> types) {
  ModelBuilder b;
  std::vector<int32_t> inputs;
  std::vector<int32_t> outputs;
  for (const TensorType type : types) {
    const std::vector<float> scale =
        type == TensorType::FLOAT32 ? std::vector<float>{} : std::vector{1.0F / 32768};
    inputs.push_back(b.tensor({.name = "x", .type = type, .shape = {4}, .scale = scale}));
    outputs.push_back(b.tensor({.name = "y", .type = type, .shape = {4}, .scale = scale}));
    b.op(BuiltinOperator::TANH, {inputs.back()}, {outputs.back()});
  }
  b.inputs(inputs);
  b.outputs(outputs);
  return b.finish();
}

TEST(NarrowestOps, OfModelsOfOneType) {
  EXPECT_THAT(
      narrowest(*read_file(TANDEM_MODELS "/person_shaped.tflite")),
      ElementsAre("average_pool_2d_s8", "conv_2d_s8", "depthwise_conv_2d_s8", "reshape", "softmax_s8"));
  EXPECT_THAT(narrowest(*read_file(TANDEM_MODELS "/sine_int8.tflite")), ElementsAre("fully_connected_s8"));
  EXPECT_THAT(narrowest(*read_file(TANDEM_MODELS "/sine_float.tflite")), ElementsAre("fully_connected_f32"));
}

TEST(NarrowestOps, OfSeveralTypesAreAllThoseOrTheFullOne) {
  EXPECT_THAT(narrowest(tanhs({TensorType::INT8, TensorType::FLOAT32})), ElementsAre("tanh_f32", "tanh_s8"));
  EXPECT_THAT(narrowest(tanhs({TensorType::INT8, TensorType::INT16})), ElementsAre("tanh"));
}

TEST(NarrowestOps, OfWhatCannotBePlannedAreFull) {
  EXPECT_THAT(narrowest(tanhs({TensorType::INT8, TensorType::INT32})), ElementsAre("tanh"));
}

}  // namespace
}  // namespace tandem::cli
