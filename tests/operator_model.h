#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/model_builder.h"
#include "run_model.h"

// Models of one operator with any operands, for tests.
namespace tandem::test {

/// An operand; quantized if its scale is not 0. A file may have a zero point without a scale, too.
struct TensorOf {
  schema::TensorType type = schema::TensorType::FLOAT32;
  std::vector<int32_t> shape = {};
  float scale = 0;
  int64_t zero_point = 0;
};

/// One operator with `inputs`, which are the model's, and one output. `options` are none, or the operator's.
template <class... Options>
std::vector<uint8_t> operator_model(schema::BuiltinOperator op, const std::vector<TensorOf>& inputs,
                                    const TensorOf& output, const Options&... options) {
  models::ModelBuilder m;
  const auto tensor = [&](const std::string& name, const TensorOf& t) {
    models::TensorSpec spec{.name = name, .type = t.type, .shape = t.shape};
    if (t.scale != 0) spec.scale = {t.scale};
    if (t.scale != 0 || t.zero_point != 0) spec.zero_point = {t.zero_point};
    return m.tensor(spec);
  };
  std::vector<int32_t> in;
  for (const TensorOf& t : inputs) in.push_back(tensor("x" + std::to_string(in.size()), t));
  const int32_t out = tensor("y", output);
  m.op(op, in, {out}, options...);
  m.inputs(in);
  m.outputs({out});
  return m.finish();
}

/// Output 0 of a model as Out, after one invocation with `inputs`; empty and a failed test if that is
/// refused.
template <class Out, class... In>
std::vector<Out> run(std::span<const uint8_t> tflite, const std::vector<In>&... inputs) {
  LoadedModel model(tflite);
  if (!model.status().ok()) {
    ADD_FAILURE() << model.refusal();
    return {};
  }
  uint32_t index = 0;
  (model.set_input(index++, inputs), ...);
  model.invoke();
  return model.output<Out>(0);
}

/// Why a model is refused; kOk if it is not.
inline Code refusal_of(std::span<const uint8_t> tflite) { return LoadedModel(tflite).status().code; }

}  // namespace tandem::test
