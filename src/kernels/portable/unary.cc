#include "kernels/unary.h"

#include <algorithm>

#include "base/placement.h"

// Functions of int8 by table.
namespace tandem {
namespace {

// out[i] = table[in[i]], the same memory or other. On a Cortex-M0+ 6 cycles an element for its two loads and
// its store, 0.75 for a loop over eight; by words, to pack and unpack them takes more than that.
TANDEM_HOT("lookup_s8")
void look_up(const int8_t* table, const uint8_t* in, int8_t* out, uint32_t count) {
  constexpr uint32_t kTogether = 8;
  for (const uint8_t* const end = in + count / kTogether * kTogether; in != end;) {
    out[0] = table[in[0]];
    out[1] = table[in[1]];
    out[2] = table[in[2]];
    out[3] = table[in[3]];
    out[4] = table[in[4]];
    out[5] = table[in[5]];
    out[6] = table[in[6]];
    out[7] = table[in[7]];
    in += kTogether;
    out += kTogether;
  }
  for (uint32_t i = 0; i < count % kTogether; ++i) out[i] = table[in[i]];
}

KernelResult lookup(const LookupParams& p, const Task& task) {
  const Blocks& elements = p.operands.elements;
  const uint32_t begin = elements.begin(task);
  const uint32_t count = elements.end(task) - begin;
  const auto* in = task.in<int8_t>(p.operands.in) + begin;
  const auto below = [&](int8_t x) { return x < p.lowest; };
  if (p.lowest > INT8_MIN && std::any_of(in, in + count, below)) return KernelResult::kDataError;
  look_up(task.in<int8_t>(p.table), reinterpret_cast<const uint8_t*>(in),
          task.out<int8_t>(p.operands.out) + begin, count);
  return KernelResult::kOk;
}

}  // namespace

TANDEM_DEFINE_KERNEL(lookup_s8__portable, LookupParams, lookup)

}  // namespace tandem
