#include "tandem/tensor.h"

namespace tandem {
namespace {

struct TypeTraits {
  const char* name;
  uint8_t bits;
};

// In the order of TensorType. A resource is a handle: 32 bits that name a variable.
constexpr TypeTraits kTypes[] = {
    {"FLOAT32", 32}, {"FLOAT16", 16},     {"INT32", 32},  {"UINT8", 8},      {"INT64", 64},
    {"STRING", 0},   {"BOOL", 8},         {"INT16", 16},  {"COMPLEX64", 64}, {"INT8", 8},
    {"FLOAT64", 64}, {"COMPLEX128", 128}, {"UINT64", 64}, {"RESOURCE", 32},  {"VARIANT", 0},
    {"UINT32", 32},  {"UINT16", 16},      {"INT4", 4},
};
constexpr uint32_t kTypeCount = sizeof kTypes / sizeof kTypes[0];

}  // namespace

const char* type_name(Type type) {
  const auto number = static_cast<uint32_t>(type);
  return number < kTypeCount ? kTypes[number].name : "?";
}

uint32_t type_bits(Type type) {
  const auto number = static_cast<uint32_t>(type);
  return number < kTypeCount ? kTypes[number].bits : 0;
}

}  // namespace tandem
