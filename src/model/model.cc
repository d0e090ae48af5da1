#include "tandem/model.h"

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"
#include "model/model_view.h"

namespace tandem {
namespace {

// Field numbers, in the order of the TensorFlow Lite schema (version 3).
namespace field {
enum Model { kVersion, kOperatorCodes, kSubgraphs, kDescription, kBuffers };
enum Subgraph { kTensors, kInputs, kOutputs, kOperators };
enum Tensor { kShape, kType, kBuffer, kName, kQuantization, kIsVariable, kSparsity };
enum Quantization { kMin, kMax, kScale, kZeroPoint, kDetailsType, kDetails, kDimension };
enum Operator {
  kOpcode,
  kOpInputs,
  kOpOutputs,
  kOptionsType,
  kOptions,
  kCustomOptions,
  kCustomFormat,
  kMutating,
  kIntermediates
};
enum Opcode { kDeprecatedBuiltin, kCustomCode, kOpcodeVersion, kBuiltin };
enum Buffer { kData };
}  // namespace field

constexpr uint32_t kSupportedVersion = 3;
constexpr int32_t kCustomOperator = 32;
constexpr uint8_t kLastBuiltinOptions = 126;  // RightShiftOptions

// The tensor's shape, or why it cannot be one.
Result<Shape> read_shape(const flat::Table& tensor) {
  const flat::Vector dims = tensor.vector(field::kShape, sizeof(int32_t));
  if (dims.count > kMaxRank) {
    return Status{.code = Code::kTooManyDimensions, .a = static_cast<int32_t>(dims.count), .b = kMaxRank};
  }
  Shape shape{.rank = dims.count};
  for (uint32_t i = 0; i < dims.count; ++i) {
    shape.dims[i] = dims.get<int32_t>(i);
    if (shape.dims[i] < 0) {
      return Status{.code = Code::kNegativeDimension, .a = static_cast<int32_t>(i), .b = shape.dims[i]};
    }
  }
  return shape;
}

// Bytes of a tensor, at most kMaxTensorBytes; a zero dimension does not excuse the others from being sane.
Result<uint32_t> tensor_bytes(const Shape& shape, Type type) {
  uint64_t bits = type_bits(type);
  bool empty = false;
  for (uint32_t i = 0; i < shape.rank; ++i) {
    if (shape.dims[i] == 0) {
      empty = true;
      continue;
    }
    bits *= static_cast<uint32_t>(shape.dims[i]);
    if (bits > uint64_t{kMaxTensorBytes} * 8) {
      return Status{.code = Code::kTensorTooLarge, .a = static_cast<int32_t>(i)};
    }
  }
  return empty ? 0 : static_cast<uint32_t>((bits + 7) / 8);
}

Quantization read_quantization(const flat::Table& tensor) {
  const flat::Table table = tensor.table(field::kQuantization);
  if (!table.valid()) return {};
  return {.scales = table.vector(field::kScale, sizeof(float)),
          .zero_points = table.vector(field::kZeroPoint, sizeof(int64_t)),
          .axis = table.scalar<int32_t>(field::kDimension)};
}

flat::Table model_root(const Model& model) { return flat::root({.bytes = model.bytes()}); }

// A tensor of `model`; its index and whether it may be refused are the caller's.
// Into `tensor`, not returned by value: planning is deepest in the stack here, and a record is 100 bytes.
Status read_tensor(const flat::Table& model, const flat::Table& table, TensorInfo& tensor) {
  const auto type = table.scalar<int8_t>(field::kType);
  tensor.type = static_cast<Type>(type);
  if (type < 0 || type_bits(tensor.type) == 0) return {.code = Code::kTensorType, .a = type};
  {
    const Result<Shape> shape = read_shape(table);
    TANDEM_TRY(shape.status());
    tensor.shape = *shape;
  }
  const Result<uint32_t> bytes = tensor_bytes(tensor.shape, tensor.type);
  TANDEM_TRY(bytes.status());
  tensor.elements = tensor.shape.elements();
  tensor.bytes = *bytes;
  tensor.variable = table.scalar<uint8_t>(field::kIsVariable) != 0;
  if (table.table(field::kSparsity).valid()) return {.code = Code::kSparseTensor};

  const auto buffer = table.scalar<uint32_t>(field::kBuffer);
  const flat::Vector buffers = model.vector(field::kBuffers, sizeof(uint32_t));
  if (buffer >= buffers.count) {
    return {.code = Code::kBufferIndex,
            .a = static_cast<int32_t>(buffer),
            .b = static_cast<int32_t>(buffers.count)};
  }
  const flat::Vector data = flat::Table::element(buffers, buffer).vector(field::kData, 1);
  if (data.count > 0) {
    if (data.count != tensor.bytes) {
      return {.code = Code::kBufferSize,
              .a = static_cast<int32_t>(data.count),
              .b = static_cast<int32_t>(tensor.bytes)};
    }
    if (tensor.variable) return {.code = Code::kVariableWithData};
    tensor.data = data.file.bytes.data() + data.at;
  }
  tensor.quantization = read_quantization(table);
  return {};
}

}  // namespace

// Walks the whole file once. `budget_` bounds the time: an honest file does not share vectors among many
// tables, so the bytes of all vectors together stay in proportion to the file; one made to be slow runs out
// of budget.
class ModelCheck {
 public:
  explicit ModelCheck(const Model& model)
      : file_{.bytes = model.bytes(), .first_error = &first_error_}, budget_(budget(model)) {}

  Status run() {
    root_ = flat::root(file_);
    const Status status = check_model();
    // A position outside the file explains every oddity that was found because of it.
    if (first_error_ != 0) return {.code = Code::kCorruptModel, .a = static_cast<int32_t>(first_error_)};
    return status;
  }

 private:
  static uint64_t budget(const Model& model) { return 4096 + uint64_t{16} * model.bytes().size(); }

  // Accounts for reading a vector's `bytes`.
  bool spend(uint64_t bytes) {
    if (bytes > budget_) {
      file_.fail(file_.bytes.size());
      return false;
    }
    budget_ -= bytes;
    return true;
  }

  Status check_model() {
    const auto version = root_.scalar<uint32_t>(field::kVersion);
    if (version != kSupportedVersion)
      return {.code = Code::kSchemaVersion, .a = static_cast<int32_t>(version)};
    opcodes_ = root_.vector(field::kOperatorCodes, sizeof(uint32_t));
    for (uint32_t i = 0; i < opcodes_.count; ++i) {
      const flat::Table opcode = flat::Table::element(opcodes_, i);
      (void)opcode.scalar<int8_t>(field::kDeprecatedBuiltin);
      (void)opcode.scalar<int32_t>(field::kBuiltin);
      if (!spend(opcode.string(field::kCustomCode).size() + sizeof(uint32_t))) return {};
    }
    const flat::Vector buffers = root_.vector(field::kBuffers, sizeof(uint32_t));
    for (uint32_t i = 0; i < buffers.count; ++i) {
      if (!spend(sizeof(uint32_t))) return {};
      (void)flat::Table::element(buffers, i).vector(field::kData, 1);
    }
    const flat::Vector subgraphs = root_.vector(field::kSubgraphs, sizeof(uint32_t));
    if (subgraphs.count == 0) return {.code = Code::kNoSubgraph};
    if (subgraphs.count > kMaxSubgraphs) {
      return {
          .code = Code::kTooManySubgraphs, .a = static_cast<int32_t>(subgraphs.count), .b = kMaxSubgraphs};
    }
    for (uint32_t i = 0; i < subgraphs.count && first_error_ == 0; ++i) {
      Status status = check_subgraph(flat::Table::element(subgraphs, i));
      status.subgraph = static_cast<int16_t>(i);
      TANDEM_TRY(status);
    }
    return {};
  }

  Status check_subgraph(const flat::Table& subgraph) {
    const flat::Vector tensors = subgraph.vector(field::kTensors, sizeof(uint32_t));
    const flat::Vector operators = subgraph.vector(field::kOperators, sizeof(uint32_t));
    if (tensors.count > kMaxTensors) {
      return {.code = Code::kTooManyTensors, .a = static_cast<int32_t>(tensors.count), .b = kMaxTensors};
    }
    if (operators.count > kMaxTensors) {
      return {.code = Code::kTooManyOperators, .a = static_cast<int32_t>(operators.count), .b = kMaxTensors};
    }
    for (uint32_t i = 0; i < tensors.count && first_error_ == 0; ++i) {
      Status status = check_tensor(flat::Table::element(tensors, i));
      status.tensor = static_cast<int16_t>(i);
      TANDEM_TRY(status);
    }
    for (const auto id : {field::kInputs, field::kOutputs}) {
      const flat::Vector list = subgraph.vector(id, sizeof(int32_t));
      if (!spend(uint64_t{list.count} * sizeof(int32_t))) return {};
      for (uint32_t i = 0; i < list.count; ++i) {
        const auto tensor = list.get<int32_t>(i);
        if (tensor < 0 || static_cast<uint32_t>(tensor) >= tensors.count) {
          return {.code = Code::kInputIndex, .a = tensor, .b = static_cast<int32_t>(tensors.count)};
        }
      }
    }
    for (uint32_t i = 0; i < operators.count && first_error_ == 0; ++i) {
      Status status = check_operator(flat::Table::element(operators, i), tensors.count);
      status.op = static_cast<int16_t>(i);
      TANDEM_TRY(status);
    }
    return {};
  }

  Status check_tensor(const flat::Table& table) {
    if (!spend(sizeof(uint32_t))) return {};
    TensorInfo tensor;
    TANDEM_TRY(read_tensor(root_, table, tensor));
    if (!spend(table.string(field::kName).size())) return {};
    return check_quantization(tensor);
  }

  Status check_quantization(const TensorInfo& tensor) {
    const Quantization& q = tensor.quantization;
    if (!q.present()) return {};
    if (!spend(uint64_t{q.scales.count} * sizeof(float) + uint64_t{q.zero_points.count} * sizeof(int64_t)))
      return {};
    if (q.zero_points.count > 1 && q.zero_points.count != q.scales.count) {
      return {.code = Code::kQuantizationLength,
              .a = static_cast<int32_t>(q.scales.count),
              .b = static_cast<int32_t>(q.zero_points.count)};
    }
    for (uint32_t i = 0; i < q.zero_points.count; ++i) {
      const auto zero_point = q.zero_points.get<int64_t>(i);
      if (zero_point != static_cast<int32_t>(zero_point)) {
        return {.code = Code::kQuantizationZeroPoint, .a = static_cast<int32_t>(i)};
      }
    }
    return {};
  }

  Status check_operator(const flat::Table& op, uint32_t tensor_count) {
    if (!spend(sizeof(uint32_t))) return {};
    const auto opcode = op.scalar<uint32_t>(field::kOpcode);
    if (opcode >= opcodes_.count) {
      return {.code = Code::kOpcodeIndex,
              .a = static_cast<int32_t>(opcode),
              .b = static_cast<int32_t>(opcodes_.count)};
    }
    for (const auto id : {field::kOpInputs, field::kOpOutputs, field::kIntermediates}) {
      const flat::Vector list = op.vector(id, sizeof(int32_t));
      if (list.count > kMaxOperands) {
        return {.code = Code::kTooManyOperands, .a = static_cast<int32_t>(list.count), .b = kMaxOperands};
      }
      if (!spend(uint64_t{list.count} * sizeof(int32_t))) return {};
      for (uint32_t i = 0; i < list.count; ++i) {
        const auto tensor = list.get<int32_t>(i);
        const bool absent = tensor == -1 && id != field::kOpOutputs;
        if (!absent && (tensor < 0 || static_cast<uint32_t>(tensor) >= tensor_count)) {
          return {.code = Code::kTensorIndex, .a = tensor, .b = static_cast<int32_t>(tensor_count)};
        }
      }
    }
    // Of what the schema does not name, nobody can say what it is: it stays unread.
    const auto options_type = op.scalar<uint8_t>(field::kOptionsType);
    if (options_type >= 1 && options_type <= kLastBuiltinOptions) (void)op.table(field::kOptions);
    (void)op.vector(field::kCustomOptions, 1);
    return {};
  }

  uint32_t first_error_ = 0;
  flat::File file_;
  uint64_t budget_;
  flat::Table root_;
  flat::Vector opcodes_;
};

Result<Model> Model::load(std::span<const uint8_t> bytes) {
  constexpr size_t kSmallest = 8;  // root offset and identifier
  if (bytes.size() < kSmallest) {
    return Status{.code = Code::kFileTooSmall, .a = static_cast<int32_t>(bytes.size())};
  }
  if (bytes.size() > kMaxTensorBytes) {
    return Status{.code = Code::kFileTooLarge, .a = static_cast<int32_t>(bytes.size() >> 20)};
  }
  if (std::string_view(reinterpret_cast<const char*>(bytes.data()) + 4, 4) != "TFL3") return Code::kNotTflite;
  Model model;
  model.bytes_ = bytes;
  TANDEM_TRY(ModelCheck(model).run());
  return model;
}

uint32_t Shape::elements() const {
  uint32_t product = 1;
  for (uint32_t i = 0; i < rank; ++i) product *= static_cast<uint32_t>(dims[i]);
  return product;
}

bool Quantization::scales_usable() const {
  for (uint32_t i = 0; i < scales.count; ++i) {
    // Written so that a NaN fails too.
    if (!(scale(i) > 0.0F) || !(scale(i) < INFINITY)) return false;
  }
  return present();
}

bool Quantization::per_tensor(Type type) const {
  if (scales.count != 1 || !scales_usable()) return false;
  const int32_t limit = int32_t{1} << (std::min<uint32_t>(type_bits(type), 31) - 1);
  const int32_t point = zero_point();
  return type == Type::kUInt8 ? point >= 0 && point < 256 : point >= -limit && point < limit;
}

bool operator==(const Shape& a, const Shape& b) {
  if (a.rank != b.rank) return false;
  for (uint32_t i = 0; i < a.rank; ++i) {
    if (a.dims[i] != b.dims[i]) return false;
  }
  return true;
}

const char* builtin_name(int32_t builtin) {
  switch (static_cast<Builtin>(builtin)) {
#define TANDEM_BUILTIN(name, number) \
  case Builtin::name:                \
    return #name;
#include "model/builtin_operators.inc"
#undef TANDEM_BUILTIN
  }
  return nullptr;
}

uint32_t Model::operator_count() const { return bytes_.empty() ? 0 : Subgraph(*this, 0).operator_count(); }

std::string_view Model::operator_name(int32_t index) const {
  if (index < 0 || static_cast<uint32_t>(index) >= operator_count()) return {};
  const OperatorInfo op = Subgraph(*this, 0).op(static_cast<uint32_t>(index));
  if (op.builtin == kCustomOperator) return op.custom_code;
  const char* name = builtin_name(op.builtin);
  return name != nullptr ? name : std::string_view{};
}

std::string_view Model::tensor_name(int32_t index) const {
  return bytes_.empty() ? std::string_view{} : Subgraph(*this, 0).tensor_name(index);
}

CalledSubgraphs called_subgraphs(const OperatorInfo& op) {
  constexpr uint8_t kIfOptions = 92;
  constexpr uint8_t kWhileOptions = 93;
  constexpr uint8_t kCallOnceOptions = 103;
  CalledSubgraphs called;
  uint8_t options_type = 0;
  switch (static_cast<Builtin>(op.builtin)) {
    case Builtin::IF:
      called.count = 2;
      options_type = kIfOptions;
      break;
    case Builtin::WHILE:
      called.count = 2;
      options_type = kWhileOptions;
      break;
    case Builtin::CALL_ONCE:
      called.count = 1;
      options_type = kCallOnceOptions;
      break;
    default:
      return called;
  }
  // Without options it is subgraph 0, as the schema has it.
  if (op.options_type != options_type) return called;
  for (uint32_t i = 0; i < called.count; ++i) called.subgraphs[i] = op.options.scalar<int32_t>(i);
  return called;
}

uint32_t subgraph_count(const Model& model) {
  return model_root(model).vector(field::kSubgraphs, sizeof(uint32_t)).count;
}

Subgraph::Subgraph(const Model& model, uint32_t index) : model_(model_root(model)) {
  const flat::Table subgraph =
      flat::Table::element(model_.vector(field::kSubgraphs, sizeof(uint32_t)), index);
  tensors_ = subgraph.vector(field::kTensors, sizeof(uint32_t));
  inputs_ = subgraph.vector(field::kInputs, sizeof(int32_t));
  outputs_ = subgraph.vector(field::kOutputs, sizeof(int32_t));
  operators_ = subgraph.vector(field::kOperators, sizeof(uint32_t));
}

TensorInfo Subgraph::tensor(int32_t index) const {
  if (index < 0 || static_cast<uint32_t>(index) >= tensors_.count) return {};
  TensorInfo tensor;
  const Status status =
      read_tensor(model_, flat::Table::element(tensors_, static_cast<uint32_t>(index)), tensor);
  if (!status.ok()) return {};  // Model::load has seen that it is sound
  tensor.index = static_cast<int16_t>(index);
  return tensor;
}

std::string_view Subgraph::tensor_name(int32_t index) const {
  if (index < 0) return {};
  return flat::Table::element(tensors_, static_cast<uint32_t>(index)).string(field::kName);
}

OperatorInfo Subgraph::op(uint32_t index) const {
  const flat::Table table = flat::Table::element(operators_, index);
  const flat::Table opcode = flat::Table::element(model_.vector(field::kOperatorCodes, sizeof(uint32_t)),
                                                  table.scalar<uint32_t>(field::kOpcode));
  OperatorInfo op;
  op.index = static_cast<int16_t>(index);
  // Old converters wrote only the 8-bit code; new ones put 127 there when the code is larger.
  const int32_t deprecated = opcode.scalar<int8_t>(field::kDeprecatedBuiltin);
  const auto builtin = opcode.scalar<int32_t>(field::kBuiltin);
  op.builtin = deprecated > builtin ? deprecated : builtin;
  if (op.builtin == kCustomOperator) op.custom_code = opcode.string(field::kCustomCode);
  op.inputs = table.vector(field::kOpInputs, sizeof(int32_t));
  op.outputs = table.vector(field::kOpOutputs, sizeof(int32_t));
  op.intermediates = table.vector(field::kIntermediates, sizeof(int32_t));
  op.options_type = table.scalar<uint8_t>(field::kOptionsType);
  op.options = table.table(field::kOptions);
  op.custom_options = table.vector(field::kCustomOptions, 1);
  return op;
}

}  // namespace tandem
