#include "kernels/cast.h"

#include <concepts>
#include <cstdint>
#include <type_traits>

#include "base/fixed_point.h"
#include "kernels/ref/element_wise.h"

namespace tandem {
namespace {

enum class Bool : uint8_t {};  // any byte: C++ leaves open what a bool other than 0 and 1 is

template <class To, class From>
To convert(From x) {
  if constexpr (std::same_as<From, Bool>) {
    return static_cast<To>(static_cast<uint8_t>(x) != 0);
  } else if constexpr (std::same_as<From, float> && std::same_as<To, uint32_t>) {
    return static_cast<uint32_t>(truncate_to<int64_t>(x));
  } else if constexpr (std::same_as<From, float> && std::integral<To>) {
    return static_cast<To>(truncate_to_int32(x));
  } else {
    return static_cast<To>(x);
  }
}

template <class From, class To>
KernelResult cast_to(const CastParams& p, const Task& task) {
  return map_elements<From, To>(p.operands, task, [](From x) { return convert<To>(x); });
}

template <class From>
KernelResult cast(const CastParams& p, const Task& task) {
  switch (p.to) {
    case Type::kInt8:
      return cast_to<From, int8_t>(p, task);
    case Type::kInt16:
      return cast_to<From, int16_t>(p, task);
    case Type::kInt32:
      return cast_to<From, int32_t>(p, task);
    case Type::kUInt32:
      return cast_to<From, uint32_t>(p, task);
    default:
      return cast_to<From, float>(p, task);
  }
}

}  // namespace

TANDEM_DEFINE_KERNEL(cast_bool__ref, CastParams, cast<Bool>)
TANDEM_DEFINE_KERNEL(cast_f32__ref, CastParams, cast<float>)
TANDEM_DEFINE_KERNEL(cast_s16__ref, CastParams, cast<int16_t>)
TANDEM_DEFINE_KERNEL(cast_s32__ref, CastParams, cast<int32_t>)
TANDEM_DEFINE_KERNEL(cast_s8__ref, CastParams, cast<int8_t>)
TANDEM_DEFINE_KERNEL(cast_u32__ref, CastParams, cast<uint32_t>)

}  // namespace tandem
