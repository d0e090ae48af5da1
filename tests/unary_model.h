#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "models/model_builder.h"

// Models of one operator with one input and one output, for tests.
namespace tandem::test {

struct Operand {
  schema::TensorType type = schema::TensorType::INT8;
  float scale = 0;  ///< 0: not quantized
  int64_t zero_point = 0;
};

inline std::vector<uint8_t> unary_model(schema::BuiltinOperator op, int32_t count, Operand in, Operand out,
                                        float alpha = 0) {
  models::ModelBuilder m;
  const auto tensor = [&](const char* name, Operand o) {
    if (o.scale == 0) return m.tensor({.name = name, .type = o.type, .shape = {count}});
    return m.tensor(
        {.name = name, .type = o.type, .shape = {count}, .scale = {o.scale}, .zero_point = {o.zero_point}});
  };
  const int x = tensor("x", in);
  const int y = tensor("y", out);
  if (op == schema::BuiltinOperator::LEAKY_RELU) {
    schema::LeakyReluOptionsT options;
    options.alpha = alpha;
    m.op(op, {x}, {y}, options);
  } else {
    m.op(op, {x}, {y});
  }
  m.inputs({x});
  m.outputs({y});
  return m.finish();
}

constexpr Operand s8(float scale, int64_t zero_point) {
  return {schema::TensorType::INT8, scale, zero_point};
}
constexpr Operand s16(float scale, int64_t zero_point = 0) {
  return {schema::TensorType::INT16, scale, zero_point};
}
inline constexpr Operand kF32 = {schema::TensorType::FLOAT32};
inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace tandem::test
