#include <string_view>

#include "kernels/kernel.h"
#include "model/model_view.h"
#include "tandem/status.h"

namespace tandem {
namespace {

const char* sentence(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
#define TANDEM_STATUS(name, text) \
  case Code::name:                \
    return text;
#include "tandem/status_codes.inc"
#undef TANDEM_STATUS
  }
  return "unknown status code {a}";
}

// Appends to a fixed buffer and drops what does not fit.
class Writer {
 public:
  explicit Writer(std::span<char> out) : out_(out) {}

  void text(std::string_view text) {
    for (const char c : text) put(c);
  }
  // Names come from the file: what would break a terminal or a line is shown as '?'.
  void name(std::string_view name) {
    put('"');
    for (const char c : name) put(static_cast<unsigned char>(c) < ' ' || c == 0x7f ? '?' : c);
    put('"');
  }
  void lower_case(std::string_view text) {
    for (const char c : text) put(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  void number(int64_t value) {
    char digits[20];
    size_t count = 0;
    uint64_t magnitude = value < 0 ? 0U - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    do {
      digits[count++] = static_cast<char>('0' + magnitude % 10);
      magnitude /= 10;
    } while (magnitude != 0);
    if (value < 0) put('-');
    while (count > 0) put(digits[--count]);
  }
  size_t finish() {
    if (!out_.empty()) out_[used_] = '\0';
    return used_;
  }

 private:
  void put(char c) {
    if (used_ + 1 < out_.size()) out_[used_++] = c;
  }
  std::span<char> out_;
  size_t used_ = 0;
};

// {a}, {b}; {a:unsigned}: the same bits without a sign; {a:type}: a type's name; {b:operands}: 0 is "inputs",
// 1 is "outputs"; {a:kernel}: a kernel's name; {b:op}: a builtin operator's name in tandem::op.
void write_placeholder(Writer& writer, std::string_view placeholder, const Status& status) {
  const int32_t value = placeholder.starts_with('a') ? status.a : status.b;
  const std::string_view format = placeholder.size() > 2 ? placeholder.substr(2) : std::string_view{};
  if (format == "unsigned") {
    writer.number(static_cast<uint32_t>(value));
  } else if (format == "type") {
    writer.text(type_name(static_cast<Type>(value)));
  } else if (format == "operands") {
    writer.text(value == 0 ? "inputs" : "outputs");
  } else if (format == "kernel") {
    writer.text(kernel_name(static_cast<KernelId>(value)));
  } else if (format == "op") {
    const char* name = builtin_name(value);
    writer.lower_case(name != nullptr ? name : "?");
  } else {
    writer.number(value);
  }
}

void write_place(Writer& writer, const Status& status, const Model* model) {
  if (status.op < 0 && status.tensor < 0) return;
  if (status.subgraph > 0) {
    writer.text("subgraph ");
    writer.number(status.subgraph);
    writer.text(", ");
  }
  if (model == nullptr || model->bytes().empty()) {
    writer.text(status.op >= 0 ? "op " : "tensor ");
    writer.number(status.op >= 0 ? status.op : status.tensor);
    writer.text(": ");
    return;
  }
  const Subgraph subgraph(*model, static_cast<uint32_t>(status.subgraph));
  int32_t named = status.tensor;
  if (status.op >= 0) {
    const OperatorInfo op = subgraph.op(static_cast<uint32_t>(status.op));
    writer.text("op ");
    writer.number(status.op);
    writer.text(" ");
    if (!op.custom_code.empty()) {
      writer.name(op.custom_code);
    } else if (const char* name = builtin_name(op.builtin)) {
      writer.text(name);
    } else {
      writer.number(op.builtin);
    }
    named = op.outputs.count > 0 ? op.outputs.get<int32_t>(0) : -1;
  } else {
    writer.text("tensor ");
    writer.number(status.tensor);
  }
  const std::string_view name = subgraph.tensor_name(named);
  if (!name.empty()) {
    writer.text(" ");
    writer.name(name);
  }
  writer.text(": ");
}

}  // namespace

size_t describe(const Status& status, const Model* model, std::span<char> out) {
  Writer writer(out);
  write_place(writer, status, model);
  std::string_view text = sentence(status.code);
  while (!text.empty()) {
    const size_t open = text.find('{');
    writer.text(text.substr(0, open));
    if (open == std::string_view::npos) break;
    const size_t close = text.find('}', open);
    write_placeholder(writer, text.substr(open + 1, close - open - 1), status);
    text.remove_prefix(close + 1);
  }
  return writer.finish();
}

}  // namespace tandem
