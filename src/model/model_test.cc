#include "tandem/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/model_view.h"
#include "models/model_builder.h"
#include "run_model.h"

// Models that are refused, each with the code and the sentence that the user reads. Reports against
// TensorFlow Lite Micro that are public are cases here: a runtime that crashes on such a model can be
// attacked with it.
namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

// x -> RESHAPE "m" -> RESHAPE "y", INT8, for cases to break.
ModelBuilder two_reshapes() {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = TensorType::INT8, .shape = {1, 4}});
  const int m = b.tensor({.name = "m", .type = TensorType::INT8, .shape = {4}});
  const int y = b.tensor({.name = "y", .type = TensorType::INT8, .shape = {2, 2}});
  b.op(BuiltinOperator::RESHAPE, {x}, {m});
  b.op(BuiltinOperator::RESHAPE, {m}, {y});
  b.inputs({x});
  b.outputs({y});
  return b;
}

schema::SubGraphT& graph(schema::ModelT& model) { return *model.subgraphs[0]; }
schema::TensorT& tensor(schema::ModelT& model, size_t index) { return *graph(model).tensors[index]; }
schema::OperatorT& op(schema::ModelT& model, size_t index) { return *graph(model).operators[index]; }

schema::QuantizationParametersT& quantization(schema::ModelT& model, size_t index) {
  tensor(model, index).quantization = std::make_unique<schema::QuantizationParametersT>();
  return *tensor(model, index).quantization;
}

// Gives a tensor constant data.
void set_data(schema::ModelT& model, size_t index, std::vector<uint8_t> data) {
  tensor(model, index).buffer = static_cast<uint32_t>(model.buffers.size());
  model.buffers.push_back(std::make_unique<schema::BufferT>());
  model.buffers.back()->data = std::move(data);
}

struct Case {
  const char* name;
  void (*break_it)(schema::ModelT& model);
  Code code;
  const char* sentence;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

void expect_refusal(ModelBuilder b, const Case& c) {
  c.break_it(b.raw());
  const test::LoadedModel model(b.finish());
  EXPECT_EQ(static_cast<int>(model.status().code), static_cast<int>(c.code));
  EXPECT_EQ(model.refusal(), c.sentence);
}

class RefusedModel : public testing::TestWithParam<Case> {};
TEST_P(RefusedModel, WithCodeAndSentence) { expect_refusal(two_reshapes(), GetParam()); }

std::string name_of(const testing::TestParamInfo<Case>& c) { return c.param.name; }

constexpr Case kFileCases[] = {
    {"old_schema_version", [](schema::ModelT& m) { m.version = 2; }, Code::kSchemaVersion,
     "schema version is 2; supported: 3. Convert the model again with a current converter"},
    {"no_subgraph", [](schema::ModelT& m) { m.subgraphs.clear(); }, Code::kNoSubgraph,
     "the model has no subgraph; convert it again"},
    {"too_many_subgraphs",
     [](schema::ModelT& m) {
       while (m.subgraphs.size() < 1025) m.subgraphs.push_back(std::make_unique<schema::SubGraphT>());
     },
     Code::kTooManySubgraphs, "the model has 1025 subgraphs; the limit is 1024"},
    {"too_many_tensors",
     [](schema::ModelT& m) {
       auto& tensors = graph(m).tensors;
       while (tensors.size() < 16385) tensors.push_back(std::make_unique<schema::TensorT>());
     },
     Code::kTooManyTensors, "the subgraph has 16385 tensors; the limit is 16384"},
    {"too_many_operators",
     [](schema::ModelT& m) {
       auto& operators = graph(m).operators;
       while (operators.size() < 16385) operators.push_back(std::make_unique<schema::OperatorT>());
     },
     Code::kTooManyOperators, "the subgraph has 16385 operators; the limit is 16384"},
    {"too_many_operands", [](schema::ModelT& m) { op(m, 1).inputs.assign(4097, 0); }, Code::kTooManyOperands,
     "op 1: the operator lists 4097 inputs or outputs; the limit is 4096"},
};
INSTANTIATE_TEST_SUITE_P(File, RefusedModel, testing::ValuesIn(kFileCases), name_of);

constexpr Case kTensorCases[] = {
    {"unknown_type", [](schema::ModelT& m) { tensor(m, 1).type = static_cast<TensorType>(99); },
     Code::kTensorType,
     "tensor 1: type code 99 is not a type of the TensorFlow Lite schema that has a fixed size"},
    {"negative_type", [](schema::ModelT& m) { tensor(m, 1).type = static_cast<TensorType>(-128); },
     Code::kTensorType,
     "tensor 1: type code -128 is not a type of the TensorFlow Lite schema that has a fixed size"},
    {"strings_have_no_size", [](schema::ModelT& m) { tensor(m, 1).type = TensorType::STRING; },
     Code::kTensorType,
     "tensor 1: type code 5 is not a type of the TensorFlow Lite schema that has a fixed size"},
    {"too_many_dimensions", [](schema::ModelT& m) { tensor(m, 0).shape.assign(13, 1); },  // a public report
     Code::kTooManyDimensions, "tensor 0: the tensor has 13 dimensions; the limit is 12"},
    {"very_many_dimensions", [](schema::ModelT& m) { tensor(m, 0).shape.assign(100000, 1); },
     Code::kTooManyDimensions, "tensor 0: the tensor has 100000 dimensions; the limit is 12"},
    {"negative_dimension",
     [](schema::ModelT& m) {
       tensor(m, 0).shape = {4, -1};
     },
     Code::kNegativeDimension,
     "tensor 0: dimension 1 of the shape is -1; give the model a fixed shape when converting"},
    {"dimension_too_large",  // a public report
     [](schema::ModelT& m) { tensor(m, 0).shape = {INT32_MAX}; }, Code::kTensorTooLarge,
     "tensor 0: the shape's size overflows: more than 1024 MiB at dimension 0"},
    {"product_overflows_32_bits",  // a public report
     [](schema::ModelT& m) {
       tensor(m, 0).shape = {1, 65536, 65536, 4};
     },
     Code::kTensorTooLarge, "tensor 0: the shape's size overflows: more than 1024 MiB at dimension 2"},
    {"product_overflows_64_bits",
     [](schema::ModelT& m) {
       tensor(m, 0).shape = {65536, 65536, 65536, 65536, 65536};
     },
     Code::kTensorTooLarge, "tensor 0: the shape's size overflows: more than 1024 MiB at dimension 1"},
    {"product_with_a_zero_behind",
     [](schema::ModelT& m) {
       tensor(m, 0).shape = {INT32_MAX, INT32_MAX, 0};
     },
     Code::kTensorTooLarge, "tensor 0: the shape's size overflows: more than 1024 MiB at dimension 0"},
    {"bytes_overflow",
     [](schema::ModelT& m) {
       tensor(m, 0).type = TensorType::COMPLEX128;
       tensor(m, 0).shape = {1 << 27};
     },
     Code::kTensorTooLarge, "tensor 0: the shape's size overflows: more than 1024 MiB at dimension 0"},
    // Three public reports: the tensor is a model input, an output, neither.
    {"buffer_of_an_input_does_not_exist", [](schema::ModelT& m) { tensor(m, 0).buffer = 7; },
     Code::kBufferIndex, "tensor 0: buffer 7 does not exist; the model has 1 buffers"},
    {"buffer_of_an_output_does_not_exist", [](schema::ModelT& m) { tensor(m, 2).buffer = 1; },
     Code::kBufferIndex, "tensor 2: buffer 1 does not exist; the model has 1 buffers"},
    {"buffer_of_an_intermediate_does_not_exist", [](schema::ModelT& m) { tensor(m, 1).buffer = UINT32_MAX; },
     Code::kBufferIndex, "tensor 1: buffer 4294967295 does not exist; the model has 1 buffers"},
    {"no_buffers_at_all", [](schema::ModelT& m) { m.buffers.clear(); }, Code::kBufferIndex,
     "tensor 0: buffer 0 does not exist; the model has 0 buffers"},
    {"buffer_too_small",
     [](schema::ModelT& m) {
       set_data(m, 1, {1, 2, 3});
     },
     Code::kBufferSize, "tensor 1: its buffer has 3 bytes, its shape and type need 4"},
    {"buffer_too_large",
     [](schema::ModelT& m) {
       set_data(m, 1, {1, 2, 3, 4, 5});
     },
     Code::kBufferSize, "tensor 1: its buffer has 5 bytes, its shape and type need 4"},
    {"more_zero_points_than_scales",
     [](schema::ModelT& m) {
       auto& q = quantization(m, 1);
       q.scale = {1, 1};
       q.zero_point = {0, 0, 0};
     },
     Code::kQuantizationLength,
     "tensor 1: quantization has 2 scales and 3 zero points; they must be as many, or one zero point"},
    {"zero_point_of_64_bits",
     [](schema::ModelT& m) {
       auto& q = quantization(m, 1);
       q.scale = {1, 1};
       q.zero_point = {0, int64_t{1} << 31};
     },
     Code::kQuantizationZeroPoint, "tensor 1: zero point 1 does not fit 32 bits"},
    {"sparse",
     [](schema::ModelT& m) { tensor(m, 1).sparsity = std::make_unique<schema::SparsityParametersT>(); },
     Code::kSparseTensor, "tensor 1: the tensor is stored sparse; convert the model without sparse weights"},
    {"variable_with_data",
     [](schema::ModelT& m) {
       set_data(m, 1, {1, 2, 3, 4});
       tensor(m, 1).is_variable = true;
     },
     Code::kVariableWithData,
     "tensor 1: the tensor is a variable and has constant data; a variable starts at zero"},
    {"second_subgraph",
     [](schema::ModelT& m) {
       m.subgraphs.push_back(std::make_unique<schema::SubGraphT>());
       m.subgraphs[1]->tensors.push_back(std::make_unique<schema::TensorT>());
       m.subgraphs[1]->tensors[0]->shape = {-5};
     },
     Code::kNegativeDimension,
     "subgraph 1, tensor 0: dimension 0 of the shape is -5; give the model a fixed shape when converting"},
};
INSTANTIATE_TEST_SUITE_P(Tensor, RefusedModel, testing::ValuesIn(kTensorCases), name_of);

constexpr Case kGraphCases[] = {
    {"operator_code_does_not_exist", [](schema::ModelT& m) { op(m, 1).opcode_index = 1; }, Code::kOpcodeIndex,
     "op 1: operator code 1 does not exist; the model has 1"},
    // Two public reports: an operator's inputs, its outputs.
    {"input_tensor_does_not_exist", [](schema::ModelT& m) { op(m, 0).inputs = {3}; }, Code::kTensorIndex,
     "op 0: tensor 3 does not exist; the subgraph has 3"},
    {"output_tensor_does_not_exist", [](schema::ModelT& m) { op(m, 0).outputs = {INT32_MAX}; },
     Code::kTensorIndex, "op 0: tensor 2147483647 does not exist; the subgraph has 3"},
    {"output_is_absent", [](schema::ModelT& m) { op(m, 0).outputs = {-1}; }, Code::kTensorIndex,
     "op 0: tensor -1 does not exist; the subgraph has 3"},
    {"input_tensor_is_below_the_optional_one", [](schema::ModelT& m) { op(m, 0).inputs = {-2}; },
     Code::kTensorIndex, "op 0: tensor -2 does not exist; the subgraph has 3"},
    {"intermediate_tensor_does_not_exist", [](schema::ModelT& m) { op(m, 0).intermediates = {99}; },
     Code::kTensorIndex, "op 0: tensor 99 does not exist; the subgraph has 3"},
    {"model_input_does_not_exist", [](schema::ModelT& m) { graph(m).inputs = {3}; }, Code::kInputIndex,
     "model input or output names tensor 3, which does not exist; the subgraph has 3"},
    {"model_output_is_absent", [](schema::ModelT& m) { graph(m).outputs = {-1}; }, Code::kInputIndex,
     "model input or output names tensor -1, which does not exist; the subgraph has 3"},
    {"cycle_of_two", [](schema::ModelT& m) { op(m, 0).inputs = {2}; }, Code::kUseBeforeWrite,
     "op 0 RESHAPE \"m\": tensor 2 is read before any operator has written it: a cycle, or nobody writes it"},
    {"cycle_of_one", [](schema::ModelT& m) { op(m, 0).inputs = {1}; }, Code::kUseBeforeWrite,
     "op 0 RESHAPE \"m\": tensor 1 is read before any operator has written it: a cycle, or nobody writes it"},
    {"input_that_nobody_writes", [](schema::ModelT& m) { graph(m).inputs.clear(); }, Code::kUseBeforeWrite,
     "op 0 RESHAPE \"m\": tensor 0 is read before any operator has written it: a cycle, or nobody writes it"},
    {"operators_in_reverse_order",
     [](schema::ModelT& m) { std::swap(graph(m).operators[0], graph(m).operators[1]); },
     Code::kUseBeforeWrite,
     "op 0 RESHAPE \"y\": tensor 1 is read before any operator has written it: a cycle, or nobody writes it"},
    {"tensor_written_by_two",
     [](schema::ModelT& m) {
       op(m, 1).outputs = {1};
       graph(m).outputs = {1};
     },
     Code::kWrittenTwice,
     "op 1 RESHAPE \"m\": tensor 1 is written twice, or is a constant, a variable or a model input"},
    {"model_input_is_written", [](schema::ModelT& m) { op(m, 1).outputs = {0}; }, Code::kWrittenTwice,
     "op 1 RESHAPE \"x\": tensor 0 is written twice, or is a constant, a variable or a model input"},
    {"constant_is_written",
     [](schema::ModelT& m) {
       set_data(m, 2, {1, 2, 3, 4});
     },
     Code::kWrittenTwice,
     "op 1 RESHAPE \"y\": tensor 2 is written twice, or is a constant, a variable or a model input"},
    {"model_input_is_a_constant",
     [](schema::ModelT& m) {
       set_data(m, 0, {1, 2, 3, 4});
     },
     Code::kWrittenTwice,
     "tensor 0 \"x\": tensor 0 is written twice, or is a constant, a variable or a model input"},
    {"model_input_is_a_variable", [](schema::ModelT& m) { tensor(m, 0).is_variable = true; },
     Code::kWrittenTwice,
     "tensor 0 \"x\": tensor 0 is written twice, or is a constant, a variable or a model input"},
    {"output_that_nobody_writes", [](schema::ModelT& m) { graph(m).operators.pop_back(); },
     Code::kOutputNotWritten, "tensor 2 \"y\": model output 0, tensor 2, is written by no operator"},
    {"operator_that_tandem_lacks",
     [](schema::ModelT& m) {
       m.operator_codes[0]->builtin_code = BuiltinOperator::HASHTABLE_IMPORT;
       m.operator_codes[0]->deprecated_builtin_code = 127;
     },
     Code::kOperatorUnknown,
     "op 0 HASHTABLE_IMPORT \"m\": operator is not supported (code 138); `tandem inspect` lists all that are "
     "missing"},
    {"operator_that_the_schema_lacks",
     [](schema::ModelT& m) { m.operator_codes[0]->builtin_code = static_cast<BuiltinOperator>(12345); },
     Code::kOperatorUnknown,
     "op 0 12345 \"m\": operator is not supported (code 12345); `tandem inspect` lists all that are missing"},
    {"custom_operator_that_tandem_lacks",
     [](schema::ModelT& m) {
       m.operator_codes[0]->builtin_code = BuiltinOperator::CUSTOM;
       m.operator_codes[0]->deprecated_builtin_code = 32;
       m.operator_codes[0]->custom_code = "My\nOp";
     },
     Code::kCustomOperatorUnknown,
     "op 0 \"My?Op\" \"m\": custom operator is not one that the program brings; write it "
     "(tandem/custom_op.h) and add it to the OpSet"},
    {"operator_of_other_hardware",
     [](schema::ModelT& m) {
       m.operator_codes[0]->builtin_code = BuiltinOperator::CUSTOM;
       m.operator_codes[0]->deprecated_builtin_code = 32;
       m.operator_codes[0]->custom_code = "ethos-u";
     },
     Code::kEthosU,
     "op 0 \"ethos-u\" \"m\": the operator is a program for an Arm Ethos-U, another processor that this "
     "machine "
     "does "
     "not have; give the model as it was before Vela compiled it"},
    {"too_many_inputs",
     [](schema::ModelT& m) {
       op(m, 0).inputs = {0, 0, 0};
     },
     Code::kOperandCount, "op 0 RESHAPE \"m\": the operator has 3 inputs, which is not a number it can have"},
    {"no_outputs",
     [](schema::ModelT& m) {
       op(m, 1).outputs.clear();
       graph(m).outputs = {1};
     },
     Code::kOperandCount, "op 1 RESHAPE: the operator has 0 outputs, which is not a number it can have"},
    {"input_is_absent", [](schema::ModelT& m) { op(m, 0).inputs = {-1}; }, Code::kOperandMissing,
     "op 0 RESHAPE \"m\": input 0 is missing"},
    {"other_output_type", [](schema::ModelT& m) { tensor(m, 1).type = TensorType::UINT8; }, Code::kOutputType,
     "op 0 RESHAPE \"m\": output 0 has type UINT8, which this operator does not support for these inputs"},
    {"names_cannot_break_a_line",
     [](schema::ModelT& m) {
       tensor(m, 1).name = std::string("\x1b[31m\r\n\0\x7f", 9);
       tensor(m, 1).type = TensorType::UINT8;
     },
     Code::kOutputType,
     "op 0 RESHAPE \"?[31m????\": output 0 has type UINT8, which this operator does not support for these "
     "inputs"},
};
INSTANTIATE_TEST_SUITE_P(Graph, RefusedModel, testing::ValuesIn(kGraphCases), name_of);

// ---- what operators ask of their operands, with CONV_2D as the example

ModelBuilder convolution() {
  ModelBuilder b;
  const int x = b.tensor({.name = "x", .type = TensorType::INT8, .shape = {1, 2, 2, 2}, .scale = {0.5f}});
  const int w =
      b.constant({.name = "w", .type = TensorType::INT8, .shape = {1, 1, 1, 2}, .scale = {0.5f}}, {1, 2});
  const int bias = b.constant({.name = "b", .type = TensorType::INT32, .shape = {1}, .scale = {0.25f}}, {3});
  const int y = b.tensor({.name = "y", .type = TensorType::INT8, .shape = {1, 2, 2, 1}, .scale = {0.5f}});
  schema::Conv2DOptionsT options;
  options.stride_h = options.stride_w = 1;
  b.op(BuiltinOperator::CONV_2D, {x, w, bias}, {y}, options);
  b.inputs({x});
  b.outputs({y});
  return b;
}

class RefusedConvolution : public testing::TestWithParam<Case> {};
TEST_P(RefusedConvolution, WithCodeAndSentence) { expect_refusal(convolution(), GetParam()); }

constexpr Case kConvolutionCases[] = {
    {"unbroken", [](schema::ModelT&) {}, Code::kOk, ""},
    {"no_options", [](schema::ModelT& m) { op(m, 0).builtin_options.Reset(); }, Code::kOptionsMissing,
     "op 0 CONV_2D \"y\": the operator's options are missing or of another operator; convert the model "
     "again"},
    {"options_of_another_operator",
     [](schema::ModelT& m) { op(m, 0).builtin_options.Set(schema::Pool2DOptionsT{}); }, Code::kOptionsMissing,
     "op 0 CONV_2D \"y\": the operator's options are missing or of another operator; convert the model "
     "again"},
    {"activation_that_is_no_clamp",
     [](schema::ModelT& m) {
       op(m, 0).builtin_options.AsConv2DOptions()->fused_activation_function =
           schema::ActivationFunctionType::TANH;
     },
     Code::kActivation,
     "op 0 CONV_2D \"y\": fused activation 4 is not supported; supported: NONE, RELU, RELU_N1_TO_1, RELU6"},
    {"unknown_padding",
     [](schema::ModelT& m) {
       op(m, 0).builtin_options.AsConv2DOptions()->padding = static_cast<schema::Padding>(7);
     },
     Code::kOptionValue,
     "op 0 CONV_2D \"y\": option 0 of the operator has the value 7, which is not supported"},
    {"input_type", [](schema::ModelT& m) { tensor(m, 0).type = TensorType::BOOL; }, Code::kInputType,
     "op 0 CONV_2D \"y\": input 0 has type BOOL, which this operator does not support there"},
    {"input_rank",
     [](schema::ModelT& m) {
       tensor(m, 0).shape = {2, 2, 2};
     },
     Code::kInputRank, "op 0 CONV_2D \"y\": input 0 has 3 dimensions, which this operator does not support"},
    {"weights_for_other_channels",
     [](schema::ModelT& m) {
       tensor(m, 0).shape = {1, 2, 2, 3};
     },
     Code::kInputShape,
     "op 0 CONV_2D \"y\": input 1 has a shape that does not fit the other inputs (dimension 3)"},
    {"output_shape",
     [](schema::ModelT& m) {
       tensor(m, 3).shape = {1, 2, 2, 2};
     },
     Code::kOutputShape,
     "op 0 CONV_2D \"y\": output 0 has another shape in the file than the operator gives (dimension 3)"},
};
INSTANTIATE_TEST_SUITE_P(Operand, RefusedConvolution, testing::ValuesIn(kConvolutionCases), name_of);

// ---- files

std::string sentence(const Status& status) {
  std::vector<char> text(256);
  return {text.data(), describe(status, nullptr, text)};
}

void write_u32(std::vector<uint8_t>& bytes, size_t at, uint32_t value) {
  for (size_t i = 0; i < sizeof value; ++i) bytes.at(at + i) = static_cast<uint8_t>(value >> (8 * i));
}

TEST(ModelFile, OfNothingIsRefused) {
  const std::vector<uint8_t> bytes = two_reshapes().finish();
  for (size_t size = 0; size < 8; ++size) {
    const std::vector<uint8_t> cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
    EXPECT_EQ(Model::load(cut).status().code, Code::kFileTooSmall) << size << " bytes";
  }
  EXPECT_EQ(sentence(Model::load({}).status()),
            "not a TensorFlow Lite model: the file has 0 bytes; give the whole .tflite file");
}

TEST(ModelFile, LargerThanAPlanCanAddressIsRefused) {
  // Its size is all that is looked at.
  const uint8_t first = 0;
  const Result<Model> model = Model::load({&first, (size_t{1} << 30) + 1});
  EXPECT_EQ(sentence(model.status()), "the model has 1024 MiB; the limit is 1024 MiB");
}

TEST(ModelFile, WithoutIdentifierIsRefused) {
  std::vector<uint8_t> bytes = two_reshapes().finish();
  bytes[7] = '4';
  EXPECT_EQ(
      sentence(Model::load(bytes).status()),
      "not a TensorFlow Lite model: identifier TFL3 is missing at byte 4; convert the model to .tflite");
}

TEST(ModelFile, RootOutsideTheFileIsRefused) {  // a public report
  for (const uint32_t root : {UINT32_MAX, uint32_t{INT32_MAX}, 1U << 20}) {
    std::vector<uint8_t> bytes = two_reshapes().finish();
    write_u32(bytes, 0, root);
    EXPECT_EQ(
        sentence(Model::load(bytes).status()),
        "corrupt model: an offset or length at byte 1 leads outside the file; copy or convert it again");
  }
}

TEST(ModelFile, RootAtTheVeryEndOrNowhereIsRefused) {
  std::vector<uint8_t> bytes = two_reshapes().finish();
  for (const size_t root : {size_t{0}, bytes.size() - 1, bytes.size() - 3, bytes.size()}) {
    write_u32(bytes, 0, static_cast<uint32_t>(root));
    EXPECT_EQ(Model::load(bytes).status().code, Code::kCorruptModel) << root;
  }
}

TEST(ModelFile, CutShortIsRefused) {
  const std::vector<uint8_t> bytes = two_reshapes().finish();
  const std::vector<uint8_t> half(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 2));
  EXPECT_EQ(Model::load(half).status().code, Code::kCorruptModel);
}

// Thousands of operators that all list the same long vector would take hours to walk; a converter never
// shares.
TEST(ModelFile, MadeToBeSlowIsRefused) {
  ModelBuilder b = two_reshapes();
  op(b.raw(), 0).inputs.assign(4000, 0);
  for (int i = 0; i < 16000; ++i) graph(b.raw()).operators.push_back(std::make_unique<schema::OperatorT>());
  std::vector<uint8_t> bytes = b.finish();
  EXPECT_TRUE(Model::load(bytes).ok());
  const auto* operators = schema::GetModel(bytes.data())->subgraphs()->Get(0)->operators();
  const auto* list = reinterpret_cast<const uint8_t*>(operators->data());
  const auto long_one = static_cast<uint32_t>(reinterpret_cast<const uint8_t*>(operators->Get(0)) - list);
  for (uint32_t i = 0; i < operators->size(); ++i) {
    write_u32(bytes, static_cast<size_t>(list - bytes.data()) + 4 * size_t{i}, long_one - 4 * i);
  }
  EXPECT_EQ(Model::load(bytes).status().code, Code::kCorruptModel);
}

// ---- what is accepted

TEST(ModelFile, BrokenByNoCaseIsAccepted) {
  const test::LoadedModel model(two_reshapes().finish());
  EXPECT_EQ(model.refusal(), "");
}

TEST(ModelFile, NamesItsOperatorsInEitherCodeField) {
  struct Codes {
    int8_t deprecated;
    int32_t builtin;
    int32_t want;
  };
  constexpr int32_t kReshape = static_cast<int32_t>(BuiltinOperator::RESHAPE);
  constexpr int8_t kPlaceholder = 127;
  for (const Codes& codes : {Codes{kReshape, 0, kReshape}, Codes{0, kReshape, kReshape},
                             Codes{kReshape, kReshape, kReshape}, Codes{kPlaceholder, 150, 150}}) {
    ModelBuilder b = two_reshapes();
    b.raw().operator_codes[0]->deprecated_builtin_code = codes.deprecated;
    b.raw().operator_codes[0]->builtin_code = static_cast<BuiltinOperator>(codes.builtin);
    const std::vector<uint8_t> bytes = b.finish();
    const Result<Model> model = Model::load(bytes);
    ASSERT_TRUE(model.ok());
    EXPECT_EQ(Subgraph(*model, 0).op(0).builtin, codes.want)
        << int{codes.deprecated} << " and " << codes.builtin;
  }
}

TEST(ModelFile, MayHaveSeveralSubgraphsAndMetadata) {
  ModelBuilder b = two_reshapes();
  const uint8_t about[] = {1, 2, 3};
  b.metadata("min_runtime_version", about);
  b.raw().metadata.back()->buffer = 4711;  // read by nobody
  b.add_subgraph("body");
  b.inputs({b.tensor({.name = "other", .type = TensorType::BOOL})});
  b.select_subgraph(0);
  const std::vector<uint8_t> bytes = b.finish();
  const test::LoadedModel model(bytes);
  EXPECT_EQ(model.refusal(), "");
  EXPECT_EQ(subgraph_count(model.model()), 2U);
  EXPECT_EQ(Subgraph(model.model(), 1).tensor_name(0), "other");
}

TEST(ModelFile, MayHoldUnfinishedQuantization) {
  ModelBuilder b = two_reshapes();
  quantization(b.raw(), 0).min = {-1};              // a range and no scale: not quantized
  quantization(b.raw(), 1).scale = {1, 2};          // no zero points: 0
  quantization(b.raw(), 2).zero_point = {5, 6, 7};  // no scales: not quantized
  EXPECT_EQ(test::LoadedModel(b.finish()).refusal(), "");
}

TEST(ModelFile, MayHaveEmptyTensorsAndScalars) {
  ModelBuilder b = two_reshapes();
  tensor(b.raw(), 0).shape = {0, 5};
  tensor(b.raw(), 1).shape = {3, 0};
  tensor(b.raw(), 2).shape = {0};
  EXPECT_EQ(test::LoadedModel(b.finish()).refusal(), "");
}

TEST(Program, WithoutTheOperatorSaysSo) {
  const test::LoadedModel model(two_reshapes().finish());
  std::vector<uint8_t> workspace(workspace_bytes(model.model()).value());
  const Result<ArenaNeed> need = arena_need(model.model(), {}, workspace);
  std::vector<char> text(256);
  EXPECT_EQ(std::string(text.data(), describe(need.status(), &model.model(), text)),
            "op 0 RESHAPE \"m\": operator is not in the program's OpSet; add it, or use all_ops()");
}

// ---- quantization of the operands that are computed with

struct Operands {
  BuiltinOperator code;
  std::vector<TensorType> input_types;
  std::vector<int32_t> shape;          ///< of the output and the first input
  std::vector<int32_t> weights_shape;  ///< of the second input
};

// One operator on INT8 tensors with scales of 0.5, but `scale` at operand `broken` (the output counts last).
test::LoadedModel with_scale(const Operands& operands, size_t broken, const std::vector<float>& scale,
                             const std::vector<int64_t>& zero_point = {}) {
  ModelBuilder b;
  std::vector<int32_t> inputs;
  for (size_t i = 0; i <= operands.input_types.size(); ++i) {
    models::TensorSpec spec{.name = "t" + std::to_string(i), .type = TensorType::INT8, .scale = {0.5f}};
    if (i == broken) {
      spec.scale = scale;
      spec.zero_point = zero_point;
    }
    spec.shape = i == 1 ? operands.weights_shape : operands.shape;
    const bool constant = i == 1 && operands.code != BuiltinOperator::ADD;
    const size_t bytes = i == 1 ? 4 : 0;
    const int32_t index =
        constant ? b.constant_bytes(spec, std::vector<uint8_t>(bytes, 1)) : b.tensor(std::move(spec));
    if (i < operands.input_types.size()) inputs.push_back(index);
  }
  const auto output = static_cast<int32_t>(inputs.size());
  switch (operands.code) {
    case BuiltinOperator::ADD:
      b.op(operands.code, inputs, {output}, schema::AddOptionsT{});
      b.inputs(inputs);
      break;
    case BuiltinOperator::FULLY_CONNECTED:
      b.op(operands.code, inputs, {output}, schema::FullyConnectedOptionsT{});
      b.inputs({0});
      break;
    default: {
      schema::Conv2DOptionsT options;
      options.stride_h = options.stride_w = 1;
      b.op(operands.code, inputs, {output}, options);
      b.inputs({0});
    }
  }
  b.outputs({output});
  return test::LoadedModel(b.finish());
}

const Operands kScaledOperands[] = {
    {BuiltinOperator::CONV_2D, {TensorType::INT8, TensorType::INT8}, {1, 2, 2, 2}, {2, 1, 1, 2}},
    {BuiltinOperator::FULLY_CONNECTED, {TensorType::INT8, TensorType::INT8}, {3, 2}, {2, 2}},
    {BuiltinOperator::ADD, {TensorType::INT8, TensorType::INT8}, {1, 4}, {1, 4}},
};

TEST(Quantization, ThatIsUsableIsAccepted) {
  for (const Operands& operands : kScaledOperands) {
    EXPECT_EQ(with_scale(operands, 0, {0.25f}).refusal(), "") << EnumNameBuiltinOperator(operands.code);
  }
}

TEST(Quantization, WithoutUsableScaleIsRefused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Operands& operands : kScaledOperands) {
    for (size_t operand = 0; operand <= operands.input_types.size(); ++operand) {
      const bool is_output = operand == operands.input_types.size();
      for (const std::vector<float>& scale :
           {std::vector{0.0f}, {-0.0f}, {-0.5f}, {kNan}, {kInfinity}, {-kInfinity}, {}}) {
        SCOPED_TRACE(testing::Message() << EnumNameBuiltinOperator(operands.code) << " operand " << operand
                                        << " scale " << (scale.empty() ? -1.0f : scale[0]));
        const test::LoadedModel model = with_scale(operands, operand, scale);
        EXPECT_EQ(static_cast<int>(model.status().code),
                  static_cast<int>(is_output ? Code::kOutputQuantization : Code::kInputQuantization));
        EXPECT_EQ(model.refusal(),
                  std::string("op 0 ") + EnumNameBuiltinOperator(operands.code) + " \"t2\": " +
                      (is_output      ? "output 0"
                       : operand == 0 ? "input 0"
                                      : "input 1") +
                      " needs a quantization: one positive, finite scale and a zero point that fits its "
                      "type; requantize the model");
      }
    }
  }
}

TEST(Quantization, OfAnotherNumberOfChannelsIsRefused) {
  EXPECT_EQ(with_scale(kScaledOperands[0], 1, {1, 1, 1}).refusal(),
            "op 0 CONV_2D \"t2\": weights have 3 scales; this operator needs 1 or 2, one an output channel");
  EXPECT_EQ(with_scale(kScaledOperands[0], 0, {1, 1}).status().code, Code::kInputQuantization);
  EXPECT_EQ(with_scale(kScaledOperands[0], 2, {1, 1}).status().code, Code::kOutputQuantization);
}

TEST(Quantization, WithAZeroPointOutsideTheTypeIsRefused) {
  EXPECT_EQ(with_scale(kScaledOperands[0], 0, {0.5f}, {128}).status().code, Code::kInputQuantization);
  EXPECT_EQ(with_scale(kScaledOperands[2], 2, {0.5f}, {-129}).status().code, Code::kOutputQuantization);
}

TEST(Quantization, ExtremeButUsableNeverOverflows) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  constexpr float kHuge = std::numeric_limits<float>::max();
  for (const Operands& operands : kScaledOperands) {
    for (size_t operand = 0; operand <= operands.input_types.size(); ++operand) {
      for (const float scale : {kTiny, kHuge}) {
        test::LoadedModel model = with_scale(operands, operand, {scale});
        if (model.status().ok()) model.invoke();
      }
    }
  }
}

}  // namespace
}  // namespace tandem
