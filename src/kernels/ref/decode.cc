#include "kernels/decode.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"

namespace tandem {
namespace {

template <uint32_t kElementBytes>
KernelResult decode_lut(const DecodeLutParams& p, const Task& task) {
  const auto* codes = task.in<uint8_t>(p.codes);
  const auto* table = task.in<uint8_t>(p.table);
  auto* out = task.out<uint8_t>(p.out);
  const uint32_t mask = (1U << p.bits) - 1;
  for (uint32_t e = p.elements.begin(task); e < p.elements.end(task); ++e) {
    const uint64_t bit = uint64_t{e} * p.bits;
    const uint8_t* byte = codes + bit / 8;
    const uint32_t end = bit % 8 + p.bits;  // of the code, in bits after the byte's start
    const uint32_t code = (end <= 8 ? *byte >> (8 - end) : (byte[0] << 8 | byte[1]) >> (16 - end)) & mask;
    const uint32_t at = p.channels.channel(e) * p.stride + code;
    if (at >= p.table_elements) return KernelResult::kDataError;
    std::memcpy(out + size_t{e} * kElementBytes, table + size_t{at} * kElementBytes, kElementBytes);
  }
  return KernelResult::kOk;
}

template <uint32_t kElementBytes>
KernelResult decode_prune(const DecodePruneParams& p, const Task& task) {
  const auto* kept = task.in<uint8_t>(p.kept);
  const auto* zero_points = task.in<int8_t>(p.zero_points);
  auto* out = task.out<uint8_t>(p.out);
  const uint8_t* value =
      task.in<uint8_t>(p.values) + size_t{task.in<uint32_t>(p.first_values)[task.begin]} * kElementBytes;
  for (uint32_t e = p.elements.begin(task); e < p.elements.end(task); ++e) {
    uint8_t* y = out + size_t{e} * kElementBytes;
    if ((kept[e / 8] >> (7 - e % 8) & 1) != 0) {
      std::memcpy(y, value, kElementBytes);
      value += kElementBytes;
    } else {
      std::memset(y, zero_points != nullptr ? zero_points[p.channels.channel(e)] : 0, kElementBytes);
    }
  }
  return KernelResult::kOk;
}

// One copy of the loop for each size of elements.
template <class Params, KernelResult (*k1)(const Params&, const Task&),
          KernelResult (*k2)(const Params&, const Task&), KernelResult (*k4)(const Params&, const Task&),
          KernelResult (*k8)(const Params&, const Task&)>
KernelResult by_element_bytes(const Params& p, const Task& task) {
  return p.element_bytes == 1   ? k1(p, task)
         : p.element_bytes == 2 ? k2(p, task)
         : p.element_bytes == 4 ? k4(p, task)
                                : k8(p, task);
}

// The entry of a table of uint16 or of uint32, taken apart.
struct HuffmanEntry {
  bool found;
  uint32_t bits;
  uint32_t value;

  HuffmanEntry(const uint8_t* table, bool wide, uint32_t index) {
    const uint32_t value_bits = wide ? 27 : 11;
    const uint32_t raw = wide ? read_unaligned<uint32_t>(table + size_t{index} * sizeof(uint32_t))
                              : read_unaligned<uint16_t>(table + size_t{index} * sizeof(uint16_t));
    found = raw >> (value_bits + 4) != 0;
    bits = raw >> value_bits & 15;
    value = raw & ((1U << value_bits) - 1);
  }
};

template <class Symbol>
KernelResult decode_huffman(const DecodeHuffmanParams& p, const Task& task) {
  const auto* codes = task.in<uint8_t>(p.codes);
  const auto* table = task.in<uint8_t>(p.table);
  auto* out = task.out<Symbol>(p.out);
  const uint64_t end = uint64_t{p.code_bytes} * 8;
  uint64_t at = 0;
  // Up to 16 bits from `at`; beyond the end there are zeros.
  const auto peek = [&](uint32_t count) {
    const auto first = static_cast<uint32_t>(at / 8);
    uint32_t bytes = 0;
    for (uint32_t i = first; i < first + 3; ++i) bytes = bytes << 8 | (i < p.code_bytes ? codes[i] : 0U);
    return bytes >> (24 - at % 8 - count) & ((1U << count) - 1);
  };
  for (uint32_t e = 0; e < p.elements; ++e) {
    uint64_t index = 0;
    for (uint32_t bits = p.first_bits;;) {
      index += peek(bits);
      if (index >= p.table_entries) return KernelResult::kDataError;
      const HuffmanEntry entry(table, p.wide != 0, static_cast<uint32_t>(index));
      at += entry.found ? std::min(bits, entry.bits) : bits;
      if (at > end) return KernelResult::kDataError;
      if (entry.found) {
        out[e] = static_cast<Symbol>(entry.value);
        break;
      }
      index += entry.value;
      bits = entry.bits + 1;
    }
  }
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(decode_huffman_s16__ref, DecodeHuffmanParams, decode_huffman<int16_t>)
TANDEM_DEFINE_KERNEL(decode_huffman_s8__ref, DecodeHuffmanParams, decode_huffman<int8_t>)
TANDEM_DEFINE_KERNEL(
    decode_lut__ref, DecodeLutParams,
    (by_element_bytes<DecodeLutParams, decode_lut<1>, decode_lut<2>, decode_lut<4>, decode_lut<8>>))
TANDEM_DEFINE_KERNEL(
    decode_prune__ref, DecodePruneParams,
    (by_element_bytes<DecodePruneParams, decode_prune<1>, decode_prune<2>, decode_prune<4>, decode_prune<8>>))

}  // namespace tandem
