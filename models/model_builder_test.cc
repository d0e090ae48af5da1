#include "models/model_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace tandem::models {
namespace {

using schema::BuiltinOperator, schema::TensorType;

const schema::Model& parsed(const std::vector<uint8_t>& bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  EXPECT_TRUE(schema::VerifyModelBuffer(verifier));
  return *schema::GetModel(bytes.data());
}

const flatbuffers::Vector<uint8_t>* data_of(const schema::Model& model, uint32_t tensor) {
  return model.buffers()->Get(model.subgraphs()->Get(0)->tensors()->Get(tensor)->buffer())->data();
}

TEST(ModelBuilder, ConvolutionReadsBack) {
  ModelBuilder b("one convolution");
  const int x = b.tensor(
      {.name = "x", .type = TensorType::INT8, .shape = {1, 4, 4, 1}, .scale = {0.5f}, .zero_point = {-128}});
  const int w = b.constant(
      {.name = "w", .type = TensorType::INT8, .shape = {2, 1, 1, 1}, .scale = {0.25f, 0.125f}, .axis = 0},
      {-127, 127});
  const int y = b.tensor({.name = "y", .type = TensorType::INT8, .shape = {1, 2, 2, 2}, .scale = {1}});
  b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y},
       schema::Conv2DOptionsT{.padding = schema::Padding::VALID,
                              .stride_w = 2,
                              .stride_h = 2,
                              .fused_activation_function = schema::ActivationFunctionType::RELU6});
  b.inputs({x});
  b.outputs({y});
  const std::vector<uint8_t> bytes = b.finish();

  const schema::Model& model = parsed(bytes);
  EXPECT_EQ(model.version(), 3u);
  EXPECT_EQ(model.description()->str(), "one convolution");
  EXPECT_EQ(model.buffers()->size(), 2u);
  EXPECT_EQ(model.buffers()->Get(0)->data(), nullptr);
  const schema::SubGraph& graph = *model.subgraphs()->Get(0);
  const schema::Tensor& input = *graph.tensors()->Get(0);
  EXPECT_EQ(input.name()->str(), "x");
  EXPECT_EQ(input.type(), TensorType::INT8);
  EXPECT_EQ(input.buffer(), 0u);
  EXPECT_EQ(input.quantization()->zero_point()->Get(0), -128);
  const schema::Tensor& weights = *graph.tensors()->Get(1);
  EXPECT_EQ(weights.quantization()->scale()->Get(1), 0.125f);
  EXPECT_EQ(weights.quantization()->zero_point()->size(), 2u) << "one for every scale";
  ASSERT_EQ(graph.operators()->size(), 1u);
  const schema::Operator& op = *graph.operators()->Get(0);
  EXPECT_EQ(op.inputs()->Get(2), -1);
  const auto* options = op.builtin_options_as_Conv2DOptions();
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->padding(), schema::Padding::VALID);
  EXPECT_EQ(options->stride_h(), 2);
  EXPECT_EQ(options->dilation_h_factor(), 1) << "the schema's default";
}

TEST(ModelBuilder, ConstantsStartAtMultiplesOf16) {
  ModelBuilder b;
  for (int size = 1; size < 40; ++size) {
    b.constant({.type = TensorType::UINT8, .shape = {size}},
               std::vector<uint8_t>(static_cast<size_t>(size), 7));
  }
  const std::vector<uint8_t> bytes = b.finish();
  const schema::Model& model = parsed(bytes);
  for (uint32_t t = 0; t < 39; ++t) {
    const auto* data = data_of(model, t);
    EXPECT_EQ(data->size(), t + 1);
    EXPECT_EQ((data->data() - bytes.data()) % 16, 0) << "tensor " << t;
  }
}

TEST(ModelBuilder, OperatorCodesAreShared) {
  ModelBuilder b;
  b.op(BuiltinOperator::CUMSUM, {0, 1}, {2}, schema::CumsumOptionsT{.reverse = true});
  b.op(BuiltinOperator::CUMSUM, {0, 1}, {2});
  b.custom_op("Mine", {0}, {1}, {1, 2, 3});
  b.custom_op("Other", {0}, {1});
  b.set_version(BuiltinOperator::CUMSUM, 4);
  const std::vector<uint8_t> bytes = b.finish();
  const auto& codes = *parsed(bytes).operator_codes();
  ASSERT_EQ(codes.size(), 3u);
  EXPECT_EQ(codes.Get(0)->builtin_code(), BuiltinOperator::CUMSUM);
  EXPECT_EQ(codes.Get(0)->deprecated_builtin_code(), 127) << "128 does not fit the byte";
  EXPECT_EQ(codes.Get(0)->version(), 4);
  EXPECT_EQ(codes.Get(1)->deprecated_builtin_code(), static_cast<int8_t>(BuiltinOperator::CUSTOM));
  EXPECT_EQ(codes.Get(1)->custom_code()->str(), "Mine");
  EXPECT_EQ(codes.Get(2)->custom_code()->str(), "Other");
  const auto& operators = *parsed(bytes).subgraphs()->Get(0)->operators();
  EXPECT_TRUE(operators.Get(0)->builtin_options_as_CumsumOptions()->reverse());
  EXPECT_EQ(operators.Get(1)->builtin_options_type(), schema::BuiltinOptions::NONE);
  EXPECT_EQ(operators.Get(2)->custom_options()->size(), 3u);
}

TEST(ModelBuilder, SubgraphsHaveTheirOwnTensors) {
  ModelBuilder b;
  const int x = b.tensor({.name = "x"});
  const int body = b.add_subgraph("body");
  EXPECT_EQ(body, 1);
  EXPECT_EQ(b.tensor({.name = "inner"}), 0);
  b.inputs({0});
  b.select_subgraph(0);
  EXPECT_EQ(b.tensor({.name = "y"}), 1);
  b.op(BuiltinOperator::WHILE, {x}, {1},
       schema::WhileOptionsT{.cond_subgraph_index = body, .body_subgraph_index = body});
  const std::vector<uint8_t> bytes = b.finish();
  const auto& graphs = *parsed(bytes).subgraphs();
  ASSERT_EQ(graphs.size(), 2u);
  EXPECT_EQ(graphs.Get(0)->tensors()->size(), 2u);
  EXPECT_EQ(graphs.Get(1)->tensors()->Get(0)->name()->str(), "inner");
  EXPECT_EQ(graphs.Get(1)->inputs()->size(), 1u);
}

TEST(ModelBuilder, ElementsAreStoredAsTheirType) {
  ModelBuilder b;
  const int floats = b.constant({.shape = {2}}, {1, -2});
  const int shorts = b.constant({.type = TensorType::INT16, .shape = {1}}, {-2});
  const int nibbles = b.constant({.type = TensorType::INT4, .shape = {3}}, {-8, 7, -1});
  const int flags = b.constant({.type = TensorType::BOOL, .shape = {2}}, {true, false});
  const std::vector<uint8_t> bytes = b.finish();
  const schema::Model& model = parsed(bytes);
  const auto stored = [&](int t) {
    const auto* data = data_of(model, static_cast<uint32_t>(t));
    return std::vector<uint8_t>(data->begin(), data->end());
  };
  EXPECT_EQ(stored(floats), (std::vector<uint8_t>{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}));
  EXPECT_EQ(stored(shorts), (std::vector<uint8_t>{0xfe, 0xff}));
  EXPECT_EQ(stored(nibbles), (std::vector<uint8_t>{0x78, 0x0f}));
  EXPECT_EQ(stored(flags), (std::vector<uint8_t>{1, 0}));
}

TEST(ModelBuilder, ElementsThatDoNotFitAreRefused) {
  ModelBuilder b;
  EXPECT_THROW(b.constant({.type = TensorType::INT8}, {128}), std::invalid_argument);
  EXPECT_THROW(b.constant({.type = TensorType::INT4}, {8}), std::invalid_argument);
  EXPECT_THROW(b.constant({.type = TensorType::UINT8}, {-1}), std::invalid_argument);
  EXPECT_THROW(b.constant({.type = TensorType::INT8}, {0.5}), std::invalid_argument);
  EXPECT_THROW(b.constant({.type = TensorType::STRING}, {1}), std::invalid_argument);
}

TEST(ModelBuilder, BrokenModelsCanBeWritten) {
  ModelBuilder b;
  b.op(BuiltinOperator::ADD, {7, 1 << 30}, {-5});
  b.raw().buffers.clear();
  b.raw().subgraphs[0]->operators[0]->opcode_index = 99;
  b.raw().version = 2;
  const std::vector<uint8_t> bytes = b.finish();
  const schema::Model& model = parsed(bytes);
  EXPECT_EQ(model.version(), 2u);
  EXPECT_EQ(model.subgraphs()->Get(0)->operators()->Get(0)->opcode_index(), 99u);
  EXPECT_EQ(model.subgraphs()->Get(0)->operators()->Get(0)->inputs()->Get(1), 1 << 30);
}

TEST(ModelBuilder, UnpackedAndPackedAgainIsTheSame) {
  ModelBuilder b("round trip");
  const int x = b.tensor({.name = "x", .shape = {2}, .is_variable = true});
  b.constant_bytes({.name = "bytes", .type = TensorType::UINT8, .shape = {3}}, std::vector<uint8_t>{1, 2, 3});
  b.op(BuiltinOperator::SVDF, {x, -1}, {x}, schema::SVDFOptionsT{.rank = 2}).mutating_variable_inputs = {
      true, false};
  b.metadata("min_runtime_version", std::vector<uint8_t>{'1', '.', '5'});
  const std::vector<uint8_t> bytes = b.finish();
  const auto again = std::unique_ptr<schema::ModelT>(parsed(bytes).UnPack());
  EXPECT_EQ(*again, b.raw());
  EXPECT_EQ(bytes, b.finish());
}

}  // namespace
}  // namespace tandem::models
