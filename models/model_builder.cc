#include "models/model_builder.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace tandem::models {
namespace {

static_assert(std::endian::native == std::endian::little, "elements are written as the host holds them");

[[noreturn]] void refuse(schema::TensorType type, const std::string& why) {
  throw std::invalid_argument(std::string(schema::EnumNameTensorType(type)) + " constant: " + why);
}

template <class Stored, class Wide>
std::vector<uint8_t> pack_as(schema::TensorType type, std::span<const Wide> values) {
  std::vector<uint8_t> bytes(values.size() * sizeof(Stored));
  for (size_t i = 0; i < values.size(); ++i) {
    if constexpr (std::integral<Stored> && std::integral<Wide>) {
      if (!std::in_range<Stored>(values[i])) refuse(type, std::to_string(values[i]) + " does not fit");
    }
    const auto stored = static_cast<Stored>(values[i]);
    std::copy_n(reinterpret_cast<const uint8_t*>(&stored), sizeof(Stored), &bytes[i * sizeof(Stored)]);
  }
  return bytes;
}

std::vector<uint8_t> pack_int4(std::span<const int64_t> values) {
  std::vector<uint8_t> bytes((values.size() + 1) / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] < -8 || values[i] > 7) {
      refuse(schema::TensorType::INT4, std::to_string(values[i]) + " does not fit");
    }
    bytes[i / 2] |= static_cast<uint8_t>((values[i] & 15) << (i % 2 * 4));
  }
  return bytes;
}

}  // namespace

std::vector<uint8_t> pack_elements(schema::TensorType type, std::span<const int64_t> values) {
  using enum schema::TensorType;
  switch (type) {
    case FLOAT32:
      return pack_as<float>(type, values);
    case FLOAT64:
      return pack_as<double>(type, values);
    case INT4:
      return pack_int4(values);
    case INT8:
      return pack_as<int8_t>(type, values);
    case UINT8:
      return pack_as<uint8_t>(type, values);
    case INT16:
      return pack_as<int16_t>(type, values);
    case UINT16:
      return pack_as<uint16_t>(type, values);
    case INT32:
      return pack_as<int32_t>(type, values);
    case UINT32:
      return pack_as<uint32_t>(type, values);
    case INT64:
      return pack_as<int64_t>(type, values);
    case BOOL:
      return pack_as<uint8_t>(type, values);
    default:
      refuse(type, "give its bytes");
  }
}

std::vector<uint8_t> pack_elements(schema::TensorType type, std::span<const double> values) {
  switch (type) {
    case schema::TensorType::FLOAT32:
      return pack_as<float>(type, values);
    case schema::TensorType::FLOAT64:
      return pack_as<double>(type, values);
    default:
      refuse(type, "give integers, or its bytes");
  }
}

void write_file(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw std::system_error(errno, std::generic_category(), "writing " + path.string());
}

ModelBuilder::ModelBuilder(std::string description) {
  model_.version = 3;
  model_.description = std::move(description);
  model_.buffers.push_back(std::make_unique<schema::BufferT>());  // buffer 0 means "no data"
  add_subgraph("main");
}

int32_t ModelBuilder::tensor(TensorSpec spec) {
  auto tensor = std::make_unique<schema::TensorT>();
  tensor->name = std::move(spec.name);
  tensor->type = spec.type;
  tensor->shape = std::move(spec.shape);
  tensor->has_rank = true;
  tensor->is_variable = spec.is_variable;
  if (!spec.scale.empty() || !spec.zero_point.empty()) {
    tensor->quantization = std::make_unique<schema::QuantizationParametersT>();
    if (spec.zero_point.empty()) spec.zero_point.resize(spec.scale.size());
    tensor->quantization->scale = std::move(spec.scale);
    tensor->quantization->zero_point = std::move(spec.zero_point);
    tensor->quantization->quantized_dimension = spec.axis;
  }
  subgraph().tensors.push_back(std::move(tensor));
  return static_cast<int32_t>(subgraph().tensors.size()) - 1;
}

int32_t ModelBuilder::constant_bytes(TensorSpec spec, std::span<const uint8_t> bytes) {
  const int32_t index = tensor(std::move(spec));
  subgraph().tensors.back()->buffer = add_buffer(bytes);
  return index;
}

schema::OperatorT& ModelBuilder::op(schema::BuiltinOperator code, std::vector<int32_t> inputs,
                                    std::vector<int32_t> outputs) {
  return append(opcode(code, {}), std::move(inputs), std::move(outputs));
}

schema::OperatorT& ModelBuilder::custom_op(std::string custom_code, std::vector<int32_t> inputs,
                                           std::vector<int32_t> outputs, std::vector<uint8_t> options) {
  const uint32_t index = opcode(schema::BuiltinOperator::CUSTOM, custom_code);
  schema::OperatorT& appended = append(index, std::move(inputs), std::move(outputs));
  appended.custom_options = std::move(options);
  return appended;
}

void ModelBuilder::set_version(schema::BuiltinOperator code, int32_t version) {
  for (const auto& known : model_.operator_codes) {
    if (known->builtin_code == code) known->version = version;
  }
}

int32_t ModelBuilder::add_subgraph(std::string name) {
  model_.subgraphs.push_back(std::make_unique<schema::SubGraphT>());
  current_ = model_.subgraphs.size() - 1;
  subgraph().name = std::move(name);
  return static_cast<int32_t>(current_);
}

void ModelBuilder::metadata(std::string name, std::span<const uint8_t> bytes) {
  auto entry = std::make_unique<schema::MetadataT>();
  entry->name = std::move(name);
  entry->buffer = add_buffer(bytes);
  model_.metadata.push_back(std::move(entry));
}

std::vector<uint8_t> ModelBuilder::finish() const {
  flatbuffers::FlatBufferBuilder builder;
  schema::FinishModelBuffer(builder, schema::Model::Pack(builder, &model_));
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

uint32_t ModelBuilder::add_buffer(std::span<const uint8_t> bytes) {
  model_.buffers.push_back(std::make_unique<schema::BufferT>());
  model_.buffers.back()->data.assign(bytes.begin(), bytes.end());
  return static_cast<uint32_t>(model_.buffers.size()) - 1;
}

uint32_t ModelBuilder::opcode(schema::BuiltinOperator code, const std::string& custom_code) {
  auto& codes = model_.operator_codes;
  const auto known = std::ranges::find_if(
      codes, [&](const auto& c) { return c->builtin_code == code && c->custom_code == custom_code; });
  if (known != codes.end()) return static_cast<uint32_t>(known - codes.begin());
  codes.push_back(std::make_unique<schema::OperatorCodeT>());
  codes.back()->builtin_code = code;
  codes.back()->deprecated_builtin_code =
      static_cast<int8_t>(std::min(code, schema::BuiltinOperator::PLACEHOLDER_FOR_GREATER_OP_CODES));
  codes.back()->custom_code = custom_code;
  return static_cast<uint32_t>(codes.size()) - 1;
}

schema::OperatorT& ModelBuilder::append(uint32_t opcode, std::vector<int32_t> inputs,
                                        std::vector<int32_t> outputs) {
  auto appended = std::make_unique<schema::OperatorT>();
  appended->opcode_index = opcode;
  appended->inputs = std::move(inputs);
  appended->outputs = std::move(outputs);
  subgraph().operators.push_back(std::move(appended));
  return *subgraph().operators.back();
}

}  // namespace tandem::models
