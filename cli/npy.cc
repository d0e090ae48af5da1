#include "npy.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "tensor_values.h"

namespace tandem::cli {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Dtype {
  std::string_view name;  // without the byte order
  Type type;
  bool read;
};

constexpr Dtype kDtypes[] = {
    {"b1", Type::kBool, true},       {"i1", Type::kInt8, true},         {"i2", Type::kInt16, true},
    {"i4", Type::kInt32, true},      {"i8", Type::kInt64, true},        {"u1", Type::kUInt8, true},
    {"u2", Type::kUInt16, true},     {"u4", Type::kUInt32, true},       {"u8", Type::kUInt64, true},
    {"f2", Type::kFloat16, true},    {"f4", Type::kFloat32, true},      {"f8", Type::kFloat64, true},
    {"c8", Type::kComplex64, false}, {"c16", Type::kComplex128, false},
};

// The header is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class Literal {
 public:
  explicit Literal(std::string_view text) : text_(text) {}

  // Skips white space, then `token` if it is next.
  bool take(std::string_view token) {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t'))
      text_.remove_prefix(1);
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }

  std::optional<std::string_view> string() {
    const std::string_view quote = take("'") ? "'" : take("\"") ? "\"" : "";
    const size_t end = quote.empty() ? std::string_view::npos : text_.find(quote);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view value = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return value;
  }

  std::optional<bool> boolean() {
    if (take("True")) return true;
    if (take("False")) return false;
    return std::nullopt;
  }

  std::optional<std::vector<int64_t>> tuple() {
    std::vector<int64_t> values;
    if (!take("(")) return std::nullopt;
    while (!take(")")) {
      int64_t value = 0;
      const auto [rest, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
      if (error != std::errc() || value < 0) return std::nullopt;
      text_.remove_prefix(static_cast<size_t>(rest - text_.data()));
      values.push_back(value);
      take("L");  // Python 2 wrote long integers so
      if (!take(",")) return take(")") ? std::optional(values) : std::nullopt;
    }
    return values;
  }

 private:
  std::string_view text_;
};

struct Header {
  std::string_view descr;
  bool fortran_order = false;
  std::vector<int64_t> shape;
};

std::optional<Header> parse_header(std::string_view text) {
  Literal literal(text);
  std::optional<std::string_view> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
  if (!literal.take("{")) return std::nullopt;
  while (!literal.take("}")) {
    const std::optional<std::string_view> key = literal.string();
    if (!key || !literal.take(":")) return std::nullopt;
    bool understood = false;
    if (*key == "descr") understood = (descr = literal.string()).has_value();
    if (*key == "fortran_order") understood = (fortran_order = literal.boolean()).has_value();
    if (*key == "shape") understood = (shape = literal.tuple()).has_value();
    if (!understood) return std::nullopt;
    if (!literal.take(",")) {
      if (!literal.take("}")) return std::nullopt;
      break;
    }
  }
  constexpr size_t kMaxRank = 64;  // NumPy's
  if (!descr || !fortran_order || !shape || shape->size() > kMaxRank) return std::nullopt;
  return Header{*descr, *fortran_order, std::move(*shape)};
}

// Element count · size, if it fits into `limit`.
std::optional<size_t> checked_bytes(std::span<const int64_t> shape, size_t element_bytes, size_t limit) {
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  size_t bytes = element_bytes;
  for (const int64_t dim : shape) {
    if (static_cast<uint64_t>(dim) > limit / bytes) return std::nullopt;
    bytes *= static_cast<size_t>(dim);
  }
  return bytes <= limit ? std::optional(bytes) : std::nullopt;
}

// Fortran order (the first index runs fastest) to C order.
std::vector<uint8_t> transpose(std::span<const uint8_t> from, std::span<const int64_t> shape, size_t size) {
  std::vector<uint8_t> to(from.size());
  std::vector<int64_t> index(shape.size());
  for (size_t at = 0; at < to.size(); at += size) {
    size_t source = 0;
    for (size_t axis = shape.size(); axis-- > 0;) {
      source = source * static_cast<size_t>(shape[axis]) + static_cast<size_t>(index[axis]);
    }
    std::copy_n(from.begin() + static_cast<ptrdiff_t>(source * size), size,
                to.begin() + static_cast<ptrdiff_t>(at));
    for (size_t axis = shape.size(); axis-- > 0 && ++index[axis] == shape[axis];) index[axis] = 0;
  }
  return to;
}

}  // namespace

std::string npy_shape_text(std::span<const int64_t> shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

Outcome<NpyArray> parse_npy(std::span<const uint8_t> file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(kMagic) || text.size() < 10) return problem("is not a NumPy .npy file.");
  const int version = file[6];
  if (version < 1 || version > 3) {
    return problem("is .npy version {}.{}; versions 1 to 3 can be read.", version, file[7]);
  }
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t start = 8 + length_bytes;
  const size_t length = text.size() < start ? SIZE_MAX
                                            : (version == 1 ? load<uint16_t>(file.subspan(8), 0)
                                                            : load<uint32_t>(file.subspan(8), 0));
  if (text.size() < start || length > text.size() - start) return problem("ends within its .npy header.");
  const std::optional<Header> header = parse_header(text.substr(start, length));
  if (!header) {
    return problem(
        "has a .npy header that is not understood; write it with numpy.save from an array of plain numbers.");
  }
  const std::string_view order = header->descr.substr(0, 1);
  const auto* dtype = std::ranges::find_if(kDtypes, [&](const Dtype& d) {
    return d.read && header->descr.size() > 1 && header->descr.substr(1) == d.name;
  });
  if (dtype == std::end(kDtypes) || std::string_view("<>|=").find(order) == std::string_view::npos) {
    return problem("holds '{}' elements; save it as b1, i1 to i8, u1 to u8, f2, f4 or f8 (numpy: .astype).",
                   header->descr);
  }
  const size_t element_bytes = type_bits(dtype->type) / 8;
  const std::span<const uint8_t> data = file.subspan(start + length);
  if (checked_bytes(header->shape, element_bytes, data.size()) != data.size()) {
    return problem("has {} bytes of data, which is not what its shape {} of '{}' needs; the file is damaged.",
                   data.size(), npy_shape_text(header->shape), header->descr);
  }
  NpyArray array{.type = dtype->type, .shape = header->shape, .bytes = {data.begin(), data.end()}};
  if (header->fortran_order) array.bytes = transpose(data, array.shape, element_bytes);
  if (order == ">") {
    for (auto at = array.bytes.begin(); at != array.bytes.end();
         at += static_cast<ptrdiff_t>(element_bytes)) {
      std::reverse(at, at + static_cast<ptrdiff_t>(element_bytes));
    }
  }
  return array;
}

Outcome<std::vector<uint8_t>> write_npy(const TensorView& tensor) {
  const WholeByteElements elements =
      unpack(tensor.type, tensor.bytes, element_count(tensor.dims).value_or(0));
  const auto* dtype = std::ranges::find(kDtypes, elements.type, &Dtype::type);
  if (dtype == std::end(kDtypes)) {
    return problem("{} cannot be written as .npy; write .raw instead.", tensor_text(tensor));
  }
  const char order = type_bits(elements.type) == 8 ? '|' : '<';
  std::string header =
      fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': {}, }}", order, dtype->name,
                  npy_shape_text(std::vector<int64_t>(tensor.dims.begin(), tensor.dims.end())));
  // Magic, version 1.0, length of the rest. The format asks for data at a multiple of 64 bytes, after a
  // newline.
  const size_t start = (kMagic.size() + 4 + header.size() + 1 + 63) / 64 * 64;
  const size_t length = start - kMagic.size() - 4;
  header.resize(length - 1, ' ');
  std::string file(kMagic);
  for (const size_t byte : {size_t{1}, size_t{0}, length & 0xff, length >> 8})
    file += static_cast<char>(byte);
  file += header + '\n';
  std::vector<uint8_t> bytes(file.begin(), file.end());
  bytes.insert(bytes.end(), elements.bytes.begin(), elements.bytes.end());
  return bytes;
}

}  // namespace tandem::cli
