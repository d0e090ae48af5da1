// Small real models, cut at every byte and with every bit flipped: each is run, or refused with a clean
// error.
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>

#include "hostile_run.h"
#include "models/model_builder.h"
#include "models/random.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using schema::BuiltinOperator;
using schema::TensorType;
using test::HostileRun;

// A convolution, a depthwise one, a pool, a softmax: the shape of many a network, and small.
std::vector<uint8_t> small_network() {
  ModelBuilder b("small network");
  models::SplitMix64 random(7);
  const auto weights = [&](std::string name, std::vector<int32_t> shape, size_t count) {
    std::vector<int8_t> values(count);
    for (int8_t& value : values) value = static_cast<int8_t>(random.next() % 255 - 127);
    return b.constant(
        {.name = std::move(name), .type = TensorType::INT8, .shape = std::move(shape), .scale = {0.01f}},
        values);
  };
  const auto activation = [&](std::string name, std::vector<int32_t> shape, float scale, int64_t zero_point) {
    return b.tensor({.name = std::move(name),
                     .type = TensorType::INT8,
                     .shape = std::move(shape),
                     .scale = {scale},
                     .zero_point = {zero_point}});
  };
  const int x = activation("x", {1, 6, 6, 2}, 0.02f, 3);
  const int conv = activation("conv", {1, 3, 3, 4}, 0.05f, -128);
  const int depthwise = activation("depthwise", {1, 3, 3, 4}, 0.05f, -128);
  const int pool = activation("pool", {1, 1, 1, 4}, 0.05f, -128);
  const int flat = activation("flat", {1, 4}, 0.05f, -128);
  const int y = activation("y", {1, 4}, 1.0f / 256, -128);
  const int bias = b.constant({.name = "bias", .type = TensorType::INT32, .shape = {4}}, {100, -200, 300, 0});
  schema::Conv2DOptionsT conv_options;
  conv_options.stride_h = conv_options.stride_w = 2;
  conv_options.fused_activation_function = schema::ActivationFunctionType::RELU6;
  b.op(BuiltinOperator::CONV_2D, {x, weights("w", {4, 3, 3, 2}, 72), bias}, {conv}, conv_options);
  schema::DepthwiseConv2DOptionsT depthwise_options;
  depthwise_options.stride_h = depthwise_options.stride_w = depthwise_options.depth_multiplier = 1;
  b.op(BuiltinOperator::DEPTHWISE_CONV_2D, {conv, weights("dw", {1, 3, 3, 4}, 36), -1}, {depthwise},
       depthwise_options);
  schema::Pool2DOptionsT pool_options;
  pool_options.padding = schema::Padding::VALID;
  pool_options.stride_h = pool_options.stride_w = pool_options.filter_height = pool_options.filter_width = 3;
  b.op(BuiltinOperator::AVERAGE_POOL_2D, {depthwise}, {pool}, pool_options);
  b.op(BuiltinOperator::RESHAPE, {pool}, {flat}, schema::ReshapeOptionsT{});
  schema::SoftmaxOptionsT softmax_options;
  softmax_options.beta = 1;
  b.op(BuiltinOperator::SOFTMAX, {flat}, {y}, softmax_options);
  b.inputs({x});
  b.outputs({y});
  return b.finish();
}

// ---- what the fuzzer found

HostileRun::Ending ending_of(ModelBuilder& b) { return test::run_hostile(b.finish()).ending; }

TEST(FoundByFuzzing, AveragePoolOverAnInputWithoutColumnsIsRefused) {  // divided by the number of its taps
  ModelBuilder b;
  const int x = b.tensor({.shape = {1, 14, 0, 1}});
  const int y = b.tensor({.shape = {1, 7, 1, 1}});
  schema::Pool2DOptionsT options;
  options.stride_h = options.stride_w = options.filter_height = options.filter_width = 2;
  b.op(BuiltinOperator::AVERAGE_POOL_2D, {x}, {y}, options);
  b.inputs({x});
  b.outputs({y});
  EXPECT_EQ(ending_of(b), HostileRun::Ending::kRefused);
}

ModelBuilder transpose_conv(std::vector<int32_t> in, std::vector<int32_t> filter, std::vector<int32_t> out) {
  ModelBuilder b;
  const int shape = b.constant({.type = TensorType::INT32, .shape = {4}}, out);
  const int w = b.tensor({.shape = std::move(filter)});
  const int x = b.tensor({.shape = std::move(in)});
  const int y = b.tensor({.shape = std::move(out)});
  schema::TransposeConvOptionsT options;
  options.stride_h = options.stride_w = 1;
  b.op(BuiltinOperator::TRANSPOSE_CONV, {shape, w, x}, {y}, options);
  b.inputs({w, x});
  b.outputs({y});
  return b;
}

TEST(FoundByFuzzing, AnOutputWithManyRowsAndNoElementTakesNoTime) {
  ModelBuilder b = transpose_conv({1, 4, 4, 1}, {1, 2, 2, 1}, {1, 200'000'000, 0, 1});
  EXPECT_EQ(ending_of(b), HostileRun::Ending::kRan);
}

TEST(FoundByFuzzing, ManyTapsWithoutChannelsAreRefused) {
  ModelBuilder b = transpose_conv({1, 10'000, 10'000, 0}, {1, 10'000, 10'000, 0}, {1, 100, 100, 1});
  EXPECT_EQ(ending_of(b), HostileRun::Ending::kRefused);
}

TEST(FoundByFuzzing, AnOperatorMayReadAndWriteTheSameVariable) {  // planned one way and written another
  ModelBuilder b;
  const int v = b.tensor({.shape = {4}, .is_variable = true});
  b.op(BuiltinOperator::RESHAPE, {v}, {v});
  b.outputs({v});
  EXPECT_EQ(ending_of(b), HostileRun::Ending::kRan);
}

// ---- every cut, every bit

class Tally {
 public:
  void add(const HostileRun& run) {
    switch (run.ending) {
      case HostileRun::Ending::kRefused:
        ++refused_[test::code_name(run.status.code)];
        break;
      case HostileRun::Ending::kTooLarge:
      case HostileRun::Ending::kTooSlow:
        ++planned_;
        break;
      case HostileRun::Ending::kRan:
        ++ran_;
        break;
    }
  }
  void print(const char* what) const {
    unsigned refusals = 0;
    for (const auto& [code, count] : refused_) refusals += count;
    std::printf("%s: %u ran, %u only planned (large), %u refused", what, ran_, planned_, refusals);
    for (const auto& [code, count] : refused_) std::printf(", %s %u", code.c_str(), count);
    std::printf("\n");
  }
  [[nodiscard]] unsigned ran() const { return ran_; }

 private:
  unsigned ran_ = 0;
  unsigned planned_ = 0;
  std::map<std::string, unsigned> refused_;
};

void expect_whole_model_runs(std::span<const uint8_t> model) {
  const HostileRun run = test::run_hostile(model);
  ASSERT_EQ(static_cast<int>(run.ending), static_cast<int>(HostileRun::Ending::kRan))
      << test::code_name(run.status.code);
}

void cut_at_every_byte(std::span<const uint8_t> model) {
  Tally tally;
  for (size_t size = 0; size < model.size(); ++size) tally.add(test::run_hostile(model.first(size)));
  tally.print("  cut at every byte");
}

void flip_every_bit(std::vector<uint8_t> model) {
  Tally tally;
  for (uint8_t& byte : model) {
    for (int bit = 0; bit < 8; ++bit) {
      byte ^= static_cast<uint8_t>(1 << bit);
      tally.add(test::run_hostile(model));
      byte ^= static_cast<uint8_t>(1 << bit);
    }
  }
  tally.print("  every bit flipped");
  EXPECT_GT(tally.ran(), 0U) << "weights may have any value";
}

void attack(const std::vector<uint8_t>& model) {
  ASSERT_FALSE(model.empty());
  expect_whole_model_runs(model);
  std::printf("  %zu bytes\n", model.size());
  cut_at_every_byte(model);
  flip_every_bit(model);
}

TEST(Hostile, SineInt8) { attack(test::read_file(TANDEM_MODELS "/sine_int8.tflite")); }

TEST(Hostile, SmallNetwork) { attack(small_network()); }

TEST(Hostile, ReferenceModels) {
  const std::string shared = test::reference_data();
  if (shared.empty()) GTEST_SKIP() << "skipped: no reference data";
  for (const char* name : {"hello_world_int8", "simple_add_model"}) {
    std::printf("%s\n", name);
    attack(test::read_file(shared + "/models/" + name + ".tflite"));
  }
}

}  // namespace
}  // namespace tandem
