#include "change_model.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <vector>

#include "models/schema_generated.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace tandem::test {
namespace {

using schema::TensorType;

constexpr uint32_t kWords[] = {
    0,          1,          2,          3,          4,          5,          127,        128,
    255,        256,        0x7fff,     0x8000,     0xffff,     0x10000,    0x40000000, INT32_MAX,
    0x80000000, UINT32_MAX, 0xfffffffe, 0xffffff80, 0xffff8000, 0x3f800000, 0xbf800000, 0x00000001,
    0x00800000, 0x7f7fffff, 0x7f800000, 0x7fc00000, 0x3b800000, 0x38000000, 0x2f800000, 0x4f000000};

template <class List>
auto& any_of(List& list, Random& random) {
  return list[random() % std::size(list)];
}

size_t bits_of(TensorType type) {
  switch (type) {
    case TensorType::INT4:
      return 4;
    case TensorType::INT8:
    case TensorType::UINT8:
    case TensorType::BOOL:
      return 8;
    case TensorType::INT16:
      return 16;
    case TensorType::INT64:
      return 64;
    default:
      return 32;
  }
}

class Change {
 public:
  Change(schema::ModelT& model, Random& random) : model_(model), random_(random) {}

  void make() {
    if (model_.subgraphs.empty()) return;
    graph_ = any_of(model_.subgraphs, random_).get();
    if (graph_->tensors.empty()) return;
    tensor_ = any_of(graph_->tensors, random_).get();
    if (random_() % 2 == 0 || graph_->operators.empty()) {
      change_tensor();
    } else {
      op_ = any_of(graph_->operators, random_).get();
      change_operator();
    }
  }

 private:
  int32_t small() { return static_cast<int32_t>(random_() % 8 == 0 ? bad_number(random_) : random_() % 6); }
  int32_t any_tensor() { return static_cast<int32_t>(random_() % graph_->tensors.size()); }

  void change_tensor() {
    switch (random_() % 7) {
      case 0:
        if (!tensor_->shape.empty()) any_of(tensor_->shape, random_) = small();
        break;
      case 1:
        tensor_->shape.insert(tensor_->shape.begin(), small());
        break;
      case 2:
        if (!tensor_->shape.empty()) tensor_->shape.pop_back();
        break;
      case 3: {
        constexpr TensorType kTypes[] = {TensorType::FLOAT32, TensorType::INT8,  TensorType::INT16,
                                         TensorType::INT32,   TensorType::INT64, TensorType::UINT8,
                                         TensorType::BOOL,    TensorType::INT4,  TensorType::RESOURCE};
        tensor_->type = any_of(kTypes, random_);
        break;
      }
      case 4:
        change_quantization();
        break;
      case 5:
        tensor_->is_variable = !tensor_->is_variable;
        break;
      default: {  // a constant comes at run time, or the other way round
        const auto index = static_cast<int32_t>(
            std::ranges::find_if(graph_->tensors, [&](const auto& t) { return t.get() == tensor_; }) -
            graph_->tensors.begin());
        if (std::erase(graph_->inputs, index) > 0) {
          tensor_->buffer = static_cast<uint32_t>(model_.buffers.size());
          model_.buffers.push_back(std::make_unique<schema::BufferT>());
          model_.buffers.back()->data.resize(1);
        } else {
          tensor_->buffer = 0;
          graph_->inputs.push_back(index);
        }
      }
    }
    fit_constant();
  }

  // As many bytes as the tensor has now, made of those that there were.
  void fit_constant() {
    constexpr size_t kMost = 4096;
    if (tensor_->buffer == 0 || tensor_->buffer >= model_.buffers.size()) return;
    std::vector<uint8_t>& data = model_.buffers[tensor_->buffer]->data;
    if (data.empty()) return;
    size_t bits = bits_of(tensor_->type);
    for (const int32_t dim : tensor_->shape)
      bits = dim < 0 ? 0 : std::min(bits * static_cast<size_t>(dim), kMost * 9);
    const std::vector<uint8_t> before = data;
    data.resize(std::min((bits + 7) / 8, kMost));
    for (size_t i = before.size(); i < data.size(); ++i) data[i] = before[i % before.size()];
  }

  void change_quantization() {
    constexpr float kScales[] = {0, 1e-9F, 1.0F / 32768, 1.0F / 256, 0.5F, 1, 3e4F, 1e30F, -1};
    if (tensor_->quantization == nullptr)
      tensor_->quantization = std::make_unique<schema::QuantizationParametersT>();
    schema::QuantizationParametersT& q = *tensor_->quantization;
    const bool per_channel = random_() % 3 == 0 && !tensor_->shape.empty();
    q.quantized_dimension = per_channel ? static_cast<int32_t>(random_() % tensor_->shape.size()) : 0;
    const int32_t channels = per_channel ? tensor_->shape[static_cast<size_t>(q.quantized_dimension)] : 1;
    q.scale.assign(static_cast<size_t>(std::clamp(channels, 1, 64)), any_of(kScales, random_));
    q.zero_point.assign(q.scale.size(), static_cast<int64_t>(random_() % 2 == 0 ? 0 : random_() % 512) -
                                            256 * (random_() % 2 == 0));
  }

  void change_operator() {
    auto& list = random_() % 3 == 0 ? op_->outputs : op_->inputs;
    switch (random_() % 9) {
      case 0:
        if (!list.empty()) any_of(list, random_) = random_() % 4 == 0 ? -1 : any_tensor();
        break;
      case 1:
        list.push_back(any_tensor());
        break;
      case 2:
        if (!list.empty()) list.erase(list.begin() + static_cast<ptrdiff_t>(random_() % list.size()));
        break;
      case 3:
        if (!model_.operator_codes.empty()) {
          op_->opcode_index = static_cast<uint32_t>(random_() % model_.operator_codes.size());
        }
        break;
      case 4: {  // another operator of the schema, with the same operands and options
        if (op_->opcode_index >= model_.operator_codes.size()) break;
        schema::OperatorCodeT& code = *model_.operator_codes[op_->opcode_index];
        const auto number = static_cast<int32_t>(random_() % 150);
        code.builtin_code = static_cast<schema::BuiltinOperator>(number);
        code.deprecated_builtin_code = static_cast<int8_t>(std::min(number, 127));
        break;
      }
      case 5:
        change_call();
        break;
      case 6: {
        std::vector<uint8_t>& options = op_->custom_options;
        const size_t size = options.size();
        options.resize(size + 16);
        options.resize(LLVMFuzzerMutate(options.data(), size, options.size()));
        break;
      }
      case 7:
        std::swap(*op_, *any_of(graph_->operators, random_));
        break;
      default:
        op_->builtin_options = any_of(graph_->operators, random_)->builtin_options;
    }
  }

  void change_call() {
    const auto index = [&] { return static_cast<int32_t>(random_() % (model_.subgraphs.size() + 1)); };
    if (auto* branches = op_->builtin_options.AsIfOptions()) {
      (random_() % 2 == 0 ? branches->then_subgraph_index : branches->else_subgraph_index) = index();
    } else if (auto* loop = op_->builtin_options.AsWhileOptions()) {
      (random_() % 2 == 0 ? loop->cond_subgraph_index : loop->body_subgraph_index) = index();
    } else if (auto* once = op_->builtin_options.AsCallOnceOptions()) {
      once->init_subgraph_index = index();
    } else if (auto* handle = op_->builtin_options.AsVarHandleOptions()) {
      handle->shared_name = random_() % 2 == 0 ? "a" : "b";
    }
  }

  schema::ModelT& model_;
  Random& random_;
  schema::SubGraphT* graph_ = nullptr;
  schema::TensorT* tensor_ = nullptr;
  schema::OperatorT* op_ = nullptr;
};

// FlatBuffers' Verifier lets vectors of 64 bits lie at any multiple of 4, which its readers cannot.
bool readers_can_take(const schema::Model& model) {
  if (model.subgraphs() == nullptr) return true;
  for (const schema::SubGraph* graph : *model.subgraphs()) {
    if (graph->tensors() == nullptr) continue;
    for (const schema::Tensor* tensor : *graph->tensors()) {
      const schema::QuantizationParameters* quantization = tensor->quantization();
      if (quantization == nullptr || quantization->zero_point() == nullptr) continue;
      if (reinterpret_cast<uintptr_t>(quantization->zero_point()->Data()) % sizeof(int64_t) != 0)
        return false;
    }
  }
  return true;
}

// A file can name a union's type without its table, which reading accepts and writing does not.
void drop_empty_unions(schema::ModelT& model) {
  for (const auto& graph : model.subgraphs) {
    for (const auto& op : graph->operators) {
      if (op->builtin_options.value == nullptr) op->builtin_options.Reset();
    }
    for (const auto& tensor : graph->tensors) {
      if (tensor->quantization != nullptr && tensor->quantization->details.value == nullptr) {
        tensor->quantization->details.Reset();
      }
    }
  }
}

}  // namespace

uint32_t bad_number(Random& random) { return any_of(kWords, random); }

size_t change_model(uint8_t* data, size_t size, size_t max_size, Random& random) {
  flatbuffers::Verifier verifier(data, size);
  if (!schema::VerifyModelBuffer(verifier) || !readers_can_take(*schema::GetModel(data))) return 0;
  const std::unique_ptr<schema::ModelT> model = schema::UnPackModel(data);
  drop_empty_unions(*model);
  for (uint32_t n = 1 + random() % 3; n > 0; --n) Change(*model, random).make();
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Model::Pack(builder, model.get()), schema::ModelIdentifier());
  if (builder.GetSize() > max_size) return 0;
  std::memcpy(data, builder.GetBufferPointer(), builder.GetSize());
  return builder.GetSize();
}

}  // namespace tandem::test
