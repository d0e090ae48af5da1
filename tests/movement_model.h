#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "models/model_builder.h"
#include "run_model.h"

// Models of one operator that moves elements of a tensor, for tests: what comes out of 0, 1, 2, ... says
// where each element of the output came from.
namespace tandem::test {

/// An operand of indices, sizes or axes.
struct IndexOperand {
  std::vector<int64_t> values;
  std::vector<int32_t> shape = {};  ///< left out: a list of the values
  schema::TensorType type = schema::TensorType::INT32;
  bool run_time = false;  ///< a model input instead of a constant
};

struct MovementModel {
  schema::BuiltinOperator op;
  std::vector<int32_t> in;
  std::vector<std::vector<int32_t>> out;
  std::vector<IndexOperand> indices = {};
  schema::TensorType type = schema::TensorType::INT16;
  std::function<void(schema::OperatorT&)> options = {};
  bool indices_first = false;  ///< before the tensor, as SPLIT has its axis
  int64_t zero_point = 0;      ///< of input and outputs, if not 0
};

template <class Options>
std::function<void(schema::OperatorT&)> with(Options options) {
  return [options](schema::OperatorT& op) { op.builtin_options.Set(Options(options)); };
}

inline models::TensorSpec spec_of(const IndexOperand& operand) {
  const bool is_list = operand.shape.empty();
  return {.type = operand.type,
          .shape = is_list ? std::vector{static_cast<int32_t>(operand.values.size())} : operand.shape};
}

inline std::vector<uint8_t> build(const MovementModel& m) {
  models::ModelBuilder b;
  const auto tensor = [&](const char* name, const std::vector<int32_t>& shape) {
    models::TensorSpec spec{.name = name, .type = m.type, .shape = shape};
    if (m.zero_point != 0) {
      spec.scale = {0.5F};
      spec.zero_point = {m.zero_point};
    }
    return b.tensor(spec);
  };
  const int x = tensor("x", m.in);
  std::vector<int32_t> model_inputs = {x};
  std::vector<int32_t> operands;
  for (const IndexOperand& operand : m.indices) {
    operands.push_back(operand.run_time ? b.tensor(spec_of(operand))
                                        : b.constant(spec_of(operand), operand.values));
    if (operand.run_time) model_inputs.push_back(operands.back());
  }
  operands.insert(m.indices_first ? operands.end() : operands.begin(), x);
  std::vector<int32_t> outputs;
  for (const std::vector<int32_t>& shape : m.out) outputs.push_back(tensor("y", shape));
  schema::OperatorT& op = b.op(m.op, operands, outputs);
  if (m.options) m.options(op);
  b.inputs(model_inputs);
  b.outputs(outputs);
  return b.finish();
}

/// The model, its inputs filled: the tensor with 0, 1, 2, ...
class LoadedMovement : public LoadedModel {
 public:
  explicit LoadedMovement(const MovementModel& m, uint32_t workers = 1) : LoadedModel(build(m), workers) {
    if (!status().ok()) return;
    if (m.type == schema::TensorType::INT8) {
      fill<int8_t>();
    } else if (m.type == schema::TensorType::FLOAT32) {
      fill<float>();
    } else if (m.type == schema::TensorType::INT64) {
      fill<int64_t>();
    } else {
      fill<int16_t>();
    }
    uint32_t input = 1;
    for (const IndexOperand& operand : m.indices) {
      if (!operand.run_time) continue;
      if (operand.type == schema::TensorType::INT64) {
        set_input<int64_t>(input++, operand.values);
      } else {
        set_input<int32_t>(input++, std::vector<int32_t>(operand.values.begin(), operand.values.end()));
      }
    }
  }

 private:
  template <class T>
  void fill() {
    std::vector<T> values(interpreter().input(0).bytes.size() / sizeof(T));
    std::iota(values.begin(), values.end(), T{0});
    set_input<T>(0, values);
  }
};

/// Which elements of the input the outputs' are, one output after the other.
template <class T = int16_t>
std::vector<T> moved(const MovementModel& m, uint32_t workers = 1) {
  LoadedMovement model(m, workers);
  model.invoke();
  std::vector<T> all;
  for (uint32_t i = 0; i < m.out.size() && model.status().ok(); ++i) {
    const std::vector<T> one = model.output<T>(i);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

inline Code refusal_of(const MovementModel& m) { return LoadedModel(build(m)).status().code; }

/// What a run makes of the data; kOk too if the model is refused, which status() would tell.
inline Outcome::Kind outcome_of(const MovementModel& m) {
  LoadedMovement model(m);
  return model.status().ok() ? model.interpreter().invoke().kind : Outcome::Kind::kOk;
}

}  // namespace tandem::test
