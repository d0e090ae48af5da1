#include "model/flatbuffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>

#include "model/model_view.h"
#include "models/model_builder.h"
#include "run_model.h"

// The FlatBuffers library is the oracle: a file that its Verifier accepts is not corrupt, and what its
// generated accessors read from it is what the reader reads.
namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;

bool verifies(std::span<const uint8_t> bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  return schema::VerifyModelBuffer(verifier);
}

// One of everything that the reader looks at.
std::vector<uint8_t> varied_model() {
  ModelBuilder b("varied");
  const int x = b.tensor(
      {.name = "x", .type = TensorType::INT8, .shape = {1, 4, 4, 1}, .scale = {0.5f}, .zero_point = {-3}});
  const int w = b.constant({.name = "weights",
                            .type = TensorType::INT8,
                            .shape = {2, 2, 2, 1},
                            .scale = {0.25f, 0.125f},
                            .axis = 0},
                           {1, 2, 3, 4, -5, -6, -7, -8});
  const int y = b.tensor({.name = "y", .type = TensorType::INT8, .shape = {1, 4, 4, 2}, .scale = {2}});
  const int state = b.tensor({.name = "state", .shape = {3}, .is_variable = true});
  const int z = b.tensor({.name = "z", .type = TensorType::INT8, .shape = {32}, .scale = {2}});
  schema::Conv2DOptionsT conv;
  conv.stride_w = conv.stride_h = 1;
  b.op(BuiltinOperator::CONV_2D, {x, w, -1}, {y}, conv).intermediates = {state};
  const std::vector<uint8_t> options = {1, 2, 3};
  b.custom_op("Special", {y, state}, {z}, options);
  b.inputs({x});
  b.outputs({z});
  b.metadata("about", options);
  b.add_subgraph("other");
  b.inputs({b.tensor({.name = "only", .type = TensorType::BOOL})});
  return b.finish();
}

std::vector<std::pair<std::string, std::vector<uint8_t>>> small_models() {
  ModelBuilder empty;
  ModelBuilder reshape("a");
  const int x = reshape.tensor({.name = "x", .shape = {2, 3}});
  const int shape = reshape.constant({.type = TensorType::INT32, .shape = {1}}, {6});
  const int y = reshape.tensor({.name = "y", .shape = {6}});
  reshape.op(BuiltinOperator::RESHAPE, {x, shape}, {y}, schema::ReshapeOptionsT{});
  reshape.inputs({x});
  reshape.outputs({y});
  return {{"empty", empty.finish()}, {"reshape", reshape.finish()}, {"varied", varied_model()}};
}

template <class T, class Read>
void expect_same_list(const flatbuffers::Vector<T>* want, const flat::Vector& got, const Read& read) {
  ASSERT_EQ(got.count, want == nullptr ? 0 : want->size());
  for (uint32_t i = 0; i < got.count; ++i) {
    const auto element = want->Get(i);
    const auto value = read(got, i);
    EXPECT_EQ(std::memcmp(&value, &element, sizeof element), 0) << "element " << i;  // a NaN equals itself
  }
}

template <class T>
void expect_same_list(const flatbuffers::Vector<T>* want, const flat::Vector& got) {
  expect_same_list(want, got, [](const flat::Vector& list, uint32_t i) { return list.get<T>(i); });
}

std::string_view text_of(const flatbuffers::String* string) {
  return string == nullptr ? std::string_view{} : string->string_view();
}

void expect_same_tensor(const schema::Model& model, const schema::Tensor& want, const TensorInfo& got) {
  EXPECT_EQ(static_cast<int>(got.type), static_cast<int>(want.type()));
  EXPECT_EQ(got.variable, want.is_variable());
  ASSERT_EQ(got.shape.rank, want.shape() == nullptr ? 0 : want.shape()->size());
  for (uint32_t d = 0; d < got.shape.rank; ++d) EXPECT_EQ(got.shape[d], want.shape()->Get(d));
  const auto* data = model.buffers()->Get(want.buffer())->data();
  EXPECT_EQ(got.data, data == nullptr || data->size() == 0 ? nullptr : data->data());
  const schema::QuantizationParameters* q = want.quantization();
  expect_same_list(q == nullptr ? nullptr : q->scale(), got.quantization.scales);
  expect_same_list(q == nullptr ? nullptr : q->zero_point(), got.quantization.zero_points);
  EXPECT_EQ(got.quantization.axis, q == nullptr ? 0 : q->quantized_dimension());
}

void expect_same_operator(const schema::Model& model, const schema::Operator& want, const OperatorInfo& got) {
  const schema::OperatorCode& code = *model.operator_codes()->Get(want.opcode_index());
  EXPECT_EQ(got.builtin,
            std::max<int>(code.deprecated_builtin_code(), static_cast<int>(code.builtin_code())));
  if (got.builtin == static_cast<int>(BuiltinOperator::CUSTOM)) {
    EXPECT_EQ(got.custom_code, text_of(code.custom_code()));
  }
  expect_same_list(want.inputs(), got.inputs);
  expect_same_list(want.outputs(), got.outputs);
  expect_same_list(want.intermediates(), got.intermediates);
  expect_same_list(want.custom_options(), got.custom_options);
  EXPECT_EQ(got.options_type, static_cast<uint8_t>(want.builtin_options_type()));
  if (got.options_type == 1) {
    const auto* options = want.builtin_options_as_Conv2DOptions();
    ASSERT_EQ(got.options.valid(), options != nullptr);
    if (options == nullptr) return;
    EXPECT_EQ(got.options.scalar<int8_t>(0), static_cast<int8_t>(options->padding()));
    EXPECT_EQ(got.options.scalar<int32_t>(1), options->stride_w());
    EXPECT_EQ(got.options.scalar<int32_t>(4, 1), options->dilation_w_factor());
  }
}

// `bytes` is one that the Verifier and Model::load accept.
void expect_same_values(std::span<const uint8_t> bytes, const Model& loaded) {
  const schema::Model& model = *schema::GetModel(bytes.data());
  ASSERT_EQ(subgraph_count(loaded), model.subgraphs()->size());
  for (uint32_t s = 0; s < model.subgraphs()->size(); ++s) {
    SCOPED_TRACE(testing::Message() << "subgraph " << s);
    const schema::SubGraph& want = *model.subgraphs()->Get(s);
    const Subgraph got(loaded, s);
    expect_same_list(want.inputs(), got.inputs());
    expect_same_list(want.outputs(), got.outputs());
    ASSERT_EQ(got.tensor_count(), want.tensors() == nullptr ? 0 : want.tensors()->size());
    for (uint32_t t = 0; t < got.tensor_count(); ++t) {
      SCOPED_TRACE(testing::Message() << "tensor " << t);
      const auto index = static_cast<int32_t>(t);
      expect_same_tensor(model, *want.tensors()->Get(t), got.tensor(index));
      EXPECT_EQ(got.tensor_name(index), text_of(want.tensors()->Get(t)->name()));
    }
    ASSERT_EQ(got.operator_count(), want.operators() == nullptr ? 0 : want.operators()->size());
    for (uint32_t o = 0; o < got.operator_count(); ++o) {
      SCOPED_TRACE(testing::Message() << "operator " << o);
      expect_same_operator(model, *want.operators()->Get(o), got.op(o));
    }
  }
}

struct Counts {
  unsigned verified = 0;
  unsigned loaded = 0;
  unsigned both = 0;
};

// Loads bytes that lie in memory of exactly their size, so that AddressSanitizer sees any step outside.
void check(std::span<const uint8_t> file, Counts& counts) {
  const std::vector<uint8_t> bytes(file.begin(), file.end());
  const Result<Model> model = Model::load(bytes);
  const bool verified = verifies(bytes);
  counts.verified += verified ? 1 : 0;
  counts.loaded += model.ok() ? 1 : 0;
  if (verified) {
    EXPECT_NE(model.status().code, Code::kCorruptModel) << "byte " << model.status().a;
    EXPECT_NE(model.status().code, Code::kFileTooSmall);
    EXPECT_NE(model.status().code, Code::kNotTflite);
  }
  if (!model.ok()) return;
  // Accepted files can be walked without a check by the caller, whatever the Verifier thinks of them.
  for (uint32_t s = 0; s < subgraph_count(*model); ++s) {
    const Subgraph subgraph(*model, s);
    for (uint32_t t = 0; t < subgraph.tensor_count(); ++t) {
      const TensorInfo tensor = subgraph.tensor(static_cast<int32_t>(t));
      EXPECT_TRUE(tensor.data == nullptr || (tensor.data >= bytes.data() && tensor.bytes <= bytes.size() &&
                                             tensor.data <= bytes.data() + (bytes.size() - tensor.bytes)));
      (void)subgraph.tensor_name(static_cast<int32_t>(t));
    }
    for (uint32_t o = 0; o < subgraph.operator_count(); ++o) (void)subgraph.op(o);
  }
  if (!verified) return;
  ++counts.both;
  expect_same_values(bytes, *model);
}

uint32_t extreme(std::mt19937& random, uint32_t value) {
  const uint32_t candidates[] = {0,         1,         4,          UINT32_MAX, UINT32_MAX - 3, INT32_MAX,
                                 1U << 31,  1U << 30,  0x10000,    0xffff,     value + 1,      value - 1,
                                 value + 4, value - 4, value << 1, ~value,     0U - value};
  return candidates[random() % std::size(candidates)];
}

void mutate(std::vector<uint8_t>& bytes, std::mt19937& random) {
  const size_t at = random() % bytes.size();
  switch (random() % 4) {
    case 0:
      bytes[at] ^= static_cast<uint8_t>(1U << (random() % 8));
      break;
    case 1:
      bytes[at] = static_cast<uint8_t>(random());
      break;
    case 2:
      if (random() % 8 == 0) bytes.resize(at);
      break;
    default: {
      const size_t word = at / 4 * 4;
      if (word + 4 > bytes.size()) break;
      uint32_t value = 0;
      std::memcpy(&value, &bytes[word], 4);
      value = extreme(random, value);
      std::memcpy(&bytes[word], &value, 4);
    }
  }
}

TEST(FlatBuffer, ReadsWhatTheGeneratedAccessorsRead) {
  for (const auto& [name, bytes] : small_models()) {
    SCOPED_TRACE(name);
    Counts counts;
    check(bytes, counts);
    EXPECT_EQ(counts.both, 1U);
  }
}

TEST(FlatBuffer, AcceptsWhatTheVerifierAcceptsAfterMutations) {
  constexpr uint32_t kSeed = 1;
  constexpr int kMutants = 10000;
  for (const auto& [name, bytes] : small_models()) {
    std::mt19937 random(kSeed);
    Counts counts;
    for (int i = 0; i < kMutants && !HasFailure(); ++i) {
      SCOPED_TRACE(testing::Message() << name << ", seed " << kSeed << ", mutant " << i);
      std::vector<uint8_t> mutant = bytes;
      for (uint32_t n = 1 + random() % 3; n > 0 && !mutant.empty(); --n) mutate(mutant, random);
      check(mutant, counts);
    }
    std::printf("%s: %d mutants, the Verifier accepts %u, the reader %u, both %u\n", name.c_str(), kMutants,
                counts.verified, counts.loaded, counts.both);
  }
}

TEST(FlatBuffer, ReadsEveryReferenceModel) {
  const std::string folder = test::reference_data();
  if (folder.empty()) GTEST_SKIP() << "skipped: no reference data";
  Counts counts;
  unsigned files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".tflite") continue;
    SCOPED_TRACE(entry.path().string());
    ++files;
    check(test::read_file(entry.path().string()), counts);
  }
  std::printf("%u files, the Verifier accepts %u, the reader %u\n", files, counts.verified, counts.loaded);
  EXPECT_GT(counts.both, 0U);
}

TEST(FlatBuffer, NotesTheFirstPositionOutside) {
  const uint8_t bytes[] = {4, 0, 0, 0, 0xf0, 0xff, 0xff, 0x7f};
  uint32_t first_error = 0;
  const flat::Table table = flat::root({.bytes = bytes, .first_error = &first_error});
  EXPECT_FALSE(table.valid());
  EXPECT_EQ(first_error, 4U);
  EXPECT_EQ(table.scalar<int32_t>(3, 9), 9);
  EXPECT_EQ(table.vector(0, 4).count, 0U);
  EXPECT_EQ(table.string(1), "");
}

TEST(FlatBuffer, RefusesEveryPositionOutside) {
  const uint8_t bytes[8] = {};
  uint32_t first_error = 0;
  const flat::File file{.bytes = bytes, .first_error = &first_error};
  for (const uint64_t at : {uint64_t{5}, uint64_t{8}, uint64_t{UINT32_MAX}, UINT64_MAX}) {
    first_error = 0;
    EXPECT_EQ(file.read<uint32_t>(at), 0U);
    EXPECT_NE(first_error, 0U) << at;
  }
  first_error = 0;
  EXPECT_EQ(file.read<uint32_t>(4), 0U);
  EXPECT_EQ(first_error, 0U);
}

}  // namespace
}  // namespace tandem
