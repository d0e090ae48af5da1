#pragma once

#include <flatbuffers/flexbuffers.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/model_builder.h"

// Models of one custom operator, for tests.
namespace tandem::test {

/// Options as a custom operator of TensorFlow Lite has them.
inline std::vector<uint8_t> flex_map(const std::vector<std::pair<const char*, double>>& options) {
  flexbuffers::Builder builder;
  builder.Map([&] {
    for (const auto& [key, value] : options) {
      const auto integer = static_cast<int64_t>(value);
      if (static_cast<double>(integer) == value) {
        builder.Int(key, integer);
      } else {
        builder.Double(key, value);
      }
    }
  });
  builder.Finish();
  return builder.GetBuffer();
}

/// A constant operand, int16.
struct ConstantS16 {
  std::vector<int16_t> values;
};

struct CustomOpModel {
  std::string code;
  std::vector<models::TensorSpec> inputs;
  std::vector<models::TensorSpec> outputs;
  std::vector<std::pair<const char*, double>> options = {};
  std::vector<ConstantS16> constants = {};  ///< inputs behind `inputs`, vectors

  [[nodiscard]] std::vector<uint8_t> build() const {
    models::ModelBuilder b;
    std::vector<int32_t> in;
    std::vector<int32_t> out;
    for (const models::TensorSpec& spec : inputs) in.push_back(b.tensor(spec));
    b.inputs(in);
    for (const ConstantS16& constant : constants) {
      in.push_back(b.constant({.name = "constant",
                               .type = schema::TensorType::INT16,
                               .shape = {static_cast<int32_t>(constant.values.size())}},
                              constant.values));
    }
    for (const models::TensorSpec& spec : outputs) out.push_back(b.tensor(spec));
    b.custom_op(code, in, out, flex_map(options));
    b.outputs(out);
    return b.finish();
  }
};

}  // namespace tandem::test
