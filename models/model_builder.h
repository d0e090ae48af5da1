#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "models/schema_generated.h"

namespace tandem::models {

/// A tensor to be. Fill it with designated initialisers; what is left out keeps the schema's default.
struct TensorSpec {
  std::string name = {};
  schema::TensorType type = schema::TensorType::FLOAT32;
  std::vector<int32_t> shape = {};       ///< {}: a scalar
  std::vector<float> scale = {};         ///< none, one, or one a channel
  std::vector<int64_t> zero_point = {};  ///< left out: 0 for every scale
  int32_t axis = 0;                      ///< the dimension that `scale` counts
  bool is_variable = false;
};

/// Builds a .tflite file in memory, tensor by tensor and operator by operator.
///
///   ModelBuilder b("adds one");
///   const int x = b.tensor({.name = "x", .shape = {1, 4}});
///   const int one = b.constant({.name = "one", .shape = {1}}, {1.0f});
///   const int y = b.tensor({.name = "y", .shape = {1, 4}});
///   b.op(schema::BuiltinOperator::ADD, {x, one}, {y}, schema::AddOptionsT{});
///   b.inputs({x});
///   b.outputs({y});
///   std::vector<uint8_t> tflite = b.finish();
///
/// Nothing is checked: tests need broken models too. What these functions cannot break, raw() can.
class ModelBuilder {
 public:
  explicit ModelBuilder(std::string description = {});

  /// Adds a tensor to the current subgraph; returns its index there.
  int32_t tensor(TensorSpec spec);

  /// Adds a constant tensor, its elements converted to spec.type; INT4 is packed two to a byte, the first in
  /// the low half. Throws std::invalid_argument if an element does not fit the type, or the type has no
  /// plain elements (use constant_bytes).
  template <std::ranges::contiguous_range Values>
  int32_t constant(TensorSpec spec, const Values& values);
  template <class T>
  int32_t constant(TensorSpec spec, std::initializer_list<T> values) {
    return constant(std::move(spec), std::span<const T>(values));
  }

  /// Adds a constant tensor that holds `bytes` as they are.
  int32_t constant_bytes(TensorSpec spec, std::span<const uint8_t> bytes);

  /// Appends an operator to the current subgraph. Tensors by index, -1 for an optional input left out.
  /// `options` is the operator's options struct, for example schema::Conv2DOptionsT. The reference is for
  /// the rarer fields (intermediates, mutating_variable_inputs) and lives as long as the builder.
  schema::OperatorT& op(schema::BuiltinOperator code, std::vector<int32_t> inputs,
                        std::vector<int32_t> outputs);
  template <class Options>
  schema::OperatorT& op(schema::BuiltinOperator code, std::vector<int32_t> inputs,
                        std::vector<int32_t> outputs, Options options);

  /// Appends a custom operator: its name and its options' bytes, a FlexBuffers map if the operator reads one.
  schema::OperatorT& custom_op(std::string custom_code, std::vector<int32_t> inputs,
                               std::vector<int32_t> outputs, std::vector<uint8_t> options = {});

  /// Sets the version written for an operator that the model already has; it is 1 before.
  void set_version(schema::BuiltinOperator code, int32_t version);

  /// The current subgraph's inputs and outputs, by tensor index.
  void inputs(std::vector<int32_t> tensors) { subgraph().inputs = std::move(tensors); }
  void outputs(std::vector<int32_t> tensors) { subgraph().outputs = std::move(tensors); }

  /// Adds a subgraph for IF, WHILE or CALL_ONCE and makes it the current one; returns its index. A new
  /// builder has subgraph 0, the model itself.
  int32_t add_subgraph(std::string name);
  /// Makes an earlier subgraph the current one.
  void select_subgraph(int32_t index) { current_ = static_cast<size_t>(index); }

  void metadata(std::string name, std::span<const uint8_t> bytes);

  /// The file so far, constants at multiples of 16 bytes. The builder can go on afterwards.
  [[nodiscard]] std::vector<uint8_t> finish() const;

  /// Everything, as the schema has it, for whatever else a test wants to write.
  schema::ModelT& raw() { return model_; }

 private:
  schema::SubGraphT& subgraph() { return *model_.subgraphs.at(current_); }
  uint32_t add_buffer(std::span<const uint8_t> bytes);
  uint32_t opcode(schema::BuiltinOperator code, const std::string& custom_code);
  schema::OperatorT& append(uint32_t opcode, std::vector<int32_t> inputs, std::vector<int32_t> outputs);

  schema::ModelT model_;
  size_t current_ = 0;
};

/// The elements as the file stores them. Errors as ModelBuilder::constant.
std::vector<uint8_t> pack_elements(schema::TensorType type, std::span<const int64_t> values);
std::vector<uint8_t> pack_elements(schema::TensorType type, std::span<const double> values);

/// Writes a file. Throws std::system_error if it cannot.
void write_file(const std::filesystem::path& path, std::span<const uint8_t> bytes);

template <std::ranges::contiguous_range Values>
int32_t ModelBuilder::constant(TensorSpec spec, const Values& values) {
  using Element = std::ranges::range_value_t<Values>;
  static_assert(std::is_arithmetic_v<Element>);
  using Wide = std::conditional_t<std::integral<Element>, int64_t, double>;
  const std::vector<Wide> wide(std::ranges::begin(values), std::ranges::end(values));
  const std::vector<uint8_t> bytes = pack_elements(spec.type, wide);
  return constant_bytes(std::move(spec), bytes);
}

template <class Options>
schema::OperatorT& ModelBuilder::op(schema::BuiltinOperator code, std::vector<int32_t> inputs,
                                    std::vector<int32_t> outputs, Options options) {
  static_assert(schema::BuiltinOptionsUnionTraits<Options>::enum_value != schema::BuiltinOptions::NONE,
                "options are one of the schema's ...OptionsT structs");
  schema::OperatorT& appended = op(code, std::move(inputs), std::move(outputs));
  appended.builtin_options.Set(std::move(options));
  return appended;
}

}  // namespace tandem::models
