// Our schema.fbs against numbers known from elsewhere and against files that other programs wrote.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "models/schema_generated.h"

namespace tandem::schema {
namespace {

namespace fs = std::filesystem;

fs::path shared() {
  const char* from_environment = std::getenv("TANDEM_SHARED");
  return from_environment ? from_environment : TANDEM_DEFAULT_SHARED;
}

std::vector<uint8_t> read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool verified(const std::vector<uint8_t>& bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  return VerifyModelBuffer(verifier);
}

BuiltinOperator code_of(const OperatorCode& code) {
  return std::max(code.builtin_code(), static_cast<BuiltinOperator>(code.deprecated_builtin_code()));
}

std::string operator_name(const Model& model, const Operator& op) {
  const OperatorCode& code = *model.operator_codes()->Get(op.opcode_index());
  return code_of(code) == BuiltinOperator::CUSTOM ? code.custom_code()->str()
                                                  : EnumNameBuiltinOperator(code_of(code));
}

// As in "INT8[1,2];-;INT32[]": - is an optional input left out.
std::string signature(const SubGraph& graph, const flatbuffers::Vector<int32_t>* tensors) {
  std::string text;
  if (tensors == nullptr) return text;
  for (const int32_t index : *tensors) {
    if (!text.empty()) text += ';';
    if (index < 0) {
      text += '-';
      continue;
    }
    const Tensor& tensor = *graph.tensors()->Get(static_cast<uint32_t>(index));
    text += std::string(EnumNameTensorType(tensor.type())) + '[';
    for (uint32_t d = 0; tensor.shape() != nullptr && d < tensor.shape()->size(); ++d) {
      text += (d ? "," : "") + std::to_string(tensor.shape()->Get(d));
    }
    text += ']';
  }
  return text;
}

TEST(Schema, BuiltinOperatorNumbers) {
  const std::pair<int, const char*> known[] = {{0, "ADD"},
                                               {3, "CONV_2D"},
                                               {4, "DEPTHWISE_CONV_2D"},
                                               {9, "FULLY_CONNECTED"},
                                               {14, "LOGISTIC"},
                                               {25, "SOFTMAX"},
                                               {27, "SVDF"},
                                               {32, "CUSTOM"},
                                               {34, "PAD"},
                                               {40, "MEAN"},
                                               {49, "SPLIT"},
                                               {60, "PADV2"},
                                               {67, "TRANSPOSE_CONV"},
                                               {74, "SUM"},
                                               {83, "PACK"},
                                               {98, "LEAKY_RELU"},
                                               {107, "GATHER_ND"},
                                               {114, "QUANTIZE"},
                                               {118, "IF"},
                                               {119, "WHILE"},
                                               {126, "BATCH_MATMUL"},
                                               {127, "PLACEHOLDER_FOR_GREATER_OP_CODES"},
                                               {128, "CUMSUM"},
                                               {129, "CALL_ONCE"},
                                               {140, "REDUCE_ALL"},
                                               {142, "VAR_HANDLE"},
                                               {150, "GELU"},
                                               {161, "RIGHT_SHIFT"},
                                               {203, "DILATE"},
                                               {209, "STABLEHLO_CASE"}};
  for (const auto& [number, name] : known) {
    EXPECT_STREQ(EnumNameBuiltinOperator(static_cast<BuiltinOperator>(number)), name) << number;
  }
  EXPECT_EQ(BuiltinOperator::MAX, BuiltinOperator::STABLEHLO_CASE);
}

TEST(Schema, BuiltinOptionsNumbers) {
  const std::pair<int, BuiltinOptions> known[] = {{0, BuiltinOptions::NONE},
                                                  {1, BuiltinOptions::Conv2DOptions},
                                                  {8, BuiltinOptions::FullyConnectedOptions},
                                                  {17, BuiltinOptions::ReshapeOptions},
                                                  {27, BuiltinOptions::ReducerOptions},
                                                  {49, BuiltinOptions::TransposeConvOptions},
                                                  {75, BuiltinOptions::LeakyReluOptions},
                                                  {92, BuiltinOptions::IfOptions},
                                                  {101, BuiltinOptions::BatchMatMulOptions},
                                                  {111, BuiltinOptions::VarHandleOptions},
                                                  {126, BuiltinOptions::RightShiftOptions}};
  for (const auto& [number, options] : known) EXPECT_EQ(static_cast<int>(options), number);
  EXPECT_EQ(BuiltinOptions::MAX, BuiltinOptions::RightShiftOptions);
}

TEST(Schema, TensorTypeNumbers) {
  EXPECT_EQ(static_cast<int>(TensorType::FLOAT32), 0);
  EXPECT_EQ(static_cast<int>(TensorType::INT8), 9);
  EXPECT_EQ(static_cast<int>(TensorType::INT4), 17);
  EXPECT_EQ(static_cast<int>(TensorType::FLOAT8_E5M2), 22);
}

// What any sane file says, so that a field read from a wrong slot stands out.
void expect_sane(const Model& model) {
  EXPECT_EQ(model.version(), 3u);
  ASSERT_NE(model.subgraphs(), nullptr);
  for (const SubGraph* graph : *model.subgraphs()) {
    const uint32_t tensors = graph->tensors() ? graph->tensors()->size() : 0;
    for (uint32_t t = 0; t < tensors; ++t) {
      const Tensor& tensor = *graph->tensors()->Get(t);
      EXPECT_LT(tensor.buffer(), model.buffers()->size());
      EXPECT_STRNE(EnumNameTensorType(tensor.type()), "");
      EXPECT_EQ(tensor.sparsity(), nullptr);
    }
    if (graph->operators() == nullptr) continue;
    for (const Operator* op : *graph->operators()) {
      ASSERT_LT(op->opcode_index(), model.operator_codes()->size());
      for (const auto* operands : {op->inputs(), op->outputs(), op->intermediates()}) {
        if (operands == nullptr) continue;
        for (const int32_t t : *operands) EXPECT_LT(t, static_cast<int32_t>(tensors));
      }
      EXPECT_LE(op->builtin_options_type(), BuiltinOptions::MAX);
      if (const auto* conv = op->builtin_options_as_Conv2DOptions()) {
        EXPECT_LE(conv->padding(), Padding::VALID);
        EXPECT_GE(conv->stride_w(), 1);
        EXPECT_GE(conv->stride_h(), 1);
        EXPECT_GE(conv->dilation_w_factor(), 1);
        EXPECT_LE(conv->fused_activation_function(), ActivationFunctionType::SIGN_BIT);
      }
      if (const auto* pool = op->builtin_options_as_Pool2DOptions()) {
        EXPECT_GE(pool->filter_width(), 1);
        EXPECT_GE(pool->stride_h(), 1);
      }
      if (const auto* svdf = op->builtin_options_as_SVDFOptions()) {
        EXPECT_GE(svdf->rank(), 1);
      }
      if (const auto* split = op->builtin_options_as_SplitOptions()) {
        EXPECT_EQ(split->num_splits(), static_cast<int>(op->outputs()->size()));
      }
      if (const auto* pack = op->builtin_options_as_PackOptions()) {
        EXPECT_EQ(pack->values_count(), static_cast<int>(op->inputs()->size()));
      }
      if (const auto* loop = op->builtin_options_as_WhileOptions()) {
        EXPECT_LT(loop->cond_subgraph_index(), static_cast<int>(model.subgraphs()->size()));
        EXPECT_LT(loop->body_subgraph_index(), static_cast<int>(model.subgraphs()->size()));
      }
    }
  }
}

TEST(Schema, ReadsEveryReferenceFile) {
  if (!fs::exists(shared() / "models")) GTEST_SKIP() << "skipped: no reference data";
  int files = 0;
  for (const fs::path& folder : {shared() / "models", shared() / "conformance" / "ops"}) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".tflite") continue;
      SCOPED_TRACE(entry.path().filename());
      const std::vector<uint8_t> bytes = read(entry.path());
      ASSERT_TRUE(verified(bytes));
      expect_sane(*GetModel(bytes.data()));
      ++files;
    }
  }
  EXPECT_GT(files, 100);
}

// The reference list of operators was written by TensorFlow Lite Micro's own reader.
TEST(Schema, SameOperatorsAsTheReferenceList) {
  std::ifstream list(shared() / "conformance" / "models.jsonl");
  if (!list) GTEST_SKIP() << "skipped: no reference data";
  int models = 0;
  for (std::string line; std::getline(list, line);) {
    const auto listed = nlohmann::json::parse(line);
    if (!listed.contains("file") || !listed.contains("ops")) continue;
    SCOPED_TRACE(listed["file"]);
    const std::vector<uint8_t> bytes = read(shared() / listed["file"]);
    const Model& model = *GetModel(bytes.data());
    const SubGraph& graph = *model.subgraphs()->Get(0);
    std::vector<std::string> operators;
    for (const Operator* op : *graph.operators()) {
      operators.push_back(operator_name(model, *op) + '(' + signature(graph, op->inputs()) + ")->" +
                          signature(graph, op->outputs()));
    }
    EXPECT_EQ(operators, listed["ops"].get<std::vector<std::string>>());
    ++models;
  }
  EXPECT_GT(models, 10);
}

}  // namespace
}  // namespace tandem::schema
