#include "model/flexbuffer.h"

namespace tandem::flex {
namespace {

bool holds(Bytes buffer, uint64_t at, uint64_t size) {
  return at <= buffer.size() && size <= buffer.size() - at;
}

// The unsigned number of `width` bytes (1, 2, 4 or 8) at `at`, which lies inside.
uint64_t unsigned_at(Bytes buffer, uint64_t at, uint32_t width) {
  uint64_t value = 0;
  for (uint32_t i = width; i-- > 0;) value = value << 8 | buffer[at + i];
  return value;
}

int64_t signed_at(Bytes buffer, uint64_t at, uint32_t width) {
  const uint32_t unused_bits = 64 - 8 * width;
  return static_cast<int64_t>(unsigned_at(buffer, at, width) << unused_bits) >> unused_bits;
}

// Half floats do not occur: the library writes 4 or 8 bytes.
double float_at(Bytes buffer, uint64_t at, uint32_t width) {
  if (width == sizeof(float)) return double{read_unaligned<float>(&buffer[at])};
  if (width == sizeof(double)) return read_unaligned<double>(&buffer[at]);
  return 0;
}

// Where the offset stored at `at` leads: backwards, by that many bytes. Nowhere: UINT64_MAX.
uint64_t follow(Bytes buffer, uint64_t at, uint32_t width) {
  constexpr uint64_t kNowhere = UINT64_MAX;
  if (!holds(buffer, at, width)) return kNowhere;
  const uint64_t offset = unsigned_at(buffer, at, width);
  return offset > at ? kNowhere : at - offset;
}

}  // namespace

Value Value::root(Bytes buffer) {
  // Behind the root's value stand its packed type and its width.
  constexpr size_t kTail = 2;
  if (buffer.size() <= kTail || buffer.size() > UINT32_MAX) return {};
  const uint32_t width = buffer.back();
  if (width != 1 && width != 2 && width != 4 && width != 8) return {};
  if (buffer.size() < kTail + width) return {};
  return read(buffer, buffer.size() - kTail - width, width, buffer[buffer.size() - kTail]);
}

Value Value::read(Bytes buffer, uint64_t at, uint32_t width, uint8_t packed_type) {
  Value value;
  value.buffer_ = buffer;
  const auto type = static_cast<Type>(packed_type >> 2);
  const uint32_t target_width = 1U << (packed_type & 3);
  switch (type) {
    case kInt:
    case kUInt:
    case kFloat:
    case kBool:
      if (!holds(buffer, at, width)) return {};
      value.at_ = static_cast<uint32_t>(at);
      value.width_ = static_cast<uint8_t>(width);
      value.type_ = type;
      return value;
    case kIndirectInt:
    case kIndirectUInt:
    case kIndirectFloat: {
      const uint64_t target = follow(buffer, at, width);
      if (!holds(buffer, target, target_width)) return {};
      value.at_ = static_cast<uint32_t>(target);
      value.width_ = static_cast<uint8_t>(target_width);
      value.type_ = static_cast<uint8_t>(type - kIndirectInt + kInt);
      return value;
    }
    case kMap:
    case kVector:
    case kIntVector:
    case kUIntVector:
    case kFloatVector:
    case kBoolVector: {
      const uint64_t first = follow(buffer, at, width);
      if (first < target_width || !holds(buffer, first, 0)) return {};
      const uint64_t size = unsigned_at(buffer, first - target_width, target_width);
      // Elements of vectors that are not typed have a packed type each, behind them.
      const uint64_t element_bytes = target_width + (type == kMap || type == kVector ? 1U : 0U);
      if (size > (buffer.size() - first) / element_bytes) return {};
      value.at_ = static_cast<uint32_t>(first);
      value.width_ = static_cast<uint8_t>(target_width);
      value.type_ = type;
      value.size_ = static_cast<uint32_t>(size);
      return value;
    }
    default:
      return {};
  }
}

int64_t Value::integer() const {
  switch (type_) {
    case kInt:
      return signed_at(buffer_, at_, width_);
    case kUInt:
    case kBool:
      return static_cast<int64_t>(unsigned_at(buffer_, at_, width_));
    case kFloat: {
      constexpr double kLimit = 0x1p63;
      const double value = number();
      return value > -kLimit && value < kLimit ? static_cast<int64_t>(value) : 0;
    }
    default:
      return 0;
  }
}

double Value::number() const {
  switch (type_) {
    case kFloat:
      return float_at(buffer_, at_, width_);
    case kUInt:
      return static_cast<double>(unsigned_at(buffer_, at_, width_));
    default:
      return static_cast<double>(integer());
  }
}

Value Value::operator[](uint32_t index) const {
  if (index >= size_) return {};
  const uint64_t at = at_ + uint64_t{index} * width_;
  const auto typed = [&](Type type) { return read(buffer_, at, width_, static_cast<uint8_t>(type << 2)); };
  switch (type_) {
    case kIntVector:
      return typed(kInt);
    case kUIntVector:
      return typed(kUInt);
    case kFloatVector:
      return typed(kFloat);
    case kBoolVector:
      return typed(kBool);
    default:
      return read(buffer_, at, width_, buffer_[at_ + uint64_t{size_} * width_ + index]);
  }
}

Value Value::find(std::string_view key) const {
  // Before a map's size stand where its keys are, and how wide that vector's elements are.
  const uint32_t before = 3U * width_;
  if (type_ != kMap || at_ < before) return {};
  const uint64_t key_width = unsigned_at(buffer_, at_ - 2U * width_, width_);
  if (key_width != 1 && key_width != 2 && key_width != 4 && key_width != 8) return {};
  const uint64_t keys = follow(buffer_, at_ - before, width_);
  for (uint32_t i = 0; i < size_; ++i) {
    const uint64_t text = follow(buffer_, keys + i * key_width, static_cast<uint32_t>(key_width));
    if (!holds(buffer_, text, key.size() + 1)) continue;
    const auto* chars = reinterpret_cast<const char*>(buffer_.data() + text);
    if (std::string_view(chars, key.size()) == key && chars[key.size()] == '\0') return (*this)[i];
  }
  return {};
}

}  // namespace tandem::flex
