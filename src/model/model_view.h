#pragma once

#include <cstdint>
#include <string_view>

#include "model/flatbuffer.h"
#include "tandem/model.h"
#include "tandem/status.h"
#include "tandem/tensor.h"

// The parts of a model that planning looks at. Everything is a value that refers to the file; nothing is
// copied.
namespace tandem {

/// BuiltinOperator of the TensorFlow Lite schema.
enum class Builtin : int32_t {
#define TANDEM_BUILTIN(name, number) name = number,
#include "model/builtin_operators.inc"
#undef TANDEM_BUILTIN
};

/// "CONV_2D"; null for a number without a name here.
const char* builtin_name(int32_t builtin);

constexpr uint32_t kMaxRank =
    12;  ///< RESHAPE meets 9 in practice; the other operators have limits of their own
constexpr uint32_t kMaxTensors = 16384;  ///< a subgraph's; also the limit of its operators
constexpr uint32_t kMaxOperands = 4096;  ///< inputs, outputs or intermediates of one operator
constexpr uint32_t kMaxSubgraphs = 1024;
constexpr uint32_t kMaxTensorBytes = uint32_t{1} << 30;

/// A tensor's dimensions, all ≥ 0, product × element size ≤ kMaxTensorBytes.
struct Shape {
  uint32_t rank = 0;
  int32_t dims[kMaxRank] = {};

  [[nodiscard]] int32_t operator[](uint32_t i) const { return dims[i]; }
  /// Product of all dimensions; 1 for a scalar.
  [[nodiscard]] uint32_t elements() const;
  friend bool operator==(const Shape& a, const Shape& b);
};

/// scale · (stored − zero_point), for the whole tensor or for each index of dimension `axis`.
struct Quantization {
  flat::Vector scales;
  flat::Vector zero_points;
  int32_t axis = 0;

  [[nodiscard]] bool present() const { return scales.count > 0; }
  [[nodiscard]] bool per_channel() const { return scales.count > 1; }
  /// One scale for the whole tensor, positive and finite, and a zero point that `type` can hold.
  [[nodiscard]] bool per_tensor(Type type) const;
  /// All scales positive and finite.
  [[nodiscard]] bool scales_usable() const;
  [[nodiscard]] float scale(uint32_t channel = 0) const {
    return scales.get<float>(per_channel() ? channel : 0);
  }
  [[nodiscard]] int32_t zero_point(uint32_t channel = 0) const {
    return static_cast<int32_t>(zero_points.get<int64_t>(zero_points.count > 1 ? channel : 0));
  }
};

/// A tensor as the file describes it.
struct TensorInfo {
  int16_t index = -1;  ///< in its subgraph; -1: an optional input that is absent
  Type type = Type::kFloat32;
  bool variable = false;
  Shape shape;
  uint32_t elements = 0;
  uint32_t bytes = 0;
  const uint8_t* data = nullptr;  ///< constant data inside the file (not necessarily aligned); null: none
  Quantization quantization;

  [[nodiscard]] bool present() const { return index >= 0; }
  [[nodiscard]] bool constant() const { return data != nullptr; }
};

/// One operator of a subgraph.
struct OperatorInfo {
  int16_t index = -1;
  int32_t builtin = 0;           ///< Builtin, or 32 (CUSTOM)
  std::string_view custom_code;  ///< of a CUSTOM operator
  flat::Vector inputs;           ///< int32 tensor indices, -1 for an absent optional input
  flat::Vector outputs;
  flat::Vector intermediates;
  uint8_t options_type = 0;  ///< BuiltinOptions
  flat::Table options;
  flat::Vector custom_options;
};

/// The subgraphs that an operator calls. Nothing says that they exist.
struct CalledSubgraphs {
  uint32_t count = 0;
  int32_t subgraphs[2] = {};
};
/// IF: what to do if the condition holds, and if not. WHILE: the condition, the body. CALL_ONCE: one. All
/// others: none.
CalledSubgraphs called_subgraphs(const OperatorInfo& op);

/// One subgraph of a model that `Model::load` has accepted.
class Subgraph {
 public:
  Subgraph(const Model& model, uint32_t index);

  [[nodiscard]] uint32_t tensor_count() const { return tensors_.count; }
  [[nodiscard]] uint32_t operator_count() const { return operators_.count; }
  [[nodiscard]] flat::Vector inputs() const { return inputs_; }
  [[nodiscard]] flat::Vector outputs() const { return outputs_; }
  [[nodiscard]] TensorInfo tensor(int32_t index) const;
  [[nodiscard]] OperatorInfo op(uint32_t index) const;
  [[nodiscard]] std::string_view tensor_name(int32_t index) const;

 private:
  friend class ModelCheck;

  flat::Table model_;
  flat::Vector tensors_;
  flat::Vector inputs_;
  flat::Vector outputs_;
  flat::Vector operators_;
};

uint32_t subgraph_count(const Model& model);

}  // namespace tandem
