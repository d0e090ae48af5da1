// make_fuzz_seeds DIR: fills a folder with small models for the fuzzer to start from. One operator each, for
// every operator that Tandem has and every type it may have; the project's own models; and of the reference
// data, where it is there, what is small.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "hostile_run.h"
#include "models/model_builder.h"
#include "run_model.h"

namespace tandem {
namespace {

using models::ModelBuilder;
using models::TensorSpec;
using schema::BuiltinOperator;
using schema::Padding;
using schema::TensorType;

// Larger files make the fuzzer slow, and hold nothing that small ones don't.
constexpr size_t kLargestSeed = 8192;

// A model of one operator, made from tensors of the right types and quantization.
class Seed {
 public:
  explicit Seed(TensorType type) : type_(type) {}

  [[nodiscard]] bool is_float() const { return type_ == TensorType::FLOAT32; }
  [[nodiscard]] TensorType type() const { return type_; }

  int input(std::vector<int32_t> shape) { return input(std::move(shape), type_); }
  int input(std::vector<int32_t> shape, TensorType type) {
    inputs_.push_back(b_.tensor(spec(std::move(shape), type)));
    return inputs_.back();
  }
  /// A constant that counts up from 1.
  int constant(std::vector<int32_t> shape, TensorType type) {
    const TensorSpec s = spec(std::move(shape), type);
    std::vector<int32_t> values(
        static_cast<size_t>(std::accumulate(s.shape.begin(), s.shape.end(), 1, std::multiplies<>())));
    std::iota(values.begin(), values.end(), 1);
    for (int32_t& value : values) value = value % 8 - (type == TensorType::INT4 ? 4 : 0);
    if (type == TensorType::FLOAT32) return b_.constant(s, std::vector<float>(values.begin(), values.end()));
    return b_.constant(s, values);
  }
  int indices(std::vector<int32_t> shape, const std::vector<int32_t>& values) {
    return b_.constant({.type = TensorType::INT32, .shape = std::move(shape)}, values);
  }
  int weights(std::vector<int32_t> shape, TensorType narrow = TensorType::INT8) {
    return constant(std::move(shape), is_float() ? type_ : narrow);
  }
  int bias(int32_t channels) {
    TensorSpec s{.type = type_, .shape = {channels}};
    if (type_ == TensorType::INT8) s.type = TensorType::INT32;
    if (type_ == TensorType::INT16) s.type = TensorType::INT64;
    if (is_float()) return b_.constant(s, std::vector<float>(static_cast<size_t>(channels), 1));
    s.scale = {kScale * kScale};
    return b_.constant(s, std::vector<int32_t>(static_cast<size_t>(channels), 1));
  }
  int state(std::vector<int32_t> shape, TensorType type) {
    TensorSpec s = spec(std::move(shape), type);
    s.is_variable = true;
    return b_.tensor(s);
  }
  int output(std::vector<int32_t> shape) { return output(spec(std::move(shape), type_)); }
  int output(TensorSpec s) {
    output_ = b_.tensor(std::move(s));
    return output_;
  }
  [[nodiscard]] static TensorSpec spec(std::vector<int32_t> shape, TensorType type) {
    TensorSpec s{.name = "t", .type = type, .shape = std::move(shape)};
    const bool quantized = type == TensorType::INT4 || type == TensorType::INT8 ||
                           type == TensorType::UINT8 || type == TensorType::INT16;
    if (quantized) s.scale = {kScale};
    return s;
  }
  /// The model: operator `code` from `operands` to the output.
  template <class Options>
  std::vector<uint8_t> make(BuiltinOperator code, std::vector<int32_t> operands, Options options) {
    b_.op(code, std::move(operands), {output_}, std::move(options));
    b_.inputs(inputs_);
    b_.outputs({output_});
    return b_.finish();
  }

 private:
  static constexpr float kScale = 0.5f;

  TensorType type_;
  ModelBuilder b_;
  std::vector<int32_t> inputs_;
  int32_t output_ = 0;
};

using Seeds = std::vector<std::vector<uint8_t>>;

template <class Options>
Options strided(int32_t stride, Padding padding = Padding::SAME) {
  Options options;
  options.stride_h = options.stride_w = stride;
  options.padding = padding;
  return options;
}

Seeds convolutions(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const TensorType weights : {TensorType::INT8, TensorType::INT4}) {
    Seed s(type);
    const int x = s.input({1, 3, 4, 2});
    if (code == BuiltinOperator::CONV_2D) {
      const int w = s.weights({3, 2, 2, 2}, weights);
      const int b = s.bias(3);
      s.output({1, 3, 4, 3});
      seeds.push_back(s.make(code, {x, w, b}, strided<schema::Conv2DOptionsT>(1)));
    } else if (code == BuiltinOperator::DEPTHWISE_CONV_2D) {
      const int w = s.weights({1, 2, 2, 4}, weights);
      const int b = s.bias(4);
      s.output({1, 2, 2, 4});
      auto options = strided<schema::DepthwiseConv2DOptionsT>(2);
      options.depth_multiplier = 2;
      seeds.push_back(s.make(code, {x, w, b}, options));
    } else {
      const int shape = s.indices({4}, {1, 6, 8, 3});
      const int w = s.weights({3, 3, 3, 2}, weights);
      s.output({1, 6, 8, 3});
      seeds.push_back(s.make(code, {shape, w, x}, strided<schema::TransposeConvOptionsT>(2)));
    }
  }
  return seeds;
}

Seeds fully_connected(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const TensorType weights : {TensorType::INT8, TensorType::INT4}) {
    Seed s(type);
    const int x = s.input({2, 6});
    const int w = s.weights({4, 6}, weights);
    const int b = s.bias(4);
    s.output({2, 4});
    seeds.push_back(s.make(code, {x, w, b}, schema::FullyConnectedOptionsT{}));
  }
  return seeds;
}

Seeds pools(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({1, 4, 5, 2});
  s.output({1, 2, 2, 2});
  auto options = strided<schema::Pool2DOptionsT>(2, Padding::VALID);
  options.filter_height = options.filter_width = 2;
  return {s.make(code, {x}, options)};
}

template <class Options>
Seeds binary(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const bool broadcast : {false, true}) {
    Seed s(type);
    const int x = s.input({2, 3});
    const int y = broadcast ? s.constant({3}, type) : s.input({2, 3});
    s.output({2, 3});
    seeds.push_back(s.make(code, {x, y}, Options{}));
  }
  return seeds;
}

Seeds comparisons(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 1});
  const int y = s.input({3});
  s.output(Seed::spec({2, 3}, TensorType::BOOL));
  return {s.make(code, {x, y}, schema::LessOptionsT{})};
}

Seeds selects(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int condition = s.input({2, 1}, TensorType::BOOL);
  const int x = s.input({2, 3});
  const int y = s.constant({3}, type);
  s.output({2, 3});
  return {s.make(code, {condition, x, y}, schema::SelectV2OptionsT{})};
}

Seeds prelus(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 3});
  const int alpha = s.weights({3});
  s.output({2, 3});
  return {s.make(code, {x, alpha}, schema::AbsOptionsT{})};
}

Seeds batch_matmuls(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const bool transposed : {false, true}) {
    Seed s(type);
    const int x = s.input({2, 1, 2, 3});
    const int y = s.input(transposed ? std::vector{3, 2, 3} : std::vector{3, 3, 2});
    s.output({2, 3, 2, 2});
    schema::BatchMatMulOptionsT options;
    options.adj_y = transposed;
    seeds.push_back(s.make(code, {x, y}, options));
  }
  return seeds;
}

// Some functions prescribe their output's scale: each of these is right for one of them.
template <class Options>
Seeds unary(BuiltinOperator code, TensorType type, Options options = {}) {
  Seeds seeds;
  for (const TensorType to :
       {type, TensorType::INT8, TensorType::INT16, TensorType::INT32, TensorType::FLOAT32}) {
    for (const float scale : {0.5f, 1.0f / 256, 1.0f / 128, 1.0f / 32768}) {
      if (to == TensorType::FLOAT32 && scale != 0.5f) continue;
      Seed s(type);
      const int x = s.input({2, 5});
      TensorSpec y = Seed::spec({2, 5}, to);
      if (!y.scale.empty()) y.scale = {scale};
      if (scale < 0.5f && to == TensorType::INT8) y.zero_point = {-128};
      if (scale == 1.0f / 128) y.zero_point = {0};
      s.output(y);
      seeds.push_back(s.make(code, {x}, options));
    }
    if (code != BuiltinOperator::QUANTIZE && code != BuiltinOperator::DEQUANTIZE &&
        code != BuiltinOperator::CAST) {
      break;
    }
  }
  return seeds;
}

Seeds concatenation(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 2});
  const int y = s.constant({2, 3}, type);
  s.output({2, 5});
  schema::ConcatenationOptionsT options;
  options.axis = -1;
  return {s.make(code, {x, y}, options)};
}

Seeds pads(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 3});
  std::vector<int32_t> operands = {x, s.indices({2, 2}, {0, 1, 2, 0})};
  if (code == BuiltinOperator::PADV2) operands.push_back(s.input({1}));
  s.output({3, 5});
  return {s.make(code, operands, schema::PadOptionsT{})};
}

Seeds reductions(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const bool keep : {false, true}) {
    Seed s(type);
    const int x = s.input({1, 3, 4, 2});
    const int axes = keep ? s.indices({2}, {1, 2}) : s.input({2}, TensorType::INT32);
    s.output(keep ? std::vector<int32_t>{1, 1, 1, 2} : std::vector<int32_t>{1, 2});
    schema::ReducerOptionsT options;
    options.keep_dims = keep;
    seeds.push_back(s.make(code, {x, axes}, options));
  }
  return seeds;
}

// ARG_MAX, ARG_MIN and CUMSUM, the axis a constant or not.
Seeds along_axis(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const bool at_run_time : {false, true}) {
    Seed s(type);
    const int x = s.input({2, 3, 4});
    const int axis = at_run_time ? s.input({1}, TensorType::INT32) : s.indices({1}, {1});
    if (code == BuiltinOperator::CUMSUM) {
      s.output({2, 3, 4});
      seeds.push_back(s.make(code, {x, axis}, schema::CumsumOptionsT{}));
    } else {
      s.output(Seed::spec({2, 4}, TensorType::INT32));
      seeds.push_back(s.make(code, {x, axis}, schema::ArgMaxOptionsT{}));
    }
  }
  return seeds;
}

Seeds log_softmax(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 5});
  TensorSpec y = Seed::spec({2, 5}, type);
  if (!y.scale.empty()) y.scale = {1.0f / 16};
  if (!y.scale.empty()) y.zero_point = {127};
  s.output(y);
  return {s.make(code, {x}, schema::LogSoftmaxOptionsT{})};
}

Seeds fills(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int dims = s.indices({2}, {2, 3});
  const int value = s.input({});
  s.output({2, 3});
  return {s.make(code, {dims, value}, schema::FillOptionsT{})};
}

Seeds reshapes(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 3});
  const int shape = s.indices({1}, {6});
  s.output({6});
  return {s.make(code, {x, shape}, schema::ReshapeOptionsT{})};
}

Seeds strided_slices(BuiltinOperator code, TensorType type) {
  Seed s(type);
  const int x = s.input({2, 4, 3});
  const int begin = s.indices({3}, {0, -1, 2});
  const int end = s.indices({3}, {2, 0, 0});
  const int strides = s.indices({3}, {1, -2, -1});
  s.output({2, 2});
  schema::StridedSliceOptionsT options;
  options.shrink_axis_mask = 4;
  return {s.make(code, {x, begin, end, strides}, options)};
}

Seeds svdf(BuiltinOperator code, TensorType type) {
  Seeds seeds;
  for (const TensorType time : {TensorType::INT8, TensorType::INT16}) {
    Seed s(type);
    const TensorType state_type = s.is_float() ? type : time;
    const int x = s.input({1, 2});
    const int feature = s.weights({4, 2});
    const int over_time = s.weights({4, 3}, time);
    const int bias = s.bias(2);
    const int state = s.state({1, 12}, state_type);
    s.output({1, 2});
    schema::SVDFOptionsT options;
    options.rank = 2;
    seeds.push_back(s.make(code, {x, feature, over_time, bias, state}, options));
  }
  return seeds;
}

// An operator that this program has no model for: its options at their defaults, one input and two.
Seeds unknown(BuiltinOperator code, TensorType type) {
  Seeds seeds = unary<schema::AbsOptionsT>(code, type);
  for (const std::vector<uint8_t>& seed : binary<schema::AbsOptionsT>(code, type)) seeds.push_back(seed);
  return seeds;
}

Seeds seeds_of(BuiltinOperator code, TensorType type) {
  using enum BuiltinOperator;
  switch (code) {
    case CONV_2D:
    case DEPTHWISE_CONV_2D:
    case TRANSPOSE_CONV:
      return convolutions(code, type);
    case FULLY_CONNECTED:
      return fully_connected(code, type);
    case AVERAGE_POOL_2D:
    case L2_POOL_2D:
    case MAX_POOL_2D:
      return pools(code, type);
    case ADD:
      return binary<schema::AddOptionsT>(code, type);
    case SUB:
      return binary<schema::SubOptionsT>(code, type);
    case MUL:
      return binary<schema::MulOptionsT>(code, type);
    case DIV:
      return binary<schema::DivOptionsT>(code, type);
    case EQUAL:
    case GREATER:
    case GREATER_EQUAL:
    case LESS:
    case LESS_EQUAL:
    case NOT_EQUAL:
      return comparisons(code, type);
    case SELECT_V2:
      return selects(code, type);
    case PRELU:
      return prelus(code, type);
    case BATCH_MATMUL:
      return batch_matmuls(code, type);
    case SOFTMAX: {
      schema::SoftmaxOptionsT options;
      options.beta = 1;
      return unary(code, type, options);
    }
    case LEAKY_RELU: {
      schema::LeakyReluOptionsT options;
      options.alpha = 0.25f;
      return unary(code, type, options);
    }
    case CONCATENATION:
      return concatenation(code, type);
    case PAD:
    case PADV2:
      return pads(code, type);
    case MEAN:
    case REDUCE_ALL:
    case REDUCE_MAX:
    case REDUCE_MIN:
    case SUM:
      return reductions(code, type);
    case ARG_MAX:
    case ARG_MIN:
    case CUMSUM:
      return along_axis(code, type);
    case LOG_SOFTMAX:
      return log_softmax(code, type);
    case FILL:
      return fills(code, type);
    case RESHAPE:
      return reshapes(code, type);
    case STRIDED_SLICE:
      return strided_slices(code, type);
    case SVDF:
      return svdf(code, type);
    default:
      return unknown(code, type);
  }
}

// Writes seeds and counts those that run: the fuzzer gets behind the checks only through them.
class Corpus {
 public:
  explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
  }
  bool add(const std::string& name, std::span<const uint8_t> seed) {
    models::write_file(folder_ / name, seed);
    ++count_;
    const bool ran = test::run_hostile(seed).ending == test::HostileRun::Ending::kRan;
    running_ += ran ? 1 : 0;
    return ran;
  }
  void add_file(const std::filesystem::path& path) {
    if (std::filesystem::file_size(path) > kLargestSeed) return;
    add(path.stem().string(), test::read_file(path.string()));
  }
  void add_folder(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".tflite") add_file(entry.path());
    }
  }
  void print() const { std::printf("%u seeds in %s; %u of them run\n", count_, folder_.c_str(), running_); }

 private:
  std::filesystem::path folder_;
  unsigned count_ = 0;
  unsigned running_ = 0;
};

void add_operator(Corpus& corpus, BuiltinOperator code) {
  const std::string name = schema::EnumNameBuiltinOperator(code);
  bool any_runs = false;
  for (const TensorType type : {TensorType::FLOAT32, TensorType::INT8, TensorType::INT16, TensorType::INT32,
                                TensorType::UINT8, TensorType::INT64, TensorType::BOOL}) {
    unsigned number = 0;
    for (const std::vector<uint8_t>& seed : seeds_of(code, type)) {
      any_runs |=
          corpus.add(name + "." + schema::EnumNameTensorType(type) + "." + std::to_string(number), seed);
      ++number;
    }
  }
  if (!any_runs) std::printf("%s: none of its seeds is a valid model\n", name.c_str());
}

}  // namespace
}  // namespace tandem

int main(int argc, char** argv) {
  using namespace tandem;
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s DIR\n", argv[0]);
    return 2;
  }
  Corpus corpus(argv[1]);
#define TANDEM_OP(builtin, name) add_operator(corpus, schema::BuiltinOperator::builtin);
#define TANDEM_NARROW_OP(builtin, name)
#define TANDEM_CUSTOM_OP(code, name)  // theirs are the reference data's
#include "tandem/ops.inc"
#undef TANDEM_NARROW_OP
#undef TANDEM_OP
  corpus.add_folder(TANDEM_MODELS);
  if (const std::string shared = test::reference_data(); !shared.empty()) {
    corpus.add_folder(shared + "/models");
    corpus.add_folder(shared + "/conformance/ops");
  }
  corpus.print();
  return 0;
}
