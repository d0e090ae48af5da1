#include "output_tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "file_bytes.h"
#include "npy.h"
#include "test_files.h"

namespace tandem::cli {
namespace {

TEST(output_text, quantized) {
  OwnedTensor tensor(Type::kInt8, {1, 2}, 0.00390625f, -128);
  tensor.bytes = {0x8f, 0x71};
  EXPECT_EQ(output_text({"scores", tensor.view}),
            "scores: INT8 [1,2], scale 0.00390625, zero point -128\n"
            "  raw  -113 113\n"
            "  real 0.0585938 0.941406\n");
}

TEST(output_text, long_tensors_lose_their_middle) {
  OwnedTensor tensor(Type::kFloat32, {100});
  for (size_t i = 0; i < 100; ++i) tensor.view.data<float>()[i] = static_cast<float>(i) / 2;
  EXPECT_EQ(output_text({"y", tensor.view}, 4), "y: FLOAT32 [100]\n   0 0.5 ... (96 more) ... 49 49.5\n");
  EXPECT_EQ(output_text({"y", tensor.view}, 0), "y: FLOAT32 [100]\n   ... (100 more) ...\n");
  OwnedTensor exact(Type::kBool, {3});
  exact.bytes = {1, 0, 1};
  EXPECT_EQ(output_text({"y", exact.view}, 3), "y: BOOL [3]\n   1 0 1\n");
  const OwnedTensor empty(Type::kInt32, {0});
  EXPECT_EQ(output_text({"y", empty.view}), "y: INT32 [0]\n  \n");
}

TEST(output_json, quantized_and_float) {
  OwnedTensor tensor(Type::kInt8, {1, 2}, 0.5f, -1);
  tensor.bytes = {0x80, 0x7f};
  EXPECT_EQ(
      output_json({"y", tensor.view}),
      nlohmann::json::parse(R"({"name": "y", "type": "INT8", "shape": [1, 2], "scale": 0.5, "zero_point": -1,
                                      "raw": [-128, 127], "real": [-63.5, 64]})"));
  OwnedTensor reals(Type::kFloat32, {3});
  reals.view.data<float>()[0] = std::nanf("");
  reals.view.data<float>()[1] = -std::numeric_limits<float>::infinity();
  reals.view.data<float>()[2] = 0.25f;
  EXPECT_EQ(output_json({"y", reals.view}),
            nlohmann::json::parse(
                R"({"name": "y", "type": "FLOAT32", "shape": [3], "real": ["nan", "-inf", 0.25]})"));
}

TEST(top_k, order_ties_and_nan) {
  OwnedTensor tensor(Type::kFloat32, {5});
  const float values[] = {0.25f, std::nanf(""), 0.5f, 0.25f, -1};
  std::ranges::copy(values, tensor.view.data<float>().begin());
  const std::vector<Score> scores = top_k(tensor.view, 9);
  std::vector<size_t> order(scores.size());
  std::ranges::transform(scores, order.begin(), &Score::index);
  EXPECT_EQ(order, (std::vector<size_t>{2, 0, 3, 4, 1}));
  EXPECT_EQ(top_k(tensor.view, 2).size(), 2u);
  EXPECT_EQ(top_k_text(top_k(tensor.view, 2), std::vector<std::string>{"cat"}),
            "  0.5        #2\n  0.25       cat\n");
}

TEST(read_labels, lines) {
  const TemporaryFolder folder;
  EXPECT_EQ(*read_labels(folder.add("labels.txt", "no person\r\n\nperson\n\n")),
            (std::vector<std::string>{"no person", "", "person"}));
  EXPECT_FALSE(read_labels(folder.add("empty.txt", "\n")).ok());
  EXPECT_FALSE(read_labels(folder.path() / "missing.txt").ok());
}

TEST(write_outputs, one_and_several) {
  const TemporaryFolder folder;
  OwnedTensor a(Type::kInt8, {2}, 0.5f, 0), b(Type::kFloat32, {1});
  const std::vector<OutputTensor> both{{"a", a.view}, {"b\xff", b.view}};
  const std::span<const OutputTensor> one(both.data(), 1);

  EXPECT_EQ(*write_outputs(folder.path() / "y.raw", one), (std::vector{folder.path() / "y.raw"}));
  EXPECT_EQ(*read_file(folder.path() / "y.raw"), a.bytes);
  EXPECT_EQ(*write_outputs(folder.path() / "y.npy", both),
            (std::vector{folder.path() / "y.0.npy", folder.path() / "y.1.npy"}));
  EXPECT_EQ(parse_npy(*read_file(folder.path() / "y.1.npy"))->bytes, b.bytes);
  ASSERT_TRUE(write_outputs(folder.path() / "y.json", both).ok());
  const auto text = read_file(folder.path() / "y.json");
  EXPECT_EQ(nlohmann::json::parse(text->begin(), text->end()).size(), 2u);

  EXPECT_FALSE(write_outputs(folder.path() / "y.png", one).ok());
  EXPECT_FALSE(write_outputs(folder.path() / "missing" / "y.npy", one).ok());
}

}  // namespace
}  // namespace tandem::cli
