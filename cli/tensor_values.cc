#include "tensor_values.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace tandem::cli {

Half::Half(double value) {
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double size = std::fabs(value);
  if (std::isnan(value)) {
    bits_ = 0x7e00;
  } else if (size >= 65520) {  // halfway from the largest Half to the next power of two
    bits_ = sign | 0x7c00;
  } else if (size == 0) {
    bits_ = sign;
  } else {
    // Subnormals share the smallest exponent. A significand that rounds up to 2048 carries into the exponent.
    const int exponent = std::max(std::ilogb(size), -14);
    const auto significand = static_cast<int>(std::nearbyint(std::ldexp(size, 10 - exponent)));
    bits_ = static_cast<uint16_t>(sign | (((exponent + 14) << 10) + significand));
  }
}

Half::operator double() const {
  const int exponent = bits_ >> 10 & 31;
  const int fraction = bits_ & 1023;
  double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) {
    size = fraction == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  }
  return bits_ & 0x8000 ? -size : size;
}

bool is_float(Type type) {
  return type == Type::kFloat32 || type == Type::kFloat16 || type == Type::kFloat64;
}

bool is_integer(Type type) {
  return type == Type::kInt4 || (type != Type::kBool && !is_float(type) && visit_type(type, [](auto) {}));
}

std::optional<uint64_t> element_count(std::span<const int32_t> dims) {
  if (std::ranges::any_of(dims, [](int32_t dim) { return dim < 0; })) return std::nullopt;
  if (std::ranges::find(dims, 0) != dims.end()) return 0;
  uint64_t count = 1;
  for (const int32_t dim : dims) {
    count *= static_cast<uint32_t>(dim);  // below 2^48 · 2^31
    if (count >> 48 != 0) return std::nullopt;
  }
  return count;
}

std::string shape_text(std::span<const int32_t> dims) { return fmt::format("[{}]", fmt::join(dims, ",")); }

std::string tensor_text(const TensorView& tensor) {
  return fmt::format("{} {}", type_name(tensor.type), shape_text(tensor.dims));
}

WholeByteElements unpack(Type type, std::span<const uint8_t> bytes, size_t count) {
  if (type != Type::kInt4) return {type, {bytes.begin(), bytes.end()}};
  WholeByteElements out{Type::kInt8, std::vector<uint8_t>(std::min(count, 2 * bytes.size()))};
  for (size_t i = 0; i < out.bytes.size(); ++i) {
    const int nibble = bytes[i / 2] >> (i % 2 * 4) & 15;
    out.bytes[i] = static_cast<uint8_t>(nibble >= 8 ? nibble - 16 : nibble);
  }
  return out;
}

std::vector<double> dequantize(const TensorView& tensor) {
  const WholeByteElements elements =
      unpack(tensor.type, tensor.bytes, element_count(tensor.dims).value_or(0));
  std::vector<double> reals;
  visit_type(elements.type, [&](auto element) {
    using T = decltype(element);
    reals.resize(elements.bytes.size() / sizeof(T));
    for (size_t i = 0; i < reals.size(); ++i) reals[i] = static_cast<double>(load<T>(elements.bytes, i));
  });
  if (is_quantized(tensor)) {
    for (double& real : reals) real = double{tensor.scale} * (real - tensor.zero_point);
  }
  return reals;
}

}  // namespace tandem::cli
