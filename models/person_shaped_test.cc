#include "models/person_shaped.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <vector>

#include "models/schema_generated.h"

namespace tandem::models {
namespace {

constexpr uint64_t kSeed = 1;

std::vector<uint8_t> reference_file(const char* path) {
  const char* from_environment = std::getenv("TANDEM_SHARED");
  const std::filesystem::path shared = from_environment ? from_environment : TANDEM_DEFAULT_SHARED;
  std::ifstream file(shared / "models" / path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const PersonShaped& network() {
  static const PersonShaped made(kSeed);
  return made;
}

// What makes two networks the same to a runtime, apart from numbers: operators with their options and
// versions, shapes, types, which tensors are constant, how many scales they have.
struct Structure {
  struct Operand {
    std::vector<int32_t> shape;
    schema::TensorType type;
    size_t scales;
    size_t constant_bytes;
    bool operator==(const Operand&) const = default;
  };
  struct Step {
    schema::BuiltinOperator code;
    std::vector<Operand> operands;
    bool operator==(const Step&) const = default;
  };
  std::vector<Step> steps;
  std::vector<schema::BuiltinOptionsUnion> options;
};

Structure structure_of(const std::vector<uint8_t>& bytes) {
  const auto model = schema::UnPackModel(bytes.data());
  const schema::SubGraphT& graph = *model->subgraphs[0];
  Structure structure;
  for (const auto& op : graph.operators) {
    const schema::OperatorCodeT& code = *model->operator_codes[op->opcode_index];
    Structure::Step step{.code = std::max(code.builtin_code,
                                          static_cast<schema::BuiltinOperator>(code.deprecated_builtin_code)),
                         .operands = {}};
    for (const auto* operands : {&op->inputs, &op->outputs}) {
      for (const int32_t t : *operands) {
        const schema::TensorT& tensor = *graph.tensors[static_cast<size_t>(t)];
        step.operands.push_back({.shape = tensor.shape,
                                 .type = tensor.type,
                                 .scales = tensor.quantization ? tensor.quantization->scale.size() : 0,
                                 .constant_bytes = model->buffers[tensor.buffer]->data.size()});
      }
    }
    structure.steps.push_back(std::move(step));
    structure.options.push_back(op->builtin_options);
  }
  return structure;
}

TEST(PersonShaped, SameStructureAsTheReferenceModel) {
  const std::vector<uint8_t> reference = reference_file("person_detect.tflite");
  if (reference.empty()) GTEST_SKIP() << "skipped: no reference data";
  const Structure want = structure_of(reference);
  const Structure got = structure_of(network().tflite());
  ASSERT_EQ(got.steps.size(), want.steps.size());
  for (size_t i = 0; i < want.steps.size(); ++i) {
    EXPECT_EQ(got.steps[i], want.steps[i]) << "operator " << i;
    EXPECT_EQ(got.options[i], want.options[i]) << "operator " << i;
  }
}

void expect_about_half_zero(std::span<const GreyImage> images) {
  const auto fractions = network().zero_fractions(images);
  EXPECT_EQ(fractions.size(), 27u);
  for (const auto& [layer, fraction] : fractions) {
    EXPECT_GE(fraction, 0.4) << layer;
    EXPECT_LE(fraction, 0.6) << layer;
  }
}

TEST(PersonShaped, AboutHalfIsZeroAfterEachRelu6) {
  std::vector<GreyImage> images;
  for (uint64_t seed = 100; seed < 108; ++seed) images.push_back(natural_image(seed));
  expect_about_half_zero(images);
}

TEST(PersonShaped, AboutHalfIsZeroOnPhotographs) {
  for (const char* picture : {"images/person.bmp", "images/no_person.bmp"}) {
    SCOPED_TRACE(picture);
    const std::vector<uint8_t> bitmap = reference_file(picture);
    if (bitmap.empty()) GTEST_SKIP() << "skipped: no reference data";
    ASSERT_GT(bitmap.size(), 96u * 96u);  // the pixels, stored as the network takes them, end the file
    const GreyImage image(bitmap.end() - 96 * 96, bitmap.end());
    expect_about_half_zero({&image, 1});
  }
}

TEST(PersonShaped, DenseHasNoZeroAndAllWeights) {
  const PersonShaped dense(kSeed, PersonShaped::Values::kDense);
  std::vector<GreyImage> images;
  for (uint64_t seed = 100; seed < 104; ++seed) images.push_back(natural_image(seed));
  for (const auto& [layer, fraction] : dense.zero_fractions(images)) EXPECT_EQ(fraction, 0) << layer;
  const std::vector<uint8_t> bytes = dense.tflite();
  const auto model = schema::UnPackModel(bytes.data());
  for (const auto& tensor : model->subgraphs[0]->tensors) {
    const auto& data = model->buffers[tensor->buffer]->data;
    if (tensor->type != schema::TensorType::INT8 || data.size() < 1024) continue;
    const auto large =
        std::ranges::count_if(data, [](uint8_t w) { return std::abs(static_cast<int8_t>(w)) >= 64; });
    // Half of them, and some more where each few weights are scaled to reach 127; bell-shaped 0.2 to 0.4.
    EXPECT_NEAR(static_cast<double>(large) / data.size(), 0.53, 0.06) << tensor->name;
  }
}

TEST(PersonShaped, WeightsAreSymmetric) {
  const std::vector<uint8_t> bytes = network().tflite();
  const auto model = schema::UnPackModel(bytes.data());
  for (const auto& tensor : model->subgraphs[0]->tensors) {
    if (tensor->type != schema::TensorType::INT8) continue;
    for (const uint8_t weight : model->buffers[tensor->buffer]->data) {
      EXPECT_NE(static_cast<int8_t>(weight), -128) << tensor->name;
    }
  }
}

TEST(PersonShaped, SameBytesEveryTime) {
  EXPECT_EQ(PersonShaped(kSeed).tflite(), network().tflite());
  EXPECT_NE(PersonShaped(kSeed + 1).tflite(), network().tflite());
}

TEST(NaturalImage, HasContrast) {
  for (uint64_t seed = 1; seed < 20; ++seed) {
    const GreyImage image = natural_image(seed);
    ASSERT_EQ(image.size(), 96u * 96u);
    const auto [darkest, brightest] = std::ranges::minmax(image);
    EXPECT_GT(brightest - darkest, 50) << "seed " << seed;
  }
}

}  // namespace
}  // namespace tandem::models
